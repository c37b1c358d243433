"""The devices of one tab, a thousand as well as three.

Law: only rows near what is seen have widgets. They are bound to other devices while the list is scrolled, one that has
the keyboard's focus last of all. The list is one stop in the window's order of focus and leads through its rows itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from meshnet.gui.models.rows import Row
from meshnet.gui.views.device_row import DeviceRow
from meshnet.gui.views.widgets import GAP, label

_SPARE = 2
"""Rows that have widgets above and below what is seen."""
_BETWEEN = GAP // 2
_TAB, _BACKTAB = Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason


class _Place(NamedTuple):
    """Where the keyboard is."""

    device: str
    number: int
    stop: int
    """Number of the control among `DeviceRow.stops`; -1 for none of them."""


class DeviceList(QScrollArea):
    """Shows rows, and a sentence where there are none."""

    chosen = Signal(object)
    granted = Signal(str, str, bool)
    favoured = Signal(str, bool)
    remove_wanted = Signal(str)

    def __init__(self, when_empty: str) -> None:
        super().__init__()
        self._rows: tuple[Row, ...] = ()
        self._index: dict[str, int] = {}
        self._tops: list[int] = []
        self._bound: dict[str, DeviceRow] = {}
        self._unbound: list[DeviceRow] = []
        self._inside = QWidget()
        self.empty = label(wrapped=True, quiet=True)
        self.empty.setParent(self._inside)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.empty.setText(when_empty)
        self._ruler = DeviceRow(self._inside)
        self._ruler.hide()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(self._inside)
        self.verticalScrollBar().valueChanged.connect(self._bind)

    def row(self, device: str) -> DeviceRow:
        """The widget of the device with this id, brought into view; KeyError where it is not in the list."""
        self._reveal(self._index[device])
        return self._bound[device]

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show these devices, in this order. What the person sees, and where the keyboard is, stays where it was."""
        if rows == self._rows:
            return
        anchors, focused = self._anchors(), self._focused()
        self._rows = rows
        self._index = {row.id: number for number, row in enumerate(rows)}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if rows else Qt.FocusPolicy.NoFocus)
        self.empty.setVisible(not rows)
        if rows and focused is not None and focused.device not in self._index:
            self._hand_on(focused)
        self._measure()
        self._restore(anchors)
        self._bind()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the rows out anew."""
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        """Another font is another height."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._lay_out()

    # --- where the rows are -----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        anchors = self._anchors()
        self._measure()
        self._restore(anchors)
        self._bind()

    def _measure(self) -> None:
        width, view = self._width(), self.viewport().size()
        plain, headed = self._heights(width)
        headings = (bool(self._heading(number)) for number in range(len(self._rows)))
        self._tops = list(accumulate((headed if heading else plain for heading in headings), initial=_BETWEEN))
        self.empty.setGeometry(0, 2 * GAP, width, max(self.empty.heightForWidth(width), 0))
        self.verticalScrollBar().setSingleStep(max(plain // 4, 1))
        self._inside.resize(view.width(), max(self._tops[-1], view.height()))

    def _heights(self, width: int) -> tuple[int, int]:
        """From a row to the next one, without a heading and with one."""
        if not self._rows:
            return 0, 0
        self._ruler.show_row(self._rows[0], self._rows[0].heading)
        headed = self._ruler.height_for(width)
        self._ruler.show_row(self._rows[0])
        return self._ruler.height_for(width) + _BETWEEN, headed + _BETWEEN

    def _width(self) -> int:
        return max(self.viewport().width(), 0)

    def _heading(self, index: int) -> str:
        row = self._rows[index]
        return row.heading if index == 0 or self._rows[index - 1].owner != row.owner else ""

    def _anchors(self) -> list[tuple[str, int]]:
        """Devices that are seen, and how far down; the one with the keyboard first, then from the top."""
        top = self.verticalScrollBar().value()
        if top == 0 or not self._rows:
            return []
        first, last = self._seen()
        focused = self._focused()
        numbers = list(range(first, last))
        if focused is not None and focused.number in numbers:
            numbers.insert(0, focused.number)
        return [(self._rows[number].id, self._tops[number] - top) for number in numbers]

    def _restore(self, anchors: list[tuple[str, int]]) -> None:
        for device, below_top in anchors:
            if device in self._index:
                self.verticalScrollBar().setValue(self._tops[self._index[device]] - below_top)
                return

    def _seen(self) -> tuple[int, int]:
        top = self.verticalScrollBar().value()
        first = max(bisect_right(self._tops, top) - 1, 0)
        return first, min(bisect_left(self._tops, top + self.viewport().height()), len(self._rows))

    def _reveal(self, index: int) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        top, bottom = self._tops[index], self._tops[index + 1]
        lowest = max(bottom - height, 0)
        bar.setValue(min(max(bar.value(), lowest), top - _BETWEEN))
        self._bind()

    # --- widgets ----------------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        wanted = self._wanted()
        for device in self._bound.keys() - wanted.keys():
            self._unbound.append(self._bound.pop(device))
        for device, number in wanted.items():
            if device not in self._bound:
                self._bound[device] = self._unbound.pop() if self._unbound else self._made()
            self._put(self._bound[device], number)
        for widget in self._unbound:
            widget.hide()

    def _wanted(self) -> dict[str, int]:
        """The devices that are to have widgets, and their numbers."""
        first, last = self._seen()
        near = range(max(first - _SPARE, 0), min(last + _SPARE, len(self._rows)))
        wanted = {self._rows[number].id: number for number in near}
        focused = self._focused()
        if focused is not None and focused.device in self._index:
            wanted[focused.device] = self._index[focused.device]
        return wanted

    def _put(self, widget: DeviceRow, number: int) -> None:
        widget.show_row(self._rows[number], self._heading(number))
        top = self._tops[number]
        widget.setGeometry(0, top, self._width(), self._tops[number + 1] - top - _BETWEEN)
        widget.show()

    def _made(self) -> DeviceRow:
        made = DeviceRow(self._inside)
        made.chosen.connect(self.chosen)
        made.granted.connect(self.granted)
        made.favoured.connect(self.favoured)
        made.remove_wanted.connect(self.remove_wanted)
        for stop in made.stops:
            stop.installEventFilter(self)
        return made

    # --- keyboard ---------------------------------------------------------------------------------------------------

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tab enters at the first row, and backwards at the last."""
        super().focusInEvent(event)
        if self._rows and event.reason() is _TAB:
            self._focus(0, 0, _TAB)
        elif self._rows and event.reason() is _BACKTAB:
            self._focus(len(self._rows) - 1, -1, _BACKTAB)

    def focusNextPrevChild(self, forward: bool, /) -> bool:
        """Tab goes from row to row, whether the next one has a widget yet or not."""
        here = self._focused()
        if here is None:
            return super().focusNextPrevChild(forward)
        stops = self._bound[here.device].stops
        ahead = range(here.stop + 1, len(stops)) if forward else range(here.stop - 1, -1, -1)
        reason = _TAB if forward else _BACKTAB
        for number in ahead:
            if _stops_at(stops[number]):
                stops[number].setFocus(reason)
                self._reveal(here.number)
                return True
        index = here.number + (1 if forward else -1)
        if 0 <= index < len(self._rows):
            self._focus(index, 0 if forward else -1, reason)
            return True
        return self._leave(forward)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and page keys go from row to row."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._walk(event.key()):
            return True
        return super().eventFilter(watched, event)

    def _walk(self, key: int) -> bool:
        here = self._focused()
        page = max(self._seen()[1] - self._seen()[0] - 1, 1)
        steps: dict[int, int] = {
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -len(self._rows),
            Qt.Key.Key_End: len(self._rows),
        }
        if here is None or key not in steps:
            return False
        index = min(max(here.number + steps[key], 0), len(self._rows) - 1)
        self._focus(index, here.stop, _TAB)
        return True

    def _focused(self) -> _Place | None:
        """Where the keyboard is, in this window; None outside the rows."""
        widget = self.window().focusWidget()
        row: QWidget | None = widget
        while row is not None and not isinstance(row, DeviceRow):
            row = row.parentWidget()
        if widget is None or row is None or self._bound.get(row.device) is not row:
            return None
        index = self._index.get(row.device, 0)
        return _Place(row.device, index, row.stops.index(widget) if widget in row.stops else -1)

    def _focus(self, index: int, stop: int, reason: Qt.FocusReason) -> None:
        """Put the keyboard on this control of a row, or the one nearest to it; -1 is the last."""
        self._reveal(index)
        _focus_in(self._bound[self._rows[index].id], stop, reason)

    def _hand_on(self, gone: _Place) -> None:
        """The device that the keyboard was on is no longer there: go on at the one in its place."""
        heir = self._rows[min(gone.number, len(self._rows) - 1)].id
        if heir in self._bound:
            _focus_in(self._bound[heir], gone.stop, Qt.FocusReason.OtherFocusReason)
        else:
            self._bound[heir] = self._bound.pop(gone.device)

    def _leave(self, forward: bool) -> bool:
        widget = _beside(self, forward)
        while widget is not None and widget is not self:
            takes = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
            if takes and widget.isVisible() and widget.isEnabled() and not self.isAncestorOf(widget):
                widget.setFocus(_TAB if forward else _BACKTAB)
                return True
            widget = _beside(widget, forward)
        return False


def _beside(widget: QWidget, forward: bool) -> QWidget | None:
    return widget.nextInFocusChain() if forward else widget.previousInFocusChain()


def _stops_at(widget: QWidget) -> bool:
    return widget.isEnabled() and not widget.isHidden()


def _focus_in(row: DeviceRow, stop: int, reason: Qt.FocusReason) -> None:
    usable = [number for number, widget in enumerate(row.stops) if _stops_at(widget)]
    wanted = stop if stop >= 0 else len(row.stops)
    row.stops[min(usable, key=lambda number: abs(number - wanted))].setFocus(reason)
