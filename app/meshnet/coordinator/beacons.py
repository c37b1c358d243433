"""What the beacons see, brought to whom it concerns: each device hears of itself, and of nobody else.

Only differences are looked at: who came, who left, whose sighting changed. The beacons are asked at once when somebody
connects or meets, every second for a while after that, and every five seconds otherwise.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from meshnet.coordinator.changes import Hub
from meshnet.coordinator.roster import Roster
from meshnet.coordinator.worker import Worker
from meshnet.core.endpoints import parse_endpoint
from meshnet.core.identity import wireguard_private, wireguard_public
from meshnet.protocol import control
from meshnet_platform import api

LIVELY_SECONDS = 15.0
"""For so long after somebody connected or met: a device's first handshakes, and a NAT that gives it another port."""
_LIVELY_PAUSE = 1.0
_PAUSE = 5.0
_LEAST_PAUSE = 0.1
_SHARE = 4
"""A look is followed by at least four times its own length: beacons with many devices leave the machine to others."""
log = logging.getLogger("meshnet.coordinator")


def pauses(took: float, lively: bool) -> tuple[float, float]:
    """How long to rest after a look that took so long, at least and at most, in seconds."""
    least = max(_LEAST_PAUSE, _SHARE * took)
    return least, max(least, _LIVELY_PAUSE if lively else _PAUSE)


class Beacons:
    """The beacons of one coordinator, or their absence (`beacon` None): then nobody is seen."""

    def __init__(
        self,
        beacon: api.Beacon | None,
        keys: tuple[bytes, ...],
        ports: tuple[int, ...],
        roster: Roster,
        hub: Hub,
        monotonic: Callable[[], float],
    ) -> None:
        self.named: tuple[control.Beacon, ...] = ()
        """As devices are to know them; empty unless they serve."""
        self.on_moved: Callable[[str], None] = lambda _device: None
        """Called with a device whose sighting changed."""
        self._beacon = beacon
        self._keys = keys
        self._ports = ports
        self._roster = roster
        self._hub = hub
        self._monotonic = monotonic
        self._worker = Worker("beacon")
        self._coming: set[str] = set()
        self._going: set[str] = set()
        self._raw: tuple[dict[str, str], ...] = tuple({} for _ in keys)
        self._seen: dict[str, tuple[str, ...]] = {}
        """Device → where each beacon sees it."""
        self._lively_until = 0.0
        self._asked = asyncio.Event()
        self._serves = False
        self._trouble = ""
        roster.on_change(self._on_roster)

    async def start(self) -> None:
        """Serve; PlatformError where the system refuses."""
        if self._beacon is None:
            return
        private = tuple(wireguard_private(key) for key in self._keys)
        await self._worker.do(self._beacon.start, private, self._ports)
        self._serves = True
        self._coming, self._going = set(self._roster.keys()), set()
        self.named = tuple(map(control.Beacon, map(wireguard_public, self._keys), self._ports))

    async def stop(self) -> None:
        """Leave no trace."""
        if self._beacon is not None and self.named:
            with suppress(api.PlatformError):
                await self._worker.do(self._beacon.stop)
        self._worker.end()

    def seen(self, device: str) -> tuple[str, ...]:
        """Where each beacon sees the device, "" where one does not; empty where none does."""
        return self._seen.get(device, ())

    def stir(self) -> None:
        """Somebody connected or met: look at once, and often for a while."""
        self._lively_until = self._monotonic() + LIVELY_SECONDS
        self._asked.set()

    async def run(self) -> None:
        """Look again and again; ends at once where there is no beacon."""
        while self.named:
            began = self._monotonic()
            self._asked.clear()
            try:
                await self.look()
            except Exception as error:
                self._say(error)
                await asyncio.sleep(_PAUSE)
            await self._rest(self._monotonic() - began)

    async def look(self) -> None:
        """Let in who came, put out who left, and tell those whose sighting changed; PlatformError."""
        if self._beacon is None:
            return
        if not self._serves:
            await self.start()
        going, coming = self._going, self._coming
        self._going, self._coming = set(), set()
        try:
            sightings = await self._worker.do(_ask, self._beacon, going, coming)
        except Exception:
            # Whatever died may have forgotten everybody: the next look begins anew.
            self._serves = False
            raise
        self._trouble = ""
        changed = {key for old, new in zip(self._raw, sightings, strict=True) for key in _differences(old, new)}
        self._raw = sightings
        for key in changed | coming:
            self._update(key)

    async def _rest(self, took: float) -> None:
        least, most = pauses(took, self._monotonic() < self._lively_until)
        await asyncio.sleep(least)
        with suppress(TimeoutError):
            async with asyncio.timeout(most - least):
                await self._asked.wait()

    def _update(self, key: str) -> None:
        device = self._roster.owner(key)
        if device is None:
            return
        endpoints = tuple(_known(sightings.get(key, "")) for sightings in self._raw)
        if endpoints == self._seen.get(device, ("",) * len(endpoints)):
            return
        self._seen[device] = endpoints
        if not any(endpoints):
            del self._seen[device]
        self._hub.tell_seen(self._roster.mesh_of(device) or "", device, endpoints)
        self.on_moved(device)

    def _on_roster(self, device: str, before: str | None, key: str | None) -> None:
        if before is not None:
            self._coming.discard(before)
            self._going.add(before)
        if key is not None:
            self._going.discard(key)
            self._coming.add(key)
        else:
            self._seen.pop(device, None)
        self._asked.set()

    def _say(self, error: Exception) -> None:
        if isinstance(error, api.PlatformError):
            if error.message != self._trouble:
                log.warning("the beacons do not serve: %s %s", error.message, error.cure)
                self._trouble = error.message
        else:
            log.error("what the beacons see cannot be told", exc_info=error)


def _ask(beacon: api.Beacon, going: set[str], coming: set[str]) -> tuple[dict[str, str], ...]:
    if going:
        beacon.dismiss(going)
    if coming:
        beacon.admit(coming)
    return beacon.sightings()


def _differences(old: dict[str, str], new: dict[str, str]) -> set[str]:
    if old == new:
        return set()
    return {key for key, endpoint in new.items() if old.get(key) != endpoint} | (old.keys() - new.keys())


def _known(endpoint: str) -> str:
    # Link-local ones bear the name of an interface, which means nothing elsewhere.
    try:
        parse_endpoint(endpoint)
    except ValueError:
        return ""
    return endpoint
