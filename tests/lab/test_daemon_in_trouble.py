"""The daemon among tools that hang or lie and on a disk without room: it lives on, says so, and nothing opens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from lab.household import Household
from lab.net import Lab, LabError, Machine, Process, wait_until
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

AT_ONCE = 8.0
"""Seconds within which a status must come; a tool that hangs is given 15."""
SOON = 90.0
_WRAPPER = """#!/bin/sh
case "$(cat /run/mode 2>/dev/null)" in
hang) sleep 1000 & wait ;;
lie) exit 0 ;;
fail) echo 'it is broken' >&2; exit 1 ;;
esac
exec /run/real-{tool} "$@"
"""


@pytest.fixture(scope="module")
def household(shared_lab: Lab) -> Household:
    """The laptop's tools can be made to misbehave; at home there is little room for the daemon's state."""
    world = World(shared_lab)
    state = str(world.daemon_state(world.home))
    world.home.run("mount", "-t", "tmpfs", "-o", "size=200k,mode=700", "tmpfs", state)
    for tool in ("ip", "nft", "wg"):
        wrap(world.laptop, tool)
    household = Household(world)
    household.route()
    assert world.public_address(world.laptop) == world.home_public4
    return household


def wrap(machine: Machine, tool: str) -> None:
    """Put a wrapper in the place of a tool."""
    path = machine.run("readlink", "-f", machine.run("which", tool).stdout.strip()).stdout.strip()
    machine.run("cp", path, f"/run/real-{tool}")
    machine.file(f"/run/wrapped-{tool}").write_text(_WRAPPER.format(tool=tool))
    machine.run("chmod", "755", f"/run/wrapped-{tool}")
    machine.run("mount", "--bind", f"/run/wrapped-{tool}", path)


@contextlib.contextmanager
def tools_that(machine: Machine, behaviour: str) -> Iterator[None]:
    """All of them, for a while."""
    machine.file("/run/mode").write_text(behaviour)
    try:
        yield
    finally:
        machine.file("/run/mode").unlink()


def is_well(household: Household) -> bool:
    """Routed, guarded and led into the tunnel."""
    laptop = household.world.laptop
    rules = laptop.run("/run/real-nft", "list", "ruleset").stdout + laptop.run("/run/real-ip", "rule").stdout
    return household.status()["state"] == "routing" and "chain guard" in rules and "lookup 20854" in rules


def troubles(daemon: Process) -> int:
    """How often it said that it could not repair something, or that a change of its own was refused in the middle."""
    return sum("could not be put right" in line or "the system refused" in line for line in daemon.lines())


def test_the_status_comes_while_a_tool_hangs_and_what_hung_is_ended(household: Household) -> None:
    world, laptop = household.world, household.world.laptop
    with tools_that(laptop, "hang"):
        # The daemon looks at the system anew, and hangs in it.
        laptop.run("/run/real-ip", "addr", "add", "10.77.0.1/32", "dev", "eth0")
        hung = ("pgrep", "-f", "sleep 1000")
        wait_until(lambda: laptop.run(*hung, check=False).stdout, "a tool that hangs", SOON)
        for _ in range(3):
            status = world.meshnet(laptop, "status", timeout=AT_ONCE)
            assert status["state"] in ("routing", "blocked")
        assert world.public_address(laptop) in (world.home_public4, None)
    wait_until(lambda: not laptop.run(*hung, check=False).stdout, "the end of what hung", SOON)
    wait_until(lambda: is_well(household), "all to be well again", SOON)
    laptop.run("ip", "addr", "del", "10.77.0.1/32", "dev", "eth0")


@pytest.mark.parametrize("behaviour", ["lie", pytest.param("fail", marks=pytest.mark.long)])
def test_a_flushed_firewall_that_cannot_be_repaired_leaks_nothing_and_is_repaired_when_it_can(
    household: Household, behaviour: str
) -> None:
    world, laptop = household.world, household.world.laptop
    daemon = household.daemons[laptop]
    told = troubles(daemon)
    with tools_that(laptop, behaviour):
        laptop.run("/run/real-nft", "flush", "ruleset")
        wait_until(lambda: troubles(daemon) > told, "word of it", SOON)
        assert world.public_address(laptop) in (world.home_public4, None)
        assert world.public_address(laptop, 6) in (world.home6, None)
    wait_until(lambda: is_well(household), "all to be well again", SOON)
    assert world.public_address(laptop) == world.home_public4


def test_on_a_full_disk_a_permission_ends_at_once_and_none_begins(household: Household) -> None:
    world, home = household.world, household.world.home
    room = f"{world.daemon_state(home)}/room"
    home.run("sh", "-c", f"dd if=/dev/zero of={room} bs=1k 2>&1; true")
    refused = world.meshnet(home, "deny", "laptop", "routing", check=False)
    assert "No space left" in refused["error"]["message"]
    assert "in force now" in refused["error"]["message"]
    household.await_state("blocked")
    assert world.public_address(world.laptop) is None
    refused = world.meshnet(home, "allow", "laptop", "routing", check=False)
    assert "No space left" in refused["error"]["message"]
    assert "in force now" not in refused["error"]["message"]
    assert world.public_address(world.laptop) is None
    household.daemons[home].kill()
    household.start(home)
    assert not [line for line in household.daemons[home].lines() if "Traceback" in line]
    with pytest.raises(LabError):
        home.run("sh", "-c", f"echo more >>{room}")
    home.run("rm", room)
    world.meshnet(home, "allow", "laptop", "routing")
    household.await_state("routing", SOON)
    assert world.public_address(world.laptop) == world.home_public4
