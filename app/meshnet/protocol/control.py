"""Messages between daemon and coordinator: JSON over one HTTPS origin.

    GET  /v1/hello                     -> Hello        no authentication; the caller pins `identity`
    POST /v1/create/begin  CreateBegin -> Allocation
    POST /v1/create        Create      -> {}           records: Mesh, Membership, Device
    POST /v1/join/begin    JoinBegin   -> Joining
    POST /v1/join          Join        -> {}           records: Membership, Device; the invite is used up with them
    POST /v1/challenge     Challenge   -> Nonce
    POST /v1/session       Login       -> Session
    POST /v1/records       Post        -> {}           needs `Authorization: Bearer TOKEN`
    POST /v1/meet          MeetCall    -> Met          needs the token; the offer goes to the peer as it is
    POST /v1/lasting       LastingCall -> Met          needs the token; of ports for a WireGuard app, which keep
    GET  /v1/changes?since=N           -> lines        needs the token; one `Change` a line until either side ends

A refusal has a status of 4xx and an `Problem` as its body. Bodies and lines have at most 64 KiB.

TLS certificates are not checked against any authority: the coordinator's Ed25519 identity, known from a link, signs
the certificate in use (`certificate_message`), and the client compares that with the certificate it sees.
"""

from __future__ import annotations

import hashlib

import msgspec

from meshnet.core.records import Signed
from meshnet.errors import Code

VERSION = 1
BODY_MAX = 64 * 1024


class Hello(msgspec.Struct, frozen=True):
    """Who the coordinator is."""

    version: int
    identity: str
    """Ed25519 public key."""
    certificate: str
    """Signature by `identity` over `certificate_message` of the certificate in use."""
    network4: str
    network6: str


class CreateBegin(msgspec.Struct, frozen=True):
    """Ask for an address for the first device of a new mesh."""

    token: str
    device: str


class Allocation(msgspec.Struct, frozen=True):
    """An address kept for the device for ten minutes."""

    address4: str


class Create(msgspec.Struct, frozen=True):
    """Found a mesh."""

    token: str
    records: tuple[Signed, ...]


class JoinBegin(msgspec.Struct, frozen=True):
    """Ask for the mesh behind an invite. `proof` is the invite key's signature over `join_message(device)`."""

    invite: str
    device: str
    proof: str


class Joining(msgspec.Struct, frozen=True):
    """The mesh behind an invite, for the device to verify before it joins, and an address kept for it."""

    mesh: Signed
    invite: Signed
    address4: str


class Join(msgspec.Struct, frozen=True):
    """Use an invite."""

    records: tuple[Signed, ...]


class Challenge(msgspec.Struct, frozen=True):
    """Ask for a nonce to sign. `device` is its public key."""

    device: str


class Nonce(msgspec.Struct, frozen=True):
    """A nonce, good for one login within a minute."""

    nonce: str


class Login(msgspec.Struct, frozen=True):
    """`signature` is the device key's over `login_message`."""

    device: str
    nonce: str
    signature: str


class Session(msgspec.Struct, frozen=True):
    """A token for the calls that need one; good until the coordinator answers 401."""

    token: str


class Post(msgspec.Struct, frozen=True):
    """Records of this device, or records that the mesh key signed."""

    records: tuple[Signed, ...]


class MeetCall(msgspec.Struct, frozen=True):
    """Tell a peer where this device may be met; the record is an `Offer`, which nobody keeps."""

    offer: Signed


class Met(msgspec.Struct, frozen=True):
    """The offer is on its way. `relay`: the endpoint that stands for the peer at the relay; None: there is none."""

    relay: str | None = None


class LastingCall(msgspec.Struct, frozen=True):
    """Have ports of the relay kept for a device that is a stock WireGuard app, and the host it uses (both ids).

    The answer is where the app finds its host, for as long as both are members; None: there is no relay for them.
    """

    phone: str
    host: str


class Problem(msgspec.Struct, frozen=True):
    """Why a call was refused."""

    code: Code
    message: str


# --- the stream of changes ------------------------------------------------------------------------------------------


class Beacon(msgspec.Struct, frozen=True):
    """A WireGuard peer of every device, at the coordinator's address, that tells under which endpoint it sees it."""

    key: str
    """WireGuard public key."""
    port: int


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """First line: the address under which the coordinator sees the device (no port), and its beacons."""

    address: str
    beacons: tuple[Beacon, ...] = ()


class Seen(msgspec.Struct, frozen=True, tag="seen"):
    """Where the beacons see this device, in their order; "" where one does not (any more)."""

    endpoints: tuple[str, ...]


class Meet(msgspec.Struct, frozen=True, tag="meet"):
    """A peer says where it may be met. `relay`: the endpoint that stands for that peer at the relay."""

    offer: Signed
    relay: str | None = None


class Record(msgspec.Struct, frozen=True, tag="record"):
    """A record, and the revision to resume from after it."""

    revision: int
    record: Signed


class Presence(msgspec.Struct, frozen=True, tag="presence"):
    """A device (id) of the mesh connected or went away. Hearsay: it informs, and decides nothing."""

    device: str
    online: bool


class Synced(msgspec.Struct, frozen=True, tag="synced"):
    """All that was missed has been told; what follows is live."""

    revision: int


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Nothing happened for 15 seconds."""


Change = Welcome | Record | Presence | Synced | Ping | Seen | Meet


def certificate_message(certificate_der: bytes) -> bytes:
    """What the coordinator's identity signs of its TLS certificate."""
    return b"meshnet-tls\0" + hashlib.sha256(certificate_der).digest()


def join_message(device_key: str) -> bytes:
    """What the invite key signs to show that its holder asks."""
    return b"meshnet-join\0" + device_key.encode()


def login_message(coordinator_key: str, nonce: str) -> bytes:
    """What the device key signs to log in; names the coordinator, so that another one cannot pass it on."""
    return b"meshnet-login\0" + coordinator_key.encode() + b"\0" + nonce.encode()
