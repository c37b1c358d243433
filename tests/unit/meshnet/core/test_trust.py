"""Each rule of the ledger, by a record that breaks it and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from meshnet.core.identity import SigningKey
from meshnet.core.links import invite_key
from meshnet.core.records import Confirmation, Grants, Invite, Removal, Signed
from meshnet.core.trust import CANDIDATES_MAX, Ledger, RefusedRecordError, StaleRecordError
from support.ledgers import believed, body, ledger_of, says_of_the_living
from support.meshes import NOW, FakeDevice, FakeMesh, key, seed, signed

USED, OPEN, OLD = seed("a used invite"), seed("an open invite"), seed("an old invite")
STRANGER = key("a stranger")


class World:
    """A laptop that founded its mesh, a phone let in by an invite, a tablet removed again; an invite is open."""

    def __init__(self) -> None:
        mesh = self.mesh = FakeMesh()
        self.laptop, self.phone, self.tablet = FakeDevice("laptop"), FakeDevice("phone"), FakeDevice("tablet")
        self.newcomer = FakeDevice("newcomer")
        self.ledger = ledger_of(
            mesh,
            *mesh.found(self.laptop, "100.64.0.1"),
            mesh.invite(USED),
            mesh.invite(OPEN),
            mesh.invite(OLD, expires=NOW - 1),
            *mesh.join(self.phone, "100.64.0.2", USED),
            mesh.grants(self.laptop, self.phone),
            mesh.membership(self.tablet, "100.64.0.3"),
            mesh.device(self.tablet),
            mesh.removal(self.tablet),
        )

    def founds(self, by: SigningKey | None = None, **changes: Any) -> Signed:
        """The founding record, with these changes."""
        return signed(msgspec.structs.replace(body(self.mesh.founding()), **changes), by or self.mesh.key)

    def invites(self, by: SigningKey, **changes: Any) -> Signed:
        """A new invite, with these changes."""
        new = Invite(mesh=self.mesh.id, key=key("new invite").public, kind="own", expires=NOW)
        return signed(msgspec.structs.replace(new, **changes), by)

    def joins(self, *by: SigningKey, invite: bytes = OPEN, **changes: Any) -> Signed:
        """The membership of the newcomer, with these changes, signed by whoever must, or by these."""
        made = body(self.mesh.membership(self.newcomer, "100.64.0.9", invite))
        return signed(msgspec.structs.replace(made, **changes), *(by or (self.newcomer.key, invite_key(invite))))

    def says(self, device: FakeDevice, by: SigningKey | None = None, **changes: Any) -> Signed:
        """What the device says, with these changes."""
        return signed(msgspec.structs.replace(body(self.mesh.device(device)), **changes), by or device.key)

    def grants(self, by: SigningKey, **changes: Any) -> Signed:
        """What the laptop permits the phone, with these changes."""
        made = body(self.mesh.grants(self.laptop, self.phone, routing=True))
        return signed(msgspec.structs.replace(made, **changes), by)


def _by_the_mesh(world: World) -> Signed:
    made = msgspec.structs.replace(body(world.joins()), invite=world.mesh.key.public)
    return signed(made, world.newcomer.key, invite_key(OPEN))


BROKEN: dict[str, tuple[str, Callable[[World], Signed]]] = {
    "junk": ("no record", lambda w: Signed("{}")),
    "a record without end": ("no record", lambda w: Signed(w.says(w.phone).body + " " * 20_000)),
    "a record of another format": ("no record: format 2", lambda w: w.says(w.phone, v=2)),
    "a record of another mesh": ("of another mesh", lambda w: w.says(w.phone, mesh=FakeMesh("elsewhere").id)),
    "a second founding": ("founded once", lambda w: w.founds(network4="10.0.0.0/8")),
    "an invite by a stranger": ("not signed by the mesh key", lambda w: w.invites(STRANGER)),
    "an invite by a member": ("not signed by the mesh key", lambda w: w.invites(w.laptop.key)),
    "an old invite with a later end": ("made once", lambda w: w.mesh.invite(OLD, expires=NOW + 9)),
    "an invite of an unknown kind": ("a kind that", lambda w: w.invites(w.mesh.key, kind="external")),
    "a membership by an unknown invite": ("invite is not known", lambda w: w.joins(invite=seed("never made"))),
    "a membership by a used invite": ("let another device in before", lambda w: w.joins(invite=USED)),
    "a membership by an expired invite": ("had expired", lambda w: w.joins(invite=OLD)),
    "a membership that only the device signed": ("lets it in", lambda w: w.joins(w.newcomer.key)),
    "a membership that only the invite signed": ("by the device", lambda w: w.joins(invite_key(OPEN))),
    "a membership that a used invite signed": ("lets it in", lambda w: w.joins(w.newcomer.key, invite_key(USED))),
    "a membership in the name of the mesh key": ("lets it in", _by_the_mesh),
    "a membership of a device that has no key": ("key is none", lambda w: w.joins(device="x")),
    "a member's second membership": ("a member once", lambda w: w.mesh.membership(w.phone, "100.64.0.7")),
    "a removed device's second membership": ("was removed", lambda w: w.mesh.membership(w.tablet, "100.64.0.7", OPEN)),
    "an address that is taken": ("another device", lambda w: w.joins(address4="100.64.0.1")),
    "an address that a removed device had": ("another device", lambda w: w.joins(address4="100.64.0.3")),
    "an address outside the prefix": ("outside", lambda w: w.joins(address4="100.128.0.1")),
    "the address of the prefix itself": ("outside", lambda w: w.joins(address4="100.64.0.0")),
    "the broadcast address of the prefix": ("outside", lambda w: w.joins(address4="100.127.255.255")),
    "an address in another spelling": ("no IPv4 address", lambda w: w.joins(address4="100.64.0.09")),
    "an address with a length": ("no IPv4 address", lambda w: w.joins(address4="100.64.0.9/32")),
    "an IPv6 address of another device": ("IPv6", lambda w: w.joins(address6=w.ledger.members[w.laptop.id].address6)),
    "an IPv6 address in another spelling": ("IPv6", lambda w: w.joins(address6=_long(w))),
    "words of a stranger": ("no member", lambda w: w.says(w.newcomer)),
    "words of a removed device": ("no member", lambda w: w.says(w.tablet)),
    "words put into another's mouth": ("its author", lambda w: w.says(w.phone, w.laptop.key)),
    "words of a device signed by the mesh key": ("its author", lambda w: w.says(w.phone, w.mesh.key)),
    "a name in another spelling": ("spelling", lambda w: w.says(w.phone, name=" Phone")),
    "a decomposed name": ("spelling", lambda w: w.says(w.phone, name="Cafe\u0301")),
    "a name with a control character": ("control character", lambda w: w.says(w.phone, name="a\u202eb")),
    "no name": ("characters", lambda w: w.says(w.phone, name="")),
    "a WireGuard key that is none": ("no WireGuard key", lambda w: w.says(w.phone, wireguard="AAAA")),
    "another device's WireGuard key": ("another device's", lambda w: w.says(w.phone, wireguard=w.laptop.wireguard)),
    "too many candidates": ("too many", lambda w: w.says(w.phone, candidates=("81.2.69.1:1",) * (CANDIDATES_MAX + 1))),
    "a candidate on this machine": ("may not be one", lambda w: w.says(w.phone, candidates=("127.0.0.1:53",))),
    "a candidate on this machine in other clothes": (
        "may not be one",
        lambda w: w.says(w.phone, candidates=("[::ffff:127.0.0.1]:53",)),
    ),
    "everybody on the link as a candidate": (
        "may not be one",
        lambda w: w.says(w.phone, candidates=("255.255.255.255:9",)),
    ),
    "a candidate that is a name": ("may not be one", lambda w: w.says(w.phone, candidates=("example.org:53",))),
    "a route through no device": ("through no device", lambda w: w.says(w.phone, route="; reboot")),
    "an MTU too small": ("MTU", lambda w: w.says(w.phone, mtu=1279)),
    "an MTU too large": ("MTU", lambda w: w.says(w.phone, mtu=9001)),
    "a platform with a control character": ("control characters", lambda w: w.says(w.phone, platform="\x1b[2J")),
    "a reason with a line break": ("control characters", lambda w: w.says(w.phone, cannot_host="no\nyes")),
    "a reason without end": ("control characters", lambda w: w.says(w.phone, cannot_host="x" * 301)),
    "a grant by the one who gets it": ("its author", lambda w: w.grants(w.phone.key)),
    "a grant by the mesh key": ("its author", lambda w: w.grants(w.mesh.key)),
    "a grant to no device": ("to no device", lambda w: w.grants(w.laptop.key, peer="everybody")),
    "a grant by a removed device": ("no member", lambda w: w.mesh.grants(w.tablet, w.phone)),
    "a confirmation by the device": ("mesh key", lambda w: signed(_confirmation(w), w.phone.key)),
    "a confirmation by another device": ("mesh key", lambda w: signed(_confirmation(w), w.laptop.key)),
    "a removal by another device": ("mesh key or the device", lambda w: signed(_removal(w), w.laptop.key)),
    "a removal by a stranger": ("mesh key or the device", lambda w: signed(_removal(w), STRANGER)),
    "a removal that nobody signed": ("mesh key or the device", lambda w: signed(_removal(w))),
}


def _long(world: World) -> str:
    address = world.mesh.membership(world.newcomer, "100.64.0.9", OPEN)
    return getattr(body(address), "address6", "").upper()


def _confirmation(world: World) -> Confirmation:
    return Confirmation(mesh=world.mesh.id, device=world.phone.id)


def _removal(world: World) -> Removal:
    return Removal(mesh=world.mesh.id, device=world.phone.id)


@pytest.mark.parametrize("what", BROKEN)
def test_what_breaks_one_rule_is_refused_and_changes_nothing(what: str) -> None:
    world, (why, make) = World(), BROKEN[what]
    record = make(world)
    before = believed(world.ledger)
    with pytest.raises(RefusedRecordError, match=why):
        world.ledger.accept(record, now=NOW)
    assert believed(world.ledger) == before


WHOLE: dict[str, Callable[[World], Signed]] = {
    "an invite": lambda w: w.invites(w.mesh.key),
    "a membership": lambda w: w.joins(),
    "words": lambda w: w.says(w.phone, name="Телефон", mtu=1280, candidates=("81.2.69.1:1",) * CANDIDATES_MAX),
    "a grant": lambda w: w.grants(w.laptop.key),
    "a confirmation": lambda w: w.mesh.confirmation(w.phone),
    "a removal by the mesh key": lambda w: w.mesh.removal(w.phone),
    "a removal by the device itself": lambda w: w.mesh.removal(w.phone, by_itself=True),
}


@pytest.mark.parametrize("what", WHOLE)
def test_what_breaks_no_rule_is_believed_once(what: str) -> None:
    world = World()
    record = WHOLE[what](world)
    assert world.ledger.accept(record, now=NOW) == body(record)
    before = believed(world.ledger)
    assert world.ledger.accept(record, now=NOW) is None
    assert believed(world.ledger) == before


FOUNDINGS: dict[str, tuple[str, Callable[[World], Signed]]] = {
    "by a stranger": ("not signed by the mesh key", lambda w: w.founds(STRANGER)),
    "with another key": ("another mesh's key", lambda w: w.founds(key=STRANGER.public)),
    "with junk for a network": ("no network", lambda w: w.founds(network4="everything")),
    "with host bits in its network": ("no network", lambda w: w.founds(network4="100.64.0.1/10")),
    "with addresses that others have": ("not a prefix for a mesh", lambda w: w.founds(network4="8.8.0.0/16")),
    "with a prefix too wide": ("not a prefix for a mesh", lambda w: w.founds(network4="100.0.0.0/8")),
    "with another IPv6 prefix": ("IPv6 prefix", lambda w: w.founds(network6="fd00::/48")),
    "with no coordinator": ("no network", lambda w: w.founds(coordinator="x")),
}


@pytest.mark.parametrize("what", FOUNDINGS)
def test_a_founding_that_is_not_right_founds_nothing(what: str) -> None:
    world, (why, make) = World(), FOUNDINGS[what]
    ledger = Ledger(world.mesh.key.public)
    with pytest.raises(RefusedRecordError, match=why):
        ledger.accept(make(world))
    assert ledger.mesh is None


def test_nothing_is_believed_before_the_founding() -> None:
    mesh, laptop = FakeMesh(), FakeDevice("laptop")
    ledger = Ledger(mesh.key.public)
    for record in (mesh.membership(laptop, "100.64.0.1"), mesh.invite(OPEN), mesh.removal(laptop)):
        with pytest.raises(RefusedRecordError, match="founding record"):
            ledger.accept(record)


@pytest.mark.parametrize("seq", [0, 1, -5, 2**53, 2**70])
def test_older_words_and_impossible_numbers_are_stale(seq: int) -> None:
    world = World()
    for record in (world.says(world.phone, seq=seq, mtu=1400), world.grants(world.laptop.key, seq=seq)):
        with pytest.raises(StaleRecordError):
            world.ledger.accept(record)


def test_an_invite_that_expired_lets_nobody_in_who_comes_now_with_an_earlier_date() -> None:
    world = World()
    backdated = world.joins(invite=OLD, joined=NOW - 86_400)
    with pytest.raises(RefusedRecordError, match="has expired"):
        world.ledger.accept(backdated, now=NOW + 3600)
    assert world.ledger.accept(backdated) is not None, "it may have been missed, and then it was in time"


def test_a_join_at_the_last_moment_may_take_its_time() -> None:
    world = World()
    assert world.ledger.accept(world.joins(invite=OLD, joined=NOW - 1), now=NOW + 500) is not None


def test_the_mesh_key_lets_in_without_an_invite_and_confirms() -> None:
    world = World()
    world.ledger.accept(world.mesh.membership(world.newcomer, "100.64.0.9"))
    assert world.newcomer.id in world.ledger.confirmed
    assert world.phone.id not in world.ledger.confirmed


def test_a_removed_device_is_out_for_good() -> None:
    world = World()
    ledger = world.ledger
    for record in (world.mesh.confirmation(world.tablet), world.mesh.removal(world.tablet)):
        ledger.accept(record)
    assert not ledger.is_member(world.tablet.id)
    assert world.tablet.id not in {device.device for device in ledger.active()}


def test_a_device_that_was_removed_before_it_came_stays_out() -> None:
    world = World()
    world.ledger.accept(world.mesh.removal(world.newcomer))
    with pytest.raises(RefusedRecordError, match="was removed"):
        world.ledger.accept(world.joins())


def test_a_ledger_is_made_again_of_its_records() -> None:
    world = World()
    again = ledger_of(world.mesh, *world.ledger.records())
    assert says_of_the_living(again) == says_of_the_living(world.ledger)
    assert again.records() == world.ledger.records()


def test_a_removed_devices_wireguard_key_may_be_used_again_and_the_ledger_is_still_made_again() -> None:
    world = World()
    world.ledger.accept(world.says(world.phone, wireguard=world.tablet.wireguard))
    again = ledger_of(world.mesh, *world.ledger.records())
    assert again.devices[world.phone.id].wireguard == world.tablet.wireguard


def test_signatures_that_nobody_asked_for_are_not_kept() -> None:
    world = World()
    record = world.says(world.phone)
    padded = Signed(record.body, (*record.signatures, *record.signatures * 100))
    with pytest.raises(RefusedRecordError, match="signatures"):
        world.ledger.accept(padded)


def test_the_newest_record_of_a_subject_is_at_hand() -> None:
    world = World()
    newer = world.grants(world.laptop.key)
    world.ledger.accept(newer)
    assert world.ledger.record_of(Grants, f"{world.laptop.id}/{world.phone.id}") == newer
    assert world.ledger.record_of(Grants, "nobody/nobody") is None
