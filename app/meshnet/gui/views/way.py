"""The way as a drawing: a circle for each stop, a line for each link, by color and by shape.

Law: it draws the value that it was given and nothing else; where stops and words are is computed by `places`, which
knows widths only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.gui.models.way import Kind, Link, Stop, Way, folded, in_words
from meshnet.gui.views import glyphs, theme
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import faint

NODE = 42.0
_GLYPH = 22.0
_BESIDE = 5.0
"""Between a circle and its line."""
_APART = 10.0
"""Between the words of neighbours."""
_LABEL_ROOM = 2 * _BESIDE + 14
"""What a link is longer than its words: free ends, and the head of the arrow."""
_WIDEST_TEXT = range(300, 60, -4)
"""What is tried for the words below a stop, until all stops fit."""
_FEWEST = 4
"""Stops that are drawn in any width."""
_TONES = {
    Link.PLAIN: Tone.QUIET,
    Link.GOOD: Tone.GOOD,
    Link.BUSY: Tone.BUSY,
    Link.BROKEN: Tone.BAD,
    Link.UNKNOWN: Tone.QUIET,
}
_LINES = {
    Link.PLAIN: Qt.PenStyle.SolidLine,
    Link.GOOD: Qt.PenStyle.SolidLine,
    Link.BUSY: Qt.PenStyle.DashLine,
    Link.BROKEN: Qt.PenStyle.DashLine,
    Link.UNKNOWN: Qt.PenStyle.DotLine,
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is from left to right."""

    centers: tuple[float, ...]
    """Of the stops."""
    texts: tuple[float, ...]
    """Room for the words below each."""
    split: bool
    """Whether what is said of a link stands in two lines."""


def places(texts: Sequence[float], joined: Sequence[float], split: Sequence[float], width: float) -> Places | None:
    """Share out the width, given the widths of the words of each stop, and of each link in one line and in two.

    None where not even the shortest words fit.
    """
    for widest in _WIDEST_TEXT:
        rooms = [max(NODE, min(text, widest)) for text in texts]
        for labels in (joined, split):
            gaps = _gaps(rooms, labels)
            spare = width - sum(gaps) - (rooms[0] + rooms[-1]) / 2
            if spare >= 0:
                centers = _spread(rooms[0] / 2, gaps, spare)
                return Places(centers, _widened(centers, rooms, texts, width), labels is split)
    return None


def _gaps(rooms: Sequence[float], labels: Sequence[float]) -> list[float]:
    pairs = zip(rooms, rooms[1:], labels, strict=False)
    return [max((here + there) / 2 + _APART, NODE + label + _LABEL_ROOM) for here, there, label in pairs]


def _spread(first: float, gaps: list[float], spare: float) -> tuple[float, ...]:
    return tuple(accumulate((gap + spare / len(gaps) for gap in gaps), initial=first))


def _widened(
    centers: Sequence[float], rooms: Sequence[float], texts: Sequence[float], width: float
) -> tuple[float, ...]:
    """The rooms, each as wide as its words need where its neighbours leave it so much."""
    found = list(rooms)
    for at, center in enumerate(centers):
        left = centers[at - 1] + found[at - 1] / 2 + _APART if at else 0.0
        right = centers[at + 1] - found[at + 1] / 2 - _APART if at + 1 < len(centers) else width
        found[at] = max(rooms[at], min(texts[at], 2 * min(center - left, right - center)))
    return tuple(found)


