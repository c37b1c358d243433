"""The throughput of the last minutes as a small plot, its scale and the totals beside it in words.

Law: it is painted only when it is seen and there is something new; it has no timer.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QLinearGradient, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.gui.models.traffic import WINDOW, History, Rate, in_words, nice_top, rate_in_words
from meshnet.gui.views import theme
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import GAP, Label, faint, label

_HEIGHT = 58
_MARGIN = 3.0
Points = list[QPointF]


def lines(rates: tuple[Rate, ...], upward: bool, end: float, top: float, area: QRectF) -> list[Points]:
    """The points of one direction inside the area, one line for each stretch without a gap."""
    found: list[Points] = []
    last: Rate | None = None
    for rate in rates:
        if rate.end < end - WINDOW:
            continue
        if last is None or rate.begin > last.end:
            found.append([])
        height = (rate.up if upward else rate.down) / top
        x = area.right() - (end - (rate.begin + rate.end) / 2) / WINDOW * area.width()
        found[-1].append(QPointF(max(area.left(), x), area.bottom() - min(height, 1.0) * area.height()))
        last = rate
    return found


class Curve(QWidget):
    """The plot alone."""

    def __init__(self) -> None:
        super().__init__()
        self._history = History()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(translate("Traffic", "Throughput of the last five minutes"))

    def show_history(self, history: History) -> None:
        """Show this history."""
        if history is not self._history:
            self._history = history
            self.update()

    def sizeHint(self) -> QSize:
        """Low, and as wide as there is room."""
        return QSize(300, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Room to see a curve."""
        return QSize(120, _HEIGHT)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the ground, what came, what went, and the scale."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint(self.palette(), 0.05))
        painter.drawRoundedRect(area, 6, 6)
        inside = area.adjusted(_MARGIN, 2 * _MARGIN, -_MARGIN, -_MARGIN)
        top = nice_top(self._history.peak)
        self._draw_scale(painter, inside, top)
        if self._history.samples:
            end, rates = self._history.samples[-1].seconds, self._history.rates
            _draw(painter, Tone.DOWN, inside, lines(rates, False, end, top, inside))
            _draw(painter, Tone.UP, inside, lines(rates, True, end, top, inside))
        painter.end()

    def _draw_scale(self, painter: QPainter, area: QRectF, top: float) -> None:
        painter.setPen(QPen(faint(self.palette(), 0.18), 1, Qt.PenStyle.DotLine))
        painter.drawLine(area.topLeft(), area.topRight())
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.8)
        painter.setFont(font)
        painter.setPen(faint(self.palette(), 0.65))
        place = area.adjusted(3, 1, -3, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, rate_in_words(top))


class Traffic(QWidget):
    """The plot, and beside it the newest rates and the totals."""

    def __init__(self) -> None:
        super().__init__()
        self.curve = Curve()
        self.down, self.up = Row(Tone.DOWN), Row(Tone.UP, upward=True)
        numbers = QGridLayout()
        numbers.setHorizontalSpacing(GAP // 2)
        numbers.setVerticalSpacing(4)
        for at, row in enumerate((self.down, self.up)):
            numbers.addWidget(row.mark, at, 0)
            numbers.addWidget(row.rate, at, 1)
            numbers.addWidget(row.total, at, 2)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.curve, 1)
        layout.addLayout(numbers)
        self.show_history(History())

    def show_history(self, history: History) -> None:
        """Show this history."""
        self.curve.show_history(history)
        now = history.now
        self.down.show_numbers(now.down if now else 0.0, history.rx_total)
        self.up.show_numbers(now.up if now else 0.0, history.tx_total)
        self.curve.setAccessibleDescription(in_words(history))


class Row:
    """One direction in numbers: its arrow in its color, the rate, and the total."""

    def __init__(self, tone: Tone, *, upward: bool = False) -> None:
        self.mark = Arrow(tone, upward)
        self.rate, self.total = label(), label(quiet=True)
        self.rate.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # So that the plot does not become wider and narrower with every number.
        _keep_room(self.rate, rate_in_words(888_000_000))
        _keep_room(self.total, self._in_all(888_800_000_000))

    def show_numbers(self, rate: float, total: int) -> None:
        """Show these numbers."""
        self.rate.setText(rate_in_words(rate))
        self.total.setText(self._in_all(total))

    def _in_all(self, total: int) -> str:
        return translate("Traffic", "{amount} in all").format(amount=words.amount(total))


class Arrow(QWidget):
    """An arrow down or up in the color of its curve."""

    def __init__(self, tone: Tone, upward: bool) -> None:
        super().__init__()
        self._tone, self._upward = tone, upward
        self.setFixedSize(12, 14)
        self.setAccessibleName(translate("Traffic", "Up") if upward else translate("Traffic", "Down"))

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the arrow."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._upward:
            painter.translate(0, self.height())
            painter.scale(1, -1)
        painter.setPen(QPen(theme.color(self._tone), 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPolyline([QPointF(6, 2), QPointF(6, 12)])
        painter.drawPolyline([QPointF(2, 8), QPointF(6, 12), QPointF(10, 8)])
        painter.end()


def _keep_room(text: Label, longest: str) -> None:
    text.setMinimumWidth(QFontMetrics(text.font()).horizontalAdvance(longest))


def _draw(painter: QPainter, tone: Tone, area: QRectF, stretches: list[Points]) -> None:
    color = theme.color(tone)
    for points in stretches:
        ground = [QPointF(points[-1].x(), area.bottom()), QPointF(points[0].x(), area.bottom())]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_fading(color, area))
        painter.drawPolygon(QPolygonF([*points, *ground]))
        painter.setPen(QPen(color, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points if len(points) > 1 else points * 2))


def _fading(color: QColor, area: QRectF) -> QLinearGradient:
    strong, weak = QColor(color), QColor(color)
    strong.setAlphaF(0.30)
    weak.setAlphaF(0.04)
    made = QLinearGradient(area.topLeft(), area.bottomLeft())
    made.setColorAt(0, strong)
    made.setColorAt(1, weak)
    return made
