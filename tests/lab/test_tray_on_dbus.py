"""The tray over D-Bus, as the panels of KDE and GNOME show it: read, clicked, and what that does to packets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from lab.desktop import Desktop
from lab.household import Household
from lab.menu import TrayMenu
from lab.net import LabError, wait_until
from lab.world import SOCKET, product_environment, program

if TYPE_CHECKING:
    from lab.statusnotifier import Line, Panel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

HEADING = "Devices in Meshnet"
SHARE = "Let my devices route through this one"


@pytest.fixture
def household(settled: Household) -> Household:
    return settled


@pytest.fixture
def new_panel(shared_desktop: Desktop) -> Iterator[Callable[[], Panel]]:
    pytest.importorskip("jeepney", reason="D-Bus is there on Linux only")
    from lab.statusnotifier import Panel

    made: list[Panel] = []

    def make() -> Panel:
        made.append(Panel(shared_desktop.directory / "bus"))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def panel(household: Household, shared_desktop: Desktop, new_panel: Callable[[], Panel]) -> Iterator[Panel]:
    """The panel, with the icon of the running app in it and the menu known."""
    panel = new_panel()
    app = shared_desktop.run_gui([program("meshnet-gui"), "--socket", SOCKET], product_environment())
    panel.wait_for_item()
    await_line(panel, "home-pc", lambda line: line.enabled)
    yield panel
    app.stop()


def await_line(panel: Panel, beginning: str, is_right: Callable[[Line], bool]) -> Line:
    """The line, once it is as wanted, for a panel that follows the signals."""

    def look() -> Line | None:
        try:
            line = panel.line(beginning)
        except LabError:
            return None
        return line if is_right(line) else None

    return wait_until(look, f"right line {beginning!r}", 20.0, 0.05)


def await_setting(household: Household, value: str) -> None:
    world = household.world
    wait_until(lambda: world.meshnet(world.laptop, "settings")["own-devices"] == value, f"setting {value}")


def words(text: str) -> str:
    """The text of a line without the path and the time that packets take on it."""
    return text.partition("   ")[0]


def checked(panel: Panel) -> list[str]:
    return [words(line.text) for line in panel.menu() if line.checked]


def await_agreement(panel: Panel, *names: str) -> None:
    """Wait until the panel that follows signals shows what the app has, with check marks at these lines alone."""

    def agree() -> bool:
        return panel.menu() == panel.fetch_menu() and checked(panel) == list(names)

    wait_until(agree, f"menu with check marks at {names}", 20.0, 0.2)


def test_the_menu_is_read_as_it_is_meant(panel: Panel) -> None:
    lines = panel.open_menu()
    texts = ["-" if line.is_separator else words(line.text) for line in lines]
    assert texts == [
        "Not routed",
        "-",
        HEADING,
        "home-pc",
        "-",
        "Stop routing",
        "-",
        "This device",
        SHARE,
        "-",
        "Open Meshnet",
        "Quit",
    ]
    assert [line.text for line in lines if line.enabled and not line.is_separator] == [
        panel.line("home-pc").text,
        SHARE,
        "Open Meshnet",
        "Quit",
    ]


def test_the_lab_finds_the_lines_of_a_plain_tray_where_the_app_has_them(
    panel: Panel, household: Household, shared_desktop: Desktop
) -> None:
    counted = TrayMenu(shared_desktop, household.world)

    def agree() -> bool:
        # But for the first line, which may tell a time of day, as is usual where each program runs.
        there = [(words(line.text), line.enabled and not line.is_separator) for line in panel.menu()]
        return there[1:] == [(words(line.text), line.enabled) for line in counted.lines()][1:]

    wait_until(agree, "same menu with nothing routed", 20.0, 0.2)
    household.route()
    wait_until(agree, "same menu while routed", 20.0, 0.2)
    household.world.meshnet(household.world.laptop, "pause")
    wait_until(agree, "same menu in a pause", 20.0, 0.2)


def test_the_icon_says_its_state_and_has_pictures_for_every_panel(panel: Panel, household: Household) -> None:
    item = panel.properties()
    assert (item["Id"], item["Title"], item["Status"], item["ItemIsMenu"]) == ("meshnet", "meshnet", "Active", False)
    assert {16, 22, 24, 32, 64} <= {width for width, _height, _pixels in item["IconPixmap"]}
    assert "Not routed" in item["ToolTip"]
    household.route()
    wait_until(lambda: any("Through home-pc" in str(part) for part in panel.properties()["ToolTip"]), "the tooltip")
    assert panel.properties()["IconPixmap"] != item["IconPixmap"]


def test_a_click_on_a_host_routes_and_another_one_stops(panel: Panel, household: Household) -> None:
    world = household.world
    assert world.public_address(world.laptop) == world.cafe_public4
    panel.click("home-pc")
    wait_until(lambda: world.public_address(world.laptop) == world.home_public4, "the address of home")
    await_line(panel, "Through home-pc", lambda line: not line.enabled)
    await_line(panel, "home-pc", lambda line: line.checked is True)
    assert checked(panel) == ["home-pc"]
    assert panel.line("Stop routing").enabled
    panel.click("home-pc")
    wait_until(lambda: world.public_address(world.laptop) == world.cafe_public4, "the address of the café")
    await_line(panel, "home-pc", lambda line: line.checked is False)
    await_line(panel, "Stop routing", lambda line: not line.enabled)


def test_a_check_mark_stands_where_the_daemon_says_whatever_the_panel_did(panel: Panel, household: Household) -> None:
    panel.click(SHARE)
    await_setting(household, "routing")
    await_agreement(panel, SHARE)
    panel.click(SHARE)
    await_setting(household, "none")
    await_agreement(panel)


def test_a_host_that_goes_away_is_greyed_with_the_reason(panel: Panel, household: Household) -> None:
    world = household.world
    world.meshnet(world.home, "deny", "laptop", "routing")
    line = await_line(panel, "home-pc", lambda line: not line.enabled)
    assert line.text == "home-pc: has not allowed routing"
    with pytest.raises(LabError, match="greyed"):
        panel.click("home-pc")
    world.meshnet(world.home, "allow", "laptop", "routing")
    await_line(panel, "home-pc", lambda line: line.enabled)
    # A handshake of the last three minutes counts as being online; the laptop's next daemon has had none.
    household.daemons[world.home].stop()
    household.daemons[world.laptop].stop()
    household.start(world.laptop)
    assert await_line(panel, "home-pc", lambda line: not line.enabled).text == "home-pc: offline"


def test_a_panel_that_believes_the_signals_shows_what_is_there(panel: Panel, household: Household) -> None:
    world = household.world
    household.start(world.server)
    household.bring_in(world.server, "berlin_server & co", allow="routing")
    await_line(panel, "berlin_server & co", lambda line: line.enabled)
    panel.click("berlin_server")
    household.await_state("routing")
    await_line(panel, "berlin_server", lambda line: line.checked is True)
    panel.click("home-pc")
    await_line(panel, "Through home-pc", lambda _: True)
    await_line(panel, "home-pc", lambda line: line.checked is True)
    await_agreement(panel, "home-pc")


def test_the_app_hears_that_its_menu_opens(panel: Panel, household: Household) -> None:
    world = household.world
    assert panel.line(SHARE).checked is False
    # No update tells of a setting that another front end changes; the app asks when its menu opens.
    world.meshnet(world.laptop, "settings", "own-devices", "routing")
    panel.open_menu()
    await_line(panel, SHARE, lambda line: line.checked is True)


def test_a_left_click_opens_the_window(panel: Panel, shared_desktop: Desktop) -> None:
    panel.activate()
    wait_until(lambda: shared_desktop.wait_for_window("Meshnet").width >= 400, "window as wide as it is to be")


def test_the_icon_comes_back_with_a_panel_that_restarts(panel: Panel, new_panel: Callable[[], Panel]) -> None:
    panel.close()
    again = new_panel()
    again.wait_for_item()
    assert await_line(again, "home-pc", lambda line: line.enabled)


def test_quitting_takes_the_icon_away_and_leaves_the_route(panel: Panel, household: Household) -> None:
    household.route()
    await_line(panel, "Quit (routing goes on)", lambda line: line.enabled)
    panel.click("Quit")
    wait_until(lambda: not panel.is_item_there(), "the end of the app")
    assert household.status()["state"] == "routing"