class WayView(QWidget):
    """Draws a `Way`; what had to be shortened is told in tooltips, and all of it in the accessible description."""

    def __init__(self) -> None:
        super().__init__()
        self._way = Way()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(translate("Way", "The way of the traffic"))

    def show_way(self, way: Way) -> None:
        """Show this way."""
        if way == self._way:
            return
        self._way = way
        self.setAccessibleDescription(in_words(way))
        self.setVisible(bool(way.stops))
        self.update()

    def sizeHint(self) -> QSize:
        """As high as a stop with its words."""
        return QSize(520, self._height())

    def minimumSizeHint(self) -> QSize:
        """Room for the fewest stops that a long way is folded into."""
        return QSize(320, self._height())

    def changeEvent(self, event: QEvent) -> None:
        """Another font needs other room."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.updateGeometry()

    def event(self, event: QEvent) -> bool:
        """Tell of the stop under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.told_at(event.pos().x()), self)
            return True
        return super().event(event)

    def told_at(self, x: int) -> str:
        """What there is to know of the stop, or the link, at this place."""
        if not self._way.stops:
            return ""
        stops, where = self._laid_out()
        nearest = min(range(len(stops)), key=lambda at: abs(where.centers[at] - x))
        stop = stops[nearest]
        return words.unmarked("\n".join(filter(None, (stop.name, stop.remark, ", ".join(stop.label)))))

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw links first, stops above them."""
        if not self._way.stops:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        stops, where = self._laid_out()
        for at, stop in enumerate(stops[1:], 1):
            self._draw_link(painter, stop, where.centers[at - 1], where.centers[at], where.split)
        for at, stop in enumerate(stops):
            ahead = stops[at + 1].link if stop.kind is Kind.DEVICE else stop.link
            self._draw_stop(painter, stop, ahead, where.centers[at], where.texts[at])
        painter.end()

    # --- places -----------------------------------------------------------------------------------------------------

    def _laid_out(self) -> tuple[tuple[Stop, ...], Places]:
        for most in range(max(len(self._way.stops), _FEWEST), _FEWEST - 1, -1):
            stops = folded(self._way.stops, most)
            if where := self._placed(stops, self.width() - 2):
                return stops, where
        stops = folded(self._way.stops, _FEWEST)
        width = max(self.width() - 2.0, len(stops) * NODE)
        even = tuple(NODE / 2 + at * (width - NODE) / (len(stops) - 1) for at in range(len(stops)))
        return stops, Places(even, (NODE,) * len(stops), True)

    def _placed(self, stops: tuple[Stop, ...], width: float) -> Places | None:
        name, small = QFontMetrics(self._name_font()), QFontMetrics(self._small_font())
        texts = [2 + max(name.horizontalAdvance(s.name), small.horizontalAdvance(s.remark)) for s in stops]
        joined = [small.horizontalAdvance(", ".join(s.label)) for s in stops[1:]]
        split = [max((small.horizontalAdvance(part) for part in s.label), default=0) for s in stops[1:]]
        return places(texts, joined, split, width)

    def _height(self) -> int:
        name, small = QFontMetrics(self._name_font()), QFontMetrics(self._small_font())
        return int(NODE) + 6 + name.height() + small.height()

    def _name_font(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.9)
        return font

    # --- a stop -----------------------------------------------------------------------------------------------------

    def _draw_stop(self, painter: QPainter, stop: Stop, link: Link, center: float, room: float) -> None:
        tone = theme.color(Tone.BAD if stop.kind is Kind.NOWHERE else _stop_tone(link))
        circle = QRectF(center - NODE / 2, 1, NODE - 2, NODE - 2).translated(1, 0)
        inside = QColor(tone)
        inside.setAlphaF(0.13)
        painter.setPen(QPen(tone, 1.6))
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.drawEllipse(circle)
        painter.setBrush(inside)
        painter.drawEllipse(circle)
        glyph = QRectF(0, 0, _GLYPH, _GLYPH)
        glyph.moveCenter(circle.center())
        glyphs.draw(painter, stop.kind, glyph, tone)
        self._write_below(painter, stop, center, room)

    def _write_below(self, painter: QPainter, stop: Stop, center: float, room: float) -> None:
        top = NODE + 4
        for font, text, ink in (
            (self._name_font(), stop.name, self.palette().color(QPalette.ColorRole.WindowText)),
            (self._small_font(), stop.remark, faint(self.palette(), 0.7)),
        ):
            metrics = QFontMetrics(font)
            place = QRectF(center - room / 2, top, room, metrics.height())
            painter.setFont(font)
            painter.setPen(ink)
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, int(room))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, shown)
            top += metrics.height()

    # --- a link -----------------------------------------------------------------------------------------------------

    def _draw_link(self, painter: QPainter, stop: Stop, begin: float, end: float, split: bool) -> None:
        y = NODE / 2
        line = QLineF(begin + NODE / 2 + _BESIDE, y, end - NODE / 2 - _BESIDE, y)
        tone = theme.color(_TONES[stop.link])
        width = 1.6 if stop.link in (Link.UNKNOWN, Link.PLAIN) else 2.2
        painter.setPen(QPen(tone, width, _LINES[stop.link], Qt.PenCapStyle.FlatCap))
        painter.drawLine(line)
        if stop.link is Link.BROKEN:
            self._draw_cross(painter, line.center(), tone)
        else:
            _draw_head(painter, line.p2(), tone)
        self._write_label(painter, stop, line, split)

    def _draw_cross(self, painter: QPainter, center: QPointF, tone: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.drawEllipse(center, 9, 9)
        painter.setPen(QPen(tone, 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for across in (QPointF(4.5, 4.5), QPointF(4.5, -4.5)):
            painter.drawLine(QLineF(center - across, center + across))

    def _write_label(self, painter: QPainter, stop: Stop, line: QLineF, split: bool) -> None:
        parts = stop.label if split else (", ".join(stop.label),)
        font = self._small_font()
        metrics = QFontMetrics(font)
        color = theme.color(_TONES[stop.link])
        painter.setFont(font)
        painter.setPen(color if stop.link in (Link.BROKEN, Link.BUSY) else faint(self.palette(), 0.8))
        below = 8 if stop.link is Link.BROKEN else 4
        for part, top in zip(parts, (line.y1() - metrics.height() - below, line.y1() + below), strict=False):
            place = QRectF(line.x1() - _BESIDE, top, line.length() + 2 * _BESIDE, metrics.height())
            shown = metrics.elidedText(part, Qt.TextElideMode.ElideRight, int(place.width()))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, shown)


def _stop_tone(link: Link) -> Tone:
    # Behind a broken link there is nothing wrong with the stop that is known.
    return Tone.QUIET if link is Link.BROKEN else _TONES[link]


def _draw_head(painter: QPainter, tip: QPointF, tone: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tone)
    painter.drawPolygon(QPolygonF([tip, tip + QPointF(-7, -4), tip + QPointF(-7, 4)]))
