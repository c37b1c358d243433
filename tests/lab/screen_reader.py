"""What a screen reader is told of the programs on a desktop: names, kinds and places of all that is shown.

Programs tell it over D-Bus (freedesktop.org: AT-SPI 2) once they are started with `environment`. Law: it asks, and
never acts; who acts has the mouse and the keyboard.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from jeepney import (
    DBusAddress,
    MessageType,
    message_bus,
    new_method_call,
)
from jeepney.io.blocking import open_dbus_connection

_ROOT = "/org/a11y/atspi/accessible/root"
_ACCESSIBLE = "org.a11y.atspi.Accessible"
_COMPONENT = "org.a11y.atspi.Component"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_ON_SCREEN = 0
"""Places are in pixels of the screen, not of the window."""
_TIMEOUT = 5.0
# Numbers of AtspiStateType.
_CHECKED, _ENABLED, _FOCUSED, _SHOWING = 4, 8, 12, 25


class Gone(Exception):
    """What was asked is no longer there."""


class Thing(NamedTuple):
    """Something on the screen, with its rectangle in pixels from the upper left corner."""

    name: str
    kind: str
    """As AT-SPI calls it: "push button", "check box", "page tab", "label", "text"."""
    is_enabled: bool
    is_checked: bool
    has_keyboard: bool
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        """The point to click."""
        return self.x + self.width // 2, self.y + self.height // 2


class ScreenReader:
    """Asks the programs on a session bus; a context manager."""

    def __init__(self, bus: Path) -> None:
        self.environment = {"AT_SPI_BUS_ADDRESS": f"unix:path={bus}"}
        self._connection = open_dbus_connection(f"unix:path={bus}")
        self._program = ""

    def __enter__(self) -> ScreenReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def things(self) -> list[Thing]:
        """All that is shown now, windows before what is in them; what vanishes meanwhile may be missing."""
        if not self._program:
            self._program = next(self._programs(), "")
        if not self._program:
            return []
        try:
            return list(self._walk(_ROOT))
        except Gone:
            self._program = ""
            return []

    def _programs(self) -> Iterator[str]:
        """Who on the bus tells what it shows; the last that came first."""
        names = self._connection.send_and_get_reply(message_bus.ListNames(), timeout=_TIMEOUT).body[0]
        others = [name for name in names if name.startswith(":") and name != self._connection.unique_name]
        for name in sorted(others, key=lambda name: int(name.partition(".")[2]), reverse=True):
            with contextlib.suppress(Gone):
                self._ask(_ROOT, _ACCESSIBLE, "GetRoleName", program=name)
                yield name

    def _walk(self, path: str) -> Iterator[Thing]:
        for program, child in self._ask(path, _ACCESSIBLE, "GetChildren"):
            if program == self._program:
                with contextlib.suppress(Gone):
                    yield from self._look(child)

    def _look(self, path: str) -> Iterator[Thing]:
        low, _high = self._ask(path, _ACCESSIBLE, "GetState")
        if not low >> _SHOWING & 1:
            return
        (_kind, name) = self._ask(path, _PROPERTIES, "Get", "ss", (_ACCESSIBLE, "Name"))
        role = self._ask(path, _ACCESSIBLE, "GetRoleName")
        place = self._ask(path, _COMPONENT, "GetExtents", "u", (_ON_SCREEN,))
        enabled, checked, focused = (bool(low >> bit & 1) for bit in (_ENABLED, _CHECKED, _FOCUSED))
        yield Thing(name, role, enabled, checked, focused, *place)
        yield from self._walk(path)

    def _ask(
        self,
        path: str,
        interface: str,
        method: str,
        signature: str | None = None,
        body: tuple[Any, ...] = (),
        program: str = "",
    ) -> Any:
        address = DBusAddress(path, program or self._program, interface)
        call = new_method_call(address, method, signature, body)
        try:
            reply = self._connection.send_and_get_reply(call, timeout=_TIMEOUT)
        except TimeoutError as error:
            raise Gone from error
        if reply.header.message_type is not MessageType.method_return:
            raise Gone
        return reply.body[0]
