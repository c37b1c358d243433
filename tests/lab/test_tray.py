"""The tray as a person meets it: a real panel, a real menu, real clicks, and what they do to packets."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.desktop import Desktop
from lab.household import Household
from lab.menu import TrayMenu
from lab.net import wait_until
from lab.process import kill

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


@pytest.fixture
def household(settled: Household) -> Household:
    return settled


@pytest.fixture
def menu(household: Household, shared_desktop: Desktop) -> Iterator[TrayMenu]:
    menu = TrayMenu(shared_desktop, household.world)
    app = menu.start()
    yield menu
    app.stop()
    wait_until(lambda: not shared_desktop.tray_icons(), "end of the icon")


def restart_panel(desktop: Desktop) -> None:
    """End the panel as a crash does, and start it as a session does that notices."""
    asking = ("xdotool", "search", "--class", "tint2", "getwindowpid")
    found = subprocess.run(asking, env=desktop.env, capture_output=True, text=True, check=True, timeout=20)
    # A program's own word for its id: nothing else is to be ended by it.
    assert Path(f"/proc/{int(found.stdout)}/comm").read_text() == "tint2\n"
    kill(int(found.stdout))
    wait_until(lambda: not desktop.tray_icons(), "end of the tray")
    desktop.run_gui(["tint2", "-c", str(desktop.directory / "tint2rc")])


def test_a_click_on_a_host_routes_and_a_click_on_stop_stops(household: Household, menu: TrayMenu) -> None:
    world = household.world
    assert world.public_address(world.laptop) == world.cafe_public4
    menu.open()
    menu.click_host()
    wait_until(lambda: world.public_address(world.laptop) == world.home_public4, "the address of home")
    menu.open()
    menu.click_stop()
    wait_until(lambda: world.public_address(world.laptop) == world.cafe_public4, "the address of the café")


def test_a_click_on_the_active_host_stops(household: Household, menu: TrayMenu) -> None:
    menu.open()
    menu.click_host()
    household.await_state("routing")
    menu.open()
    menu.click_host()
    household.await_state("idle")


def test_a_pause_lets_traffic_out_directly_until_it_is_ended(household: Household, menu: TrayMenu) -> None:
    world = household.world
    household.route()
    menu.open()
    menu.click("pause")
    wait_until(lambda: world.public_address(world.laptop) == world.cafe_public4, "the address of the café")
    menu.open()
    menu.click("resume")
    wait_until(lambda: world.public_address(world.laptop) == world.home_public4, "the address of home")


def test_own_devices_are_let_through_this_one_by_a_click_and_kept_out_by_another(
    household: Household, menu: TrayMenu
) -> None:
    world = household.world

    def granted() -> bool:
        return bool(world.meshnet(world.home, "devices")["devices"][0]["granted"]["routing"])

    menu.open()
    menu.click("share")
    wait_until(granted, "the laptop's grant")
    menu.open()
    menu.click("share")
    wait_until(lambda: not granted(), "the end of the laptop's grant")


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
    wait_until(lambda: world.meshnet(world.laptop, "devices")["devices"][0]["online"], "home", 30)
    wait_until(menu.try_host, "the tray to be back", 30)
    household.await_state("routing")
    assert world.public_address(world.laptop) == world.home_public4


def test_the_window_opens_by_a_left_click(household: Household, menu: TrayMenu) -> None:
    assert household.status()["state"] == "idle"
    menu.desktop.click(*menu.desktop.find_tray_icon())
    wait_until(lambda: menu.desktop.wait_for_window("Meshnet").width >= 400, "window as wide as it is to be")


def test_the_icon_comes_back_with_a_panel_that_crashed(household: Household, menu: TrayMenu) -> None:
    desktop = menu.desktop
    restart_panel(desktop)
    desktop.click(*desktop.find_tray_icon(20.0))
    desktop.wait_for_window("Meshnet")
    menu.open()
    menu.click_host()
    household.await_state("routing")
