"""The tray icon and its menu: shows the entries it is given and says what was chosen.

The menu may be drawn by another process, over D-Bus. So lines are changed one by one, each is complete before it is
inserted, and nothing is changed while a click is being handled.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from meshnet.gui import icons
from meshnet.gui.models import menu, words
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.news import WARNINGS, Notice
from meshnet.gui.panel import Panel


class Tray(QObject):
    """One icon and one menu for as long as the program runs; the menu is changed in place."""

    chosen = Signal(object)
    """Carries a `Choice`."""
    about_to_open = Signal()
    appeared = Signal()
    """The icon is where the person can find it, though there was no place for it at first."""
    _picked = Signal(object)

    def __init__(self, parent: QObject | None = None, panel: Panel | None = None) -> None:
        super().__init__(parent)
        self._panel = panel or Panel(self)
        self._entries: tuple[menu.Entry, ...] = ()
        self._actions: dict[str, QAction] = {}
        self._icon: QSystemTrayIcon | None = None
        self._tip = ""
        self._state = ""
        self._over_dbus = self._panel.is_on_dbus()
        self.menu = QMenu()
        self.menu.setObjectName("trayMenu")
        self.menu.aboutToShow.connect(self.about_to_open)
        # Whoever hears of a choice may change the menu: Qt is to be done with the click by then.
        self._picked.connect(self.chosen, Qt.ConnectionType.QueuedConnection)
        self._panel.appeared.connect(self._on_panel)

    @property
    def icon(self) -> QSystemTrayIcon:
        """The icon; made when it is first wanted."""
        if self._icon is None:
            self._icon = self._made_icon()
        return self._icon

    def start(self) -> None:
        """Show the icon, at once or as soon as the desktop has a place for it."""
        if self._panel.must_be_awaited():
            self._panel.wait()
        else:
            # One that is shown before there is a tray of X11 appears with the tray (QSystemTrayIcon's documentation).
            self.icon.show()

    def stop(self) -> None:
        """Take the icon away."""
        if self._icon is not None:
            self._icon.hide()

    def is_available(self) -> bool:
        """Whether the desktop has a place for the icon now."""
        return self._panel.is_there()

    def show(self, mesh: Snapshot) -> None:
        """Show this snapshot; touches only what is different."""
        self._show_state(mesh)
        entries = menu.entries(mesh)
        if entries != self._entries:
            self._show_entries(entries)

    def warn(self, message: str, cure: str) -> None:
        """Tell of a failure, in a notification."""
        text = words.unmarked(f"{message}\n{cure}".strip())
        self._notify("Meshnet", text, QSystemTrayIcon.MessageIcon.Warning)

    def tell(self, notice: Notice) -> None:
        """Tell what happened, in a notification."""
        kinds = QSystemTrayIcon.MessageIcon
        kind = kinds.Warning if notice.kind in WARNINGS else kinds.Information
        self._notify(notice.title, notice.text, kind)

    def begin_anew(self) -> None:
        """Forget what the menu shows: the next snapshot makes it again, line by line."""
        self._show_entries(())
        self._state = self._tip = ""

    def _notify(self, title: str, text: str, kind: QSystemTrayIcon.MessageIcon) -> None:
        # Without a place for the icon there is none for this, and asking for the icon would settle that for good.
        if self._icon is not None or not self._panel.must_be_awaited():
            self.icon.showMessage(title, text, kind)

    def _made_icon(self) -> QSystemTrayIcon:
        made = QSystemTrayIcon(self)
        made.setContextMenu(self.menu)
        made.activated.connect(self._on_activated)
        made.messageClicked.connect(lambda: self.chosen.emit(menu.Choice(menu.Verb.OPEN)))
        made.setIcon(icons.tray_icon(self._state) if self._state else QIcon())
        made.setToolTip(self._tip)
        return made

    def _on_panel(self) -> None:
        self._over_dbus = self._panel.is_on_dbus()
        for entry in self._entries:
            self._fill(self._actions[entry.key], entry)
        self.icon.show()
        self.appeared.emit()

    def _show_state(self, mesh: Snapshot) -> None:
        state, tip = icons.state_of(mesh), words.unmarked(words.state_line(mesh))
        if state != self._state:
            self._state = state
            if self._icon:
                self._icon.setIcon(icons.tray_icon(state))
        if tip != self._tip:
            self._tip = tip
            if self._icon:
                self._icon.setToolTip(tip)

    def _show_entries(self, entries: tuple[menu.Entry, ...]) -> None:
        before, self._entries = self._entries, entries
        keys = [entry.key for entry in entries]
        for key in self._actions.keys() - set(keys):
            action = self._actions.pop(key)
            self.menu.removeAction(action)
            action.deleteLater()
        for entry in entries:
            self._fill(self._actions.get(entry.key) or self._make(entry.key), entry)
        if keys != [entry.key for entry in before]:
            self._arrange(keys)

    def _arrange(self, keys: list[str]) -> None:
        for position, key in enumerate(keys):
            action, there = self._actions[key], self.menu.actions()
            if position == len(there):
                self.menu.addAction(action)
            elif there[position] is not action:
                self.menu.insertAction(there[position], action)

    def _make(self, key: str) -> QAction:
        action = QAction(self.menu)
        action.triggered.connect(lambda: self._on_triggered(key))
        self._actions[key] = action
        return action

    def _fill(self, action: QAction, entry: menu.Entry) -> None:
        action.setSeparator(not entry.text)
        action.setText(_label(entry.text, self._over_dbus))
        action.setEnabled(entry.enabled)
        action.setCheckable(entry.checkable)
        action.setChecked(entry.checked)

    def _on_triggered(self, key: str) -> None:
        entry = next((entry for entry in self._entries if entry.key == key), None)
        if entry is None:
            return
        # Qt has moved the check mark already; where it stands is for the daemon to say.
        self._actions[key].setChecked(entry.checked)
        if entry.choice:
            self._picked.emit(entry.choice)

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self.chosen.emit(menu.Choice(menu.Verb.OPEN))


def _label(text: str, over_dbus: bool) -> str:
    if not over_dbus:
        return text.replace("&", "&&")
    # There, the mark of a shortcut is the underscore. Qt puts one in the place of the first ampersand, and leaves all
    # others, and the underscores of names, as they are (QDBusMenuItem::convertMnemonic).
    return text.replace("_", "__").replace("&", "&&", 1)
