"""The window with its dialogs, wired to those who do what is wanted in them; made when it is first opened.

A person who uses the tray alone never pays for it.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from meshnet.errors import MeshnetError
from meshnet.gui.dialogs import Dialogs
from meshnet.gui.errands import Errands
from meshnet.gui.memory import Memory
from meshnet.gui.meter import Meter
from meshnet.gui.models import reasons
from meshnet.gui.models.mesh import Mesh
from meshnet.gui.session import Session
from meshnet.gui.views import theme
from meshnet.gui.views.window import Window


class Desk(QObject):
    """Shows the mesh for as long as it lives."""

    closed = Signal()
    language_chosen = Signal(str)
    favoured = Signal(str, bool)
    """Host (id), and whether the person likes it best."""

    def __init__(
        self, mesh: Mesh, session: Session, errands: Errands, meter: Meter, memory: Memory, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._mesh = mesh
        self._session = session
        self._meter = meter
        self._errands = errands
        self.window = Window(memory)
        self.dialogs = Dialogs(mesh, session, errands, memory, self.window)
        self._connect_window()
        self._connect_first_start()
        self._connect_this_device()
        self.dialogs.appearance_chosen.connect(theme.choose)
        self.dialogs.language_chosen.connect(self.language_chosen)
        mesh.changed.connect(self._on_changed)
        meter.measured.connect(self._on_measured)
        session.refused.connect(self._show_again)
        self._errands.failed.connect(self._on_errand_failed)
        self._show_again()

    def bring_up(self) -> None:
        """Show the window as things are now, in front of others."""
        self._show_again()
        self.window.bring_up()

    def close(self) -> None:
        """Take it off the screen, for good."""
        self.window.blockSignals(True)
        self.window.close()
        self.window.deleteLater()
        self.deleteLater()

    def _connect_window(self) -> None:
        window, session = self.window, self._session
        window.header.chosen.connect(session.choose)
        window.dismissed.connect(session.dismiss)
        window.closed.connect(self.closed)
        window.settings_wanted.connect(self.dialogs.open_settings)
        window.doctor_wanted.connect(self.dialogs.open_doctor)
        for page in (window.yours, window.external):
            page.chosen.connect(session.choose)
            page.granted.connect(session.grant)
            page.favoured.connect(self.favoured)
            page.invite_wanted.connect(self.dialogs.open_add_device)
            page.remove_wanted.connect(self.dialogs.ask_to_remove)

    def _connect_first_start(self) -> None:
        first = self.window.first_start
        first.create_wanted.connect(self._create)
        first.join_wanted.connect(self._join)
        first.add_device_wanted.connect(self.dialogs.open_add_device)
        first.finished.connect(self._show_again)
        self._errands.created.connect(first.show_created)
        self._errands.joined.connect(first.show_joined)

    def _connect_this_device(self) -> None:
        this, session = self.window.this_device, self._session
        this.set_wanted.connect(session.set)
        this.granted.connect(session.grant)
        this.client_stopped.connect(session.stop_client)
        this.renamed.connect(self._errands.rename)
        this.leave_wanted.connect(self.dialogs.ask_to_leave)

    def _create(self, coordinator: str, name: str) -> None:
        self.window.first_start.show_busy(True)
        self._errands.create(coordinator, name)

    def _join(self, link: str, name: str, allow: tuple[str, ...]) -> None:
        self.window.first_start.show_busy(True)
        self._errands.join(link, name, allow)

    def _on_errand_failed(self, what: str, error: MeshnetError) -> None:
        if what in ("create", "join"):
            self.window.first_start.show_busy(False)
            self.window.first_start.show_failure(*reasons.explain(error))
        elif what in ("remove", "leave", "rename"):
            self._session.tell(error)
            self._show_again()

    def _on_changed(self) -> None:
        # A window that nobody sees costs nothing; it is brought up to date when it is brought up.
        if self.window.isVisible():
            self._show_again()

    def _on_measured(self) -> None:
        if self.window.isVisible():
            self.window.show_traffic(self._meter.history)

    def _show_again(self) -> None:
        self.window.show_mesh(self._mesh.now)
        self.window.show_traffic(self._meter.history)
