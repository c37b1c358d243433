"""Chooses another host when the one in use is gone for some seconds: the person's own choice first, then their list.

It is the route's state machine that moves, as if the person had chosen: traffic stays with the old host, or blocked,
until the new one answered. Nothing ever moves back by itself; that would be a change of address that nobody asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from meshnet.core.devices import find_objection
from meshnet.core.records import Device
from meshnet.daemon.model import Model
from meshnet.daemon.routing import Routing
from meshnet.errors import Blocked, MeshnetError

log = logging.getLogger("meshnet.fallback")

PATIENCE = 5.0
"""Seconds for which a host may be gone before another takes over; a moment's loss of packets is not worth it."""
AGAIN_AFTER = 10.0
"""Seconds between rounds through the list, while none of it answers."""
_ELSEWHERE = {Blocked.HOST_UNREACHABLE, Blocked.ROUTING_REVOKED, Blocked.HOST_LEFT_VPN}
"""Reasons that another host does not have as well."""


class Fallback:
    """Watches the route, and helps where the person said how."""

    def __init__(self, model: Model, routing: Routing) -> None:
        self._model = model
        self._routing = routing
        self._wake = asyncio.Event()

    def nudge(self) -> None:
        """The route changed."""
        self._wake.set()

    async def watch(self) -> None:
        """Do this until cancelled."""
        while True:
            self._wake.clear()
            if not self._is_needed():
                await self._wake.wait()
            elif await self._lasts(PATIENCE):
                await self._try_all()
                await self._lasts(AGAIN_AFTER - PATIENCE)

    def _is_needed(self) -> bool:
        routing = self._routing
        stuck = routing.shown == "blocked" and routing.choice is None and routing.reason in _ELSEWHERE
        return stuck and not self._model.is_removed and bool(self._model.state.settings.fallback)

    async def _lasts(self, seconds: float) -> bool:
        """Whether it is needed all that time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._is_needed() and loop.time() < until:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._wake.wait()
        return self._is_needed()

    async def _try_all(self) -> None:
        chosen = self._model.state.instead_of or self._routing.host
        for device in self._candidates(chosen):
            if not self._is_needed():
                return
            log.info("trying %s, for %s is gone", device.device, self._routing.host)
            with contextlib.suppress(MeshnetError):
                # No wish of its own: one that the person has uttered meanwhile goes before it.
                number, stands_in = self._routing.trial, device.device != chosen
                await self._routing.start(device, number, instead_of=chosen if stands_in else None)
                return

    def _candidates(self, chosen: str | None) -> list[Device]:
        ledger, me = self._model.mesh, self._model.me
        ids = dict.fromkeys([*([chosen] if chosen else []), *self._model.state.settings.fallback])
        known = (
            ledger.devices[one] for one in ids if one != self._routing.host and ledger.is_member(one) and one != me
        )
        return [device for device in known if find_objection(ledger, me, device) is None]
