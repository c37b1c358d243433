"""The window: state on top, then what asks for attention, then the devices, or the steps before there are any."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from meshnet.gui.memory import Memory
from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.traffic import History
from meshnet.gui.views.device_page import DevicePage
from meshnet.gui.views.first_start import FirstStart
from meshnet.gui.views.header import Header
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.this_device import ThisDevice
from meshnet.gui.views.widgets import GAP, Bar, OneClickButton

_SIZE = QSize(680, 720)
"""Logical pixels; less where the screen has less."""
_SMALLEST = QSize(520, 480)


class Window(QWidget):
    """Shows a snapshot; its parts say what was chosen, ticked and wanted."""

    dismissed = Signal()
    closed = Signal()
    settings_wanted = Signal()
    doctor_wanted = Signal()

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory
        self.setObjectName("meshnetWindow")
        self.setWindowTitle("Meshnet")
        self.setMinimumSize(_SMALLEST)
        self.header = Header()
        self.problems = Bar("problems", Tone.BUSY)
        self.notice = Bar("notice", Tone.BAD, dismissable=True)
        self.yours = DevicePage("yours")
        self.external = DevicePage("external")
        self.this_device = ThisDevice()
        self.first_start = FirstStart()
        self.tabs = QTabWidget()
        self.pages = QStackedWidget()
        self._arrange()
        self._connect()
        if not self.restoreGeometry(memory.geometry):
            self.resize(_SIZE.boundedTo(QGuiApplication.primaryScreen().availableSize() * 0.92))

    def show_mesh(self, mesh: Snapshot) -> None:
        """Show this snapshot."""
        self.first_start.show_mesh(mesh)
        joined = mesh.connected and mesh.status.device is not None and not self.first_start.holds
        self.header.setVisible(joined)
        self.header.show_state(mesh)
        self.problems.show_text("\n".join(words.attention(mesh.status)))
        self.notice.show_text(mesh.notice if joined else "")
        self.yours.show_mesh(mesh)
        self.external.show_mesh(mesh)
        self.this_device.show_mesh(mesh)
        self.pages.setCurrentWidget(self.tabs if joined else self.first_start)

    def show_traffic(self, history: History) -> None:
        """Show what went through the tunnel."""
        self.header.show_traffic(history)

    def bring_up(self) -> None:
        """Show it, in front of other windows and out of the dock."""
        self.setWindowState(self.windowState() & ~self.windowState().WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep size and place for the next time."""
        self._memory.geometry = self.saveGeometry()
        super().closeEvent(event)
        self.closed.emit()

    def _arrange(self) -> None:
        self.tabs.addTab(self.yours, translate("Window", "Your devices"))
        self.tabs.addTab(self.external, translate("Window", "External devices"))
        self.tabs.addTab(self.this_device, translate("Window", "This device"))
        self.tabs.setDocumentMode(True)
        self.tabs.setCornerWidget(self._corner(), Qt.Corner.TopRightCorner)
        self.pages.addWidget(self.tabs)
        self.pages.addWidget(self.first_start)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        for widget in (self.header, self.problems, self.notice):
            layout.addWidget(widget)
        layout.addWidget(self.pages, 1)

    def _corner(self) -> QWidget:
        settings = OneClickButton(translate("Window", "&Settings"))
        settings.clicked.connect(self.settings_wanted)
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(settings)
        return made

    def _connect(self) -> None:
        self.notice.dismissed.connect(self.dismissed)
        self.this_device.settings_wanted.connect(self.settings_wanted)
        self.this_device.doctor_wanted.connect(self.doctor_wanted)
        for keys, act in ((QKeySequence.StandardKey.Close, self.close), ("Ctrl+,", self.settings_wanted.emit)):
            QShortcut(QKeySequence(keys), self).activated.connect(act)
