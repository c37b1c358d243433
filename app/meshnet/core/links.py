"""The one-line texts that people pass on: invite links, and the line that lets somebody create a mesh.

    meshnet://join/HOST:PORT/COORDINATOR/MESH/SECRET     an invite of one more device of the same mesh
    meshnet://create/HOST:PORT/COORDINATOR/TOKEN         the right to create a mesh at a coordinator

COORDINATOR and MESH are public keys, SECRET is 32 bytes of which the invite's key pair is made: the coordinator
learns its public half only. HOST is a name, an IPv4 address, or an IPv6 address in brackets.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from meshnet.core.identity import SigningKey, decode, encode
from meshnet.errors import Code, Refusal

_ORIGIN = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]{1,253}):([0-9]{1,5})")
_LINK_MAX = 1024


@dataclass(frozen=True, slots=True)
class CoordinatorAddress:
    """Where a coordinator is, and the key by which it is known."""

    host: str
    """A name, or an address without brackets."""
    port: int
    key: str

    @property
    def origin(self) -> str:
        """HOST:PORT, as it stands in links and URLs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The HTTPS origin."""
        return f"https://{self.origin}"


@dataclass(frozen=True, slots=True)
class JoinLink:
    """An invite link, read."""

    coordinator: CoordinatorAddress
    mesh_key: str
    secret: bytes = field(repr=False)

    def __str__(self) -> str:
        at = self.coordinator
        return f"meshnet://join/{at.origin}/{at.key}/{self.mesh_key}/{encode(self.secret)}"


@dataclass(frozen=True, slots=True)
class CreateLink:
    """The line that `meshnet-coordinator address` prints, read."""

    coordinator: CoordinatorAddress
    token: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"meshnet://create/{self.coordinator.origin}/{self.coordinator.key}/{encode(self.token)}"


def invite_key(secret: bytes) -> SigningKey:
    """The invite's key pair."""
    return SigningKey(hashlib.sha256(b"meshnet-invite\0" + secret).digest())


def _parts(text: str, kind: str, count: int, refusal: Code) -> tuple[str, ...]:
    text = text.strip()
    if len(text) > _LINK_MAX or not text.startswith("meshnet://"):
        raise Refusal(refusal, "This is no Meshnet link; one begins with meshnet:// and stands on one line.")
    found, *parts = text.removeprefix("meshnet://").split("/")
    if found != kind:
        wrong = Code.INVITE_FOREIGN if refusal is Code.INVITE_INVALID else refusal
        raise Refusal(wrong, f"This link is for `{found[:20]}`, and here one for `{kind}` is needed.")
    if len(parts) != count:
        raise Refusal(refusal, "The link is not complete; copy the whole line again.")
    return tuple(parts)


def _coordinator(origin: str, key: str) -> CoordinatorAddress:
    match = _ORIGIN.fullmatch(origin)
    if match is None or not 0 < int(match[2]) < 65536:
        raise ValueError("no HOST:PORT")
    decode(key)
    return CoordinatorAddress(match[1].strip("[]"), int(match[2]), key)


def parse_join(text: str) -> JoinLink:
    """Read an invite link; Refusal `invite-invalid`, or `invite-foreign` for a link of another kind."""
    origin, coordinator, mesh, secret = _parts(text, "join", 4, Code.INVITE_INVALID)
    try:
        decode(mesh)
        return JoinLink(_coordinator(origin, coordinator), mesh, decode(secret))
    except ValueError as error:
        raise Refusal(Code.INVITE_INVALID, "The link is damaged; copy the whole line again.") from error


def parse_create(text: str) -> CreateLink:
    """Read a coordinator's address line; Refusal `create-not-allowed`."""
    origin, coordinator, token = _parts(text, "create", 3, Code.CREATE_NOT_ALLOWED)
    try:
        return CreateLink(_coordinator(origin, coordinator), decode(token))
    except ValueError as error:
        raise Refusal(Code.CREATE_NOT_ALLOWED, "The address line is damaged; copy the whole line again.") from error
