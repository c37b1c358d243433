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


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    before, style = QPalette(qapp.palette()), qapp.style().objectName()
    theme.begin(qapp, request.param)
    yield request.param
    theme.choose("")
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


def test_the_app_is_as_it_was_chosen(scheme: str) -> None:
    assert theme.is_dark() is (scheme == "dark")


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
def test_text_can_be_read_on_its_ground(
    scheme: str, text: QPalette.ColorRole, ground: QPalette.ColorRole, qapp: QApplication
) -> None:
    palette = qapp.palette()
    assert contrast(palette.color(text), palette.color(ground)) >= (
        MARK_CONTRAST if text is QPalette.ColorRole.HighlightedText else TEXT_CONTRAST
    )


@pytest.mark.parametrize("tone", Tone)
@pytest.mark.parametrize("ground", [QPalette.ColorRole.Window, QPalette.ColorRole.Base])
def test_marks_are_seen_on_every_ground(
    scheme: str, tone: Tone, ground: QPalette.ColorRole, qapp: QApplication
) -> None:
    assert contrast(theme.color(tone), qapp.palette().color(ground)) >= MARK_CONTRAST


def test_what_is_shown_follows_a_change_while_the_app_runs(qtbot: QtBot, qapp: QApplication, scheme: str) -> None:
    label = QLabel("text")
    qtbot.addWidget(label)
    before = label.palette().color(QPalette.ColorRole.WindowText)
    theme.choose("light" if scheme == "dark" else "dark")
    assert theme.is_dark() is not (scheme == "dark")
    qtbot.waitUntil(lambda: label.palette().color(QPalette.ColorRole.WindowText) != before)


def test_what_cannot_be_used_is_fainter(scheme: str, qapp: QApplication) -> None:
    palette = qapp.palette()
    role = QPalette.ColorRole.ButtonText
    assert palette.color(QPalette.ColorGroup.Disabled, role).alphaF() < palette.color(role).alphaF()
