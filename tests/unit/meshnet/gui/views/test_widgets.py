"""The small widgets."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from meshnet.gui.views.widgets import Bar, ElidedLabel, FramedLabel, OneClickButton


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


def test_a_double_click_counts_once(qtbot: QtBot) -> None:
    button = OneClickButton("Route")
    qtbot.addWidget(button)
    clicks: list[bool] = []
    button.clicked.connect(lambda: clicks.append(True))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(button, Qt.MouseButton.LeftButton)
    assert len(clicks) == 1


def test_a_bar_hides_while_it_has_nothing_to_say(qtbot: QtBot) -> None:
    bar = Bar("notice", "#c9302c", dismissable=True)
    qtbot.addWidget(bar)
    bar.show_text("Refused.")
    assert bar.isVisible()
    assert bar.accessibleName() == "Refused."
    with qtbot.waitSignal(bar.dismissed):
        bar.findChildren(QToolButton)[0].click()
    bar.show_text("")
    assert not bar.isVisible()


def test_a_command_can_be_selected_and_a_name_in_a_frame_is_plain(qtbot: QtBot) -> None:
    command, name = FramedLabel("meshnet join LINK", fixed_font=True), FramedLabel("<b>")
    qtbot.addWidget(command)
    qtbot.addWidget(name)
    assert command.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    assert name.textFormat() is Qt.TextFormat.PlainText
