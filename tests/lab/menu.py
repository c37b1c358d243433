"""Clicks in the product's tray menu, as a person does: right click on the icon, find the line, click it."""

from __future__ import annotations

from lab.desktop import Desktop, Window
from lab.net import LabError, Process
from lab.world import SOCKET, product_environment, program

_SEPARATOR = 7
"""Height in pixels of a line between groups, about; half a line of text is more than twice the error."""
_LINES_AFTER_HOSTS = 4
"""Stop routing, let my devices, open, quit."""
_LINES_BEFORE_HOSTS = 2
"""The state, and the heading."""
_TRIES = 4
_PATIENCE = 2.0


class TrayMenu:
    """The tray of the product on a desktop of the lab."""

    def __init__(self, desktop: Desktop, hosts: int) -> None:
        self.desktop = desktop
        self._hosts = hosts

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

    def click_host(self, position: int = 0) -> None:
        """Click the host at this position under the heading, in the open menu."""
        self._click_line(_LINES_BEFORE_HOSTS + position, separators=1)

    def try_host(self, position: int = 0) -> bool:
        """Open the menu and click the host; False, with the menu closed, where the line was greyed."""
        self.open()
        try:
            self._click_line(_LINES_BEFORE_HOSTS + position, separators=1, wait=1.0)
        except LabError:
            self.desktop.key("Escape")
            self.desktop.wait_for_no_popup()
            return False
        return True

    def click_stop(self) -> None:
        """Click “Stop routing” in the open menu."""
        self._click_line(_LINES_BEFORE_HOSTS + self._hosts, separators=1)

    def _click_line(self, before: int, separators: int, wait: float = 10.0) -> None:
        menu = self.desktop.popup_geometry()
        lines = _LINES_BEFORE_HOSTS + self._hosts + _LINES_AFTER_HOSTS
        height = (menu.height - 3 * _SEPARATOR) / lines
        y = menu.y + before * height + separators * _SEPARATOR + height / 2
        self.desktop.click(menu.x + menu.width // 3, round(y))
        self.desktop.wait_for_no_popup(wait)
