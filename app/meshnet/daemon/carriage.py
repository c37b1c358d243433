"""Judges whether the host in use carries traffic further than to itself, by what comes back from beyond it.

Silence means something only where it was not silent before: some networks swallow all that the question asks for. So
the host is taken to fail when nobody answers any more who did, when nothing at all ever came back on this way, or when
programs send and get nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from meshnet.daemon.beyond import Beyond
from meshnet.errors import MeshnetError
from meshnet_platform.api import Control, Traffic

MISSES = 2
WAIT = 2.0
"""Seconds in which routers beyond the host answer; ample for satellites."""
CONNECT_WITHIN = 1.5
IN_USE = 60
"""More packets than these questions themselves send in a round: programs are at work."""


class Carriage(Protocol):
    """How it is judged."""

    def begin(self) -> None:
        """Another way is in use from now on: nothing is known of it."""
        ...

    async def carries(self) -> bool | None:
        """True: nothing speaks against it; False: it carries nothing; None: not sure yet."""
        ...


class TunnelCarriage:
    """Looks through the tunnel; the route must be in force."""

    def __init__(
        self,
        mesh: Callable[[], frozenset[str]],
        coordinator: Callable[[], Iterable[Control]],
        traffic: Callable[[], Awaitable[Traffic]],
    ) -> None:
        """`mesh`: its addresses; `coordinator`: where it is reached; `traffic`: what went through the tunnel so far."""
        self._mesh, self._coordinator, self._traffic = mesh, coordinator, traffic
        self._beyond = Beyond()
        self.begin()

    def begin(self) -> None:
        """See Carriage."""
        self._beyond.forget()
        self._misses = 0
        self._has_carried = False
        self._counted: Traffic | None = None
        self._is_in_use = False

    async def carries(self) -> bool | None:
        """See Carriage."""
        if not self._has_carried and self._counted is None:
            # On a way that is new, what comes back from now on counts.
            await self._got_more()
        if await self._beyond.answers(self._mesh(), WAIT):
            self._counted = None
            return self._trust()
        if await self._got_more() or await self._connects():
            return self._trust()
        if self._has_carried and not self._beyond.has_answered and not self._is_in_use:
            return True
        self._misses += 1
        return False if self._misses >= MISSES else None

    def _trust(self) -> bool:
        self._misses, self._has_carried = 0, True
        return True

    async def _got_more(self) -> bool:
        """Whether programs got anything back since this was asked last, in the same silence."""
        before, self._is_in_use = self._counted, False
        try:
            self._counted = now = await self._traffic()
        except MeshnetError:
            return False
        if before is None:
            return False
        self._is_in_use = now.sent - before.sent > IN_USE
        # Rules that were loaded anew count from nothing again.
        return now.returned > before.returned or 0 < now.returned < before.returned

    async def _connects(self) -> bool:
        for one in self._coordinator():
            if await _connects(one):
                return True
        return False


class DryCarriage:
    """For a backend that touches no system: every host carries."""

    def begin(self) -> None:
        """See Carriage."""

    async def carries(self) -> bool | None:
        """See Carriage."""
        return True


async def _connects(control: Control) -> bool:
    try:
        async with asyncio.timeout(CONNECT_WITHIN):
            _, writer = await asyncio.open_connection(control.address, control.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
