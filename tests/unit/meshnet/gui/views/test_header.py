"""The top of the window."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.header import Header

HOME = device("home-pc")


def shown(header: Header) -> list[str]:
    return [label.text() for label in header.way.findChildren(QLabel) if label.isVisibleTo(header)]


def test_the_way_is_drawn_stop_by_stop_and_drawn_anew_when_it_changes(qtbot: QtBot) -> None:
    header = Header()
    qtbot.addWidget(header)
    header.show_state(Snapshot(connected=True, status=joined("routing", route=route(HOME, "vps"))))
    assert shown(header) == ["This device", "→", "home-pc", "→", "vps", "→", "Internet"]
    header.show_state(Snapshot(connected=True, status=joined()))
    assert shown(header) == ["This device", "→", "Internet"]
    header.show_state(Snapshot())
    assert not header.way.isVisibleTo(header)


def test_a_long_chain_of_long_names_fits_a_small_window(qtbot: QtBot) -> None:
    header = Header()
    qtbot.addWidget(header)
    far = device("x" * 63)
    header.show_state(Snapshot(connected=True, status=joined("routing", route=route(far, "y" * 63))))
    assert header.minimumSizeHint().width() < 800


def test_a_blocked_route_offers_to_try_again(qtbot: QtBot) -> None:
    header = Header()
    qtbot.addWidget(header)
    header.show_state(Snapshot(connected=True, status=joined("routing", route=route(HOME))))
    assert not header.retry.isVisibleTo(header)
    header.show_state(Snapshot(connected=True, status=joined("blocked", route=route(HOME), reason="loop")))
    assert header.retry.isVisibleTo(header)
    with qtbot.waitSignal(header.chosen) as chosen:
        header.retry.click()
    assert chosen.args == [Choice(Verb.ROUTE, HOME.id)]
