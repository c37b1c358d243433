"""What the command line signs for the person, with the mesh key.

Each statement is read and compared with what the person asked for before it is signed: a daemon that was broken into
must not get another signature out of an innocent command.
"""

from __future__ import annotations

from collections.abc import Callable

from meshnet.cli.client import Client
from meshnet.core.records import Body, Confirmation, InvalidRecordError, Signed, body_of, sign
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local


def sign_statements(mesh: str, bodies: tuple[str, ...], expected: Callable[[Body], bool]) -> tuple[Signed, ...]:
    """The bodies signed with the key of this mesh; MeshnetError `no-mesh-key`, or where a body is not as expected."""
    from meshnet import keys

    key = keys.load(mesh)
    if key is None:
        raise MeshnetError(Code.NO_MESH_KEY)
    if not all(_is_as_asked(text, mesh, expected) for text in bodies):
        raise MeshnetError(Code.SYSTEM_ERROR, "The daemon asked for a signature of something else; nothing is signed.")
    return tuple(sign(text, key) for text in bodies)


def _is_as_asked(text: str, mesh: str, expected: Callable[[Body], bool]) -> bool:
    try:
        body = body_of(text)
    except InvalidRecordError:
        return False
    return body.mesh == mesh and expected(body)


def confirm_waiting(client: Client, status: local.Status) -> None:
    """Confirm the devices that joined by an invite of this person, where the mesh key is at hand."""
    waiting, mesh = set(status.unconfirmed), status.mesh
    if not waiting or mesh is None:
        return
    from meshnet import keys

    if keys.load(mesh) is None:
        return
    statements = client.ask(local.PrepareConfirm(), local.Statements)
    records = sign_statements(
        mesh, statements.bodies, lambda body: isinstance(body, Confirmation) and body.device in waiting
    )
    client.ask(local.PostSigned(records), local.Status)
