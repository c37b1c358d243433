"""What the command line signs for the person, with the mesh key: what `meshnet.protocol.statements` lets pass."""

from __future__ import annotations

from meshnet.cli.client import Client
from meshnet.core.records import Signed
from meshnet.protocol import local, statements


def sign_statements(mesh: str, bodies: tuple[str, ...], expected: statements.Expected) -> tuple[Signed, ...]:
    """The bodies signed with the key of this mesh; MeshnetError `no-mesh-key`, or where a body is not as expected."""
    from meshnet import keys

    return statements.signed(mesh, bodies, keys.load(mesh), expected)


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
