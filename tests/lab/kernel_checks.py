"""What the Linux backend does with the kernel's own WireGuard; run by `test_kernel.py`, inside a guest that has it.

It is not collected by itself: where the kernel has no WireGuard, everything here would run on wireguard-go instead.
Time is dear in an emulated guest, so one world serves all the checks, in the order in which they stand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial

import msgspec
import pytest

from lab.net import Lab, LabError, Process, wait_until
from lab.services import WebServer
from lab.test_backend import Device
from meshnet_platform.api import Gateway, Hosting, Problem, Route, SystemPlan

_PORT = 21820
_WEB = {4: "http://192.0.2.80/ip", 6: "http://[2001:db8:80::80]/ip"}
_CLIENT_PUBLIC = {4: "198.51.100.2", 6: "2001:db8:1::2"}
_HOST_PUBLIC = {4: "203.0.113.2", 6: "2001:db8:2::2"}


class Scene:
    """A client and a host, and a web server between them that says from where it was asked."""

    def __init__(self, lab: Lab) -> None:
        net = lab.router("net")
        client, host = lab.machine("client"), lab.machine("host")
        net.ip("addr add 192.0.2.80/32 dev lo", "addr add 2001:db8:80::80/128 dev lo")
        web = WebServer(net)
        lab.wire(
            net.port("to-client", "198.51.100.1/24", "2001:db8:1::1/64"),
            client.port("wan", "198.51.100.2/24", "2001:db8:1::2/64", gateways=("198.51.100.1", "2001:db8:1::1")),
        )
        lab.wire(
            net.port("to-host", "203.0.113.1/24", "2001:db8:2::1/64"),
            host.port("wan", "203.0.113.2/24", "2001:db8:2::2/64", gateways=("203.0.113.1", "2001:db8:2::1")),
        )
        web.await_ready()
        self.client = Device(client, 2, f"198.51.100.2:{_PORT}")
        self.host = Device(host, 1, f"203.0.113.2:{_PORT}")
        # It appears when the kernel has noticed that the wire is up, up to a second later.
        for device in (self.client, self.host):
            wait_until(partial(_has_link_local, device), "link-local address")
        self.before = self.client.snapshot(), self.host.snapshot()

    def client_plan(self, *, passing: bool) -> SystemPlan:
        return SystemPlan(self.client.tunnel(self.host.as_peer(everything=True)), route=Route(passing=passing))

    def host_plan(self, *, incoming: bool = False) -> SystemPlan:
        gateways = (Gateway("wan", "203.0.113.1", 4), Gateway("wan", "2001:db8:2::1", 6))
        granted = self.client.addresses if incoming else ()
        hosting = Hosting(self.client.addresses, gateways=gateways)
        return SystemPlan(self.host.tunnel(self.client.as_peer()), incoming=granted, hosting=hosting)

    def fetch(self, family: int = 4) -> str:
        words = ("curl", f"-{family}", "-s", "-S", "-m", "4", _WEB[family])
        return self.client.machine.run(*words).stdout.strip()

    def fails_at_once(self, family: int = 4) -> None:
        words = ("curl", f"-{family}", "-s", "-m", "3", "-o", "/dev/null", "-w", "%{time_total}", _WEB[family])
        done = self.client.machine.run(*words, check=False)
        assert done.returncode != 0
        assert float(done.stdout) < 0.5

    def link(self) -> tuple[int, str]:
        """Number and kind of the client's tunnel."""
        shown = self.client.machine.run("ip", "-d", "-j", "link", "show", "dev", "meshnet0").stdout
        (entry,) = json.loads(shown)
        return entry["ifindex"], entry["linkinfo"]["info_kind"]


def _has_link_local(device: Device) -> bool:
    return "fe80:" in device.machine.run("ip", "-6", "addr", "show", "dev", "wan").stdout


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with Lab() as lab:
        yield Scene(lab)


@pytest.fixture(scope="module")
def daemon(scene: Scene) -> Process:
    """The client's first daemon, which one of the checks kills."""
    scene.host.apply(scene.host_plan())
    return scene.client.stay(scene.client_plan(passing=True))


def _userspace(scene: Scene) -> str:
    return scene.client.machine.run("pgrep", "wireguard-go", check=False).stdout


def test_it_finds_nothing_missing_before_the_module_is_loaded(scene: Scene) -> None:
    problems = msgspec.json.decode(scene.client.drive("problems"), type=tuple[Problem, ...])
    assert problems == ()


