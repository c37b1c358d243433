"""Finds and keeps the ways to peers: sends and reads probes, makes offers, and has the tunnel follow.

What is decided is decided in `meshnet.core.paths`; here are the clock, the socket, and the link to the coordinator.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
import math
import secrets
from collections.abc import Awaitable, Callable

from meshnet.core.endpoints import may_be_candidate
from meshnet.core.grants import granted_by
from meshnet.core.identity import wireguard_public
from meshnet.core.paths import Send
from meshnet.core.plan import Way
from meshnet.core.probes import MAGIC, Kind, Pair, tag_of
from meshnet.core.records import STOCK, Device, Offer, Signed, sign, text_of
from meshnet.core.stock import StockPath
from meshnet.core.trust import RefusedRecordError
from meshnet.daemon.known import Known, new_path
from meshnet.daemon.model import Model
from meshnet.daemon.offers import Offers
from meshnet.daemon.tasks import together
from meshnet.errors import Code, MeshnetError
from meshnet.protocol.control import Meet
from meshnet_platform.api import PlatformError, Probes

log = logging.getLogger("meshnet.paths")

PEERS_A_SECOND = 50
"""With so many is a path looked for at a time when all are to be met anew: after sleep, in another network."""
READ_AT_ONCE = 64
OPEN_AGAIN = 30.0
REST = 2
"""So many times as long as a change of the system took, the next one waits."""

LOOK_AGAIN = (0.5, 1.5)
"""Seconds after a change, and after the look before."""

OpenProbes = Callable[[int, bytes], Probes | None]
Post = Callable[[Signed], Awaitable[str | None]]


class Paths:
    """The ways to all peers that this device keeps in touch with."""

    def __init__(
        self,
        model: Model,
        open_probes: OpenProbes,
        post: Post,
        apply: Callable[[], Awaitable[None]],
        observe: Callable[[], Awaitable[object]],
    ) -> None:
        """`apply` has the system follow, `observe` reads where the tunnel sends.

        `post` hands an offer to the coordinator and returns the relay's endpoint; MeshnetError where it cannot.
        """
        self._model = model
        self._open_probes = open_probes
        self._post = post
        self._apply = apply
        self._observe = observe
        self._known: dict[str, Known] = {}
        self._by_tag: dict[bytes, Known] = {}
        self._own_key = b""
        self._probes: Probes | None = None
        self._secret = secrets.token_bytes(32)
        self._wake, self._turned = asyncio.Event(), asyncio.Event()
        self._offers = Offers(self._make_offer, self._is_in_use)
        self._unmet: set[str] = set()
        """Those (ids) who were to hear of this device when it or they were away: they are met when both are there."""
        self._agenda: list[tuple[float, str]] = []
        """A heap of (time, device id); of entries for one device, only that for its `due` counts."""
        self._is_refused = False
        self._host: str | None = None
        self.on_change: Callable[[], None] = lambda: None

    # --- what others ask --------------------------------------------------------------------------------------------

    @property
    def ways(self) -> dict[str, Way] | None:
        """Device id → where the tunnel is to send; None where this system cannot find out by probes."""
        if self._probes is None:
            return None
        return {device: known.way for device, known in self._known.items() if known.way is not None}

    def kind(self, device: str) -> str | None:
        """ "direct", "relay" or "none"; None where it is not known by probes."""
        known = self._known.get(device)
        if known is None or self._probes is None or isinstance(known.path, StockPath):
            return None
        return known.path.kind(self._now())

    def relay_of(self, device: str) -> str | None:
        """The endpoint that stands for a stock WireGuard app at the relay, where there is one."""
        known = self._known.get(device)
        return known.path.relay if known is not None and isinstance(known.path, StockPath) else None

    def rtt(self, device: str) -> float | None:
        """Seconds to the peer and back by the way in use."""
        known = self._known.get(device)
        return known.rtt(self._now()) if known is not None else None

    # --- what happens -----------------------------------------------------------------------------------------------

    def sync(self, host: str | None) -> None:
        """Records, grants or the route (`host`: where it goes) changed."""
        self._host = host
        if self._model.ledger is None:
            self._forget_all()
            return
        if self._own_key != self._model.state.wireguard_key:
            self._forget_all()
            self._own_key = self._model.state.wireguard_key
        self._open()
        wanted = {device.device: device for device in self._model.ledger.active() if self._keeps_in_touch(device)}
        for gone in self._known.keys() - wanted.keys():
            self._forget(gone)
        new = [device for name, device in wanted.items() if name not in self._known or self._is_other(device)]
        for number, device in enumerate(new):
            self._learn(device, self._now() + number / PEERS_A_SECOND)
        for name, known in self._known.items():
            if known.device.candidates != wanted[name].candidates and known.path.kind(self._now()) != "direct":
                known.begins = min(known.begins, self._now())
            known.device = wanted[name]
            known.path.set_active(self._is_active(known.device), self._now())
            self._plan(known)

    def came(self, device: str) -> None:
        """A peer is connected to the coordinator now."""
        known = self._known.get(device)
        if known is not None and (device in self._unmet or known.path.kind(self._now()) != "direct"):
            known.begins = self._now()
            self._plan(known)

    def seen(self) -> None:
        """The beacons see this device elsewhere: whoever does not reach it directly is to hear of it."""
        for known in self._known.values():
            if known.path.kind(self._now()) != "direct":
                known.path.meet_at = min(known.path.meet_at, self._now())
                self._plan(known)

    def connected(self) -> None:
        """The coordinator is there (again): it gets the offers that it did not get.

        And the ports of apps, whose arrival nobody tells, are asked for.
        """
        for device, known in self._known.items():
            if device in self._unmet or isinstance(known.path, StockPath):
                known.begins = self._now()
                self._plan(known)

    def moved(self) -> None:
        """This device is in another network, or reached otherwise: meet everybody anew, those in use first."""
        order = sorted(self._known.values(), key=lambda known: not known.path.is_active)
        for number, known in enumerate(order):
            known.begins = self._now() + number / PEERS_A_SECOND
            self._plan(known)

    def compare(self) -> None:
        """WireGuard was just looked at: does it send where it was told to?"""
        for known in self._known.values():
            sight = self._model.sights.get(known.device.wireguard)
            if sight is None or sight.endpoint is None or isinstance(known.path, StockPath):
                continue
            if sight.endpoint != known.path.chosen and may_be_candidate(sight.endpoint):
                known.sayings += known.path.wandered(sight.endpoint, self._now())
                self._plan(known)

    def met(self, meet: Meet) -> None:
        """The coordinator passes on a peer's offer."""
        if self._model.ledger is None:
            return
        try:
            offer = self._model.ledger.check_offer(meet.offer)
        except RefusedRecordError as error:
            log.warning("offer refused: %s", error)
            return
        known = self._known.get(offer.device)
        if known is None or offer.peer != self._model.me or offer.seq <= known.heard_offer:
            return
        known.heard_offer = offer.seq
        known.path.offered(self._allowed(offer.candidates), self._relay(meet.relay), self._now())
        if offer.asks:
            self._offers.put(offer.device, asks=False)
        self._plan(known)

    # --- peers ------------------------------------------------------------------------------------------------------

    def _keeps_in_touch(self, device: Device) -> bool:
        if device.device == self._model.me:
            return False
        own, granted = self._model.permitted(device.device), granted_by(self._model.mesh, device.device, self._model.me)
        return device.device == self._host or any((own.incoming, own.routing, granted.incoming, granted.routing))

    def _is_active(self, device: Device) -> bool:
        return device.device == self._host or device.route == self._model.me

    def _is_other(self, device: Device) -> bool:
        return self._known[device.device].device.wireguard != device.wireguard

    def _learn(self, device: Device, begins: float) -> None:
        before = self._known.get(device.device)
        self._forget(device.device)
        own = wireguard_public(self._own_key)
        try:
            pair = Pair(self._own_key, own, device.wireguard)
        except ValueError:
            log.warning("no path to %s: its key is none", device.device)
            return
        known = Known(device, pair, new_path(device, own, self._secret), begins)
        if before is not None:
            # With another key it is no other peer.
            known.asks, known.turns = before.asks, before.turns
        self._known[device.device] = self._by_tag[pair.peer_tag] = known

    def _forget(self, device: str) -> None:
        self._unmet.discard(device)
        known = self._known.pop(device, None)
        if known is not None:
            self._by_tag.pop(known.pair.peer_tag, None)
            known.due = math.inf

    def _forget_all(self) -> None:
        for device in list(self._known):
            self._forget(device)

    def _allowed(self, candidates: tuple[str, ...]) -> tuple[str, ...]:
        if self._model.ledger is None:
            return ()
        own = {*self._model.whereabouts.candidates}
        return self._model.whereabouts.elsewhere(one for one in candidates if one not in own)

    def _relay(self, endpoint: str | None) -> str | None:
        may_be = endpoint is not None and self._model.ledger is not None
        return endpoint if may_be and self._model.whereabouts.may_be_relay(endpoint or "") else None

    # --- work -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Find and keep ways, until cancelled."""
        await together(self._ask(), self._offers.run(), self._follow())

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._open()
            self._wake.clear()
            pause = self._step()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(loop.time() + pause if pause is not None else None):
                    await self._wake.wait()

    def _open(self) -> None:
        if self._probes is not None or self._model.ledger is None:
            return
        try:
            self._probes = self._open_probes(self._model.state.listen_port, MAGIC)
        except PlatformError as error:
            if not self._is_refused:
                log.warning("%s %s", error.message, error.cure)
            self._is_refused = True
        if self._probes is not None:
            asyncio.get_running_loop().add_reader(self._probes.fileno(), self._read)

    def close(self) -> None:
        """End the socket."""
        if self._probes is not None:
            asyncio.get_running_loop().remove_reader(self._probes.fileno())
            self._probes.close()
            self._probes = None

    def _step(self) -> float | None:
        """Do what is due; seconds until there is more, None: nothing by itself."""
        if self._probes is None:
            return OPEN_AGAIN if self._known else None
        now = self._now()
        while self._agenda and self._agenda[0][0] <= now:
            due, device = heapq.heappop(self._agenda)
            known = self._known.get(device)
            if known is not None and known.due == due:
                known.due = math.inf
                self._look_after(known, now)
        return max(0.0, self._agenda[0][0] - self._now()) if self._agenda else None

    def _look_after(self, known: Known, now: float) -> None:
        if known.begins <= now:
            known.begins = math.inf
            known.path.begin(self._allowed(known.device.candidates), now)
        self._send(known, known.path.due(now))
        if known.path.meet_at <= now:
            self._meet(known, now)
        self._plan(known)

    def _plan(self, known: Known) -> None:
        """Something happened to the path: look after it in time, and have the tunnel follow."""
        if known.turn(self._now()):
            self._turned.set()
        wants = known.wants
        if wants < known.due:
            known.due = wants
            heapq.heappush(self._agenda, (wants, known.device.device))
            if self._agenda[0][0] == wants:
                self._wake.set()

    def _meet(self, known: Known, now: float) -> None:
        if self._is_there(known.device):
            self._unmet.discard(known.device.device)
            known.path.made_offer(now)
            self._offers.put(known.device.device, asks=True)
        else:
            # Its arrival is told.
            known.path.meet_at = math.inf
            self._unmet.add(known.device.device)

    def _is_there(self, device: Device) -> bool:
        # An app never connects: the offer to it asks the coordinator for the ports.
        return self._model.connected and (device.device in self._model.online or device.platform == STOCK)

    def _read(self) -> None:
        for _ in range(READ_AT_ONCE):
            came = self._probes.receive() if self._probes is not None else None
            if came is None:
                break
            source, datagram = came
            known = self._by_tag.get(tag_of(datagram))
            probe = known.pair.decode(datagram) if known is not None else None
            if known is not None and probe is not None:
                self._send(known, known.take(source, probe, self._now()))
                self._plan(known)

    def _send(self, known: Known, sends: list[Send]) -> None:
        for send in sends:
            # One that is kept back is as good as lost under way.
            is_free = send.probe.kind is not Kind.ASK or known.may_ask(send.endpoint, self._now())
            if is_free and self._probes is not None:
                self._probes.send(send.endpoint, known.pair.encode(send.probe))

    async def _follow(self) -> None:
        """Have the tunnel send where the paths lead; many that turn at once are one change of the system."""
        loop = asyncio.get_running_loop()
        while True:
            await self._turned.wait()
            self._turned.clear()
            began = loop.time()
            with contextlib.suppress(MeshnetError):
                # The next change, or the daemon's look at the system, tries again.
                await self._apply()
            self.on_change()
            await asyncio.sleep(REST * (loop.time() - began))
            await self._look_again()

    async def _look_again(self) -> None:
        """Packets that were on their way may have called WireGuard back from where it was sent."""
        for pause in LOOK_AGAIN:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._turned.wait()
                    return
            await self._observe()
            self.compare()

    # --- offers -----------------------------------------------------------------------------------------------------

    def _is_in_use(self, device: str) -> bool:
        return device in self._known and self._known[device].path.is_active

    async def _make_offer(self, device: str, asks: bool) -> None:
        known, model = self._known.get(device), self._model
        if known is None or model.ledger is None or not self._is_there(known.device):
            return
        known.made_offer = max(known.made_offer + 1, int(model.clock() * 1000))
        offer = Offer(
            mesh=model.mesh.mesh_id,
            device=model.me,
            peer=device,
            seq=known.made_offer,
            candidates=model.whereabouts.candidates_for(known.device),
            asks=asks,
        )
        try:
            relay = await self._post(sign(text_of(offer), model.key))
        except MeshnetError as error:
            log.info("no offer to %s: %s", device, error)
            if error.code is Code.COORDINATOR_UNREACHABLE:
                self._unmet.add(device)
            return
        known.path.met(self._relay(relay), self._now())
        self._plan(known)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
