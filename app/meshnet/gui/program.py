"""Puts the desktop app together: link, model and session on one side, tray and window on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QSettings, QTimer

from meshnet.errors import Code, MeshnetError
from meshnet.gui.languages import Languages
from meshnet.gui.link import DaemonLink
from meshnet.gui.memory import Memory
from meshnet.gui.meter import Meter
from meshnet.gui.models.mesh import Mesh, Snapshot
from meshnet.gui.models.news import news
from meshnet.gui.session import Session
from meshnet.gui.signing import Confirmer
from meshnet.gui.views.tray import Tray

if TYPE_CHECKING:
    from meshnet.gui.desk import Desk
    from meshnet.gui.dialogs import Dialogs
    from meshnet.gui.errands import Errands
    from meshnet.gui.views.window import Window


PATIENCE = 2000
"""Milliseconds in which the desktop's panel may come up, at the start of a session; without one the window opens."""


class Program(QObject):
    """Everything there is while the app runs."""

    def __init__(
        self, link: DaemonLink, settings: QSettings, parent: QObject | None = None, patience: int = PATIENCE
    ) -> None:
        super().__init__(parent)
        self._patience = patience
        self.memory = Memory(settings)
        self._languages = Languages()
        self._languages.speak(self.memory.language)
        self.mesh = Mesh(self)
        self.session = Session(link, self.mesh, self)
        self.confirmer = Confirmer(link, parent=self)
        self.meter = Meter(link, parent=self)
        self.tray = Tray(self)
        self._link = link
        self._desk: Desk | None = None
        self._errands: Errands | None = None
        self._before = self.mesh.now
        self._offered = ""
        self.mesh.prefer(self.memory.favourites, self.memory.recent)
        self._connect()
        self._show(self.mesh.now)

    def start(self, with_window: bool) -> None:
        """Show the icon, or the window where the desktop has no place for it, and look for the daemon."""
        self.tray.start()
        if with_window:
            self.open_window()
        elif not self.tray.is_available():
            QTimer.singleShot(self._patience, self, self._open_without_tray)
        self._link.start()

    def _open_without_tray(self) -> None:
        if not self.tray.is_available():
            self.open_window()

    def stop(self) -> None:
        """Take everything off the screen."""
        self._link.stop()
        self.tray.stop()
        if self._desk is not None:
            self._desk.window.close()

    @property
    def window(self) -> Window:
        """The window, open or not."""
        return self._open_desk().window

    @property
    def dialogs(self) -> Dialogs:
        """The windows that open for one thing."""
        return self._open_desk().dialogs

    @property
    def errands(self) -> Errands:
        """Does what takes several calls."""
        if self._errands is None:
            from meshnet.gui.errands import Errands

            self._errands = Errands(self._link, self.mesh, parent=self)
        return self._errands

    def open_window(self) -> None:
        """Bring the window up."""
        self.session.refresh_settings()
        self._open_desk().bring_up()

    def offer_link(self, link: str) -> None:
        """A link was opened on the desktop: it is shown where it would be pasted, and the person decides."""
        self.open_window()
        self._offered = link
        self._offer()

    def _offer(self) -> None:
        if not self._offered or not self.mesh.now.connected:
            return
        link, self._offered = self._offered, ""
        if self.mesh.now.status.device is None:
            self.window.first_start.offer_link(link)
        else:
            self.session.tell(MeshnetError(Code.ALREADY_JOINED))

    def _open_desk(self) -> Desk:
        if self._desk is None:
            # Loaded when it is wanted: the icon does not wait for the window, nor for all that it can do.
            from meshnet.gui.desk import Desk

            made = self._desk = Desk(self.mesh, self.session, self.errands, self.meter, self.memory, self)
            made.closed.connect(self._on_window_closed)
            made.language_chosen.connect(self.speak)
            made.favoured.connect(self._prefer)
        return self._desk

    def _connect(self) -> None:
        self.mesh.changed.connect(self._show)
        self.tray.chosen.connect(self.session.choose)
        self.tray.about_to_open.connect(self.session.refresh_settings)
        self.session.failed.connect(self._on_failed)
        self.session.open_wanted.connect(self.open_window)
        self.session.quit_wanted.connect(QCoreApplication.quit)

    def _show(self, mesh: Snapshot) -> None:
        before, self._before = self._before, mesh
        self.tray.show(mesh)
        for notice in news(before, mesh, tells_of_clients=self.memory.tells_of_clients, by_hand=self.session.is_acting):
            self.tray.tell(notice)
        self._remember_host(before, mesh)
        self._offer()

    def _remember_host(self, before: Snapshot, mesh: Snapshot) -> None:
        host = _chosen_host(mesh)
        if host and host != _chosen_host(before):
            self.memory.used(host)
            self.mesh.prefer(self.memory.favourites, self.memory.recent)

    def _prefer(self, host: str, wanted: bool) -> None:
        favourites = self.memory.favourites
        self.memory.favourites = favourites | {host} if wanted else favourites - {host}
        self.mesh.prefer(self.memory.favourites, self.memory.recent)

    def speak(self, language: str) -> None:
        """Go on in this language (empty: the system's): what is on the screen is made anew."""
        self.memory.language = language
        self._languages.speak(language)
        was_open = self._desk is not None and self._desk.window.isVisible()
        in_settings = self._desk is not None and self._desk.dialogs.shows_settings
        if self._desk is not None:
            self._desk.close()
            self._desk = None
        self.tray.begin_anew()
        self.tray.show(self.mesh.now)
        if was_open:
            self.open_window()
        if in_settings:
            self.dialogs.open_settings()

    def _on_failed(self, message: str, cure: str) -> None:
        # The open window says it already, beside what was clicked.
        if self._desk is None or not self._desk.window.isActiveWindow():
            self.tray.warn(message, cure)

    def _on_window_closed(self) -> None:
        if not self.tray.is_available():
            QCoreApplication.quit()


def _chosen_host(mesh: Snapshot) -> str:
    """Id of the host that is routed through because the person chose it; empty where there is none."""
    route = mesh.status.route
    is_chosen = route is not None and mesh.status.state == "routing" and route.instead_of is None
    return route.host_id if route is not None and is_chosen else ""
