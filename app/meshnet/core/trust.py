"""What a device believes of its mesh, and why: every record is checked here before anything uses it.

The coordinator is a mailbox. It can withhold records; it must not be able to forge one, to move one to another mesh,
to bring back an older one, or to let a device in. The coordinator runs the same checks, only to keep rubbish out.
"""

from __future__ import annotations

import ipaddress
import unicodedata

from meshnet.core.endpoints import may_be_candidate
from meshnet.core.identity import (
    address6,
    clean_name,
    fingerprint,
    is_id,
    is_wireguard_key,
    mesh_network6,
)
from meshnet.core.records import (
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
    offer_of,
    signed_by,
    subject_of,
)
from meshnet.core.special import Network, is_prefix, network_of
from meshnet.errors import Refusal

CANDIDATES_MAX = 8
SIGNATURES_MAX = 4
"""A membership needs two."""
_SEQ_MAX = 2**53
"""JSON numbers stay exact below this."""
_LATE = 600
"""Seconds that a membership may take from the joining device through the coordinator to here."""
_TEXT_MAX = 300
_MESH_PREFIXES = tuple(
    ipaddress.IPv4Network(text) for text in ("100.64.0.0/10", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


class RefusedRecordError(ValueError):
    """A record that must not be believed; says why."""


class StaleRecordError(RefusedRecordError):
    """A record older than what is known: an echo, or somebody trying to turn the time back."""


class Ledger:
    """All that is known of one mesh, made of records alone."""

    def __init__(self, mesh_key: str) -> None:
        self.mesh_key = mesh_key
        self.mesh_id = fingerprint(mesh_key)
        self.mesh: Mesh | None = None
        self.invites: dict[str, Invite] = {}
        self.bound: dict[str, str] = {}
        """Invite key → id of the one device it let in."""
        self.members: dict[str, Membership] = {}
        self.devices: dict[str, Device] = {}
        self.grants: dict[tuple[str, str], Grants] = {}
        """(granting device, peer) → what the former says it permits the latter."""
        self.confirmed: set[str] = set()
        self.removed: set[str] = set()
        self._records: dict[tuple[str, str], Signed] = {}

    def accept(self, record: Signed, now: int | None = None) -> Body | None:
        """Believe a record, or raise RefusedRecordError.

        Returns its body; None where it was known already, to the letter. `now` (Unix time in seconds) is given for
        records that were made just now, as opposed to those that a device missed: an invite that has expired lets
        nobody in any more.
        """
        try:
            body = body_of(record.body)
        except InvalidRecordError as error:
            raise RefusedRecordError(f"no record: {error}") from error
        if body.mesh != self.mesh_id:
            raise RefusedRecordError("a record of another mesh")
        self._require(len(record.signatures) <= SIGNATURES_MAX, "more signatures than a record needs")
        key = (type(body).__name__, subject_of(body))
        known = self._records.get(key)
        if known is not None and known.body == record.body:
            return None
        self._check(record, body, now)
        self._remember(body)
        self._records[key] = record
        return body

    def check_offer(self, record: Signed) -> Offer:
        """What a member offers, or raise RefusedRecordError; whether it is newer than others is not known here."""
        try:
            offer = offer_of(record.body)
        except InvalidRecordError as error:
            raise RefusedRecordError(f"no offer: {error}") from error
        self._require(offer.mesh == self.mesh_id, "an offer of another mesh")
        self._require(len(record.signatures) <= SIGNATURES_MAX, "more signatures than an offer needs")
        self._check_author(record, offer.device)
        self._require(is_id(offer.peer) and offer.peer != offer.device, "an offer to no device")
        self._require(0 < offer.seq < _SEQ_MAX, "a number out of range")
        self._require(len(offer.candidates) <= CANDIDATES_MAX, "too many candidates")
        self._require(all(map(may_be_candidate, offer.candidates)), "a candidate that may not be one")
        return offer

    def records(self) -> list[Signed]:
        """All records, in an order in which an empty ledger would accept them again."""
        # What a removed device said is left out: removals come before words, so that a WireGuard key of a device that
        # is gone stands in nobody's way.
        order = ("Mesh", "Invite", "Membership", "Removal", "Device", "Grants", "Confirmation")
        kept = [item for item in self._records.items() if not self._is_of_removed(*item[0])]
        return [record for _, record in sorted(kept, key=lambda item: order.index(item[0][0]))]

    def _is_of_removed(self, kind: str, subject: str) -> bool:
        return kind in ("Device", "Grants") and subject.partition("/")[0] in self.removed

    def record_of(self, kind: type[Body], subject: str) -> Signed | None:
        """The newest record of this type and subject."""
        return self._records.get((kind.__name__, subject))

    def networks(self) -> tuple[Network, ...]:
        """The mesh's prefixes, of both families."""
        return (network_of(self.mesh.network4), network_of(self.mesh.network6)) if self.mesh else ()

    def is_member(self, device: str) -> bool:
        """Whether the device belongs to the mesh now."""
        return device in self.members and device not in self.removed

    def active(self) -> list[Device]:
        """The members that have said who they are, in the order of their ids."""
        return [self.devices[device] for device in sorted(self.devices) if self.is_member(device)]

    # --- checks -----------------------------------------------------------------------------------------------------

    def _check(self, record: Signed, body: Body, now: int | None) -> None:
        if self.mesh is None and not isinstance(body, Mesh):
            raise RefusedRecordError("the founding record of the mesh is not known yet")
        match body:
            case Mesh():
                self._check_mesh(record, body)
            case Invite():
                self._check_invite(record, body)
            case Membership():
                self._check_membership(record, body, now)
            case Device():
                self._check_device(record, body)
            case Grants():
                self._check_grants(record, body)
            case Confirmation():
                self._require(signed_by(record, self.mesh_key), "not signed by the mesh key")
            case Removal():
                self._check_removal(record, body)

    @staticmethod
    def _require(holds: bool, otherwise: str) -> None:
        if not holds:
            raise RefusedRecordError(otherwise)

    def _check_mesh(self, record: Signed, body: Mesh) -> None:
        self._require(self.mesh is None, "a mesh is founded once")
        self._require(body.key == self.mesh_key, "another mesh's key")
        self._require(signed_by(record, self.mesh_key), "not signed by the mesh key")
        try:
            self._require(_may_be_mesh(ipaddress.IPv4Network(body.network4)), "not a prefix for a mesh")
            self._require(body.network6 == mesh_network6(body.coordinator), "not the coordinator's IPv6 prefix")
        except ValueError as error:
            raise RefusedRecordError(f"no network: {error}") from error

    def _check_invite(self, record: Signed, body: Invite) -> None:
        self._require(body.key not in self.invites, "an invite is made once")
        self._require(body.kind == "own", "an invite of a kind that this version does not know")
        self._require(signed_by(record, self.mesh_key), "not signed by the mesh key")

    def _check_membership(self, record: Signed, body: Membership, now: int | None) -> None:
        try:
            device = fingerprint(body.device)
        except ValueError as error:
            raise RefusedRecordError("the device's key is none") from error
        self._require(device not in self.removed, "the device was removed")
        self._require(device not in self.members, "a device becomes a member once")
        self._require(signed_by(record, body.device), "not signed by the device")
        self._require(signed_by(record, body.invite), "not signed by the key that lets it in")
        if body.invite != self.mesh_key:
            self._check_use_of_invite(body, now)
        self._check_addresses(body)

    def _check_use_of_invite(self, body: Membership, now: int | None) -> None:
        invite = self.invites.get(body.invite)
        if invite is None:
            raise RefusedRecordError("the invite is not known")
        self._require(body.invite not in self.bound, "the invite let another device in before")
        self._require(body.joined <= invite.expires, "the invite had expired")
        self._require(now is None or now <= invite.expires + _LATE, "the invite has expired")

    def _check_addresses(self, body: Membership) -> None:
        if self.mesh is None:
            raise RefusedRecordError("the founding record of the mesh is not known yet")
        network = ipaddress.IPv4Network(self.mesh.network4)
        try:
            address = ipaddress.IPv4Address(body.address4)
        except ValueError as error:
            raise RefusedRecordError("no IPv4 address") from error
        self._require(str(address) == body.address4, "an address in another spelling")
        inside = address in network and address not in (network.network_address, network.broadcast_address)
        self._require(inside, "an address outside the mesh's prefix")
        taken = any(member.address4 == body.address4 for member in self.members.values())
        self._require(not taken, "the address belongs to another device")
        self._require(body.address6 == address6(self.mesh.network6, body.device), "not the device's IPv6 address")

    def _check_device(self, record: Signed, body: Device) -> None:
        self._check_author(record, body.device)
        previous = self.devices.get(body.device)
        self._check_seq(body.seq, previous.seq if previous else 0)
        try:
            self._require(clean_name(body.name) == body.name, "a name in another spelling")
        except Refusal as error:
            raise RefusedRecordError(error.message) from error
        self._require(is_wireguard_key(body.wireguard), "no WireGuard key")
        others = (device for device in self.active() if device.device != body.device)
        self._require(all(other.wireguard != body.wireguard for other in others), "another device's WireGuard key")
        self._require(len(body.candidates) <= CANDIDATES_MAX, "too many candidates")
        self._require(all(map(may_be_candidate, body.candidates)), "a candidate that may not be one")
        self._require(body.route is None or is_id(body.route), "a route through no device")
        self._require(1280 <= body.mtu <= 9000, "an MTU out of range")
        self._require(len(body.lan) <= CANDIDATES_MAX and all(map(is_prefix, body.lan)), "no local networks")
        texts = (body.platform, body.cannot_host or "", body.exit)
        self._require(all(_is_plain(text) for text in texts), "control characters in a text")

    def _check_grants(self, record: Signed, body: Grants) -> None:
        self._check_author(record, body.device)
        self._require(is_id(body.peer), "a grant to no device")
        previous = self.grants.get((body.device, body.peer))
        self._check_seq(body.seq, previous.seq if previous else 0)

    def _check_removal(self, record: Signed, body: Removal) -> None:
        member = self.members.get(body.device)
        by_itself = member is not None and signed_by(record, member.device)
        self._require(by_itself or signed_by(record, self.mesh_key), "not signed by the mesh key or the device")

    def _check_author(self, record: Signed, device: str) -> None:
        self._require(self.is_member(device), "its author is no member")
        self._require(signed_by(record, self.members[device].device), "not signed by its author")

    def _check_seq(self, seq: int, previous: int) -> None:
        if not previous < seq < _SEQ_MAX:
            raise StaleRecordError("not newer than what is known")

    # --- consequences -----------------------------------------------------------------------------------------------

    def _remember(self, body: Body) -> None:
        match body:
            case Mesh():
                self.mesh = body
            case Invite():
                self.invites[body.key] = body
            case Membership():
                self._remember_member(body)
            case Device():
                self.devices[body.device] = body
            case Grants():
                self.grants[(body.device, body.peer)] = body
            case Confirmation():
                self.confirmed.add(body.device)
            case Removal():
                self.removed.add(body.device)

    def _remember_member(self, body: Membership) -> None:
        device = fingerprint(body.device)
        self.members[device] = body
        if body.invite == self.mesh_key:
            self.confirmed.add(device)
        else:
            self.bound[body.invite] = device


def _may_be_mesh(network: ipaddress.IPv4Network) -> bool:
    """Addresses that nobody on the internet has: a coordinator must not draw those of others into the tunnel."""
    return any(network.subnet_of(private) for private in _MESH_PREFIXES)


def _is_plain(text: str) -> bool:
    return len(text) <= _TEXT_MAX and not any(unicodedata.category(letter).startswith("C") for letter in text)
