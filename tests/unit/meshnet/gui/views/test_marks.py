"""The drawn marks, signs and flat buttons."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from meshnet.gui.models.rows import State
from meshnet.gui.views import widgets
from meshnet.gui.views.marks import CopyMark, Sign, StateMark
from meshnet.gui.views.theme import Tone


def picture(widget: QWidget) -> QImage:
    widget.resize(widget.sizeHint().expandedTo(widget.minimumSize()))
    return widget.grab().toImage()


def test_every_state_has_a_mark_of_its_own(qtbot: QtBot) -> None:
    mark = StateMark()
    qtbot.addWidget(mark)
    pictures = []
    for state in State:
        mark.show_state(state, state.name)
        assert mark.accessibleName() == state.name
        pictures.append(picture(mark))
    assert all(one != other for one, other in itertools.combinations(pictures, 2))


@pytest.mark.parametrize("tone", [Tone.GOOD, Tone.BUSY, Tone.BAD, None])
def test_how_grave_it_is_shows_as_a_shape_of_its_own(tone: Tone | None, qtbot: QtBot) -> None:
    sign, empty = Sign(), Sign()
    for one in (sign, empty):
        qtbot.addWidget(one)
    sign.show_tone(tone)
    assert (picture(sign) == picture(empty)) is (tone is None)


def test_a_copy_mark_copies_and_is_a_tick_for_a_moment(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widgets, "_COPIED_FOR", 20)
    # In a window that is not shown neither the mouse nor the keyboard is on it.
    around = QWidget()
    qtbot.addWidget(around)
    mark = CopyMark()
    mark.setParent(around)
    mark.show_text("IPv4 address", "100.64.0.1")
    assert mark.accessibleName() == "Copy: IPv4 address"
    sheets = picture(mark)
    pictures: list[QImage] = []
    mark.clicked.connect(lambda: pictures.append(picture(mark)))
    mark.click()
    assert QGuiApplication.clipboard().text() == "100.64.0.1"
    assert pictures != [sheets]
    qtbot.waitUntil(lambda: picture(mark) == sheets, timeout=30_000)
