"""The tray icon and its menu: shows the entries it is given and says what was chosen."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from meshnet.gui import icons
from meshnet.gui.models import menu, words
from meshnet.gui.models.mesh import Snapshot


class Tray(QObject):
    """One icon and one menu for as long as the program runs; the menu is changed in place."""

    chosen = Signal(object)
    """Carries a `Choice`."""
    about_to_open = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[menu.Entry, ...] = ()
        self._actions: dict[str, QAction] = {}
        self._state = ""
        self.menu = QMenu()
        self.menu.setObjectName("trayMenu")
        self.menu.aboutToShow.connect(self.about_to_open)
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)

    def show(self, mesh: Snapshot) -> None:
        """Show this snapshot; touches only what is different."""
        self._show_state(mesh)
        entries = menu.entries(mesh)
        if entries != self._entries:
            self._show_entries(entries)

    def warn(self, message: str, cure: str) -> None:
        """Tell of a failure, in a notification."""
        text = words.unmarked(f"{message}\n{cure}".strip())
        self.icon.showMessage("Meshnet", text, QSystemTrayIcon.MessageIcon.Warning)

    def _show_state(self, mesh: Snapshot) -> None:
        state = icons.state_of(mesh)
        if state != self._state:
            self._state = state
            self.icon.setIcon(icons.icon(state))
        tip = words.unmarked(words.state_line(mesh))
        if tip != self.icon.toolTip():
            self.icon.setToolTip(tip)

    def _show_entries(self, entries: tuple[menu.Entry, ...]) -> None:
        keys = [entry.key for entry in entries]
        for key in self._actions.keys() - set(keys):
            action = self._actions.pop(key)
            self.menu.removeAction(action)
            action.deleteLater()
        if keys != [entry.key for entry in self._entries]:
            self._arrange(keys)
        self._entries = entries
        for entry in entries:
            _fill(self._actions[entry.key], entry)

    def _arrange(self, keys: list[str]) -> None:
        for position, key in enumerate(keys):
            action = self._actions.get(key) or self._make(key)
            there = self.menu.actions()
            if position == len(there):
                self.menu.addAction(action)
            elif there[position] is not action:
                self.menu.insertAction(there[position], action)

    def _make(self, key: str) -> QAction:
        action = QAction(self.menu)
        action.triggered.connect(lambda: self._on_triggered(key))
        self._actions[key] = action
        return action

    def _on_triggered(self, key: str) -> None:
        entry = next((entry for entry in self._entries if entry.key == key), None)
        if entry is None:
            return
        # Qt has moved the check mark already; where it stands is for the daemon to say.
        _fill(self._actions[key], entry)
        if entry.choice:
            self.chosen.emit(entry.choice)

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self.chosen.emit(menu.Choice(menu.Verb.OPEN))


def _fill(action: QAction, entry: menu.Entry) -> None:
    action.setSeparator(not entry.text)
    action.setText(entry.text.replace("&", "&&"))
    action.setEnabled(entry.enabled)
    action.setCheckable(entry.checkable)
    action.setChecked(entry.checked)
