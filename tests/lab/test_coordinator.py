"""The coordinator's machine: what the program needs of it, and what it leaves there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.net import Lab, Machine, Process
from lab.places import Places
from lab.world import program

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

UNIT = Path(__file__).parents[2] / "installers/linux/meshnet-coordinator.service"
_NOBODY = "65534"
_SEEN = "ip -o link; nft list ruleset; cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_local_reserved_ports"


@pytest.fixture
def server(lab: Lab) -> Machine:
    return Places(lab).server


def serve(server: Machine, *capabilities: str) -> Process:
    """As the unit starts it: by a user without rights, but for these capabilities."""
    state = server.directory / "coordinator"
    # wireguard-go, which stands in for the kernel's WireGuard here, keeps its sockets there.
    server.run("install", "-d", "-o", _NOBODY, str(state), "/run/wireguard")
    for path in (server.directory, server.directory.parent):
        path.chmod(0o755)
    kept = [f"+{name.removeprefix('CAP_').lower()}" for name in capabilities]
    sets = [
        words
        for name in ("--inh-caps", "--ambient-caps", "--bounding-set")
        for words in (name, ",".join(["-all", *kept]))
    ]
    start = ["setpriv", "--reuid", _NOBODY, "--regid", _NOBODY, "--clear-groups", *sets, "--no-new-privs", "--"]
    argv = ["serve", "--public-host", "46.101.10.20", "--state-dir", str(state)]
    process = server.spawn(*start, program("meshnet-coordinator"), *argv)
    process.wait_for_line("ready", 20, exact=True)
    return process


def test_with_the_rights_of_its_unit_it_has_beacon_and_relay_and_leaves_no_trace(server: Machine) -> None:
    (capabilities,) = re.findall(r"^AmbientCapabilities=(.*)$", UNIT.read_text(), re.MULTILINE)
    before = server.run("sh", "-c", _SEEN).stdout
    process = serve(server, *capabilities.split())
    assert server.run("wg", "show", "interfaces").stdout.split() == ["meshnetb1", "meshnetb0"]
    assert "table inet meshnet-relay" in server.run("nft", "list", "tables").stdout
    process.stop()
    assert server.run("sh", "-c", _SEEN).stdout == before


def test_without_any_right_it_serves_and_says_what_is_missing(server: Machine) -> None:
    process = serve(server)
    said = server.logs()
    assert "CAP_NET_ADMIN" in said
    assert "--no-relay" in said
    process.stop()
