"""Light, dark, and the colors that follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from meshnet.gui.views import theme
from meshnet.gui.views.theme import Tone

TEXT_CONTRAST = 4.5
MARK_CONTRAST = 3.0
"""WCAG 2.2, success criteria 1.4.3 (text) and 1.4.11 (what is no text)."""


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    """Afterwards it is dressed as it was before."""
    before, style = QPalette(qapp.palette()), qapp.style().objectName()
    yield qapp
    theme.choose("")
    qapp.setStyleSheet("")
    qapp.setStyle(style)
    qapp.setPalette(before)


def luminance(color: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in (color.redF(), color.greenF(), color.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_it_follows_what_is_chosen_while_it_runs(qtbot: QtBot, app: QApplication) -> None:
    label = QLabel("text")
    qtbot.addWidget(label)

    def brightness() -> int:
        return label.palette().color(QPalette.ColorRole.WindowText).lightness()

    theme.begin(app, "dark")
    assert theme.is_dark()
    qtbot.waitUntil(lambda: brightness() > 128)
    theme.choose("light")
    assert not theme.is_dark()
    qtbot.waitUntil(lambda: brightness() < 128)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        (QPalette.ColorRole.WindowText, QPalette.ColorRole.Window),
        (QPalette.ColorRole.WindowText, QPalette.ColorRole.Base),
        (QPalette.ColorRole.Text, QPalette.ColorRole.Base),
        (QPalette.ColorRole.ButtonText, QPalette.ColorRole.Button),
        (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.Base),
        (QPalette.ColorRole.ToolTipText, QPalette.ColorRole.ToolTipBase),
        (QPalette.ColorRole.Link, QPalette.ColorRole.Window),
        (QPalette.ColorRole.HighlightedText, QPalette.ColorRole.Highlight),
    ],
)
def test_text_can_be_read_on_its_ground(dark: bool, text: QPalette.ColorRole, ground: QPalette.ColorRole) -> None:
    shown = theme.palette(dark)
    is_bold = text is QPalette.ColorRole.HighlightedText
    assert contrast(shown.color(text), shown.color(ground)) >= (MARK_CONTRAST if is_bold else TEXT_CONTRAST)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("tone", Tone)
@pytest.mark.parametrize("ground", [QPalette.ColorRole.Window, QPalette.ColorRole.Base])
def test_marks_are_seen_on_every_ground(dark: bool, tone: Tone, ground: QPalette.ColorRole) -> None:
    assert contrast(QColor(tone.value[dark]), theme.palette(dark).color(ground)) >= MARK_CONTRAST


@pytest.mark.parametrize("dark", [False, True])
def test_what_cannot_be_used_is_fainter(dark: bool) -> None:
    shown, role = theme.palette(dark), QPalette.ColorRole.ButtonText
    assert shown.color(QPalette.ColorGroup.Disabled, role).alphaF() < shown.color(role).alphaF()
