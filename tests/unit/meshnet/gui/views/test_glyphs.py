"""The pictures at the stops."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from meshnet.gui.models.way import Kind
from meshnet.gui.views import glyphs


def drawn(kind: Kind) -> QImage:
    image = QImage(24, 24, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    glyphs.draw(painter, kind, QRectF(0, 0, 24, 24), QColor("black"))
    painter.end()
    return image


def test_every_kind_of_stop_has_a_picture_of_its_own(qtbot: QtBot) -> None:
    pictures = [drawn(kind) for kind in Kind]
    blank = QImage(pictures[0])
    blank.fill(Qt.GlobalColor.white)
    for at, picture in enumerate(pictures):
        assert picture != blank
        assert picture not in pictures[:at]
