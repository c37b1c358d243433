"""The top of the window."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.traffic import History, Sample, rate_in_words
from meshnet.gui.views.header import Header
from meshnet.protocol.local import Pause, Status

HOME = device("home-pc")
ROUTED = joined("routing", route=route(HOME, "vps"))
BLOCKED = joined("blocked", route=route(HOME), reason="loop")
PAUSED = joined(pause=Pause("home-pc", HOME.id, "2026-01-01T12:34:00Z"))


@pytest.fixture
def header(qtbot: QtBot) -> Header:
    made = Header()
    qtbot.addWidget(made)
    return made


def show(header: Header, status: Status) -> None:
    header.show_state(Snapshot(connected=True, status=status, devices={HOME.id: HOME}))


def buttons(header: Header) -> list[str]:
    found = header.findChildren(QPushButton)
    return [button.text().replace("&", "") for button in found if button.isVisibleTo(header)]


def test_the_state_is_said_the_way_is_drawn_and_whose_address_the_world_sees(header: Header) -> None:
    show(header, ROUTED)
    assert header.state.text().startswith("Through home-pc")
    assert header.detail.text() == "The world sees the address of vps."
    assert "home-pc to vps" in header.way.accessibleDescription()
    show(header, joined(public=("203.0.113.7",)))
    assert "203.0.113.7" in header.detail.text()
    assert "Choose a host" in header.detail.text()


def test_without_a_daemon_there_is_no_way_and_no_button(header: Header) -> None:
    header.show_state(Snapshot(trouble="The daemon is not running", cure="Start it."))
    assert not header.way.isVisibleTo(header)
    assert buttons(header) == []
    assert "Start it." in header.detail.text()


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (joined(), []),
        (ROUTED, ["Pause for 10 minutes", "Stop routing"]),
        (joined("connecting", route=route(HOME)), ["Stop routing"]),
        (BLOCKED, ["Try again", "Pause for 10 minutes", "Stop routing"]),
        (PAUSED, ["Resume now", "Stop routing"]),
        (msgspec.structs.replace(ROUTED, capabilities=("route",)), ["Stop routing"]),
    ],
)
def test_every_state_offers_what_can_be_done_in_it(header: Header, status: Status, offered: list[str]) -> None:
    show(header, status)
    assert buttons(header) == offered


def test_buttons_say_what_was_chosen(header: Header, qtbot: QtBot) -> None:
    wanted = [
        (BLOCKED, header.retry, Choice(Verb.ROUTE, HOME.id)),
        (PAUSED, header.resume, Choice(Verb.RESUME)),
        (ROUTED, header.pause, Choice(Verb.PAUSE)),
        (ROUTED, header.stop, Choice(Verb.STOP)),
    ]
    for status, button, choice in wanted:
        show(header, status)
        with qtbot.waitSignal(header.chosen) as chosen:
            button.click()
        assert chosen.args == [choice]


def test_traffic_is_shown_while_routed_only(header: Header) -> None:
    header.show_traffic(History().added(Sample(0, 0, 0)).added(Sample(5, 6_000_000, 0)))
    show(header, ROUTED)
    assert header.traffic.isVisibleTo(header)
    assert header.traffic.down.rate.text() == rate_in_words(1_200_000)
    show(header, BLOCKED)
    assert not header.traffic.isVisibleTo(header)


def test_it_leaves_room_for_the_devices_and_needs_little_width(header: Header) -> None:
    far = device("x" * 63)
    show(header, ROUTED)
    assert header.heightForWidth(600) <= 260
    show(header, joined())
    assert header.heightForWidth(600) <= 190
    show(header, joined("routing", route=route(far, "y" * 63, "z" * 63, "?")))
    assert header.minimumSizeHint().width() <= 540


def test_a_long_address_needs_no_wider_window(header: Header) -> None:
    show(header, joined())
    narrow = header.minimumSizeHint().width()
    show(header, joined(public=("2001:db8:4a2b:77f1:9cde:11ff:fe22:3344",)))
    assert header.minimumSizeHint().width() <= narrow
