"""What a service manager is told (sd_notify(3)): that the daemon is ready, what it does, that it lives, that it ends.

Nothing is sent where none listens. Law: what keeps the watchdog quiet comes from the daemon's own loop, so that a
daemon whose loop hangs is ended and started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable

READY = "READY=1"
STOPPING = "STOPPING=1"
_ALIVE = "WATCHDOG=1"
_EVERY = 10.0
"""Seconds between looks at what is to be told, where no watchdog asks for more."""


def tell(*lines: str) -> None:
    """Tell the service manager, if there is one; what it does not take is lost, and nobody waits for it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or sys.platform == "win32":
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
        notifying.setblocking(False)
        notifying.connect("\0" + address[1:] if address.startswith("@") else address)
        notifying.sendall("\n".join(lines).encode())


def pause() -> float:
    """Seconds between signs of life: a third of what the watchdog waits (WATCHDOG_USEC, sd_watchdog_enabled(3))."""
    for_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    wanted = os.environ.get("WATCHDOG_USEC", "")
    return min(int(wanted) / 3e6, _EVERY) if for_us and wanted.isdecimal() and int(wanted) > 0 else _EVERY


async def live(status: Callable[[], str]) -> None:
    """Give signs of life, and tell of the status, one line of words, whenever it has changed; until cancelled."""
    if not os.environ.get("NOTIFY_SOCKET"):
        return
    told = ""
    while True:
        words = status()
        tell(_ALIVE, *([f"STATUS={words}"] if words != told else []))
        told = words
        await asyncio.sleep(pause())
