"""What holds for a while only, and ends by itself: the pause of the route, and the stop of a client.

A pause is kept with the wish that it interrupts, and outlives the daemon. A stop is kept in memory: it takes away what
the person has granted, and what they have granted is what is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from meshnet.core.records import Device
from meshnet.core.term import LONGEST, Term, term_of
from meshnet.daemon.model import Model
from meshnet.daemon.routing import Routing
from meshnet.daemon.store import Paused
from meshnet.errors import Code, MeshnetError, Refusal

log = logging.getLogger("meshnet.whiles")

LOOK_EVERY = 1.0
"""Seconds between looks at the clocks: one of them jumps when the machine wakes, and tells nobody."""


class Whiles:
    """Begins them, and sees to their ends."""

    def __init__(self, model: Model, routing: Routing, settle: Callable[[], Awaitable[None]]) -> None:
        self._model = model
        self._routing = routing
        self._settle = settle
        self._wake = asyncio.Event()
        self._pause: tuple[Paused, Term] | None = None

    def nudge(self) -> None:
        """Something has begun, perhaps."""
        self._wake.set()

    async def pause(self, seconds: int) -> MeshnetError | None:
        """Pause the route; the answer says what could not be kept of it."""
        _ = self._model.joined
        if not 1 <= seconds <= LONGEST:
            raise Refusal(
                Code.INVALID_SETTING,
                f"A pause lasts from 1 to {LONGEST:,} seconds, which is a day; `meshnet route --off` stops for good.",
            )
        return await self._routing.pause(seconds)

    async def resume(self) -> MeshnetError | None:
        """End the pause now."""
        _ = self._model.joined
        return await self._routing.resume_now()

    def stop(self, client: Device, seconds: int) -> None:
        """Withhold `routing` and `lan` from the client for so long; 0: no more. The caller settles."""
        if not 0 <= seconds <= LONGEST:
            raise Refusal(
                Code.INVALID_SETTING,
                f"A device is stopped for 0 to {LONGEST:,} seconds, which is a day; `meshnet deny` stops it for good.",
            )
        if seconds == 0:
            self.let_go_on(client)
            return
        if not self._model.granted(client.device).routing:
            name = self._model.names()[client.device]
            raise Refusal(Code.NOT_SUPPORTED, f"{name} may not route through this device anyway.")
        self._model.stopped[client.device] = term_of(seconds, self._model.clock(), self._steady())
        self._wake.set()

    def let_go_on(self, client: Device) -> None:
        """The client gets again what it is granted. The caller settles."""
        self._model.stopped.pop(client.device, None)

    async def watch(self) -> None:
        """End what is over, until cancelled."""
        while True:
            self._wake.clear()
            if self._is_pause_over():
                log.info("the pause is over")
                with contextlib.suppress(MeshnetError):
                    # Told by the route's state and the log; what the system refused is tried again.
                    await self._routing.end_pause()
                await self._settle()
            if self._end_stops():
                await self._settle()
            waits = self._model.state.paused is not None or bool(self._model.stopped)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY if waits else None):
                    await self._wake.wait()

    def _is_pause_over(self) -> bool:
        paused = self._model.state.paused
        if paused is None:
            self._pause = None
            return False
        if self._pause is None or self._pause[0] != paused:
            left = min(paused.seconds, paused.until - self._model.clock())
            self._pause = paused, Term(paused.until, self._steady() + left)
        return self._pause[1].is_over(self._model.clock(), self._steady())

    def _end_stops(self) -> bool:
        now, steady = self._model.clock(), self._steady()
        over = [device for device, term in self._model.stopped.items() if term.is_over(now, steady)]
        for device in over:
            log.info("device=%s may route again", device)
            del self._model.stopped[device]
        return bool(over)

    @staticmethod
    def _steady() -> float:
        return asyncio.get_running_loop().time()
