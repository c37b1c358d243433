"""Where the desktop shows tray icons: a panel over D-Bus (StatusNotifier: KDE, GNOME, Wayland), or whatever Qt finds.

Qt looks for such a panel once in the life of a process, when the first tray icon is made, and never again: an app that
starts with the session, before the panel, would have no icon in that session. So where D-Bus is the only way, no icon
is made until there is a panel.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import SLOT, QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

_WATCHER, _PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"


class Panel(QObject):
    """Says whether tray icons can be shown, and when they can."""

    appeared = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waits = False

    def is_on_dbus(self) -> bool:
        """Whether there is a panel over D-Bus now; Qt then uses it for every icon."""
        bus = _bus()
        if bus is None or not bus.interface().isServiceRegistered(_WATCHER).value():
            return False
        from PySide6.QtDBus import QDBusInterface

        return bool(QDBusInterface(_WATCHER, _PATH, _WATCHER, bus).property("IsStatusNotifierHostRegistered"))

    def must_be_awaited(self) -> bool:
        """Whether an icon made now would never be seen: a desktop without X11, whose panel is not there yet."""
        return QGuiApplication.platformName() == "wayland" and not self.is_on_dbus()

    def is_there(self) -> bool:
        """Whether icons can be shown now."""
        # Qt's own question is one of those that settle the matter for the process.
        return not self.must_be_awaited() and QSystemTrayIcon.isSystemTrayAvailable()

    def wait(self) -> None:
        """`appeared` will come when there is a panel over D-Bus."""
        bus = _bus()
        if bus is None or self._waits:
            return
        from PySide6.QtDBus import QDBusServiceWatcher

        self._waits = True
        watcher = QDBusServiceWatcher(_WATCHER, bus, QDBusServiceWatcher.WatchModeFlag.WatchForRegistration, self)
        watcher.serviceRegistered.connect(self._look)
        # Some panels claim the name first and can show icons only later.
        # PySide's stub asks for bytes here, which PySide itself refuses.
        look = cast("bytes", SLOT("_look()"))
        bus.connect("", _PATH, _WATCHER, "StatusNotifierHostRegistered", self, look)

    @Slot()
    def _look(self) -> None:
        if self._waits and self.is_on_dbus():
            self._waits = False
            self.appeared.emit()


def _bus() -> QDBusConnection | None:
    if sys.platform != "linux":
        return None
    from PySide6.QtDBus import QDBusConnection

    bus = QDBusConnection.sessionBus()
    return bus if bus.isConnected() else None
