"""One tab of devices: search, list, and what to do where there are none."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.rows import Row, RowMaker, State, found
from meshnet.gui.views.device_list import DeviceList
from meshnet.gui.views.device_row import DeviceRow
from meshnet.gui.views.widgets import GAP, OneClickButton, label
from meshnet.protocol.local import Capability

FEW = 8
"""Devices that are seen at a glance, and need no search."""
_LINE = 60
"""Letters in a line that is easy to read."""


class DevicePage(QWidget):
    """Shows the devices of a group of a snapshot, and says what was chosen and ticked on them."""

    chosen = Signal(object)
    """Carries a `Choice`."""
    granted = Signal(str, str, bool)
    """Device id, grant, and whether it is wanted."""
    favoured = Signal(str, bool)
    invite_wanted = Signal()
    remove_wanted = Signal(str)

    def __init__(self, group: str) -> None:
        super().__init__()
        self._group = group
        self._maker = RowMaker(group)
        self._rows: tuple[Row, ...] = ()
        self.search = _Search()
        self.count = label(quiet=True)
        self.add = OneClickButton(translate("Devices", "&Add a device…"))
        self.list = DeviceList(translate("Devices", "No device matches the search."))
        self.list.setAccessibleName(_title(group))
        self.empty = _Empty(group)
        self._pages = QStackedWidget()
        self._arrange()
        self._connect()

    def show_mesh(self, mesh: Snapshot) -> None:
        """Show this snapshot."""
        self._rows = self._maker.rows(mesh)
        can_add = self._group == "yours" or mesh.can(Capability.EXTERNAL)
        self.add.setVisible(can_add)
        self.empty.show_way_on(can_add)
        self.count.setText(_count(self._rows))
        # It is not taken away under the hands of somebody who uses it.
        searches = len(self._rows) > FEW or bool(self.search.text()) or self.search.hasFocus()
        self.search.setVisible(searches)
        self.count.setVisible(not searches)
        self._find.setEnabled(searches)
        self._show()

    def row(self, device: str) -> DeviceRow:
        """The widget of the device with this id, brought into view; KeyError where it is not shown."""
        return self.list.row(device)

    def _show(self) -> None:
        self.list.show_rows(found(self._rows, self.search.text()))
        self._pages.setCurrentIndex(0 if self._rows else 1)

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(0, GAP, 0, GAP // 2)
        bar.setSpacing(GAP)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.count, 1)
        bar.addWidget(self.add)
        devices = QWidget()
        layout = QVBoxLayout(devices)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.list, 1)
        self._pages.addWidget(devices)
        self._pages.addWidget(self.empty)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self._pages)

    def _connect(self) -> None:
        self._find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        self._find.activated.connect(self._on_find)
        self.search.textChanged.connect(self._show)
        self.search.left.connect(self._on_search_left)
        self.add.clicked.connect(self.invite_wanted)
        self.empty.add.clicked.connect(self.invite_wanted)
        self.list.chosen.connect(self.chosen)
        self.list.granted.connect(self.granted)
        self.list.favoured.connect(self.favoured)
        self.list.remove_wanted.connect(self.remove_wanted)

    def _on_find(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _on_search_left(self) -> None:
        self.list.setFocus(Qt.FocusReason.TabFocusReason)


class _Search(QLineEdit):
    """Escape empties it, and the way down leads into the list."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(translate("Devices", "Search by name, address, system or state"))
        self.setAccessibleName(translate("Devices", "Search the devices"))
        self.setClearButtonEnabled(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)


class _Empty(QWidget):
    """What a tab says that has no devices."""

    def __init__(self, group: str) -> None:
        super().__init__()
        self._group = group
        self.title = label(wrapped=True, scale=1.25)
        self.text = label(wrapped=True, quiet=True)
        self.add = OneClickButton(translate("Devices", "&Add a device…"))
        self.title.setText(_title_of_empty(group))
        letters = self.fontMetrics().averageCharWidth()
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        layout.addStretch(2)
        for one in (self.title, self.text):
            one.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            one.setMaximumWidth(_LINE * letters)
            line = QHBoxLayout()
            line.addStretch(1)
            line.addWidget(one, 1000)
            line.addStretch(1)
            layout.addLayout(line)
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def show_way_on(self, can_add: bool) -> None:
        """Say what to do."""
        self.add.setVisible(can_add)
        self.text.setText(_explanation(self._group, can_add))


def _title(group: str) -> str:
    return translate("Devices", "Your devices") if group == "yours" else translate("Devices", "External devices")


def _title_of_empty(group: str) -> str:
    if group == "yours":
        return translate("Devices", "This device is alone in its mesh")
    return translate("Devices", "No external devices")


def _explanation(group: str, can_add: bool) -> str:
    if group == "yours":
        return translate(
            "Devices",
            "Add another computer of yours, or a phone. It appears here as soon as it has joined, "
            "and each can route through the other where you allow it.",
        )
    if can_add:
        return translate(
            "Devices",
            "External devices belong to other people. They appear here after an external invite. "
            "Nothing is permitted to them until you allow it.",
        )
    return translate(
        "Devices",
        "External devices belong to other people. They appear here after an external invite, which this version "
        "of Meshnet cannot make yet. Nothing is permitted to them until you allow it.",
    )


def _count(rows: tuple[Row, ...]) -> str:
    number = QLocale().toString(len(rows))
    online = QLocale().toString(sum(row.state is not State.OFFLINE for row in rows))
    if len(rows) == 1:
        return translate("Devices", "{count} device, {online} online").format(count=number, online=online)
    return translate("Devices", "{count} devices, {online} online").format(count=number, online=online)
