"""A routed laptop starts anew: what leaves it before its daemon runs, while that starts, and when it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from lab.household import Household
from lab.net import Lab
from lab.power import Laptop
from lab.services import Observer
from lab.world import World, program

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

CLOSED = "nothing leaves beside it from now on"
"""What the daemon says when its first act is done."""


@pytest.fixture(scope="module")
def household(shared_lab: Lab) -> Household:
    """One for all tests, and the observer sees a leak there; each test leaves it with no route."""
    household = Household(World(shared_lab))
    Laptop(household).show_that_leaks_are_seen()
    return household


@pytest.fixture
def laptop(household: Household) -> Iterator[Laptop]:
    laptop = Laptop(household)
    yield laptop
    if household.daemons[laptop.machine].returncode is not None:
        laptop.start_daemon().wait_for_line("ready", 30, exact=True)
    household.stop()
    household.world.meshnet(household.world.laptop, "settings", "kill-switch", "on")


@pytest.mark.parametrize("coordinator", ["there", "away"])
def test_with_always_nothing_leaves_between_the_link_and_the_route(laptop: Laptop, coordinator: str) -> None:
    world, household = laptop.world, laptop.household
    settings, resolv = kernel_settings(laptop), laptop.machine.file("/etc/resolv.conf").read_text()
    world.meshnet(laptop.machine, "settings", "kill-switch", "always")
    household.route()
    laptop.cut_power()
    if coordinator == "away":
        household.coordinator.kill()
    with laptop.observer() as observer, Observer(world.web, "eth0") as arriving:
        assert laptop.start_guard()
        laptop.start_sending()
        laptop.link_up()
        laptop.start_daemon().wait_for_line("ready", 30, exact=True)
        household.await_state("routing", 30)
        laptop.await_arrivals(arriving)
    assert laptop.leaks(observer) == []
    assert world.public_address(laptop.machine, by_name=True) == world.home_public4
    household.stop()
    assert not list(laptop.state.glob("*.nft"))
    assert laptop.machine.file("/etc/resolv.conf").read_text() == resolv
    assert kernel_settings(laptop) == settings
    assert world.public_address(laptop.machine, by_name=True) == world.cafe_public4
    if coordinator == "away":
        household.coordinator = world.start_coordinator()


def test_with_on_nothing_leaves_from_the_first_act_of_the_daemon(laptop: Laptop) -> None:
    world, household = laptop.world, laptop.household
    household.route()
    laptop.cut_power()
    with laptop.observer() as observer, Observer(world.web, "eth0") as arriving:
        assert not laptop.start_guard()
        laptop.start_sending()
        laptop.link_up()
        # What `always` is for.
        laptop.await_leak(observer)
        daemon = laptop.start_daemon()
        daemon.wait_for_line(CLOSED, 30)
        closed_at = time.time()
        daemon.wait_for_line("ready", 30, exact=True)
        household.await_state("routing", 30)
        laptop.await_arrivals(arriving)
    assert [packet for packet in laptop.leaks(observer) if packet.time > closed_at] == []


def test_a_state_that_cannot_be_used_keeps_it_closed_and_says_so(laptop: Laptop) -> None:
    world = laptop.world
    laptop.household.route()
    laptop.cut_power()
    file = laptop.state / "state.json"
    good = file.read_bytes()
    fates = {"is damaged": good[:-9], "is gone": None, "newer Meshnet": b'{"v":99}'}
    laptop.link_up()
    for words, content in fates.items():
        laptop.machine.run("nft", "flush", "ruleset")
        file.write_bytes(content) if content else file.unlink()
        daemon = laptop.start_daemon()
        assert daemon.wait(30) == 1
        assert words in daemon.tail()
        assert "Traffic stays blocked" in daemon.tail()
        assert (file.read_bytes() if content else file.exists()) == (content or False)
    laptop.start_sending()
    with laptop.observer() as observer:
        assert world.public_address(laptop.machine) is None
        assert world.public_address(laptop.machine, 6) is None
    assert laptop.leaks(observer) == []
    world.revert(laptop.machine)
    with laptop.observer() as observer:
        laptop.await_leak(observer)
    file.write_bytes(good)


def test_what_is_kept_for_the_next_start_is_what_the_setting_says(laptop: Laptop) -> None:
    household = laptop.household
    household.route()
    noted = [path.name for path in laptop.state.glob("*.nft")]
    assert noted == ["guard.nft"]
    assert (laptop.state / noted[0]).stat().st_mode & 0o777 == 0o600
    for setting, files in (("always", ["guard-at-boot.nft"]), ("on", ["guard.nft"]), ("off", [])):
        laptop.world.meshnet(laptop.machine, "settings", "kill-switch", setting)
        assert [path.name for path in laptop.state.glob("*.nft")] == files
    laptop.world.meshnet(laptop.machine, "settings", "kill-switch", "always")
    assert list(laptop.state.glob("*.nft"))
    household.stop()
    assert not list(laptop.state.glob("*.nft"))


def test_revert_refuses_while_a_daemon_runs_and_says_what_to_do(laptop: Laptop) -> None:
    world = laptop.world
    laptop.household.route()
    argv = (program("meshnetd"), "revert", "--state-dir", str(laptop.state))
    refused = laptop.machine.run(*argv, check=False)
    assert refused.returncode == 1
    assert "meshnet route --off" in refused.stderr
    assert world.public_address(laptop.machine) == world.home_public4


def kernel_settings(laptop: Laptop) -> str:
    look = ("sysctl", "-a", "--pattern", "^net[.](ipv4|ipv6)[.](conf[.](all|default|eth0|lo)[.]|ip_forward)")
    return laptop.machine.run(*look, check=False).stdout
