"""The relay's ports for pairs of devices that may talk: given out at their first offer, bound to the addresses under
which the beacons see the two, moved when they move, taken back when they are gone or silent.

Lasting ports, those of a stock WireGuard app and its host, stay until one of the two is removed. They are bound as soon
as the beacons see both, and from the start to where the two were last.

Of a pair of ports, the even one belongs to the device with the lower id: it sends there, and the other to the odd one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress

from meshnet.coordinator.lasting import Kept, LastingPorts, kept
from meshnet.coordinator.machine import Place
from meshnet.coordinator.ports import Allotment, Binding, Ends, Ports, ends_of
from meshnet.coordinator.roster import Roster
from meshnet.coordinator.worker import Worker
from meshnet.core.endpoints import Address, parse_endpoint
from meshnet.errors import MeshnetError
from meshnet_platform import api

IDLE_SECONDS = 3600.0
BUSY_SECONDS = 300.0
"""Whose last use is younger keeps its ports, also when others want some; more than two `_ASK_SECONDS`."""
LASTING_EACH = 256
"""Pairs of lasting ports for one mesh; all meshes together have half of the range at most."""
_ASK_SECONDS = 120.0
_RETRY_SECONDS = 30.0
_PATIENCE_SECONDS = 2.0
"""An offer does not wait longer than this for a port."""
log = logging.getLogger("meshnet.coordinator")


class Relays:
    """The relay of one coordinator, or its absence (`relay` None): then nobody has a port.

    `seen(device)` gives the endpoints under which the beacons see it; `own()` the addresses of this machine.
    """

    def __init__(
        self,
        relay: api.Relay | None,
        places: tuple[Place, ...],
        ports: range,
        roster: Roster,
        seen: Callable[[str], tuple[str, ...]],
        own: Callable[[], frozenset[str]],
        monotonic: Callable[[], float],
        lasting: LastingPorts | None = None,
    ) -> None:
        self._relay = relay
        self._places = places
        self._range = ports
        self._ports = Ports(ports)
        self._roster = roster
        self._seen = seen
        self._own = own
        self._monotonic = monotonic
        self._lasting = lasting or LastingPorts()
        self._worker = Worker("relay")
        self._lock = asyncio.Lock()
        """Held while the relay is told something: what is remembered here is what it was told."""
        self._changed: set[str] = set()
        self._news = asyncio.Event()
        self._serves = False
        self._has_begun = False
        self._addresses: frozenset[str] = frozenset()
        """Those of this machine, here and as others see them."""
        self._trouble = ""
        roster.on_change(lambda device, _before, _key: self.changed(device))

    @property
    def serves(self) -> bool:
        """Whether there is a relay."""
        return self._serves

    async def start(self) -> None:
        """Serve; PlatformError where the system refuses, MeshnetError where the lasting ports cannot be read."""
        if self._relay is not None:
            await self._serve(self._relay)
            for pair in self._lasting.load():
                await self._restore(pair)

    async def _serve(self, relay: api.Relay) -> None:
        self._has_begun = True
        addresses = tuple(place.local for place in self._places)
        await self._worker.do(relay.start, addresses, self._range)
        self._addresses = self._own() | {place.public for place in self._places}
        self._serves = True

    async def stop(self) -> None:
        """Leave no trace."""
        self._serves = False
        # Only what was begun here: another coordinator of this machine may have a relay.
        if self._relay is not None and self._has_begun:
            with suppress(api.PlatformError):
                await self._worker.do(self._relay.stop)
        self._worker.end()

    async def endpoints(self, one: str, other: str) -> tuple[str | None, str | None]:
        """Where `one` sends for the other, and the other for `one`; None twice where the relay is not for them."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found = await self._meet(ends_of(one, other))
        except TimeoutError:
            log.warning("the relay is slow: an offer went on without it")
            return None, None
        if found is None or found.binding is None:
            return None, None
        return found.side_of(one), found.side_of(other)

    async def keep(self, phone: str, host: str) -> str | None:
        """Where the app finds its host, for good; None where the relay is not for them. MeshnetError: not kept."""
        async with self._lock:
            found = self._ports.get(ends_of(phone, host))
            if found is None or found.lasts_at is None:
                found = await self._allot_lasting(phone, host)
            return found.side_of(phone) if found is not None else None

    def kept(self, one: str, other: str) -> str | None:
        """Where `one` finds the other, if their ports last, whether anybody is there by now or not."""
        found = self._ports.get(ends_of(one, other))
        return found.side_of(one) if found is not None and found.lasts_at is not None else None

    def changed(self, device: str) -> None:
        """The device left, or the beacons see it elsewhere."""
        self._changed.add(device)
        self._news.set()

    async def run(self) -> None:
        """Follow what changes, and take back what nobody uses; ends at once where there is no relay."""
        due = self._monotonic() + _ASK_SECONDS
        while self._serves:
            with suppress(TimeoutError):
                async with asyncio.timeout(due - self._monotonic()):
                    await self._news.wait()
            try:
                await self.follow()
                if self._monotonic() >= due:
                    due = self._monotonic() + _ASK_SECONDS
                    await self.sweep()
            except Exception as error:
                self._say(error)

    async def follow(self) -> None:
        """Bind anew, or take back, what the devices have that changed."""
        self._news.clear()
        changed, self._changed = self._changed, set()
        for ends in {allotment.ends for device in changed for allotment in self._ports.of(device)}:
            async with self._lock:
                await self._settle(ends)

    async def sweep(self) -> None:
        """Ask what was used, and take back what was not for an hour."""
        if self._relay is None:
            return
        try:
            used = await self._worker.do(self._relay.used)
        except api.PlatformError as error:
            self._say(error)
            await self._begin_anew()
            return
        self._trouble = ""
        now = self._monotonic()
        self._ports.touch_all(used, now)
        async with self._lock:
            while (idle := self._ports.unused_since(now - IDLE_SECONDS)) is not None:
                await self._release(idle)
        self._addresses = self._own() | {place.public for place in self._places}

    # --- one pair ---------------------------------------------------------------------------------------------------

    async def _meet(self, ends: Ends) -> Allotment | None:
        async with self._lock:
            found = await self._settle(ends, wanted=True)
            if found is not None:
                self._ports.touch(found, self._monotonic())
            return found

    async def _settle(self, ends: Ends, *, wanted: bool = False) -> Allotment | None:
        """What the two have, bound as the beacons see them now; where they are `wanted`, ports are found for them."""
        found = self._ports.get(ends)
        if found is not None and found.lasts_at is not None:
            return await self._settle_lasting(found)
        may_talk = self._may_talk(ends)
        if may_talk and not all(map(self._seen, ends)):
            return found
        binding = self._binding(ends, self._places) if may_talk else None
        if binding is None:
            if found is not None:
                await self._release(found)
            return None
        if found is None and wanted:
            found = await self._allot(ends)
        if found is None or found.binding == binding:
            return found
        return await self._bind(found, binding)

    def _may_talk(self, ends: Ends) -> bool:
        mesh, other = map(self._roster.mesh_of, ends)
        return self._serves and mesh is not None and mesh == other

    def _binding(self, ends: Ends, places: Iterable[Place]) -> Binding | None:
        if any(map(self._is_here, ends)):
            return None
        for place in places:
            low, high = (_first_of(place.family, self._seen(device)) for device in ends)
            if low is not None and high is not None:
                return Binding(place.public, (low[0], high[0]), (low[1], high[1]))
        return None

    def _is_here(self, device: str) -> bool:
        # The relay rewrites what arrives by the network; what this machine sends to itself keeps its way.
        found = _addresses(self._seen(device))
        return any(str(address) in self._addresses or address.is_loopback for address in found)

    async def _allot(self, ends: Ends) -> Allotment | None:
        await self._make_room()
        return self._ports.take(ends, self._monotonic())

    async def _make_room(self) -> None:
        idle = None if self._ports.has_free else self._ports.unused_since(self._monotonic() - BUSY_SECONDS)
        if idle is not None:
            await self._release(idle)

    async def _bind(self, allotment: Allotment, binding: Binding) -> Allotment | None:
        if self._relay is None:
            return None
        try:
            await self._worker.do(self._relay.bind, allotment.port, *binding.addresses)
        except api.PlatformError as error:
            self._say(error)
            if allotment.lasts_at is None:
                await self._release(allotment)
            return None
        allotment.binding = binding
        return allotment

    async def _release(self, allotment: Allotment) -> None:
        # Given back first: whoever gives up waiting must not leave it taken. The worker keeps the order.
        self._ports.give_back(allotment)
        if self._relay is None:
            return
        try:
            await self._worker.do(self._relay.release, allotment.port)
        except api.PlatformError as error:
            self._say(error)

    async def _begin_anew(self) -> None:
        """The relay lost what it was told."""
        async with self._lock:
            if self._relay is not None:
                await self._serve(self._relay)
            for allotment in self._ports.all():
                before, allotment.binding = allotment.binding, None
                if allotment.lasts_at is not None and before is not None:
                    await self._bind(allotment, before)
                await self._settle(allotment.ends)

    # --- lasting ports ----------------------------------------------------------------------------------------------

    async def _allot_lasting(self, phone: str, host: str) -> Allotment | None:
        ends = ends_of(phone, host)
        if not self._may_talk(ends) or self._is_here(host) or self._has_enough(self._roster.mesh_of(phone)):
            return None
        if (other := self._ports.get(ends)) is not None:
            await self._release(other)
        await self._make_room()
        found = self._ports.take_lasting(ends, self._place_for(host).public, self._monotonic())
        if found is None:
            return None
        try:
            await self._save()
        except MeshnetError:
            await self._release(found)
            raise
        return await self._settle_lasting(found)

    def _has_enough(self, mesh: str | None) -> bool:
        lasting = self._ports.lasting
        own = [one for one in lasting if self._roster.mesh_of(one.ends[0]) == mesh]
        return len(own) >= LASTING_EACH or len(lasting) >= len(self._range) // 4

    def _place_for(self, host: str) -> Place:
        """Of a family in which the host is seen; the app is sent there, and so it will be seen in it, too."""
        seen = self._seen(host)
        return next((one for one in self._places if _first_of(one.family, seen) is not None), self._places[0])

    async def _settle_lasting(self, found: Allotment) -> Allotment | None:
        if not self._may_talk(found.ends):
            await self._release(found)
            await self._try_to_save()
            return None
        binding = self._binding(found.ends, (one for one in self._places if one.public == found.lasts_at))
        if binding is not None and binding != found.binding:
            await self._bind(found, binding)
            await self._try_to_save()
        return found

    async def _restore(self, pair: Kept) -> None:
        is_known = self._may_talk(pair.ends) and pair.public in {place.public for place in self._places}
        found = self._ports.take_lasting(pair.ends, pair.public, self._monotonic(), pair.port) if is_known else None
        if found is None:
            log.warning("the lasting ports %d and %d are not there any more", pair.port, pair.port + 1)
        elif pair.addresses is not None:
            await self._bind(found, Binding(pair.public, pair.addresses))

    async def _save(self) -> None:
        await self._worker.do(self._lasting.save, kept(self._ports.lasting))

    async def _try_to_save(self) -> None:
        try:
            await self._save()
        except MeshnetError as error:
            # The ports are kept; only where the two were last is not.
            log.error("%s", error.message)

    def _say(self, error: Exception) -> None:
        if not isinstance(error, api.PlatformError):
            log.error("the relay failed", exc_info=error)
        elif error.message != self._trouble:
            log.warning("the relay does not serve: %s %s", error.message, error.cure)
            self._trouble = error.message


def _addresses(endpoints: tuple[str, ...]) -> list[Address]:
    return [parse_endpoint(endpoint)[0] for endpoint in endpoints if endpoint]


def _first_of(family: int, endpoints: tuple[str, ...]) -> tuple[str, int] | None:
    found = (parse_endpoint(endpoint) for endpoint in endpoints if endpoint)
    return next(((str(address), port) for address, port in found if address.version == family), None)
