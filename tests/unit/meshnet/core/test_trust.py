"""Each rule of the ledger by a record that breaks it and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from meshnet.core.identity import SigningKey, address6, mesh_network6
from meshnet.core.links import invite_key
from meshnet.core.records import Body, Confirmation, Device, Grants, Invite, Membership, Mesh, Removal, Signed, body_of
from meshnet.core.trust import Ledger, RefusedRecordError, StaleRecordError
from support.ledgers import believed, ledger_of
from support.meshes import NOW, FakeDevice, FakeMesh, key, seed, signed

USED, OPEN, OLD = seed("a used invite"), seed("an open invite"), seed("an old invite")


class World:
    """A laptop that founded its mesh, a phone let in by an invite, a tablet removed again; two invites are open."""

    def __init__(self) -> None:
        self.mesh = FakeMesh()
        self.laptop, self.phone, self.tablet = FakeDevice("laptop"), FakeDevice("phone"), FakeDevice("tablet")
        self.newcomer = FakeDevice("newcomer")
        mesh = self.mesh
        self.ledger = ledger_of(
            mesh,
            *mesh.found(self.laptop, "100.64.0.1"),
            mesh.invite(USED),
            mesh.invite(OPEN),
            mesh.invite(OLD, expires=NOW - 1),
            *mesh.join(self.phone, "100.64.0.2", USED),
            mesh.membership(self.tablet, "100.64.0.3"),
            mesh.device(self.tablet),
            mesh.removal(self.tablet),
        )

    def joining(self, invite: bytes = OPEN, **changes: object) -> Signed:
        """The membership of the newcomer, with these changes, signed by whoever must."""
        body = body_of(self.mesh.membership(self.newcomer, "100.64.0.9", invite).body)
        return signed(msgspec.structs.replace(body, **changes), self.newcomer.key, invite_key(invite))

    def says(self, device: FakeDevice, *keys: SigningKey, **changes: object) -> Signed:
        """What the device says, with these changes, signed by the keys or by itself."""
        body = body_of(self.mesh.device(device).body)
        return signed(msgspec.structs.replace(body, **changes), *(keys or (device.key,)))

    def founding(self, **changes: object) -> Signed:
        """A founding record with these changes."""
        return signed(msgspec.structs.replace(body_of(self.mesh.founding().body), **changes), self.mesh.key)


STRANGER = key("a stranger")
BROKEN: dict[str, tuple[str, Callable[[World], Signed]]] = {
    "junk": ("no record", lambda w: Signed("{}")),
    "of another version": ("format 2", lambda w: w.says(w.phone, v=2)),
    "a second founding": ("founded once", lambda w: w.founding(network4="10.0.0.0/8")),
    "an invite by a stranger": (
        "mesh key",
        lambda w: signed(Invite(mesh=w.mesh.id, key=key("x").public, kind="own", expires=NOW), STRANGER),
    ),
    "an invite by a member": (
        "mesh key",
        lambda w: signed(Invite(mesh=w.mesh.id, key=key("x").public, kind="own", expires=NOW), w.phone.key),
    ),
    "an invite again, with a later end": ("made once", lambda w: w.mesh.invite(OLD, expires=NOW + 9)),
    "an invite of an unknown kind": (
        "a kind that",
        lambda w: signed(Invite(mesh=w.mesh.id, key=key("x").public, kind="external", expires=NOW), w.mesh.key),
    ),
    "a membership by an unknown invite": ("not known", lambda w: w.joining(seed("never made"))),
    "a membership by a used invite": ("let another device in", lambda w: w.joining(USED)),
    "a membership by an expired invite": ("had expired", lambda w: w.joining(OLD)),
    "a membership without the invite's signature": (
        "lets it in",
        lambda w: signed(body_of(w.joining().body), w.newcomer.key),
    ),
    "a membership signed by another invite": (
        "lets it in",
        lambda w: signed(body_of(w.joining().body), w.newcomer.key, invite_key(USED)),
    ),
    "a membership without the device's signature": (
        "not signed by the device",
        lambda w: signed(body_of(w.joining().body), invite_key(OPEN)),
    ),
    "a membership in the mesh key's name": (
        "lets it in",
        lambda w: w.joining(invite=OPEN, **{"invite": w.mesh.key.public}),
    )
    if False
    else (
        "lets it in",
        lambda w: signed(
            msgspec.structs.replace(body_of(w.joining().body), invite=w.mesh.key.public),
            w.newcomer.key,
            invite_key(OPEN),
        ),
    ),
}
