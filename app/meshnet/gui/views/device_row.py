"""One device in the window."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout

from meshnet.gui.models.rows import Row, Tick
from meshnet.gui.views.widgets import GAP, Card, ElidedLabel, OneClickButton, label

_ONLINE, _OFFLINE = "●", "○"


class DeviceRow(Card):
    """Shows a `Row`, and says what was ticked or chosen on it."""

    chosen = Signal(object)
    """Carries a `Choice`."""
    granted = Signal(str, str, bool)
    """Device id, grant, and whether it is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("deviceRow")
        self._row: Row | None = None
        self.dot = label()
        self.name = ElidedLabel(scale=1.15)
        self.presence = ElidedLabel(quiet=True)
        self.addresses = label(selectable=True, quiet=True)
        self.permits = ElidedLabel(quiet=True)
        self.routing = QCheckBox("Allow routing")
        self.lan = QCheckBox("Local network access")
        self.button = OneClickButton()
        self._arrange()
        # `clicked`, not `toggled`: only what the person does is a wish.
        self.routing.clicked.connect(lambda wanted: self._on_ticked("routing", wanted))
        self.lan.clicked.connect(lambda wanted: self._on_ticked("lan", wanted))
        self.button.clicked.connect(self._on_clicked)

    def show_row(self, row: Row) -> None:
        """Show this device."""
        if row == self._row:
            return
        self._row = row
        self._show_texts(row)
        _tick(self.routing, row.routing, f"Allow routing for {row.name}")
        _tick(self.lan, row.lan, f"Local network access for {row.name}")
        self.button.setText(row.button)
        self.button.setVisible(bool(row.button))
        self.button.setEnabled(row.choice is not None)
        self.button.setAccessibleName(f"{row.button}: {row.name}")

    def _show_texts(self, row: Row) -> None:
        self.setAccessibleName(row.name)
        self.dot.setText(_ONLINE if row.online else _OFFLINE)
        self.dot.setPalette(_online() if row.online else QPalette())
        self.dot.setAccessibleName("online" if row.online else "offline")
        self.name.setText(row.name)
        self.presence.setText(row.presence)
        self.addresses.setText(row.addresses)
        self.permits.setText(" · ".join(filter(None, (row.remark, row.permits, row.why_not))))

    def _arrange(self) -> None:
        ticks = QHBoxLayout()
        ticks.setSpacing(2 * GAP)
        ticks.addWidget(self.routing)
        ticks.addWidget(self.lan)
        ticks.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(GAP, GAP, GAP, GAP)
        grid.setHorizontalSpacing(GAP // 2)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.dot, 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.button, 0, 2, 2, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.presence, 1, 1)
        grid.addWidget(self.addresses, 2, 1, 1, 2)
        grid.addWidget(self.permits, 3, 1, 1, 2)
        grid.setRowMinimumHeight(4, GAP // 2)
        grid.addLayout(ticks, 5, 1, 1, 2)

    def _on_ticked(self, grant: str, wanted: bool) -> None:
        if self._row is not None:
            self.granted.emit(self._row.id, grant, wanted)

    def _on_clicked(self) -> None:
        if self._row is not None and self._row.choice is not None:
            self.chosen.emit(self._row.choice)


def _online() -> QPalette:
    green = QPalette()
    green.setColor(QPalette.ColorRole.WindowText, QColor("#1f9254"))
    return green


def _tick(box: QCheckBox, tick: Tick, name: str) -> None:
    box.setChecked(tick.checked)
    box.setEnabled(tick.enabled)
    box.setAccessibleName(name)
