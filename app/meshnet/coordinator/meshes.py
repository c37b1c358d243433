"""What the coordinator does with records: checks them as every device would, keeps them, and tells who may see them.

One `Ledger` for each mesh is kept in memory, made from the database on first use. A change is tried on a copy of it
within one transaction; only when the database has it does the copy take the ledger's place and do the streams hear of
it. One lock makes changes follow one another, so the order of revisions is the order in which they are told.
"""

from __future__ import annotations

import asyncio
import copy
import hmac
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network

import msgspec

from meshnet.coordinator.addresses import choose_address
from meshnet.coordinator.changes import Hub, line_of
from meshnet.coordinator.roster import Roster
from meshnet.coordinator.sessions import Sessions
from meshnet.coordinator.store import Member, Reservation, Store, Stored, Transaction
from meshnet.core.identity import decode, encode, fingerprint, verifies
from meshnet.core.records import (
    FORMAT,
    Body,
    Confirmation,
    Device,
    Grants,
    InvalidRecordError,
    Invite,
    Membership,
    Mesh,
    Offer,
    Removal,
    Signed,
    body_of,
)
from meshnet.core.trust import Ledger, RefusedRecordError
from meshnet.errors import Code, Refusal
from meshnet.protocol.control import (
    BODY_MAX,
    Allocation,
    Create,
    CreateBegin,
    Join,
    JoinBegin,
    Joining,
    Post,
    Record,
    join_message,
)

RESERVED_SECONDS = 600
_RESERVATIONS_MAX = 256
"""Addresses kept for one invite (or for creates) at a time, so that one link cannot take the whole prefix."""
_SIGNATURES_MAX = 4
_INVITES_MAX = 4096
log = logging.getLogger("meshnet.coordinator")


