"""Bringing two devices together: an offer is checked and passed on at once, with the ports of the relay for the two.

Nothing of an offer is kept. One device may make ten offers to a peer at once and one a second after that; to all its
peers together 200, and ten a second: enough for a mesh that wakes up, too little to drive anybody.
"""

from __future__ import annotations

from collections.abc import Callable

from meshnet.coordinator.beacons import Beacons
from meshnet.coordinator.changes import Hub, Stream
from meshnet.coordinator.limits import Limiter, Rate
from meshnet.coordinator.meshes import Meshes
from meshnet.coordinator.relays import Relays
from meshnet.coordinator.roster import Roster
from meshnet.coordinator.store import Member
from meshnet.errors import Code, Refusal
from meshnet.protocol.control import Beacon, LastingCall, Meet, MeetCall, Met

OFFER_MAX = 4096
"""Bytes of an offer's body at most: eight candidates need a tenth of that."""
_PAIR = Rate(10, 1)
_DEVICE = Rate(200, 10)
_ALL = Rate(20_000, 2_000)


class Meetings:
    """What passes between devices that want to meet, and what the beacons tell them."""

    def __init__(
        self,
        meshes: Meshes,
        hub: Hub,
        roster: Roster,
        beacons: Beacons,
        relays: Relays,
        monotonic: Callable[[], float],
    ) -> None:
        self._meshes = meshes
        self._roster = roster
        self._hub = hub
        self._beacons = beacons
        self._relays = relays
        self._devices = Limiter(_DEVICE, _ALL, monotonic)
        self._pairs = Limiter(_PAIR, _ALL, monotonic)

    @property
    def beacons(self) -> tuple[Beacon, ...]:
        """The beacons, as a device is to know them."""
        return self._beacons.named

    def connected(self, stream: Stream) -> None:
        """Tell a device that just connected how the beacons see it."""
        seen = self._beacons.seen(stream.member.device)
        if seen:
            stream.tell_seen(seen)
        self._beacons.stir()

    async def meet(self, caller: Member, call: MeetCall) -> Met:
        """Pass an offer on; Refusal `timeout` (too many), `device-offline`, or why the offer is refused."""
        _check(self._devices.allows(caller.device))
        if len(call.offer.body) > OFFER_MAX or len(call.offer.signatures) != 1:
            raise Refusal(Code.INVALID_MESSAGE, f"An offer has one signature, and {OFFER_MAX} bytes at most.")
        offer = await self._meshes.check_offer(caller, call.offer)
        _check(self._pairs.allows(f"{offer.device}/{offer.peer}"))
        if self._roster.is_stock(offer.peer):
            # It reads no offers; that somebody asks is told to nobody.
            self._beacons.stir()
            return Met(self._relays.kept(offer.device, offer.peer))
        if not self._hub.is_connected(caller.mesh, offer.peer):
            raise Refusal(Code.DEVICE_OFFLINE)
        self._beacons.stir()
        here, there = await self._relays.endpoints(offer.device, offer.peer)
        if not self._hub.tell_meet(caller.mesh, offer.peer, offer.device, Meet(call.offer, there)):
            raise Refusal(Code.DEVICE_OFFLINE)
        return Met(here)

    async def lasting(self, caller: Member, call: LastingCall) -> Met:
        """Have ports kept for a WireGuard app and its host; Refusal `not-permitted`, `timeout`, `unknown-device`."""
        _check(self._devices.allows(caller.device))
        meshes = {self._roster.mesh_of(device) for device in (caller.device, call.phone, call.host)}
        if meshes != {caller.mesh}:
            raise Refusal(Code.UNKNOWN_DEVICE, "Ports are kept for devices of the caller's own mesh.")
        if not self._roster.is_stock(call.phone) or self._roster.is_stock(call.host):
            raise Refusal(Code.NOT_PERMITTED, "Ports are kept for a WireGuard app and a host, and for no others.")
        return Met(await self._relays.keep(call.phone, call.host))


def _check(allowed: bool) -> None:
    if not allowed:
        raise Refusal(Code.TIMEOUT, "Too many offers come from this device; try again in some seconds.")
