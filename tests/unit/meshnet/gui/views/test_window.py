"""The window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.window import Window
from meshnet.protocol.local import Status

HOME, ADA = device("home-pc", 2), device("ada-pc", 3, group="external")
MESH = Snapshot(connected=True, status=joined(), devices={HOME.id: HOME, ADA.id: ADA})


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings) -> Window:
    made = Window(settings)
    qtbot.addWidget(made)
    made.show_mesh(MESH)
    made.show()
    return made


def visible_text(window: Window) -> str:
    return "\n".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())


def test_the_tabs_have_their_texts_and_their_devices(window: Window) -> None:
    assert [window.tabs.tabText(tab) for tab in range(2)] == ["Your devices", "External devices"]
    assert window.yours.row(HOME.id).name.text() == "home-pc"
    assert window.external.row(ADA.id).name.text() == "ada-pc"


def test_an_empty_tab_explains_itself(window: Window) -> None:
    window.tabs.setCurrentIndex(1)
    assert not window.external.empty.isVisible()
    window.show_mesh(replace(MESH, devices={}))
    assert window.external.empty.isVisible()
    assert "belong to other people" in window.external.empty.text()


def test_while_routed_the_chain_and_a_stop_button_are_there(window: Window) -> None:
    assert not window.header.stop.isVisible()
    window.show_mesh(replace(MESH, status=joined("routing", route=route(HOME, "vps"), clients=("phone",))))
    assert window.header.state.text() == "Through home-pc, direct, 23 ms"
    assert window.header.way.accessibleName() == "This device → home-pc → vps → Internet"
    assert window.header.hosting.text() == "phone routes through this device."
    choices: list[Choice] = []
    window.chosen.connect(choices.append)
    window.header.stop.click()
    assert choices == [Choice(Verb.STOP)]


def test_outside_a_mesh_it_says_what_to_type(window: Window) -> None:
    window.show_mesh(Snapshot(connected=True, status=Status("not-joined")))
    assert not window.tabs.isVisible()
    assert "meshnet create" in visible_text(window)
    assert "meshnet join LINK" in visible_text(window)


def test_without_a_daemon_it_says_why_and_what_to_do(window: Window) -> None:
    window.show_mesh(Snapshot(trouble="The daemon does not answer", cure="Start it."))
    text = visible_text(window)
    assert "The daemon does not answer" in text
    assert "Start it." in text
    assert "meshnet join" not in text


def test_problems_and_notices_are_bars_that_are_hidden_while_there_are_none(qtbot: QtBot, window: Window) -> None:
    assert not window.problems.isVisible()
    assert not window.notice.isVisible()
    window.show_mesh(replace(MESH, status=joined(problems=("nft is missing.",)), notice="It was refused."))
    assert "nft is missing." in visible_text(window)
    assert "It was refused." in visible_text(window)


def test_a_row_keeps_its_widget_while_its_device_is_there(window: Window) -> None:
    row = window.yours.row(HOME.id)
    window.show_mesh(replace(MESH, devices={HOME.id: device("home-pc", online=False), ADA.id: ADA}))
    assert window.yours.row(HOME.id) is row
    window.show_mesh(replace(MESH, devices={}))
    with pytest.raises(KeyError):
        window.yours.row(HOME.id)


def test_secondary_text_follows_when_the_desktop_turns_dark(qtbot: QtBot, window: Window) -> None:
    before = QApplication.palette()
    try:
        QApplication.setPalette(QPalette(QColor("#202020")))
        detail = window.header.detail
        qtbot.waitUntil(lambda: detail.palette().color(QPalette.ColorRole.WindowText).lightness() > 200)
    finally:
        QApplication.setPalette(before)


def test_it_opens_again_where_and_as_large_as_it_was_closed(qtbot: QtBot, window: Window, settings: QSettings) -> None:
    window.resize(777, 555)
    window.close()
    again = Window(settings)
    qtbot.addWidget(again)
    assert (again.width(), again.height()) == (777, 555)
