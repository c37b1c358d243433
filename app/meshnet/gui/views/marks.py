"""The small drawn things: the mark of a device's state, the sign of how grave something is, the flat buttons.

Law: drawn, not letters, so that they look alike in every font; states differ by shape, not by color alone.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from meshnet.gui.models.language import translate
from meshnet.gui.models.rows import State
from meshnet.gui.views.theme import Tone, color
from meshnet.gui.views.widgets import Copier, faint

_TONES = {
    State.OFFLINE: Tone.QUIET,
    State.ONLINE: Tone.GOOD,
    State.CONNECTING: Tone.BUSY,
    State.ROUTED: Tone.GOOD,
    State.BLOCKED: Tone.BAD,
}


class StateMark(QWidget):
    """A ring while offline, a disc while online; ringed, cut in half or crossed out where the route goes through."""

    def __init__(self) -> None:
        super().__init__()
        self._state = State.OFFLINE
        side = self.fontMetrics().height()
        self.setFixedSize(side, side)

    def show_state(self, state: State, said: str = "") -> None:
        """Show this state; `said` is for those who do not see it, where no text beside it says the same."""
        self._state = state
        self.setAccessibleName(said)
        self.setToolTip(said)
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = color(_TONES[self._state])
        draw_state(painter, QRectF(self.rect()).center(), self.width() / 2, self._state, tone)
        painter.end()


def draw_state(painter: QPainter, center: QPointF, room: float, state: State, tone: QColor) -> None:
    """Draw the mark of a state into a circle of radius `room`."""
    whole, small = room * 0.8, room * 0.5
    painter.setPen(QPen(tone, room * 0.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match state:
        case State.OFFLINE:
            painter.drawEllipse(center, small, small)
        case State.ONLINE:
            _disc(painter, center, small * 1.15, tone)
        case State.ROUTED:
            painter.drawEllipse(center, whole, whole)
            _disc(painter, center, small * 0.9, tone)
        case State.CONNECTING:
            painter.drawEllipse(center, whole * 0.85, whole * 0.85)
            painter.setBrush(tone)
            around = QRectF(center.x() - whole * 0.85, center.y() - whole * 0.85, whole * 1.7, whole * 1.7)
            painter.drawPie(around, 90 * 16, 180 * 16)
        case State.BLOCKED:
            painter.drawEllipse(center, whole, whole)
            slant = QPointF(small * 0.6, small * 0.6)
            painter.drawLine(center - slant, center + slant)
            slant = QPointF(small * 0.6, -small * 0.6)
            painter.drawLine(center - slant, center + slant)


class Sign(QWidget):
    """How grave it is, as a shape: a tick in a disc, an exclamation mark in a triangle, a cross in a disc."""

    def __init__(self, large: bool = True) -> None:
        super().__init__()
        self._tone: Tone | None = None
        self._side = round(self.fontMetrics().height() * (2.2 if large else 1.25))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_tone(self, tone: Tone | None) -> None:
        """Show this one; None keeps the place empty."""
        self._tone = tone
        self.update()

    def sizeHint(self) -> QSize:
        """A square that goes with the text beside it."""
        return QSize(self._side, self._side)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the shape, then what is in it, in a square of one by one."""
        if self._tone is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self._side, self._side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(self._tone))
        if self._tone is Tone.BUSY:
            painter.drawPolygon(_points((0.5, 0.04), (0.99, 0.94), (0.01, 0.94)))
        else:
            painter.drawEllipse(QRectF(0.02, 0.02, 0.96, 0.96))
        pen = QPen(self.palette().color(self.palette().ColorRole.Base), 0.1)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        for line in _LINES[self._tone]:
            painter.drawPolyline(_points(*line))
        painter.end()


_LINES: dict[Tone, tuple[tuple[tuple[float, float], ...], ...]] = {
    Tone.GOOD: (((0.28, 0.52), (0.44, 0.68), (0.73, 0.34)),),
    Tone.BUSY: (((0.5, 0.38), (0.5, 0.62)), ((0.5, 0.79), (0.5, 0.795))),
    Tone.BAD: (((0.34, 0.34), (0.66, 0.66)), ((0.66, 0.34), (0.34, 0.66))),
}


def _points(*points: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points])


class DrawnButton(QToolButton):
    """A flat button with a drawn sign."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def sizeHint(self) -> QSize:
        """As tall as a line with some air, and square."""
        side = round(self.fontMetrics().height() * 1.75)
        return QSize(side, side)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the sign; the button around it shows itself only to the mouse and the keyboard."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        around = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(QPen(self.palette().highlight().color(), 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
        touched = self.underMouse() or self.isDown()
        painter.setBrush(faint(self.palette(), 0.1) if touched else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(around, 4, 4)
        self.draw_sign(painter, QRectF(self.rect()).center(), self.fontMetrics().height() / 2)
        painter.end()

    def draw_sign(self, painter: QPainter, center: QPointF, room: float) -> None:
        """Draw the sign into a circle of radius `room`."""
        raise NotImplementedError


class Dots(DrawnButton):
    """Three dots: there is more to choose."""

    def draw_sign(self, painter: QPainter, center: QPointF, room: float) -> None:
        """Draw the dots."""
        for step in (-1, 0, 1):
            _disc(painter, center + QPointF(step * room * 0.6, 0), room * 0.17, color(Tone.QUIET))


class Star(DrawnButton):
    """A star that is filled while it is on."""

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)

    def draw_sign(self, painter: QPainter, center: QPointF, room: float) -> None:
        """Draw the star."""
        tone = color(Tone.BUSY if self.isChecked() or self.underMouse() else Tone.QUIET)
        painter.setPen(QPen(tone, 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(tone if self.isChecked() else Qt.BrushStyle.NoBrush)
        painter.drawPolygon(_star(center, room * 0.8))


class CopyMark(DrawnButton):
    """Two sheets: puts a text on the clipboard, and is a tick for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        line = self.fontMetrics().height()
        self.setFixedSize(line + 4, line + 2)
        self._copier = Copier(self)
        self._copier.timeout.connect(self.update)

    def show_text(self, title: str, text: str) -> None:
        """Copy this text; hidden where there is none."""
        self._copier.text = text
        told = translate("ThisDevice", "Copy: {what}").format(what=title)
        self.setAccessibleName(told)
        self.setToolTip(told)
        self.setVisible(bool(text))

    def draw_sign(self, painter: QPainter, center: QPointF, room: float) -> None:
        """Draw the sheets or the tick, in a box of 14 by 14."""
        done = self._copier.isActive()
        painter.translate(center)
        painter.scale(room / 7, room / 7)
        painter.setPen(QPen(color(Tone.GOOD) if done else faint(self.palette(), 0.65), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if done:
            painter.drawPolyline(_points((-5, 0.5), (-1.5, 4), (5, -3.5)))
        else:
            painter.drawRoundedRect(QRectF(-2.5, -2.5, 8, 8), 1.5, 1.5)
            painter.drawPolyline(_points((-5, 2.5), (-5.5, -5.5), (2.5, -5.5)))


def _star(center: QPointF, outer: float) -> QPolygonF:
    corners = []
    for step in range(10):
        angle = math.radians(36 * step - 90)
        radius = outer if step % 2 == 0 else outer * 0.45
        corners.append(center + QPointF(math.cos(angle), math.sin(angle)) * radius)
    return QPolygonF(corners)


def _disc(painter: QPainter, center: QPointF, radius: float, tone: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tone)
    painter.drawEllipse(center, radius, radius)
