"""What is signed with a mesh key: what the person asked for, and nothing beside it."""

from __future__ import annotations

import msgspec
import pytest

from meshnet.core.records import body_of, signed_by, text_of
from meshnet.errors import Code, MeshnetError
from meshnet.protocol.statements import Expected, confirms, expiry, founds, invites, removes, signed
from support.meshes import NOW, FakeDevice, FakeMesh, seed

MESH, PHONE, NAS = FakeMesh(), FakeDevice("phone"), FakeDevice("nas")
REMOVAL, CONFIRMATION = MESH.removal(PHONE).body, MESH.confirmation(PHONE).body
INVITE, ANOTHER = MESH.invite(seed("invite")).body, MESH.invite(seed("another")).body
EXTERNAL = text_of(msgspec.structs.replace(body_of(INVITE), kind="external"))
FOUNDING = (MESH.founding().body, MESH.membership(PHONE, "100.64.0.1").body)


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ((REMOVAL,), removes({PHONE.id})),
        ((CONFIRMATION,), confirms({PHONE.id, NAS.id})),
        ((INVITE,), invites(NOW, 86_400)),
        (FOUNDING, founds),
    ],
    ids=["removal", "confirmation", "invite", "founding"],
)
def test_what_was_asked_for_bears_the_keys_signature(bodies: tuple[str, ...], expected: Expected) -> None:
    records = signed(MESH.id, bodies, MESH.key, expected)
    assert tuple(record.body for record in records) == bodies
    assert all(signed_by(record, MESH.key.public) for record in records)


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ((REMOVAL,), removes({NAS.id})),
        ((CONFIRMATION,), confirms({NAS.id})),
        ((REMOVAL,), confirms({PHONE.id})),
        ((INVITE, REMOVAL), invites(NOW, 86_400)),
        ((INVITE, ANOTHER), invites(NOW, 86_400)),
        ((INVITE,), invites(NOW, 3600)),
        ((EXTERNAL,), invites(NOW, 86_400)),
        ((*FOUNDING, INVITE), founds),
        ((FakeMesh("elsewhere").removal(PHONE).body,), removes({PHONE.id})),
        (("junk",), founds),
    ],
    ids=[
        "other device",
        "other guest",
        "other kind",
        "behind it",
        "two invites",
        "longer",
        "external",
        "more",
        "other mesh",
        "junk",
    ],
)
def test_nothing_is_signed_where_anything_else_is_among_it(bodies: tuple[str, ...], expected: Expected) -> None:
    with pytest.raises(MeshnetError, match="nothing is signed"):
        signed(MESH.id, bodies, MESH.key, expected)


def test_without_the_key_it_says_so() -> None:
    with pytest.raises(MeshnetError) as refused:
        signed(MESH.id, (REMOVAL,), None, removes({PHONE.id}))
    assert refused.value.code is Code.NO_MESH_KEY


def test_an_invite_tells_until_when_it_holds() -> None:
    assert expiry((INVITE,)) == 1_800_086_400
    assert expiry((REMOVAL,)) == 0
