"""The datagrams with which two devices find out which ways lead from one to the other. Pure.

Every probe has 64 bytes, so that an answer is never larger than what asked for it:

    magic 4 | kind 1 | flags 1 | 0 0 | tag 8 | nonce 12 | cookie 12 | 0 × 8 | seal 16

`tag` tells the receiver whose probe it is, `seal` (HMAC-SHA256, RFC 2104, cut short) that it is so: both are made with
a key that only the two have (X25519 of their WireGuard keys, RFC 7748). `nonce` is the asker's and comes back with the
answer. `cookie` is the answerer's, for the address that asked: it comes back with a choice, which therefore cannot be
repeated by somebody else from another address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from enum import IntEnum

MAGIC = b"MnP1"
SIZE = 64
NONCE_BYTES = 12
NO_COOKIE = bytes(12)
_FORM = struct.Struct("!4sBBxx8s12s12s8x16s")
_SEAL_BYTES = 16
COOKIE_SECONDS = 30


class Kind(IntEnum):
    """What a probe says."""

    ASK = 1
    """Does this reach you?"""
    ANSWER = 2
    """It does; by the way it came."""
    CHOOSE = 3
    """Use this way from now on: the one by which this comes."""
    CHOSEN = 4
    """I do."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What one probe says."""

    kind: Kind
    nonce: bytes
    cookie: bytes = NO_COOKIE
    is_lost: bool = False
    """The way in use is dead for the sender."""


class Pair:
    """This device and one peer: the key that only they have."""

    def __init__(self, own_private: bytes, own_public: str, peer_public: str) -> None:
        """Keys as WireGuard has them: 32 secret bytes, and base64. ValueError for a key that is none."""
        secret = _shared(own_private, peer_public)
        ends = "\0".join(sorted((own_public, peer_public))).encode()
        self._key = hmac.digest(secret, b"meshnet-probe\0" + ends, hashlib.sha256)
        self._own_tag, self.peer_tag = self._tag(own_public), self._tag(peer_public)

    def encode(self, probe: Probe) -> bytes:
        """The datagram."""
        flags = 1 if probe.is_lost else 0
        bare = _FORM.pack(MAGIC, probe.kind, flags, self._own_tag, probe.nonce, probe.cookie, bytes(_SEAL_BYTES))
        return bare[:-_SEAL_BYTES] + self._seal(bare[:-_SEAL_BYTES])

    def decode(self, datagram: bytes) -> Probe | None:
        """What the peer says; None where the peer did not say it, or this version does not know it."""
        if len(datagram) != SIZE or tag_of(datagram) != self.peer_tag:
            return None
        magic, kind, flags, _, nonce, cookie, seal = _FORM.unpack(datagram)
        if magic != MAGIC or not hmac.compare_digest(seal, self._seal(datagram[:-_SEAL_BYTES])):
            return None
        try:
            return Probe(Kind(kind), nonce, cookie, bool(flags & 1))
        except ValueError:
            return None

    def _tag(self, sender: str) -> bytes:
        return hmac.digest(self._key, b"tag\0" + sender.encode(), hashlib.sha256)[:8]

    def _seal(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, hashlib.sha256)[:_SEAL_BYTES]


def tag_of(datagram: bytes) -> bytes:
    """By which the receiver finds the pair."""
    return datagram[8:16]


def cookie_for(secret: bytes, peer: str, source: str, now: float) -> bytes:
    """What shows, within a minute, that this peer was answered at this address."""
    turn = int(now // COOKIE_SECONDS)
    return hmac.digest(secret, f"{turn}\0{peer}\0{source}".encode(), hashlib.sha256)[: len(NO_COOKIE)]


def is_cookie(cookie: bytes, secret: bytes, peer: str, source: str, now: float) -> bool:
    """Whether the cookie was made for this peer at this address, not long ago."""
    made = (cookie_for(secret, peer, source, when) for when in (now, now - COOKIE_SECONDS))
    return any(hmac.compare_digest(cookie, one) for one in made)


def _shared(own_private: bytes, peer_public: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    peer = X25519PublicKey.from_public_bytes(base64.b64decode(peer_public, validate=True))
    return X25519PrivateKey.from_private_bytes(own_private).exchange(peer)
