"""A QR code: dark on white in every theme, for that is what cameras read, and crisp at any scale."""

from __future__ import annotations

import segno
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

_QUIET = 4
"""Light modules around it, as ISO/IEC 18004 wants."""
_SMALLEST, _USUAL = 2, 4
"""Logical pixels of a module."""


class QrCode(QWidget):
    """Draws a text as a code; empty until there is one."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[bytes, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str, name: str) -> None:
        """Draw the text; `name` is what a screen reader says."""
        self._rows = (
            tuple(bytes(row) for row in segno.make_qr(text, error="l").matrix_iter(border=_QUIET)) if text else ()
        )
        self.setAccessibleName(name)
        self.updateGeometry()
        self.update()

    @property
    def modules(self) -> int:
        """How many there are across, with the light ones around."""
        return len(self._rows)

    def sizeHint(self) -> QSize:
        """As large as a camera likes it."""
        return QSize(self.modules, self.modules) * _USUAL

    def minimumSizeHint(self) -> QSize:
        """As small as a camera can bear."""
        return QSize(self.modules, self.modules) * _SMALLEST

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw it, each module of the same whole number of the screen's own pixels."""
        if not self._rows:
            return
        ratio = self.devicePixelRatioF()
        side = int(min(self.width(), self.height()) * ratio) // self.modules
        left = (int(self.width() * ratio) - side * self.modules) // 2
        top = (int(self.height() * ratio) - side * self.modules) // 2
        painter = QPainter(self)
        painter.scale(1 / ratio, 1 / ratio)
        painter.fillRect(QRect(left, top, side * self.modules, side * self.modules), Qt.GlobalColor.white)
        for y, row in enumerate(self._rows):
            for x, is_dark in enumerate(row):
                if is_dark:
                    painter.fillRect(QRect(left + x * side, top + y * side, side, side), Qt.GlobalColor.black)
        painter.end()
