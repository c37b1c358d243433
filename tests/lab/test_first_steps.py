"""The path of docs/first-steps.md, click by click: from nothing to routed, and what a host's owner can do about it.

With MESHNET_PICTURES=FOLDER in the environment, the pictures of that page are taken on the way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from lab import desktop as desktops
from lab.app import App
from lab.net import Lab, wait_until
from lab.world import HOME_PORT, World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

PAGE = Path(__file__).parents[2] / "docs" / "first-steps.md"
GUI = PAGE.parents[1] / "app" / "meshnet" / "gui"
PICTURES = os.environ.get("MESHNET_PICTURES")
HOST = "home-pc"
PAGES = ("welcome", "create", "join")
"""Pictures that would show much empty room."""


class People(NamedTuple):
    """The two places of one person."""

    world: World
    laptop: App
    home: App


@pytest.fixture(scope="module")
def people(shared_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    reason = desktops.why_not()
    if reason is not None:
        pytest.skip(reason)
    world = World(shared_lab)
    world.home.run("hostname", HOST)
    with ThreadPoolExecutor(3) as together:
        started = [
            together.submit(world.start_coordinator),
            together.submit(world.start_daemon, world.laptop),
            together.submit(world.start_daemon, world.home, "--listen-port", str(HOME_PORT)),
        ]
        for one in started:
            one.result()
    folder = tmp_path_factory.mktemp("desktops")
    with App(world, world.laptop, folder / "laptop") as laptop, App(world, world.home, folder / "home") as home:
        yield People(world, laptop, home)


def photograph(app: App, name: str) -> None:
    if PICTURES:
        path = Path(PICTURES) / f"first-steps-{name}.png"
        (app.photograph_page if name in PAGES else app.photograph)(path)


def await_address(people: People, address: str | None) -> None:
    world = people.world
    wait_until(lambda: world.public_address(world.laptop) == address, f"public address {address}", 30.0)


def create(people: People) -> None:
    app = people.laptop
    app.open_window()
    app.await_thing("Create a mesh")
    photograph(app, "welcome")
    app.press("Create a mesh")
    app.take_along(people.world.coordinator_address())
    app.press("Paste")
    app.await_thing("Create")
    photograph(app, "create")
    app.press("Create")


def invite(people: People) -> str:
    app = people.laptop
    app.press("Add a device")
    app.press("Make a link")
    app.press("Copy")
    photograph(app, "invite")
    return app.copied()


def join(people: People, link: str) -> None:
    app = people.home
    app.open_window()
    app.press("Join a mesh")
    app.take_along(link)
    app.press("Paste")
    app.press("Let my devices route through this one")
    app.await_thing("Join")
    photograph(app, "join")
    app.press("Join")
    app.await_text("This device is in your mesh")


def route(people: People) -> None:
    app = people.laptop
    app.await_text(HOST)
    app.open_menu()
    if PICTURES:
        app.photograph_corner(Path(PICTURES) / "first-steps-menu.png", 400, 260)
    app.choose_host(HOST)


@pytest.fixture(scope="module")
def deeds(people: People) -> list[str]:
    """All clicks and keys of the path, which has been gone."""
    create(people)
    join(people, invite(people))
    route(people)
    await_address(people, people.world.home_public4)
    return people.laptop.deeds + people.home.deeds


@pytest.fixture
def routed(people: People, deeds: list[str]) -> Iterator[People]:
    """The laptop routes through home, before and after each test."""
    assert deeds
    await_address(people, people.world.home_public4)
    yield people
    for app in (people.laptop, people.home):
        assert "Traceback" not in app.process.tail()


def test_the_path_of_the_page_is_what_leads_from_nothing_to_routed(deeds: list[str]) -> None:
    assert sorted(steps_of_the_page()) == sorted(deeds)
    assert count_of_the_page() == len(deeds)


def test_the_owner_of_the_host_sees_who_routes_through_it_and_stops_that(routed: People) -> None:
    home = routed.home
    home.press("Show my devices")
    home.press("This device")
    home.await_tick("Let my devices route through this one", True)
    home.await_thing("Stop laptop for 10 minutes")
    photograph(home, "hosting")
    home.press("Stop laptop for 10 minutes")
    await_address(routed, None)
    home.press("Let laptop go on")
    await_address(routed, routed.world.home_public4)


def test_allow_routing_is_taken_back_and_given_again_by_the_keyboard_alone(routed: People) -> None:
    home = routed.home
    home.press("Your devices")
    home.tab_to("Allow routing for laptop")
    home.key("space")
    home.await_tick("Allow routing for laptop", False)
    await_address(routed, None)
    home.key("space")
    home.await_tick("Allow routing for laptop", True)
    await_address(routed, routed.world.home_public4)


def test_local_network_access_opens_the_network_of_home_and_closes_it(routed: People) -> None:
    home = routed.home
    home.press("Your devices")
    assert not reaches_the_nas(routed)
    home.press("Local network access for laptop")
    wait_until(lambda: reaches_the_nas(routed), "the NAS at home", 30.0)
    home.press("Local network access for laptop")
    wait_until(lambda: not reaches_the_nas(routed), "no NAS any more", 30.0)


def test_the_window_shows_whose_address_the_world_sees_and_stops_by_a_key(routed: People) -> None:
    laptop = routed.laptop
    laptop.press("Close")
    laptop.await_text(routed.world.home_public4)
    photograph(laptop, "routed")
    laptop.key("alt+o")
    await_address(routed, routed.world.cafe_public4)


def test_a_third_device_joins_by_the_keyboard_alone(people: People, deeds: list[str], tmp_path: Path) -> None:
    world = people.world
    assert deeds
    world.start_daemon(world.guest)
    link = world.meshnet(world.laptop, "invite")["link"]
    with App(world, world.guest, tmp_path / "guest") as guest:
        guest.start_again()
        guest.take_along(link)
        guest.tab_to("Join a mesh")
        guest.key("Return")
        guest.await_keyboard_on("Invite link")
        guest.key("ctrl+v")
        guest.await_thing("Join")
        guest.key("Return")
        guest.await_text("This device is in your mesh")
        guest.await_keyboard_on("Show my devices")
        guest.key("Return")
        guest.await_text("home-pc")
        assert "Traceback" not in guest.process.tail()


def reaches_the_nas(people: People) -> bool:
    options = ["--silent", "--fail", "--max-time", "2"]
    return people.world.laptop.run("curl", *options, f"http://{people.world.nas4}/ip", check=False).returncode == 0


def test_what_the_app_says_on_the_page_is_what_it_says() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in GUI.rglob("*.py"))
    said = re.findall(r"^\| “(.+?)” \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert said
    assert [words for words in said if words not in source] == []


def steps_of_the_page() -> list[str]:
    """What is to be clicked: all that is set in bold in the numbered steps."""
    steps = re.findall(r"^\d+\. .*(?:\n +\S.*)*", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [word for step in steps for word in re.findall(r"\*\*(.+?)\*\*", step)]


def count_of_the_page() -> int:
    (found,) = re.findall(r"(\d+) clicks", PAGE.read_text(encoding="utf-8"))
    return int(found)
