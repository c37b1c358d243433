"""The little pictures of what stands at a stop of the way: lines in a box of 24 by 24, drawn sharp at any size."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from meshnet.gui.models.way import Kind

_BOX = 24.0


def draw(painter: QPainter, kind: Kind, place: QRectF, color: QColor) -> None:
    """Draw the picture of this kind into the place."""
    painter.save()
    painter.translate(place.topLeft())
    painter.scale(place.width() / _BOX, place.height() / _BOX)
    pen = QPen(color, 1.7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _PICTURES[kind](painter)
    painter.restore()


def _device(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(4.5, 5, 15, 10.5), 1.6, 1.6)
    painter.drawLine(QLineF(2.5, 19, 21.5, 19))


def _host(painter: QPainter) -> None:
    for top in (4.0, 13.0):
        painter.drawRoundedRect(QRectF(4, top, 16, 7), 1.8, 1.8)
        painter.drawPoint(QPointF(7.6, top + 3.5))
        painter.drawLine(QLineF(12.5, top + 3.5, 16.4, top + 3.5))


def _hidden(painter: QPainter) -> None:
    painter.drawArc(QRectF(8, 5, 8, 8), -60 * 16, 240 * 16)
    painter.drawLine(QLineF(12, 15, 12, 13.9))
    painter.drawLine(QLineF(12, 13.9, 14, 12.46))
    painter.drawPoint(QPointF(12, 18.6))


def _more(painter: QPainter) -> None:
    painter.setBrush(painter.pen().color())
    for left in (6.0, 12.0, 18.0):
        painter.drawEllipse(QPointF(left, 12), 0.9, 0.9)


def _internet(painter: QPainter) -> None:
    painter.drawEllipse(QPointF(12, 12), 9, 9)
    painter.drawEllipse(QPointF(12, 12), 4, 9)
    painter.drawLine(QLineF(3, 12, 21, 12))


def _nowhere(painter: QPainter) -> None:
    painter.drawEllipse(QPointF(12, 12), 9, 9)
    painter.drawLine(QLineF(5.64, 5.64, 18.36, 18.36))


_PICTURES = {
    Kind.DEVICE: _device,
    Kind.HOST: _host,
    Kind.HIDDEN: _hidden,
    Kind.MORE: _more,
    Kind.INTERNET: _internet,
    Kind.NOWHERE: _nowhere,
}
