"""The tray as a person meets it: a real panel, a real menu, real clicks, and what they do to packets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import desktop as desktops
from lab.desktop import Desktop
from lab.household import Household
from lab.menu import TrayMenu
from lab.net import wait_until
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


@pytest.fixture
def household(world: World) -> Household:
    return Household(world)


@pytest.fixture
def menu(household: Household, tmp_path: Path) -> Iterator[TrayMenu]:
    reason = desktops.why_not()
    if reason is not None:
        pytest.skip(reason)
    with Desktop(tmp_path / "desktop", household.world.laptop) as desktop:
        menu = TrayMenu(desktop, hosts=1)
        menu.start()
        yield menu


def test_a_click_on_a_host_routes_and_a_click_on_stop_stops(household: Household, menu: TrayMenu) -> None:
    world = household.world
    assert world.public_address(world.laptop) == world.cafe_public4
    menu.open()
    menu.click_host()
    wait_until(lambda: world.public_address(world.laptop) == world.home_public4, "the address of home")
    menu.open()
    menu.click_stop()
    wait_until(lambda: world.public_address(world.laptop) == world.cafe_public4, "the address of the café")


def test_a_host_that_does_not_permit_cannot_be_clicked(household: Household, menu: TrayMenu) -> None:
    world = household.world
    world.meshnet(world.home, "deny", "laptop", "routing")
    wait_until(lambda: not world.meshnet(world.laptop, "devices")["devices"][0]["granted"]["routing"], "the news")
    assert not menu.try_host()
    assert household.status()["state"] == "idle"


def test_the_tray_survives_a_restart_of_the_daemon(household: Household, menu: TrayMenu) -> None:
    world = household.world
    household.daemons[world.laptop].stop()
    household.start(world.laptop)
    wait_until(menu.try_host, "the tray to be back", 30)
    household.await_state("routing")
    assert world.public_address(world.laptop) == world.home_public4


def test_the_window_opens_by_a_left_click(household: Household, menu: TrayMenu) -> None:
    assert household.status()["state"] == "idle"
    menu.desktop.click(*menu.desktop.find_tray_icon())
    window = menu.desktop.wait_for_window("Meshnet")
    assert window.width >= 400
