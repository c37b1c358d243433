"""Ledgers made of records, and all that one believes as one value to compare."""

from __future__ import annotations

from meshnet.core.records import Body, Signed, body_of, text_of
from meshnet.core.trust import Ledger
from support.meshes import FakeMesh


def ledger_of(mesh: FakeMesh, *records: Signed) -> Ledger:
    """A ledger that was told these records, and believed every one."""
    ledger = Ledger(mesh.key.public)
    for record in records:
        assert ledger.accept(record) is not None
    return ledger


def believed(ledger: Ledger) -> tuple[object, ...]:
    """All that the ledger holds, as of now."""
    return (
        ledger.mesh,
        dict(ledger.invites),
        dict(ledger.bound),
        dict(ledger.members),
        dict(ledger.devices),
        dict(ledger.grants),
        set(ledger.confirmed),
        set(ledger.removed),
        ledger.records(),
    )


def says_of_the_living(ledger: Ledger) -> tuple[object, ...]:
    """What of a ledger has consequences: what removed devices once said is left out."""
    return (
        ledger.mesh,
        dict(ledger.invites),
        dict(ledger.bound),
        dict(ledger.members),
        ledger.active(),
        {pair: grants for pair, grants in ledger.grants.items() if ledger.is_member(pair[0])},
        set(ledger.confirmed),
        set(ledger.removed),
    )


def body(record: Signed) -> Body:
    """What a record says."""
    return body_of(record.body)


def resigned(record: Signed, changed: Body) -> Signed:
    """The signatures of a record under another body: a forgery."""
    return Signed(text_of(changed), record.signatures)
