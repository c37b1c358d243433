"""Statements that a daemon asks a front end to sign with the mesh key.

Law: each is read first, and nothing is signed unless all of them are what the person asked for. A daemon that was
broken into must not get another signature out of an innocent wish.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from meshnet.core.identity import SigningKey
from meshnet.core.records import (
    Body,
    Confirmation,
    InvalidRecordError,
    Invite,
    Membership,
    Mesh,
    Removal,
    Signed,
    body_of,
    sign,
)
from meshnet.errors import Code, MeshnetError

Expected = Callable[[Body], bool]
_CLOCK_STEP = 60
"""Seconds by which the system's clock may be set back between a wish and its signature."""


def signed(mesh: str, bodies: tuple[str, ...], key: SigningKey | None, expected: Expected) -> tuple[Signed, ...]:
    """The bodies, signed with the key of this mesh (id).

    MeshnetError `no-mesh-key` where there is no key, `system-error` where a body is not as expected.
    """
    if key is None:
        raise MeshnetError(Code.NO_MESH_KEY)
    if not all(_is_as_asked(text, mesh, expected) for text in bodies) or _invites(bodies) > 1:
        raise MeshnetError(Code.SYSTEM_ERROR, "The daemon asked for a signature of something else; nothing is signed.")
    return tuple(sign(text, key) for text in bodies)


def founds(body: Body) -> bool:
    """Whether it belongs to a mesh that is being created."""
    return isinstance(body, Mesh | Membership)


def invites(now: float, seconds: int) -> Expected:
    """Whether it lets one more device of the same mesh in, for no longer than these seconds from now (Unix time)."""
    until = now + seconds + _CLOCK_STEP
    return lambda body: isinstance(body, Invite) and body.kind == "own" and body.expires <= until


def removes(devices: Collection[str]) -> Expected:
    """Whether it takes one of these devices (ids) out of the mesh."""
    return lambda body: isinstance(body, Removal) and body.device in devices


def confirms(devices: Collection[str]) -> Expected:
    """Whether it confirms one of these devices (ids)."""
    return lambda body: isinstance(body, Confirmation) and body.device in devices


def expiry(bodies: tuple[str, ...]) -> int:
    """Until when the invite among them lets somebody in, in Unix time; 0 where there is none."""
    return next((body.expires for body in map(body_of, bodies) if isinstance(body, Invite)), 0)


def _invites(bodies: tuple[str, ...]) -> int:
    return sum(isinstance(body_of(text), Invite) for text in bodies)


def _is_as_asked(text: str, mesh: str, expected: Expected) -> bool:
    try:
        body = body_of(text)
    except InvalidRecordError:
        return False
    return body.mesh == mesh and expected(body)
