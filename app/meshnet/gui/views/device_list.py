"""The devices of one tab."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from meshnet.gui.models.rows import Row
from meshnet.gui.views.device_row import DeviceRow
from meshnet.gui.views.widgets import GAP, label


class DeviceList(QScrollArea):
    """Shows rows, and a sentence where there are none; a row's widget stays the same while its device is there."""

    chosen = Signal(object)
    granted = Signal(str, str, bool)

    def __init__(self, when_empty: str) -> None:
        super().__init__()
        self._widgets: dict[str, DeviceRow] = {}
        self._order: list[str] = []
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.empty = label(wrapped=True, selectable=True, quiet=True)
        self.empty.setText(when_empty)
        self.empty.setMargin(GAP)
        inside = QWidget()
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(GAP, GAP, GAP, GAP)
        self._layout.setSpacing(GAP // 2)
        self._layout.addWidget(self.empty)
        self._layout.addStretch(1)
        self.setWidget(inside)

    def row(self, device: str) -> DeviceRow:
        """The widget of the device with this id; KeyError where it is not shown."""
        return self._widgets[device]

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show these devices, in this order."""
        self.empty.setVisible(not rows)
        order = [row.id for row in rows]
        for gone in self._widgets.keys() - set(order):
            widget = self._widgets.pop(gone)
            widget.hide()
            widget.deleteLater()
        for row in rows:
            self._widget(row.id).show_row(row)
        if order != self._order:
            self._arrange(order)

    def _widget(self, device: str) -> DeviceRow:
        if device not in self._widgets:
            made = self._widgets[device] = DeviceRow()
            made.chosen.connect(self.chosen)
            made.granted.connect(self.granted)
        return self._widgets[device]

    def _arrange(self, order: list[str]) -> None:
        self._order = order
        for position, device in enumerate(order):
            self._layout.insertWidget(position + 1, self._widgets[device])
        # The keyboard goes the way the eye does, also after a new device came in between.
        boxes = [box for device in order for box in self._focusable(device)]
        for before, after in pairwise(boxes):
            QWidget.setTabOrder(before, after)

    def _focusable(self, device: str) -> tuple[QWidget, ...]:
        row = self._widgets[device]
        return (row.button, row.addresses, row.routing, row.lan)
