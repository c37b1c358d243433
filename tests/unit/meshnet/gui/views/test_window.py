"""The window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.errors import Code
from meshnet.gui.memory import Memory
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views import theme
from meshnet.gui.views.window import Window
from meshnet.protocol.local import Status

HOME, ADA = device("home-pc", 2), device("ada-pc", 3, group="external")
MESH = Snapshot(connected=True, status=joined(), devices={HOME.id: HOME, ADA.id: ADA})


@pytest.fixture
def memory(settings: QSettings) -> Memory:
    return Memory(settings)


@pytest.fixture
def window(qtbot: QtBot, memory: Memory) -> Window:
    made = Window(memory)
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
    assert "belong to other people" in window.external.empty.text.text()


def test_while_routed_the_state_is_on_top_of_the_devices(window: Window) -> None:
    window.show_mesh(replace(MESH, status=joined("routing", route=route(HOME, "vps"))))
    assert window.header.state.text() == "Through home-pc, direct, 23 ms"
    assert window.tabs.isVisible()


def test_outside_a_mesh_the_first_start_stands_in_place_of_the_tabs(window: Window) -> None:
    window.show_mesh(Snapshot(connected=True, status=Status("not-joined")))
    assert not window.tabs.isVisible()
    assert not window.header.isVisible()
    assert window.first_start.isVisible()
    window.show_mesh(MESH)
    assert window.tabs.isVisible()


def test_without_a_daemon_it_says_what_cures_that(window: Window) -> None:
    window.show_mesh(Snapshot(trouble="The daemon does not answer", code=Code.DAEMON_UNREACHABLE))
    assert "The daemon is not running" in visible_text(window)
    commands = [line.text() for line in window.findChildren(QLineEdit) if line.isVisible()]
    assert commands == ["systemctl start meshnetd"]


def test_problems_and_notices_are_bars_that_are_hidden_while_there_are_none(qtbot: QtBot, window: Window) -> None:
    assert not window.problems.isVisible()
    assert not window.notice.isVisible()
    window.show_mesh(replace(MESH, status=joined(problems=("`nft` is missing.",)), notice="It was refused."))
    assert "“nft” is missing." in visible_text(window)
    assert "It was refused." in visible_text(window)


def test_a_row_keeps_its_widget_while_its_device_is_there(window: Window) -> None:
    row = window.yours.row(HOME.id)
    window.show_mesh(replace(MESH, devices={HOME.id: device("home-pc", online=False), ADA.id: ADA}))
    assert window.yours.row(HOME.id) is row
    window.show_mesh(replace(MESH, devices={}))
    with pytest.raises(KeyError):
        window.yours.row(HOME.id)


def test_secondary_text_follows_when_the_desktop_turns_dark(qtbot: QtBot, window: Window, qapp: QApplication) -> None:
    before, style = QPalette(qapp.palette()), qapp.style().objectName()
    detail = window.header.detail
    try:
        theme.begin(qapp, "light")
        qtbot.waitUntil(lambda: detail.palette().color(QPalette.ColorRole.WindowText).lightness() < 100)
        theme.choose("dark")
        qtbot.waitUntil(lambda: detail.palette().color(QPalette.ColorRole.WindowText).lightness() > 200)
    finally:
        qapp.setStyleSheet("")
        qapp.setStyle(style)
        qapp.setPalette(before)


def test_it_opens_again_where_and_as_large_as_it_was_closed(qtbot: QtBot, window: Window, memory: Memory) -> None:
    window.resize(777, 555)
    window.close()
    again = Window(memory)
    qtbot.addWidget(again)
    assert (again.width(), again.height()) == (777, 555)


def test_settings_are_a_click_or_a_key_away(qtbot: QtBot, window: Window) -> None:
    button = next(button for button in window.findChildren(QPushButton) if button.text() == "&Settings")
    with qtbot.waitSignal(window.settings_wanted):
        button.click()
    window.activateWindow()
    with qtbot.waitSignal(window.settings_wanted):
        QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)


def test_it_fits_a_small_screen(window: Window) -> None:
    assert window.minimumSizeHint().width() <= 640
    assert window.minimumSizeHint().height() <= 600
