"""What the command line signs for the person, with the mesh key: what `meshnet.protocol.statements` lets pass."""

from __future__ import annotations

import time

from meshnet.cli.client import Client
from meshnet.core.records import Body, Invite, Signed
from meshnet.protocol import local, statements

_CLOCK_STEP = 60
"""Seconds by which the system's clock may be set back meanwhile."""


def sign_statements(mesh: str, bodies: tuple[str, ...], expected: statements.Expected) -> tuple[Signed, ...]:
    """The bodies signed with the key of this mesh; MeshnetError `no-mesh-key`, or where a body is not as expected."""
    from meshnet import keys

    return statements.signed(mesh, bodies, keys.load(mesh), expected)


def sign_invite(mesh: str, bodies: tuple[str, ...], seconds: int) -> tuple[Signed, ...]:
    """An invite, unless it lets somebody in for longer than these seconds."""
    until = time.time() + seconds + _CLOCK_STEP

    def expected(body: Body) -> bool:
        return statements.invites(body) and isinstance(body, Invite) and body.expires <= until

    return sign_statements(mesh, bodies, expected)


def confirm_waiting(client: Client, status: local.Status) -> None:
    """Confirm the devices that joined by an invite of this person, where the mesh key is at hand."""
    if not status.unconfirmed or status.mesh is None:
        return
    from meshnet import keys

    key = keys.load(status.mesh)
    if key is None:
        return
    prepared = client.ask(local.PrepareConfirm(), local.Statements)
    expected = statements.confirms(status.unconfirmed)
    client.ask(local.PostSigned(statements.signed(status.mesh, prepared.bodies, key, expected)), local.Status)
