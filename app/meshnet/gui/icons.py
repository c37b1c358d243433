"""The mark, one drawing for each state, from the SVGs of the resources."""

from __future__ import annotations

from functools import cache
from importlib import resources

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from meshnet.gui.models.mesh import Snapshot

STATES = ("off", "idle", "connecting", "routing", "blocked")
_SIZES = (16, 22, 24, 32, 48, 64, 128)


def state_of(mesh: Snapshot) -> str:
    """Which drawing goes with the snapshot."""
    state = mesh.status.state if mesh.connected else "off"
    return state if state in STATES else "off"


@cache
def icon(state: str) -> QIcon:
    """The drawing of a state in all sizes that panels ask for. Needs the application object."""
    file = resources.files("meshnet_resources") / "icons" / f"{state}.svg"
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