def test_the_tunnel_is_the_kernels_and_traffic_leaves_with_the_address_of_the_host(
    scene: Scene, daemon: Process
) -> None:
    assert scene.link()[1] == "wireguard"
    assert not _userspace(scene)
    assert (scene.fetch(4), scene.fetch(6)) == (_HOST_PUBLIC[4], _HOST_PUBLIC[6])


def test_the_next_daemon_takes_the_tunnel_of_a_killed_one_over(scene: Scene, daemon: Process) -> None:
    before = scene.link()
    daemon.kill()
    assert scene.fetch() == _HOST_PUBLIC[4]
    scene.client.apply(scene.client_plan(passing=True))
    assert scene.fetch() == _HOST_PUBLIC[4]
    assert scene.link() == before


def test_a_grant_is_one_element_of_a_set_and_a_revocation_takes_it_out_again(scene: Scene) -> None:
    plans = [scene.host_plan(incoming=granted) for granted in (False, True, False)]
    file = scene.host.machine.directory / "plans.json"
    file.write_bytes(msgspec.json.encode(plans))
    state = str(scene.host.machine.directory / "state")
    before, granted, revoked = json.loads(scene.host.machine.python(_GRANTING, state, str(file)))
    # A rule made anew would have another handle.
    assert before["rules"] == granted["rules"] == revoked["rules"]
    assert scene.client.address4 in granted["incoming4"]
    assert before["incoming4"] == revoked["incoming4"]
    assert scene.client.address4 not in before["incoming4"]


def test_what_is_blocked_fails_at_once(scene: Scene) -> None:
    scene.client.apply(scene.client_plan(passing=False))
    scene.fails_at_once(4)
    scene.fails_at_once(6)


def test_a_tunnel_that_somebody_deletes_lets_nothing_out_and_is_made_anew(scene: Scene) -> None:
    client = scene.client.machine
    scene.client.apply(scene.client_plan(passing=True))
    client.ip("link delete dev meshnet0")
    scene.fails_at_once(4)
    scene.fails_at_once(6)
    # By a daemon that lives on, too, which still remembers the addresses and routes that are gone.
    file = client.directory / "plan.json"
    file.write_bytes(msgspec.json.encode(scene.client_plan(passing=True)))
    client.python(_DELETING, str(client.directory / "state"), str(file))
    assert scene.link()[1] == "wireguard"
    assert scene.fetch() == _HOST_PUBLIC[4]


def test_a_port_that_another_program_holds_is_refused_in_words(scene: Scene) -> None:
    """The kernel takes the port only when the interface comes up; wireguard-go does so when it is told the port."""
    scene.client.drive("restore")
    holder = scene.client.machine.spawn(sys.executable, "-c", _HOLDING, str(_PORT))
    holder.wait_for_line("ready", exact=True)
    with pytest.raises(LabError, match="in use"):
        scene.client.apply(scene.client_plan(passing=True))
    holder.kill()
    scene.client.apply(scene.client_plan(passing=True))
    assert scene.fetch() == _HOST_PUBLIC[4]


def test_restore_leaves_no_trace(scene: Scene) -> None:
    scene.client.drive("restore")
    scene.host.drive("restore")
    assert (scene.client.snapshot(), scene.host.snapshot()) == scene.before
    assert (scene.fetch(4), scene.fetch(6)) == (_CLIENT_PUBLIC[4], _CLIENT_PUBLIC[6])


_GRANTING = """
import json, subprocess, sys
from pathlib import Path
import msgspec
from meshnet_platform.api import SystemPlan
from meshnet_platform.linux.backend import LinuxBackend

def listed(*words):
    return subprocess.run(("nft", *words), capture_output=True, text=True, check=True).stdout

backend = LinuxBackend(Path(sys.argv[1]))
seen = []
for plan in msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=list[SystemPlan]):
    backend.apply(plan)
    rules = listed("--terse", "--handle", "list", "table", "inet", "meshnet")
    seen.append({"rules": rules, "incoming4": listed("list", "set", "inet", "meshnet", "incoming4")})
backend.close()
print(json.dumps(seen))
"""
_DELETING = """
import subprocess, sys
from pathlib import Path
import msgspec
from meshnet_platform.api import SystemPlan
from meshnet_platform.linux.backend import LinuxBackend

plan = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=SystemPlan)
backend = LinuxBackend(Path(sys.argv[1]))
backend.apply(plan)
subprocess.run(("ip", "link", "delete", "dev", "meshnet0"), check=True)
backend.apply(plan)
backend.close()
"""
_HOLDING = """
import signal, socket, sys
holder = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
holder.bind(("::", int(sys.argv[1])))
print("ready", flush=True)
signal.pause()
"""
