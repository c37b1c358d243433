"""Clicks in the product's tray menu, as a person does: right click on the icon, find the line, click it.

Which lines there are is asked of the app's own model, fed with what the daemon says; where they are is measured.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from lab.desktop import Desktop, Window
from lab.net import LabError, Machine, Process
from lab.world import SOCKET, World, product_environment, program
from meshnet.gui.models.menu import Entry, entries
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import DeviceView, Status

_SEPARATOR = 7
"""Height in pixels of a line between groups, about; half a line of text is more than twice the error."""
_TRIES = 4
_PATIENCE = 2.0
_GREYED = 1.0
"""Seconds that a menu stays open when a click did nothing."""
_BEHIND = 5.0
"""The same where the daemon offers what was clicked: the app did not know it yet, or is slow to close its menu."""


class TrayMenu:
    """The tray of the product on a desktop of the lab."""

    def __init__(self, desktop: Desktop, world: World, machine: Machine | None = None) -> None:
        self.desktop = desktop
        self._world = world
        self._machine = machine or world.laptop

    def start(self, *options: str) -> Process:
        """Start `meshnet-gui`; returns when its icon is in the tray."""
        process = self.desktop.run_gui([program("meshnet-gui"), "--socket", SOCKET, *options], product_environment())
        self.desktop.find_tray_icon(20.0)
        return process

    def open(self) -> Window:
        """Open the menu. Two quick clicks count as a double click, of which Qt makes no menu; then we click again."""
        for _ in range(_TRIES):
            self.desktop.click(*self.desktop.find_tray_icon(), button=3)
            try:
                return self.desktop.popup_geometry(_PATIENCE)
            except LabError:
                continue
        return self.desktop.popup_geometry(_PATIENCE)

    def click_host(self, name: str = "home-pc") -> None:
        """Click this host in the open menu."""
        self.click(self._key_of(name))

    def try_host(self, name: str = "home-pc") -> bool:
        """Open the menu and click the host; False, with the menu closed, where the line was greyed."""
        self.open()
        key = self._key_of(name)
        offered = any(line.key == key and line.enabled for line in self.lines())
        try:
            self.click(key, wait=_BEHIND if offered else _GREYED)
        except LabError:
            self.desktop.key("Escape")
            self.desktop.wait_for_no_popup()
            return False
        return True

    def click_stop(self) -> None:
        """Click “Stop routing” in the open menu."""
        self.click("stop")

    def click(self, key: str, wait: float = 10.0) -> None:
        """Click the line of this key of `meshnet.gui.models.menu` in the open menu, which closes it."""
        self.desktop.click(*self._place(key))
        self.desktop.wait_for_no_popup(wait)

    def lines(self) -> tuple[Entry, ...]:
        """What the menu consists of now."""
        with ThreadPoolExecutor(3) as together:
            status, devices, settings = together.map(self._ask, ("status", "devices", "settings"))
        views = msgspec.convert(devices["devices"], list[DeviceView])
        return entries(
            Snapshot(
                connected=True,
                status=msgspec.convert(status, Status),
                devices={view.id: view for view in views},
                settings=settings,
            )
        )

    def _ask(self, verb: str) -> Any:
        return self._world.meshnet(self._machine, verb)

    def _key_of(self, name: str) -> str:
        devices = self._ask("devices")["devices"]
        return next(f"host {device['id']}" for device in devices if device["name"] == name)

    def _place(self, key: str) -> tuple[int, int]:
        """The middle of the line, far enough to the left that the menu's check marks are beside it."""
        menu, lines = self.desktop.popup_geometry(), self.lines()
        before = lines[: [line.key for line in lines].index(key)]
        separators = sum(not line.text for line in lines)
        height = (menu.height - separators * _SEPARATOR) / (len(lines) - separators)
        above = sum(height if line.text else _SEPARATOR for line in before)
        return menu.x + menu.width // 3, round(menu.y + above + height / 2)
