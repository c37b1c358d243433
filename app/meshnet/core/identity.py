"""Keys, fingerprints and the addresses derived from them.

Keys are raw 32-byte Ed25519 (RFC 8032) and X25519 (RFC 7748) values, written as URL-safe base64 without padding
(43 characters) in records and links; WireGuard's own keys keep WireGuard's spelling, base64 with padding.
Randomness is an argument: every secret starts as 32 bytes that the caller drew. `cryptography` is imported where a key
is used, so that a front end that signs nothing starts without it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import unicodedata

from meshnet.errors import Code, Refusal

KEY_BYTES = 32
_NAME_MAX = 63
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
ID_LENGTH = 26


def encode(raw: bytes) -> str:
    """Write bytes as URL-safe base64 without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str, length: int = KEY_BYTES) -> bytes:
    """Read `length` bytes written by `encode`; ValueError for any other spelling, so that one value has one text."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
    if len(raw) != length or encode(raw) != text:
        raise ValueError(f"not {length} bytes of canonical base64")
    return raw


def fingerprint(public_key: str) -> str:
    """The id of whoever holds this key: the first 130 bits of its SHA-256, in lower-case base32, 26 characters."""
    digest = hashlib.sha256(b"meshnet-id\0" + decode(public_key)).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:ID_LENGTH]


def is_id(text: str) -> bool:
    """Whether the text has the form of a mesh, device or coordinator id."""
    return len(text) == ID_LENGTH and all(letter in _ALPHABET for letter in text)


class SigningKey:
    """An Ed25519 key pair made from 32 secret bytes; its text form never shows the secret."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != KEY_BYTES:
            raise ValueError("an Ed25519 seed has 32 bytes")
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = encode(self._key.public_key().public_bytes_raw())
        self.id = fingerprint(self.public)

    def sign(self, message: bytes) -> str:
        """Sign the message; 64 bytes, encoded."""
        return encode(self._key.sign(message))

    def __repr__(self) -> str:
        return f"SigningKey({self.id})"


def verifies(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the signature of the message was made by the holder of the key; False for malformed input too."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(decode(public_key)).verify(decode(signature, 64), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def wireguard_public(private: bytes) -> str:
    """WireGuard's spelling of the public half of 32 secret bytes (as `wg pubkey` prints it)."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return base64.b64encode(X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()).decode()


def wireguard_private(private: bytes) -> str:
    """WireGuard's spelling of a private key."""
    return base64.b64encode(private).decode()


def is_wireguard_key(text: str) -> bool:
    """Whether the text is a WireGuard public key in its one spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == KEY_BYTES and base64.b64encode(raw).decode() == text


def mesh_network6(coordinator_key: str) -> str:
    """The /48 unique local prefix (RFC 4193) of all devices of one coordinator."""
    digest = hashlib.sha256(b"meshnet-network6\0" + decode(coordinator_key)).digest()
    return str(ipaddress.IPv6Network((b"\xfd" + digest[:5] + bytes(10), 48)))


def address6(network6: str, device_key: str) -> str:
    """The IPv6 address of a device: the mesh's /48, then 80 bits of the hash of its key."""
    prefix = ipaddress.IPv6Network(network6).network_address.packed[:6]
    digest = hashlib.sha256(b"meshnet-address6\0" + decode(device_key)).digest()
    return str(ipaddress.IPv6Address(prefix + digest[:10]))


def clean_name(text: str) -> str:
    """The name in its one form (NFC, no space around it); Refusal `invalid-name` for one that may not be.

    Any language; 1 to 63 characters; no control, format, surrogate, private or line-breaking characters (Unicode
    categories C*, Zl and Zp), which would break terminals and fool readers.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= _NAME_MAX:
        raise Refusal(Code.INVALID_NAME, f"A name has 1 to {_NAME_MAX} characters; this one has {len(name)}.")
    for letter in name:
        category = unicodedata.category(letter)
        if category.startswith("C") or category in ("Zl", "Zp"):
            raise Refusal(Code.INVALID_NAME, f"A name cannot have the control character U+{ord(letter):04X}.")
    return name
