"""The lab for pytest: fixtures, the reason to skip where there can be none, and the logs of what failed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab import desktop as desktops
from lab import net
from lab.desktop import Desktop
from lab.household import Household
from lab.net import Lab, wait_until
from lab.world import World

_OTHERS_NEWS = 30.0
"""Seconds until each device of a household knows what became of the other one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what crosses the lab's network where there can be no lab, and say why."""
    reason = net.why_not()
    if reason is None:
        return
    for item in items:
        if item.get_closest_marker("lab") is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the logs of the machines and of the desktop beside the failure."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for name in ("lab", "shared_lab", "desktop", "shared_desktop"):
            if isinstance(shown := item.funcargs.get(name), Lab | Desktop):
                report.sections.append((f"logs of the {name}", shown.logs()))
    return report


@pytest.fixture
def lab() -> Iterator[Lab]:
    """An empty lab."""
    with Lab() as lab:
        yield lab


@pytest.fixture(scope="module")
def shared_lab() -> Iterator[Lab]:
    """An empty lab for all tests of a module; each leaves in it what it found."""
    with Lab() as lab:
        yield lab


@pytest.fixture
def world(lab: Lab) -> World:
    """The standard world."""
    return World(lab)


@pytest.fixture(scope="module")
def shared_household(shared_lab: Lab) -> Household:
    """One household for all tests of a module."""
    return Household(World(shared_lab))


@pytest.fixture
def settled(shared_household: Household) -> Household:
    """The shared household as it was at first, whatever the test before did: both online, permitted, nothing routed."""
    _bring_to_order(shared_household)
    return shared_household


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    """A desktop outside the machines."""
    _need_desktop()
    with Desktop(tmp_path / "desktop") as desktop:
        yield desktop


@pytest.fixture(scope="module")
def shared_desktop(shared_household: Household, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """A desktop on the shared household's laptop; each test ends the programs that it starts there."""
    _need_desktop()
    with Desktop(tmp_path_factory.mktemp("desktop"), shared_household.world.laptop) as desktop:
        yield desktop


def _need_desktop() -> None:
    reason = desktops.why_not()
    if reason is not None:
        pytest.skip(reason)


def _bring_to_order(household: Household) -> None:
    world = household.world
    for machine in (world.laptop, world.home):
        if household.daemons[machine].returncode is not None:
            household.start(machine)
    told = [
        (world.laptop, "route", "--off"),
        (world.laptop, "settings", "own-devices", "none"),
        (world.home, "allow", "laptop", "routing"),
    ]
    with ThreadPoolExecutor(len(told)) as together:
        list(together.map(lambda words: world.meshnet(*words), told))
    for device in world.meshnet(world.laptop, "devices")["devices"]:
        if device["name"] != "home-pc":
            world.meshnet(world.laptop, "remove", device["name"])
    wait_until(lambda: _is_in_order(world), "household as it was at first", _OTHERS_NEWS, 0.1)


def _is_in_order(world: World) -> bool:
    (home,) = world.meshnet(world.laptop, "devices")["devices"]
    (laptop,) = world.meshnet(world.home, "devices")["devices"]
    return home["online"] and home["granted"]["routing"] and not laptop["granted"]["routing"]
