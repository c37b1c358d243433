"""What the programs do on a system that lacks something, and for people who may not talk to them."""

from __future__ import annotations

import json

import pytest

from lab.household import Household
from lab.net import Machine, wait_until
from lab.world import SOCKET, World, product_environment, program

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

STRANGER = """
import json, os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1])
s.sendall(json.dumps({"id": 1, "request": {"verb": sys.argv[2]}}).encode() + b"\\n")
print(s.recv(65536).decode())
"""


def hide(machine: Machine, *tools: str) -> None:
    """Take tools away from one machine."""
    for tool in tools:
        path = machine.run("which", tool).stdout.strip()
        machine.run("mount", "--bind", "/dev/null", path)


@pytest.mark.parametrize("tool", ["wg", "nft"])
def test_a_missing_tool_is_told_and_only_routing_is_gone(world: World, tool: str) -> None:
    world.start_coordinator()
    hide(world.laptop, tool)
    world.start_daemon(world.laptop)
    world.meshnet(world.laptop, "create", world.coordinator_address(), "--name", "laptop")
    status = world.meshnet(world.laptop, "status")
    assert status["device"]["can_host"] is False
    assert tool in status["device"]["cannot_host"]
    assert any(tool in problem for problem in status["problems"])
    findings = world.meshnet(world.laptop, "doctor")["findings"]
    assert any(tool in finding["message"] and finding["cure"] for finding in findings)


def test_routing_without_the_tools_is_refused_by_name(household: Household) -> None:
    world = household.world
    household.daemons[world.laptop].stop()
    hide(world.laptop, "nft")
    household.start(world.laptop)
    answer = world.meshnet(world.laptop, "route", "home-pc", check=False)
    assert answer["error"]["code"] == "tools-missing"
    assert world.public_address(world.laptop) == world.cafe_public4


@pytest.fixture
def household(world: World) -> Household:
    return Household(world)


@pytest.mark.parametrize("verb", ["status", "devices", "route-off", "doctor"])
def test_a_stranger_on_this_machine_may_not_even_read(world: World, verb: str) -> None:
    world.start_daemon(world.laptop)
    done = world.laptop.run("/usr/bin/python3", "-c", STRANGER, SOCKET, verb)
    assert json.loads(done.stdout)["code"] == "not-permitted"


def test_the_coordinator_needs_no_rights(world: World) -> None:
    state = world.server.directory / "bare"
    state.mkdir(mode=0o700)
    bare = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
    options = ("--public-host", world.server4, "--state-dir", str(state), "--no-relay")
    process = world.server.spawn(*bare, program("meshnet-coordinator"), "serve", *options, env=product_environment())
    process.wait_for_line("ready", 20.0, exact=True)
    assert "CapEff:\t0000000000000000" in world.server.run("cat", f"/proc/{process.pid_inside}/status").stdout


def test_the_address_line_is_there_only_while_the_coordinator_serves(world: World) -> None:
    argv = (program("meshnet-coordinator"), "address", "--state-dir", str(world.server.directory / "nothing"))
    done = world.server.run(*argv, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_second_daemon_on_the_same_state_ends_before_it_touches_anything(household: Household) -> None:
    world = household.world
    household.route()
    second = world.laptop.run(
        program("meshnetd"),
        "run",
        "--state-dir",
        str(world.daemon_state(world.laptop)),
        "--socket",
        "/run/second.sock",
        check=False,
    )
    assert second.returncode == 1
    assert "Another meshnetd" in second.stderr
    assert world.public_address(world.laptop) == world.home_public4


def test_with_the_kill_switch_off_a_stopped_daemon_leaves_nothing(household: Household) -> None:
    world = household.world
    world.meshnet(world.laptop, "settings", "kill-switch", "off")
    household.route()
    assert household.daemons[world.laptop].stop() == 0
    assert world.public_address(world.laptop, by_name=True) == world.cafe_public4
    assert "meshnet" not in world.laptop.run("nft", "list", "ruleset").stdout


def test_a_joined_device_is_confirmed_by_the_next_command_of_whoever_has_the_mesh_key(household: Household) -> None:
    world = household.world
    household.start(world.guest)
    link = world.meshnet(world.laptop, "invite")["link"]
    world.meshnet(world.guest, "join", link, "--name", "guest")
    # What is granted to all own devices waits: an invite may have gone astray.
    assert granted(world, "guest", "home-pc")["routing"] is False
    world.meshnet(world.laptop, "status")
    wait_until(lambda: granted(world, "guest", "home-pc")["routing"], "what home-pc grants to all own devices")


def granted(world: World, device: str, by: str) -> dict[str, bool]:
    machine = {"guest": world.guest, "laptop": world.laptop}[device]
    found = {peer["name"]: peer["granted"] for peer in world.meshnet(machine, "devices")["devices"]}
    return dict(found.get(by, {"routing": False}))


def test_a_used_link_is_refused_by_name(household: Household) -> None:
    world = household.world
    household.start(world.guest)
    link = world.meshnet(world.laptop, "invite")["link"]
    world.meshnet(world.guest, "join", link, "--name", "guest")
    household.start(world.nas)
    answer = world.meshnet(world.nas, "join", link, "--name", "nas", check=False)
    assert answer["error"]["code"] == "invite-used"


def test_a_removed_device_is_out_at_once(household: Household) -> None:
    world = household.world
    address = household.status()["device"]["address4"]
    assert household.status(world.home)["device"]
    world.meshnet(world.laptop, "remove", "home-pc")
    wait_until(lambda: household.status(world.home)["state"] == "not-joined", "the end of the membership")
    assert world.meshnet(world.laptop, "devices") == {"devices": []}
    assert world.home.run("ping", "-c", "1", "-W", "1", address, check=False).returncode != 0


def test_a_device_removed_while_it_routes_stays_closed_until_its_person_opens_it(household: Household) -> None:
    world = household.world
    household.start(world.guest)
    household.bring_in(world.guest, "guest")
    world.meshnet(world.guest, "route", "home-pc")
    assert world.public_address(world.guest) == world.home_public4
    world.meshnet(world.laptop, "remove", "guest")
    wait_until(lambda: household.status(world.guest)["state"] == "blocked", "the end of the route")
    assert world.public_address(world.guest) is None
    world.meshnet(world.guest, "route", "--off")
    assert household.status(world.guest)["state"] == "not-joined"
    assert world.public_address(world.guest) == world.cafe_public4
