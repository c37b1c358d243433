"""The window: state on top, then what asks for attention, then the devices."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.rows import rows
from meshnet.gui.views.device_list import DeviceList
from meshnet.gui.views.header import Header
from meshnet.gui.views.widgets import GAP, Bar, FramedLabel, label

_PROBLEM_COLOR, _NOTICE_COLOR = "#c77700", "#c9302c"
_NO_DEVICES = (
    "This device is alone in its mesh. Type meshnet invite in a terminal, and on the other device meshnet join "
    "with the link it prints."
)
_NO_EXTERNAL = (
    "No external devices. They belong to other people: a link made with meshnet invite --external lets somebody "
    "connect devices of their mesh with chosen ones of yours. Nothing is permitted to them until you allow it."
)
_TO_CREATE = (
    "To make a new mesh with this device in it, take the line that meshnet-coordinator address prints on your "
    "coordinator's machine, and type in a terminal:"
)
_TO_JOIN = "To bring this device into a mesh you have, type meshnet invite on a device in it, and here:"


class Window(QWidget):
    """Shows a snapshot, and says what was chosen, ticked and dismissed."""

    chosen = Signal(object)
    """Carries a `Choice`."""
    granted = Signal(str, str, bool)
    dismissed = Signal()
    closed = Signal()

    def __init__(self, settings: QSettings) -> None:
        super().__init__()
        self._settings = settings
        self.setObjectName("meshnetWindow")
        self.setWindowTitle("Meshnet")
        self.header = Header()
        self.problems = Bar("problems", _PROBLEM_COLOR)
        self.notice = Bar("notice", _NOTICE_COLOR, dismissable=True)
        self.yours = DeviceList(_NO_DEVICES)
        self.external = DeviceList(_NO_EXTERNAL)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.yours, "Your devices")
        self.tabs.addTab(self.external, "External devices")
        self.how_to_join = _how_to_join()
        self.pages = QStackedWidget()
        self._arrange()
        self._connect()
        if not self.restoreGeometry(QByteArray(settings.value("geometry") or b"")):
            self.resize(640, 620)

    def show_mesh(self, mesh: Snapshot) -> None:
        """Show this snapshot."""
        self.header.show_state(mesh)
        self.problems.show_text("\n".join(mesh.status.problems))
        self.notice.show_text(mesh.notice)
        self.yours.show_rows(rows(mesh, "yours"))
        self.external.show_rows(rows(mesh, "external"))
        joined = mesh.connected and mesh.status.device is not None
        self.pages.setCurrentIndex(0 if joined else 1)
        self.how_to_join.setVisible(mesh.connected)

    def bring_up(self) -> None:
        """Show it, in front of other windows and out of the dock."""
        self.setWindowState(self.windowState() & ~self.windowState().WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep size and place for the next time."""
        self._settings.setValue("geometry", self.saveGeometry())
        super().closeEvent(event)
        self.closed.emit()

    def _arrange(self) -> None:
        self.pages.addWidget(self.tabs)
        self.pages.addWidget(_at_the_top(self.how_to_join))
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        for widget in (self.header, self.problems, self.notice):
            layout.addWidget(widget)
        layout.addWidget(self.pages, 1)

    def _connect(self) -> None:
        self.header.chosen.connect(self.chosen)
        self.notice.dismissed.connect(self.dismissed)
        for devices in (self.yours, self.external):
            devices.chosen.connect(self.chosen)
            devices.granted.connect(self.granted)


def _how_to_join() -> QWidget:
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(GAP, GAP, GAP, GAP)
    layout.setSpacing(GAP // 2)
    for explanation, line in ((_TO_CREATE, "meshnet create LINE"), (_TO_JOIN, "meshnet join LINK")):
        text = label(wrapped=True, selectable=True)
        text.setText(explanation)
        layout.addWidget(text)
        layout.addWidget(FramedLabel(line, fixed_font=True))
        layout.addSpacing(GAP)
    return made


def _at_the_top(content: QWidget) -> QWidget:
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(content)
    layout.addStretch(1)
    return made
