"""What the daemon knows: this device, its mesh, and what was seen of the system. The only owner of that state.

Nothing here waits or touches the system; changes are kept by the store as they are made.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator

import msgspec

from meshnet.core import grants as grants_module
from meshnet.core.devices import names, unique_name
from meshnet.core.endpoints import format_endpoint, parse_endpoint
from meshnet.core.exits import Exit, exit_of, ways_of
from meshnet.core.grants import NOTHING, Permission, permitted
from meshnet.core.identity import SigningKey, wireguard_private, wireguard_public
from meshnet.core.lan import public_local_networks
from meshnet.core.links import CoordinatorAddress
from meshnet.core.plan import own_mtu
from meshnet.core.records import Body, Device, Grants, Signed, sign, text_of
from meshnet.core.settings import Settings, only_closes
from meshnet.core.term import Term
from meshnet.core.trust import Ledger, RefusedRecordError, StaleRecordError
from meshnet.daemon.store import Joined, MeshMap, State, Store, new_state
from meshnet.daemon.whereabouts import Whereabouts, with_port
from meshnet.errors import BLOCKED_WORDS, Blocked, Code, MeshnetError, Refusal
from meshnet_platform.api import Facts, PeerSight, Problem

log = logging.getLogger("meshnet.model")


class Model:
    """The daemon's state in memory."""

    def __init__(self, store: Store, platform: str, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.platform = platform
        self.clock = clock
        self.state: State = store.load_state()
        self.key = SigningKey(self.state.device_seed)
        self.ledger: Ledger | None = None
        self.revision = 0
        self.connected = False
        self.online: set[str] = set()
        self.sights: dict[str, PeerSight] = {}
        self.facts = Facts()
        self.problems: tuple[Problem, ...] = ()
        self.stuck: Blocked | None = None
        """Why this device's own route carries nothing: it then carries nobody else's traffic either."""
        self.gives_way = False
        self.stopped: dict[str, Term] = {}
        """Peers (ids) who may not route through this device for a while, whatever they are permitted."""
        self.whereabouts = Whereabouts(self)
        self._unkept: set[Callable[[], None]] = set()
        self._load_map()

    # --- who this is ------------------------------------------------------------------------------------------------

    @property
    def me(self) -> str:
        """Id of this device."""
        return self.key.id

    @property
    def joined(self) -> Joined:
        """The mesh this device is in; Refusal `not-joined`."""
        if self.state.joined is None:
            raise Refusal(Code.NOT_JOINED)
        return self.state.joined

    @property
    def mesh(self) -> Ledger:
        """The ledger of the mesh this device is in; Refusal `not-joined`."""
        if self.ledger is None:
            raise Refusal(Code.NOT_JOINED)
        return self.ledger

    @property
    def coordinator(self) -> CoordinatorAddress:
        """The coordinator of the mesh; Refusal `not-joined`."""
        joined = self.joined
        return CoordinatorAddress(joined.coordinator_host, joined.coordinator_port, joined.coordinator_key)

    @property
    def wireguard_private(self) -> str:
        """The tunnel's secret, as wg(8) spells it."""
        return wireguard_private(self.state.wireguard_key)

    @property
    def own_public(self) -> tuple[str, ...]:
        """Addresses under which the world reaches this device, and its router with it."""
        chosen = self.state.settings.endpoint
        named = (str(parse_endpoint(with_port(chosen, 1))[0]),) if chosen else ()
        return tuple(dict.fromkeys((*self.state.seen_addresses, *named)))

    @property
    def unfit(self) -> str | None:
        """What on this system keeps it from routing others' traffic, in words."""
        return next((problem.message for problem in self.problems if problem.stops_hosting), None)

    @property
    def cannot_host(self) -> str | None:
        """Why nobody's traffic passes through this device now, in words; None: it does, for whom it is permitted."""
        if self.unfit is not None:
            return self.unfit
        if self.stuck is not None and not self.gives_way:
            return f"Its own route is blocked: {BLOCKED_WORDS[self.stuck]}."
        if self.announced_exit is Exit.LOST and self.announced_route is None:
            return (
                "The VPN that it is on dropped; it waits until that is back. "
                "`meshnet settings host-vpn-lost tell` on it lets it go on by its own line."
            )
        return None

    @property
    def exit(self) -> Exit:
        """By what peers leave this device while it is not routed itself."""
        return exit_of(self.facts, was_vpn=self.state.on_vpn)

    @property
    def announced_exit(self) -> Exit:
        """What others are told of it: that peers will leave by the line they hear before they do."""
        return Exit.LINE if self.must_tell_of_line else self.exit

    @property
    def must_tell_of_line(self) -> bool:
        """Whether the VPN dropped, and peers are to go on by the line once they were told."""
        return self.exit is Exit.LOST and self.state.settings.host_vpn_lost == "tell"

    @property
    def announced_route(self) -> str | None:
        """Id of the host that others' traffic takes from here on."""
        return None if self.gives_way else self.state.route

    @property
    def cannot_route(self) -> Problem | None:
        """What keeps this device from routing its traffic."""
        return next((problem for problem in self.problems if problem.stops_routing), None)

    @property
    def is_removed(self) -> bool:
        """Whether the mesh has put this device out."""
        return self.ledger is not None and self.me in self.ledger.removed

    def names(self) -> dict[str, str]:
        """Unique names by id."""
        return names(self.ledger) if self.ledger else {}

    def sight_of(self, device: Device) -> PeerSight | None:
        """What the tunnel knows of a device."""
        return self.sights.get(device.wireguard)

    @property
    def choices(self) -> dict[str, grants_module.Choice]:
        """What the person chose for peers, without what those who are stopped do not get for now."""
        chosen = self.state.choices
        stopped = {device: chosen.get(device, grants_module.Choice()) for device in self.stopped}
        withheld = {d: msgspec.structs.replace(choice, routing=False, lan=False) for d, choice in stopped.items()}
        return chosen | withheld if withheld else chosen

    def permitted(self, device: str) -> Permission:
        """What this device permits a peer now."""
        return permitted(self.mesh, self.choices, self.state.settings, device) if self.ledger else NOTHING

    def granted(self, device: str) -> Permission:
        """What a peer is permitted unless it is stopped for now."""
        return permitted(self.mesh, self.state.choices, self.state.settings, device) if self.ledger else NOTHING

    # --- joining and leaving ----------------------------------------------------------------------------------------

    def join(self, joined: Joined, records: Iterable[Signed]) -> None:
        """Become part of a mesh that the coordinator has let this device into."""
        ledger = Ledger(joined.mesh_key)
        for record in records:
            ledger.accept(record)
        self.store.save_map(MeshMap(0, ledger.records()))
        try:
            self.become(msgspec.structs.replace(self.state, joined=joined))
        except MeshnetError:
            self.store.forget_map()
            raise
        self.ledger, self.revision = ledger, 0

    def leave(self) -> None:
        """Forget the mesh, what was granted in it, and the keys this device had in it."""
        settings = msgspec.structs.replace(self.state.settings, own_devices=(), fallback=())
        fresh = msgspec.structs.replace(
            self.state, settings=settings, joined=None, route=None, instead_of=None, paused=None, choices={}, outbox=[]
        )
        self.stopped.clear()
        self.ledger, self.revision = None, 0
        self.online.clear()
        self.connected = False
        self.whereabouts.forget()
        self.store.forget_map()
        self.state = fresh
        self._renew_keys()

    def _renew_keys(self) -> None:
        fresh = new_state()
        self.state.device_seed, self.state.wireguard_key = fresh.device_seed, fresh.wireguard_key
        self.key = SigningKey(self.state.device_seed)
        self.keep()

    def see_address(self, address: str) -> None:
        """The coordinator says that it sees this device there; what is no address is passed over."""
        try:
            format_endpoint(address, 1)
        except ValueError:
            log.warning("the coordinator names no address")
            return
        self.whereabouts.told = address
        # One of each family, the newest first.
        others = (known for known in self.state.seen_addresses if (":" in known) != (":" in address))
        seen = [address, *others]
        if seen != self.state.seen_addresses:
            self.state.seen_addresses = seen
            self.keep()

    def free_name(self, wanted: str) -> str:
        """The name, with a number where another device of the mesh has it."""
        taken = {name.casefold() for device, name in self.names().items() if device != self.me}
        return unique_name(wanted, taken)

    # --- records ----------------------------------------------------------------------------------------------------

    def accept(self, record: Signed, *, live: bool) -> Body | None:
        """Believe a record of the coordinator, or say in the log why not; returns what is new."""
        try:
            return self.mesh.accept(record, now=int(self.clock()) if live else None)
        except StaleRecordError as error:
            log.debug("record passed over: %s", error)
            return None
        except RefusedRecordError as error:
            log.warning("record refused: %s", error)
            return None

    def settle_exit(self) -> None:
        """Keep in mind whether peers leave by a VPN, while any may."""
        hosts = any(self.granted(peer).routing for peer in self._peers())
        self._keep_vpn(hosts and self.exit is not Exit.LINE)

    def forget_vpn(self) -> None:
        """Peers know that the VPN dropped: from now on they leave by this device's line."""
        self._keep_vpn(False)

    def _keep_vpn(self, on_vpn: bool) -> None:
        if on_vpn != self.state.on_vpn:
            self.state.on_vpn = on_vpn
            self.keep()

    def _peers(self) -> Iterator[str]:
        return (device.device for device in self.mesh.active() if device.device != self.me)

    def announce(self) -> bool:
        """Put into the outbox whatever this device has to say and has not said; True: there is something."""
        if self.ledger is None or not self.ledger.is_member(self.me):
            return False
        before = len(self.state.outbox)
        self._announce_device(self.ledger)
        for peer in self._peers():
            self._announce_grants(self.ledger, peer)
        if len(self.state.outbox) > before:
            # Once for all of them, for each writing is of all that is kept: a thousand grants may come of one setting.
            self.keep()
            self.keep_map()
        return bool(self.state.outbox)

    def own_record(self, seq: int) -> Device:
        """What this device says of itself now."""
        host = self.mesh.devices.get(self.announced_route or "")
        return Device(
            mesh=self.mesh.mesh_id,
            device=self.me,
            seq=seq,
            name=self.joined.name,
            platform=self.platform,
            wireguard=wireguard_public(self.state.wireguard_key),
            candidates=self.whereabouts.candidates,
            can_host=self.cannot_host is None,
            cannot_host=self.cannot_host,
            ipv6=host.ipv6 if host else any(way.family == 6 for way in ways_of(self.announced_exit, self.facts)),
            mtu=own_mtu(self.announced_exit, host),
            route=self.announced_route,
            exit=self.announced_exit,
            public=self.whereabouts.public_of_peers,
            lan=public_local_networks(self.facts, self.mesh.networks()),
        )

    def _announce_device(self, ledger: Ledger) -> None:
        said = ledger.devices.get(self.me)
        wanted = self.own_record(said.seq if said else 1)
        if wanted != said:
            self._say(msgspec.structs.replace(wanted, seq=wanted.seq + 1))

    def _announce_grants(self, ledger: Ledger, peer: str) -> None:
        said = ledger.grants.get((self.me, peer))
        now = self.permitted(peer)
        if now != (Permission(said.incoming, said.routing, said.lan) if said else NOTHING):
            seq = said.seq + 1 if said else 1
            may = {kind: getattr(now, kind) for kind in grants_module.KINDS}
            self._say(Grants(mesh=ledger.mesh_id, device=self.me, peer=peer, seq=seq, **may))

    def _say(self, body: Device | Grants) -> None:
        record = sign(text_of(body), self.key)
        self.mesh.accept(record)
        self.state.outbox.append(record)

    # --- keeping ----------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Keep the state; MeshnetError where that cannot be."""
        self.store.save_state(self.state)
        self._unkept.discard(self.save)

    def save_map(self) -> None:
        """Keep the records; MeshnetError where that cannot be."""
        if self.ledger is not None:
            self.store.save_map(MeshMap(self.revision, self.ledger.records()))
        self._unkept.discard(self.save_map)

    def keep(self) -> None:
        """Keep the state, now or as soon as that can be: what is under way does not depend on it."""
        self._try(self.save)

    def keep_map(self) -> None:
        """Keep the records, now or as soon as that can be."""
        self._try(self.save_map)

    def catch_up(self) -> None:
        """Try again to keep what could not be kept."""
        for save in tuple(self._unkept):
            self._try(save)

    def _try(self, save: Callable[[], None]) -> None:
        try:
            save()
        except MeshnetError as error:
            if save not in self._unkept:
                log.error("%s It is tried again.", error.message)
            self._unkept.add(save)

    def become(self, state: State, *, at_once: bool = False) -> MeshnetError | None:
        """Go on with this state, kept. Where it cannot be kept, MeshnetError, and nothing has changed.

        What must be so `at_once` (what only closes) is in force all the same; then the error is the answer, for the
        person to be told.
        """
        try:
            self.store.save_state(state)
        except MeshnetError as error:
            if not at_once:
                raise
            self.state = state
            self._unkept.add(self.save)
            words = "This is in force now, but would not be after a restart. Make room; it is tried again by itself."
            return MeshnetError(error.code, f"{error.message} {words}")
        self.state = state
        self._unkept.discard(self.save)
        return None

    def _load_map(self) -> None:
        joined = self.state.joined
        if joined is None:
            return
        mesh_map = self.store.load_map()
        self.ledger = Ledger(joined.mesh_key)
        for record in mesh_map.records:
            self.accept(record, live=False)
        self.revision = mesh_map.revision
        choices = self.state.choices
        self.state.choices = {device: choice for device, choice in choices.items() if device in self.ledger.members}

    def choose(self, device: str, kinds: tuple[str, ...], allowed: bool) -> MeshnetError | None:
        """Keep what the person permits a peer; see `become` for a permission that cannot be kept, or its end."""
        before = self.state.choices.get(device, grants_module.Choice())
        choices = self.state.choices | {device: grants_module.chosen(before, kinds, allowed)}
        return self.become(msgspec.structs.replace(self.state, choices=choices), at_once=not allowed)

    def choose_settings(self, settings: Settings) -> MeshnetError | None:
        """Keep these settings; see `become` for those that cannot be kept."""
        closing = only_closes(self.state.settings, settings)
        return self.become(msgspec.structs.replace(self.state, settings=settings), at_once=closing)

    def call_myself(self, name: str) -> None:
        """Keep a new name of this device; MeshnetError, and the old name, where it cannot be kept."""
        joined = msgspec.structs.replace(self.joined, name=name)
        self.become(msgspec.structs.replace(self.state, joined=joined))
