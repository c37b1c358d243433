"""Offers that wait to be made: one after the other, so that a device that moved does not call all its peers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

A_SECOND = 15


class Offers:
    """The queue. `make(device, asks)` makes one; those that are `urgent` (by device id) go first."""

    def __init__(self, make: Callable[[str, bool], Awaitable[None]], urgent: Callable[[str], bool]) -> None:
        self._make = make
        self._urgent = urgent
        self._waiting: dict[str, bool] = {}
        """Device id → whether the peer is to answer with an offer of its own."""
        self._due = asyncio.Event()

    def put(self, device: str, *, asks: bool) -> None:
        """Make one to this device soon; of several, one."""
        self._waiting[device] = asks or self._waiting.get(device, False)
        self._due.set()

    async def run(self) -> None:
        """Make them, until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            while self._waiting:
                device = max(self._waiting, key=self._urgent)
                await self._make(device, self._waiting.pop(device))
                await asyncio.sleep(1 / A_SECOND if self._waiting else 0)
