"""The small widgets."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from meshnet.gui.views import theme
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import Bar, ElidedLabel, OneClickButton, faint, label


def test_an_elided_label_needs_no_more_room_for_a_longer_text_and_tells_it_all_in_its_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText("short")
    room = label.minimumSizeHint()
    label.setText("x" * 500)
    label.resize(50, 20)
    label.show()
    assert label.minimumSizeHint() == room
    assert label.toolTip() == "x" * 500
    assert not label.grab().isNull()


def test_enter_presses_a_button_once_however_long_it_is_held(qtbot: QtBot) -> None:
    button = OneClickButton("Route")
    qtbot.addWidget(button)
    clicks: list[bool] = []
    button.clicked.connect(lambda: clicks.append(True))
    QTest.keyClick(button, Qt.Key.Key_Return)
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, autorep=True)
    QApplication.sendEvent(button, held)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert len(clicks) == 2


def test_a_double_click_counts_once(qtbot: QtBot) -> None:
    button = OneClickButton("Route")
    qtbot.addWidget(button)
    clicks: list[bool] = []
    button.clicked.connect(lambda: clicks.append(True))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(button, Qt.MouseButton.LeftButton)
    assert len(clicks) == 1


def test_a_bar_hides_while_it_has_nothing_to_say(qtbot: QtBot) -> None:
    bar = Bar("notice", Tone.BAD, dismissable=True)
    qtbot.addWidget(bar)
    bar.show_text("Refused.")
    assert bar.isVisible()
    assert bar.accessibleName() == "Refused."
    with qtbot.waitSignal(bar.dismissed):
        bar.findChildren(QToolButton)[0].click()
    bar.show_text("")
    assert not bar.isVisible()


@pytest.mark.parametrize("is_shown", [True, False])
def test_labels_follow_the_desktop_when_it_turns_dark(qtbot: QtBot, qapp: QApplication, is_shown: bool) -> None:
    theme.begin(qapp, "light")
    quiet, bad = label("aside", quiet=True), label("wrong", tone=Tone.BAD)
    for one in (quiet, bad):
        qtbot.addWidget(one)
        one.setVisible(is_shown)
    try:
        theme.choose("dark")
        wanted = [faint(qapp.palette(), 0.7), QColor(Tone.BAD.value[1])]
        qtbot.waitUntil(
            lambda: [one.palette().color(QPalette.ColorRole.WindowText) for one in (quiet, bad)] == wanted,
            timeout=30_000,
        )
    finally:
        theme.choose("light")


def test_a_label_with_nothing_to_say_is_hidden(qtbot: QtBot) -> None:
    text = label("old", tone=Tone.GOOD)
    qtbot.addWidget(text)
    text.show_text("")
    assert text.isHidden()
    text.show_text("new", Tone.BUSY)
    assert (text.text(), text.isHidden()) == ("new", False)
    assert text.palette().color(QPalette.ColorRole.WindowText) == theme.color(Tone.BUSY)


def test_a_text_can_be_selected_and_is_plain(qtbot: QtBot) -> None:
    text = label("<b>", selectable=True)
    qtbot.addWidget(text)
    assert text.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    assert text.textFormat() is Qt.TextFormat.PlainText
