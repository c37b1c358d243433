"""The signed records that the coordinator stores and fans out, and nothing else of them.

A record is a JSON body, kept as the very text that was signed, and the signatures over it. Every body names its
type, its mesh and the version of the format, so a signature cannot be moved to another type, mesh or version.
Who must have signed what is decided in `meshnet.core.trust`.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from meshnet.core.identity import SigningKey, verifies

FORMAT = 1
RECORD_MAX = 16 * 1024
"""Bytes of a body at most."""
_DOMAIN = b"meshnet-record\0"


class InvalidRecordError(ValueError):
    """The bytes are no record of this format."""


class _Body(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    mesh: str
    v: int = FORMAT


class Mesh(_Body, frozen=True, kw_only=True, tag="mesh"):
    """The founding of a mesh; signed by the mesh key. Immutable."""

    key: str
    coordinator: str
    """The coordinator's public key."""
    network4: str
    network6: str


class Invite(_Body, frozen=True, kw_only=True, tag="invite"):
    """The right to let one device in; signed by the mesh key."""

    key: str
    kind: str
    """"own": one more device of the same mesh."""
    expires: int
    """Unix time in seconds."""


class Membership(_Body, frozen=True, kw_only=True, tag="membership"):
    """A device belongs to the mesh; signed by the device key and by an invite key or the mesh key. Immutable."""

    device: str
    """The device's public key."""
    invite: str
    """The invite's public key; the mesh's own where the mesh key itself lets the device in."""
    address4: str
    address6: str
    joined: int
    """Unix time in seconds, by the device's clock."""


class Device(_Body, frozen=True, kw_only=True, tag="device"):
    """What a device says of itself; signed by the device key, with rising `seq`."""

    device: str
    """The device's id."""
    seq: int
    name: str
    platform: str
    wireguard: str
    """WireGuard public key, in WireGuard's spelling."""
    candidates: tuple[str, ...] = ()
    """"ADDRESS:PORT" and "[ADDRESS6]:PORT" where the device's tunnel may be reached."""
    can_host: bool = False
    cannot_host: str | None = None
    """The reason, for people."""
    ipv6: bool = False
    """As a host: IPv6 gets out."""
    mtu: int = 1420
    route: str | None = None
    """Id of the host that this device routes its own traffic through."""
    exit: str = "line"
    """As a host that is not routed itself: its peers leave by its own "line", by a "vpn" it is on, or that VPN is
    "lost" and they leave nowhere."""
    public: tuple[str, ...] = ()
    """As a host that is not routed itself: the addresses under which the world sees its peers, one of each family at
    most, as far as it knows for sure."""
    lan: tuple[str, ...] = ()
    """Its local networks that have public addresses: who may reach them, and is a host, keeps its own peers out."""


class Grants(_Body, frozen=True, kw_only=True, tag="grants"):
    """What a device permits one peer; signed by the granting device, with rising `seq` per peer.

    It only informs: what counts is what the granting device holds and enforces itself.
    """

    device: str
    peer: str
    seq: int
    incoming: bool
    routing: bool
    lan: bool


class Confirmation(_Body, frozen=True, kw_only=True, tag="confirmation"):
    """A person with the mesh key stands by this device; signed by the mesh key."""

    device: str


class Removal(_Body, frozen=True, kw_only=True, tag="removal"):
    """The device is out, for good; signed by the mesh key, or by the device itself when it leaves."""

    device: str


class Offer(_Body, frozen=True, kw_only=True, tag="offer"):
    """Where a device may be met by one peer, now; signed by the device key, passed on and never kept.

    Unlike the candidates of its `Device` record, these may be of its local network: only that peer reads them.
    """

    device: str
    peer: str
    seq: int
    """Rises with each offer to this peer: Unix time in milliseconds, or one more than the last."""
    candidates: tuple[str, ...]
    asks: bool = False
    """The peer is to answer with an offer of its own."""


STOCK = "wireguard"
"""The platform of a device that is a stock WireGuard app: it runs nothing of ours, so it connects to no coordinator,
answers no probe, and learns of nothing that happens later."""

Body = Mesh | Invite | Membership | Device | Grants | Confirmation | Removal


class Signature(msgspec.Struct, frozen=True):
    """Who signed (public key), and the signature over the body's text."""

    key: str
    value: str


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record: the text that was signed, and the signatures."""

    body: str
    signatures: tuple[Signature, ...] = ()


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Body] = msgspec.json.Decoder(Body)
_offer_decoder: msgspec.json.Decoder[Offer] = msgspec.json.Decoder(Offer)
_Read = TypeVar("_Read", Body, Offer)


def text_of(body: Body | Offer) -> str:
    """The text to be signed."""
    return _encoder.encode(body).decode()


def body_of(text: str) -> Body:
    """Read a body; InvalidRecordError for anything that is none, is too long, or of another version."""
    return _read(text, _decoder)


def offer_of(text: str) -> Offer:
    """Read an offer, which is no body of a record that anybody keeps; InvalidRecordError for anything else."""
    return _read(text, _offer_decoder)


def _read(text: str, decoder: msgspec.json.Decoder[_Read]) -> _Read:
    try:
        data = text.encode()
        if len(data) > RECORD_MAX:
            raise InvalidRecordError("longer than a record may be")
        body = decoder.decode(data)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        # RecursionError: msgspec's word for JSON that is nested too deeply.
        raise InvalidRecordError(str(error)) from error
    if body.v != FORMAT:
        raise InvalidRecordError(f"format {body.v}; this program knows {FORMAT}")
    return body


def sign(body: str, *keys: SigningKey) -> Signed:
    """The record of this text, signed by each of the keys."""
    message = _DOMAIN + body.encode()
    return Signed(body, tuple(Signature(key.public, key.sign(message)) for key in keys))


def countersign(record: Signed, *keys: SigningKey) -> Signed:
    """The record with more signatures."""
    return Signed(record.body, record.signatures + sign(record.body, *keys).signatures)


def signed_by(record: Signed, public_key: str) -> bool:
    """Whether the record bears a valid signature of that key."""
    message = _DOMAIN + record.body.encode()
    return any(s.key == public_key and verifies(s.key, message, s.value) for s in record.signatures[:4])


def subject_of(body: Body) -> str:
    """What a newer record with the same type and subject takes the place of; unique within a mesh and a type."""
    match body:
        case Mesh():
            return ""
        case Invite():
            return body.key
        case Grants():
            return f"{body.device}/{body.peer}"
        case Membership() | Device() | Confirmation() | Removal():
            return body.device
