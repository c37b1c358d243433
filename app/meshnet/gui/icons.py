"""The app's mark, and one drawing for each state, from the SVGs of the resources.

The drawings differ by their shapes: not everybody sees their colors. Panels of Linux and Windows may be light or dark
and do not say, so each drawing brings its own ground; macOS colors one of a single color (a template) itself.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import resources

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from meshnet.gui.models.mesh import Snapshot

STATES = ("off", "idle", "paused", "connecting", "routing", "blocked")
_SIZES = (16, 22, 24, 32, 44, 48, 64, 128, 256)


def state_of(mesh: Snapshot) -> str:
    """Which drawing goes with the snapshot."""
    state = mesh.status.state if mesh.connected else "off"
    if state == "idle" and mesh.status.pause is not None:
        return "paused"
    return state if state in STATES else "off"


def icon(state: str) -> QIcon:
    """The drawing of a state, for windows. Needs the application object, as all of them do."""
    return _read(state)


def tray_icon(state: str) -> QIcon:
    """The drawing of a state, for the panel."""
    return template(state) if sys.platform == "darwin" else _read(state)


def app_icon() -> QIcon:
    """The mark of the app, for its window and wherever the desktop names it."""
    return _read("meshnet")


@cache
def template(state: str) -> QIcon:
    """The drawing of a state in one color, which the desktop chooses."""
    drawn = QIcon(_read(f"{state}-template"))
    drawn.setIsMask(True)
    return drawn


@cache
def _read(name: str) -> QIcon:
    file = resources.files("meshnet_resources") / "icons" / f"{name}.svg"
    renderer = QSvgRenderer(QByteArray(file.read_bytes()))
    drawn = QIcon()
    for size in _SIZES:
        drawn.addPixmap(_drawn(renderer, size))
    return drawn


def _drawn(renderer: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter)
    painter.end()
    return pixmap
