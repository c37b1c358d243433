"""Puts the desktop app together: link, model and session on one side, tray and window on the other."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject, QSettings
from PySide6.QtWidgets import QSystemTrayIcon

from meshnet.gui.link import DaemonLink
from meshnet.gui.models.mesh import Mesh, Snapshot
from meshnet.gui.session import Session
from meshnet.gui.signing import Confirmer
from meshnet.gui.views.tray import Tray
from meshnet.gui.views.window import Window


class Program(QObject):
    """Everything there is while the app runs."""

    def __init__(self, link: DaemonLink, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.mesh = Mesh(self)
        self.session = Session(link, self.mesh, self)
        self.confirmer = Confirmer(link, parent=self)
        self.tray = Tray(self)
        self.window = Window(settings)
        self._link = link
        self._connect_views()
        self._show(self.mesh.now)

    def start(self, with_window: bool) -> None:
        """Show the icon, or the window where the desktop has no place for it, and look for the daemon."""
        # An icon that is shown before there is a tray appears with the tray (QSystemTrayIcon's documentation).
        self.tray.icon.show()
        if with_window or not QSystemTrayIcon.isSystemTrayAvailable():
            self.open_window()
        self._link.start()

    def stop(self) -> None:
        """Take everything off the screen."""
        self._link.stop()
        self.tray.icon.hide()
        self.window.close()

    def open_window(self) -> None:
        """Bring the window up."""
        self.session.refresh_settings()
        self.window.bring_up()

    def _connect_views(self) -> None:
        self.mesh.changed.connect(self._show)
        self.tray.chosen.connect(self.session.choose)
        self.tray.about_to_open.connect(self.session.refresh_settings)
        self.window.chosen.connect(self.session.choose)
        self.window.granted.connect(self.session.grant)
        self.window.dismissed.connect(self.session.dismiss)
        self.window.closed.connect(self._on_window_closed)
        self.session.failed.connect(self._on_failed)
        self.session.open_wanted.connect(self.open_window)
        self.session.quit_wanted.connect(QCoreApplication.quit)

    def _show(self, mesh: Snapshot) -> None:
        self.tray.show(mesh)
        self.window.show_mesh(mesh)

    def _on_failed(self, message: str, cure: str) -> None:
        # The open window says it already, beside what was clicked.
        if not self.window.isActiveWindow():
            self.tray.warn(message, cure)

    def _on_window_closed(self) -> None:
        if not QSystemTrayIcon.isSystemTrayAvailable():
            QCoreApplication.quit()
