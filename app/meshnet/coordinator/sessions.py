"""Who is calling: nonces to sign, and the tokens given for a good signature. In memory: after a restart devices log in
again. Tokens are kept as hashes, so that looking one up takes no time that depends on a secret.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from meshnet.coordinator.store import Member

_NONCE_SECONDS = 60
_NONCES_MAX = 4096
_NONCES_PER_DEVICE = 4
_SESSIONS_PER_DEVICE = 4


@dataclass(frozen=True, slots=True)
class _Nonce:
    key: str
    expires: float


class Sessions:
    """The nonces that are out, and the sessions that are open."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._nonces: dict[str, _Nonce] = {}
        self._members: dict[bytes, Member] = {}
        self._tokens: dict[str, list[bytes]] = {}
        """Device id → hashes of its tokens, the oldest first."""

    def challenge(self, key: str) -> str:
        """A nonce for the device with this key, good for one login within a minute."""
        self._forget_nonces(key)
        nonce = secrets.token_urlsafe(32)
        self._nonces[nonce] = _Nonce(key, self._monotonic() + _NONCE_SECONDS)
        return nonce

    def redeem(self, nonce: str, key: str) -> bool:
        """Use a nonce up; False for one that was not given to this key, or was used, or is too old."""
        found = self._nonces.pop(nonce, None)
        return found is not None and found.key == key and self._monotonic() < found.expires

    def open(self, member: Member) -> str:
        """A token for the device; where it has several, its oldest ends."""
        token = secrets.token_urlsafe(32)
        tokens = self._tokens.setdefault(member.device, [])
        tokens.append(_hash(token))
        self._members[tokens[-1]] = member
        for old in tokens[:-_SESSIONS_PER_DEVICE]:
            tokens.remove(old)
            del self._members[old]
        return token

    def who(self, token: str) -> Member | None:
        """The device that the token was given to."""
        return self._members.get(_hash(token))

    def end(self, device: str) -> None:
        """End all sessions of the device."""
        for token in self._tokens.pop(device, ()):
            del self._members[token]

    def _forget_nonces(self, key: str) -> None:
        now = self._monotonic()
        # In the order of their making, so the expired ones are the first.
        while self._nonces:
            oldest = next(iter(self._nonces))
            if self._nonces[oldest].expires > now and len(self._nonces) < _NONCES_MAX:
                break
            del self._nonces[oldest]
        mine = [nonce for nonce, entry in self._nonces.items() if entry.key == key]
        for nonce in mine[: len(mine) - _NONCES_PER_DEVICE + 1]:
            del self._nonces[nonce]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
