"""How everything looks: one style on every system, light or dark as the desktop has it, and the colors by their use.

Law: no view names a color; it asks here, when it paints, so that it follows the desktop from light to dark.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from meshnet.gui.views.sheet import sheet

_LIGHT = {
    QPalette.ColorRole.Window: "#f3f5f7",
    QPalette.ColorRole.WindowText: "#17202a",
    QPalette.ColorRole.Base: "#ffffff",
    QPalette.ColorRole.AlternateBase: "#eef1f4",
    QPalette.ColorRole.Text: "#17202a",
    QPalette.ColorRole.Button: "#e8ecf0",
    QPalette.ColorRole.ButtonText: "#17202a",
    QPalette.ColorRole.ToolTipBase: "#17202a",
    QPalette.ColorRole.ToolTipText: "#ffffff",
    QPalette.ColorRole.PlaceholderText: "#6b7784",
    QPalette.ColorRole.Link: "#1565c0",
    QPalette.ColorRole.Highlight: "#1b8a52",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Accent: "#1b8a52",
}
_DARK = {
    QPalette.ColorRole.Window: "#1b2027",
    QPalette.ColorRole.WindowText: "#e8ecf0",
    QPalette.ColorRole.Base: "#242b34",
    QPalette.ColorRole.AlternateBase: "#2b333d",
    QPalette.ColorRole.Text: "#e8ecf0",
    QPalette.ColorRole.Button: "#323b46",
    QPalette.ColorRole.ButtonText: "#e8ecf0",
    QPalette.ColorRole.ToolTipBase: "#3a4450",
    QPalette.ColorRole.ToolTipText: "#e8ecf0",
    QPalette.ColorRole.PlaceholderText: "#93a0ae",
    QPalette.ColorRole.Link: "#7db7f5",
    QPalette.ColorRole.Highlight: "#2fa56c",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Accent: "#2fa56c",
}
_DISABLED = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)
_CHOSEN = "meshnetAppearance"
_SCHEMES = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}


class Tone(Enum):
    """What a color says; light and dark."""

    GOOD = ("#1b8a52", "#46c088")
    BUSY = ("#b06f00", "#f0b040")
    BAD = ("#c9302c", "#f0706a")
    QUIET = ("#5d6875", "#98a5b3")
    DOWN = ("#1565c0", "#6cb0f5")
    """Traffic received."""
    UP = ("#8e44ad", "#c792e0")
    """Traffic sent."""


def color(tone: Tone) -> QColor:
    """The tone's color, for the scheme that is shown now."""
    return QColor(tone.value[1 if is_dark() else 0])


def is_dark() -> bool:
    """Whether the app is dark now: its own palette says it, which follows the desktop or the person's choice."""
    return QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def choose(appearance: str) -> None:
    """Be "light" or "dark" from now on; empty: as the desktop has it."""
    # Where Qt can, the frame of the window follows; where it cannot, our palette is all there is to it.
    QGuiApplication.styleHints().setColorScheme(_SCHEMES.get(appearance, Qt.ColorScheme.Unknown))
    QGuiApplication.styleHints().setProperty(_CHOSEN, appearance)
    _apply()


def begin(app: QApplication, appearance: str) -> None:
    """Dress the app, and follow the desktop's changes."""
    app.setStyle("Fusion")
    QGuiApplication.styleHints().colorSchemeChanged.connect(_apply)
    choose(appearance)


def _wants_dark() -> bool:
    chosen = _SCHEMES.get(QGuiApplication.styleHints().property(_CHOSEN))
    return (chosen or QGuiApplication.styleHints().colorScheme()) is Qt.ColorScheme.Dark


def palette(dark: bool) -> QPalette:
    """The colors of the app, light or dark."""
    made = QPalette()
    for role, name in (_DARK if dark else _LIGHT).items():
        made.setColor(role, QColor(name))
    for role in _DISABLED:
        faded = made.color(role)
        faded.setAlphaF(0.45)
        made.setColor(QPalette.ColorGroup.Disabled, role, faded)
    return made


def _apply() -> None:
    wanted = palette(_wants_dark())
    QApplication.setPalette(wanted)
    application = QApplication.instance()
    if isinstance(application, QApplication):
        application.setStyleSheet(sheet(wanted))