@dataclass(slots=True)
class _Draft:
    """A change of one mesh that is being tried."""

    transaction: Transaction
    ledger: Ledger
    stored: list[tuple[Stored, Body]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Terms:
    """What this coordinator is, and what it gives."""

    identity: str
    network4: IPv4Network
    create_token: bytes = field(repr=False)


class Meshes:
    """The meshes of one coordinator. `now` is Unix time in seconds; `below(n)` draws a number under n."""

    def __init__(
        self,
        terms: Terms,
        store: Store,
        hub: Hub,
        sessions: Sessions,
        roster: Roster,
        *,
        now: Callable[[], float],
        below: Callable[[int], int],
    ) -> None:
        self._terms = terms
        self._store = store
        self._hub = hub
        self._sessions = sessions
        self._roster = roster
        self._now = now
        self._below = below
        self._ledgers: dict[str, Ledger] = {}
        self._lock = asyncio.Lock()

    # --- calls ------------------------------------------------------------------------------------------------------

    async def begin_create(self, call: CreateBegin) -> Allocation:
        """Keep an address for the first device of a mesh; Refusal `create-not-allowed`, `address-pool-empty`."""
        self._check_token(call.token)
        _check_key(call.device)
        async with self._lock, self._store.transaction() as transaction:
            await self._check_is_free(transaction, call.device, "")
            address = await self._reserve(transaction, call.device, "", self._terms.network4, set())
        return Allocation(address)

    async def create(self, call: Create) -> None:
        """Found a mesh; Refusal `create-not-allowed`, or why a record is refused."""
        self._check_token(call.token)
        mesh, membership, device = _three(call.records)
        if mesh.coordinator != self._terms.identity or mesh.network4 != str(self._terms.network4):
            raise Refusal(Code.INVALID_MESSAGE, "The mesh names another coordinator or another prefix of addresses.")
        if membership.invite != mesh.key:
            raise Refusal(Code.INVALID_MESSAGE, "The first device of a mesh is let in by the mesh key itself.")
        _check_same_device(membership, device)
        _check_key(mesh.key)
        async with self._change(fingerprint(mesh.key), mesh.key) as draft:
            await self._admit(draft, call.records, membership, "")

    async def begin_join(self, call: JoinBegin) -> Joining:
        """Show the mesh behind an invite and keep an address; Refusal `invite-*`, `address-pool-empty`."""
        _check_key(call.device)
        if not verifies(call.invite, join_message(call.device), call.proof):
            raise Refusal(Code.INVITE_INVALID)
        async with self._lock, self._store.transaction() as transaction:
            mesh_id = await transaction.mesh_of_invite(call.invite)
            ledger = await self._ledger(transaction, mesh_id) if mesh_id else None
            founding = ledger.record_of(Mesh, "") if ledger else None
            invite = ledger.record_of(Invite, call.invite) if ledger else None
            if ledger is None or founding is None or invite is None:
                raise Refusal(Code.INVITE_INVALID)
            self._check_invite(ledger, call.invite, fingerprint(call.device))
            address = await self._address_for(transaction, ledger, call)
        return Joining(founding, invite, address)

    async def join(self, call: Join) -> None:
        """Let the device in and use the invite up; Refusal `invite-*`, or why a record is refused."""
        membership, device = _two(call.records)
        _check_same_device(membership, device)
        async with self._change(membership.mesh) as draft:
            self._check_invite(draft.ledger, membership.invite, fingerprint(membership.device))
            await self._admit(draft, call.records, membership, membership.invite)

    async def post(self, caller: Member, call: Post) -> None:
        """Keep the records of a member; Refusal `not-permitted`, or why a record is refused. All of them or none."""
        async with self._change(caller.mesh) as draft:
            if not draft.ledger.is_member(caller.device):
                raise Refusal(Code.NOT_PERMITTED, "This device was removed from the mesh.")
            for record in call.records:
                await self._check_post(draft, caller, _read(record))
                await self._accept(draft, record)

    async def check_offer(self, caller: Member, record: Signed) -> Offer:
        """What a member offers to another; Refusal `not-permitted`, `unknown-device`, or why it is refused."""
        _check_form(record)
        ledger = self._ledgers.get(caller.mesh)
        if ledger is None:
            async with self._lock, self._store.transaction() as transaction:
                ledger = await self._ledger(transaction, caller.mesh)
        if ledger is None or not ledger.is_member(caller.device):
            raise Refusal(Code.NOT_PERMITTED, "This device was removed from the mesh.")
        try:
            offer = ledger.check_offer(record)
        except RefusedRecordError as error:
            raise Refusal(Code.INVALID_MESSAGE, f"The coordinator refuses the offer: {error}.") from error
        if offer.device != caller.device:
            raise Refusal(Code.NOT_PERMITTED, "A device offers what is its own, and nothing of others.")
        if not ledger.is_member(offer.peer):
            raise Refusal(Code.UNKNOWN_DEVICE, "The offer is for a device that is not of this mesh.")
        return offer

    # --- changes ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _change(self, mesh_id: str, mesh_key: str | None = None) -> AsyncIterator[_Draft]:
        async with self._lock:
            async with self._store.transaction() as transaction:
                ledger = await self._ledger(transaction, mesh_id)
                if ledger is None and mesh_key is None:
                    raise Refusal(Code.INVITE_INVALID, "The coordinator knows no such mesh.")
                draft = _Draft(transaction, _copy(ledger) if ledger else Ledger(mesh_key or ""))
                yield draft
            self._ledgers[mesh_id] = draft.ledger
            self._announce(mesh_id, draft)

    def _announce(self, mesh_id: str, draft: _Draft) -> None:
        for stored, body in draft.stored:
            self._hub.publish(mesh_id, stored, body)
            if isinstance(body, Membership):
                log.info("device %s joined mesh %s", fingerprint(body.device), mesh_id)
            if isinstance(body, Device):
                self._roster.put(mesh_id, body.device, body.wireguard, body.platform)
            if isinstance(body, Removal):
                log.info("device %s was removed from mesh %s", body.device, mesh_id)
                self._roster.remove(body.device)
                self._sessions.end(body.device)
                self._hub.expel(mesh_id, body.device)

    async def _accept(self, draft: _Draft, record: Signed) -> None:
        _check_form(record)
        try:
            body = draft.ledger.accept(record, now=int(self._now()))
        except RefusedRecordError as error:
            raise Refusal(Code.INVALID_MESSAGE, f"The coordinator refuses the record: {error}.") from error
        if body is None:
            return
        if isinstance(body, Device) and self._roster.owner(body.wireguard) not in (None, body.device):
            raise Refusal(Code.INVALID_MESSAGE, "The WireGuard key is another device's.")
        revision = await draft.transaction.put(draft.ledger.mesh_id, body, record)
        draft.stored.append((Stored(revision, record), body))
        if isinstance(body, Removal):
            await draft.transaction.remove_member(body.device)

    async def _admit(self, draft: _Draft, signed: tuple[Signed, ...], membership: Membership, holder: str) -> None:
        device = fingerprint(membership.device)
        await self._check_is_free(draft.transaction, membership.device, draft.ledger.mesh_id)
        known = draft.ledger.members.get(device)
        if known is None:
            await self._check_reservation(draft.transaction, membership, holder)
        elif known != membership:
            raise Refusal(Code.ALREADY_JOINED, "The device became a member before, with another record.")
        for record in signed:
            await self._accept(draft, record)
        if known is None:
            await draft.transaction.add_member(device, draft.ledger.mesh_id, membership, by_invite=holder != "")

    async def _ledger(self, transaction: Transaction, mesh_id: str) -> Ledger | None:
        if mesh_id in self._ledgers:
            return self._ledgers[mesh_id]
        signed = await transaction.all_records(mesh_id)
        founding = _read(signed[0]) if signed else None
        if not isinstance(founding, Mesh):
            return None
        ledger = Ledger(founding.key)
        for record in signed:
            try:
                ledger.accept(record)
            except RefusedRecordError as error:
                log.error("a stored record of mesh %s is not believed any more: %s", mesh_id, error)
        self._ledgers[mesh_id] = ledger
        return ledger

    # --- checks -----------------------------------------------------------------------------------------------------

    def _check_token(self, token: str) -> None:
        if not hmac.compare_digest(token.encode(), encode(self._terms.create_token).encode()):
            raise Refusal(Code.CREATE_NOT_ALLOWED)

    async def _check_is_free(self, transaction: Transaction, key: str, mesh_id: str) -> None:
        found = await transaction.mesh_of(fingerprint(key))
        if found not in (None, mesh_id):
            raise Refusal(Code.ALREADY_JOINED)

    def _check_invite(self, ledger: Ledger, key: str, device: str) -> None:
        invite = ledger.invites.get(key)
        if invite is None:
            raise Refusal(Code.INVITE_INVALID)
        bound = ledger.bound.get(key)
        if bound is None and self._now() > invite.expires:
            raise Refusal(Code.INVITE_EXPIRED)
        if bound not in (None, device) or device in ledger.removed:
            raise Refusal(Code.INVITE_USED)

    async def _check_reservation(self, transaction: Transaction, membership: Membership, holder: str) -> None:
        kept = await transaction.reservation(membership.device)
        if kept is None or kept.holder != holder or kept.expires <= self._now():
            raise Refusal(Code.INVALID_MESSAGE, "No address is kept for this device (any more); it must ask for one.")
        if kept.address4 != membership.address4:
            raise Refusal(Code.INVALID_MESSAGE, "Another address is kept for this device than the one it takes.")

    async def _check_post(self, draft: _Draft, caller: Member, body: Body) -> None:
        match body:
            case Mesh() | Membership():
                raise Refusal(Code.INVALID_MESSAGE, "A record of this type comes with `create` or `join` only.")
            case Device() | Grants() if body.device != caller.device:
                raise Refusal(Code.NOT_PERMITTED, "A device posts what it says itself, and nothing of others.")
            case Grants() if body.peer not in draft.ledger.members:
                raise Refusal(Code.UNKNOWN_DEVICE, "The grant is for a device that is not of this mesh.")
            case Confirmation() | Removal() if body.device not in draft.ledger.members:
                raise Refusal(Code.UNKNOWN_DEVICE, "The record is about a device that is not of this mesh.")
            case Invite():
                await self._check_new_invite(draft, body)
            case _:
                pass

    async def _check_new_invite(self, draft: _Draft, body: Invite) -> None:
        _check_key(body.key)
        if len(draft.ledger.invites) >= _INVITES_MAX:
            raise Refusal(Code.INVALID_MESSAGE, f"A mesh makes {_INVITES_MAX} invites at most.")
        # Whoever learned an invite's public half must not be able to stand in its way with a mesh of their own.
        if await draft.transaction.mesh_of_invite(body.key) not in (None, draft.ledger.mesh_id):
            raise Refusal(Code.INVALID_MESSAGE, "The key of this invite is another mesh's.")

    # --- addresses --------------------------------------------------------------------------------------------------

    async def _address_for(self, transaction: Transaction, ledger: Ledger, call: JoinBegin) -> str:
        known = ledger.members.get(fingerprint(call.device))
        if known is not None or ledger.mesh is None:
            return known.address4 if known else ""
        await self._check_is_free(transaction, call.device, ledger.mesh_id)
        mine = {member.address4 for member in ledger.members.values()}
        return await self._reserve(transaction, call.device, call.invite, IPv4Network(ledger.mesh.network4), mine)

    async def _reserve(
        self, transaction: Transaction, key: str, holder: str, network: IPv4Network, also_taken: set[str]
    ) -> str:
        now = int(self._now())
        await transaction.expire_reservations(now)
        kept = await transaction.reservation(key)
        if kept is not None and kept.holder == holder:
            address = kept.address4
        elif await transaction.count_reservations(holder) >= _RESERVATIONS_MAX:
            raise Refusal(Code.ADDRESS_POOL_EMPTY, "Too many devices are joining by this link; try again later.")
        else:
            address = choose_address(network, await transaction.taken() | also_taken, self._below)
        await transaction.reserve(key, Reservation(holder, address, now + RESERVED_SECONDS))
        return address


def _copy(ledger: Ledger) -> Ledger:
    """A ledger of its own, of the same (immutable) records."""
    twin = copy.copy(ledger)
    for name, value in vars(ledger).items():
        if isinstance(value, dict | set):
            setattr(twin, name, value.copy())
    return twin


class _Version(msgspec.Struct):
    v: int = FORMAT


def _read(record: Signed) -> Body:
    try:
        if msgspec.json.decode(record.body, type=_Version).v != FORMAT:
            raise Refusal(Code.VERSION_MISMATCH, f"The coordinator knows records of format {FORMAT} only.")
        return body_of(record.body)
    except (msgspec.DecodeError, InvalidRecordError, RecursionError, ValueError) as error:
        raise Refusal(Code.INVALID_MESSAGE, f"This is no record: {error}.") from error


def _check_form(record: Signed) -> None:
    # What is stored must fit into a line of the stream, and carry nothing that nobody asked for.
    if len(record.signatures) > _SIGNATURES_MAX:
        raise Refusal(Code.INVALID_MESSAGE, f"A record has {_SIGNATURES_MAX} signatures at most.")
    try:
        for signature in record.signatures:
            decode(signature.key)
            decode(signature.value, 64)
    except ValueError as error:
        raise Refusal(Code.INVALID_MESSAGE, "A signature is malformed.") from error
    if len(line_of(Record(2**53, record))) > BODY_MAX:
        raise Refusal(Code.INVALID_MESSAGE, "The record is too long to be told to others.")


def _check_key(key: str) -> None:
    try:
        decode(key)
    except ValueError as error:
        raise Refusal(Code.INVALID_MESSAGE, "A public key is malformed.") from error


def _three(signed: tuple[Signed, ...]) -> tuple[Mesh, Membership, Device]:
    match [_read(record) for record in signed[:4]]:
        case [Mesh() as mesh, Membership() as membership, Device() as device]:
            return mesh, membership, device
    raise Refusal(Code.INVALID_MESSAGE, "A mesh is founded with three records: Mesh, Membership, Device.")


def _two(signed: tuple[Signed, ...]) -> tuple[Membership, Device]:
    match [_read(record) for record in signed[:3]]:
        case [Membership() as membership, Device() as device]:
            return membership, device
    raise Refusal(Code.INVALID_MESSAGE, "A device joins with two records: Membership, Device.")


def _check_same_device(membership: Membership, device: Device) -> None:
    _check_key(membership.device)
    if device.device != fingerprint(membership.device):
        raise Refusal(Code.INVALID_MESSAGE, "The two records are of different devices.")
