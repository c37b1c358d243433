"""One peer, as the ways to it are kept: whom it is, what is due for it, and how much it may have this device do.

A peer, or whoever passes its word on, can name endpoints and turn from one to another at will. Law: what that costs
this device and third parties is bounded for each peer, so that no peer costs another one anything.
"""

from __future__ import annotations

import math
import secrets
from collections import deque
from dataclasses import dataclass, field

from meshnet.core.allowance import Allowance
from meshnet.core.candidates import ALIVE
from meshnet.core.endpoints import may_be_candidate
from meshnet.core.paths import PeerPath, Send
from meshnet.core.plan import Way
from meshnet.core.probes import NONCE_BYTES, Kind, Pair, Probe
from meshnet.core.records import STOCK, Device
from meshnet.core.stock import StockPath

ASKS_AT_ONCE, ASKS_A_SECOND = 120, 2.0
"""Of one peer's endpoints that have not answered lately: whoever is named to us as a peer gets no more from here."""
TURNS_AT_ONCE, TURNS_A_SECOND = 20, 0.2
"""Changes of where the tunnel sends to one peer, or of where it comes from; each starts several processes."""
_CHOICES_MOST = 64
"""Many more than a pair makes while a cookie is good."""


@dataclass(slots=True)
class Known:
    """One peer."""

    device: Device
    pair: Pair
    path: PeerPath | StockPath
    begins: float
    """When it is to be met; a time that has passed: it was."""
    due: float = math.inf
    """When it is looked at next: never later than it has to be."""
    way: Way | None = None
    """What the tunnel is to know of it."""
    turn_at: float = math.inf
    """When the tunnel may follow it again; it would by now."""
    sayings: int = 0
    """How often the tunnel was told again, having wandered off."""
    heard_offer: int = 0
    made_offer: int = 0
    asks: Allowance = field(default_factory=lambda: Allowance(ASKS_AT_ONCE, ASKS_A_SECOND))
    turns: Allowance = field(default_factory=lambda: Allowance(TURNS_AT_ONCE, TURNS_A_SECOND))

    _followed: deque[bytes] = field(default_factory=lambda: deque(maxlen=_CHOICES_MOST))
    """The nonces of choices."""

    @property
    def wants(self) -> float:
        """When something is to be done for it."""
        return min(self.begins, self.turn_at, self.path.next_due)

    def take(self, source: str, probe: Probe, now: float) -> list[Send]:
        """The peer said this, from there; what is to be sent for it.

        Nothing for what comes from where no peer can be met: a neighbour on the link, who repeats what it recorded. A
        choice is followed once: its cookie is good for longer, and whoever recorded it could move this device back.
        """
        is_choice = probe.kind is Kind.CHOOSE
        if not may_be_candidate(source) or (is_choice and probe.nonce in self._followed):
            return []
        sends = self.path.take(source, probe, now)
        if is_choice and sends:
            self._followed.append(probe.nonce)
        return sends

    def may_ask(self, endpoint: str, now: float) -> bool:
        """Whether a probe may go there: it has answered, or others that have not may still be tried."""
        if isinstance(self.path, StockPath):
            return True
        candidate = self.path.candidates.get(endpoint)
        return (candidate is not None and now - candidate.answered_at < ALIVE) or self.asks.takes(now)

    def rtt(self, now: float) -> float | None:
        """Seconds to the peer and back by the way in use."""
        used = self.path.in_use
        return used.rtt if used is not None and self.path.kind(now) != "none" else None

    def turn(self, now: float) -> bool:
        """Take over what the path found out; True: the tunnel is to follow."""
        used = self.path.in_use
        way = Way(used.endpoint, self.path.aliases(), used.is_relay, self.sayings) if used is not None else None
        self.turn_at = math.inf
        if way == self.way:
            return False
        if not self.turns.takes(now):
            self.turn_at = self.turns.next_at(now)
            return False
        self.way = way
        return True


def new_path(device: Device, own: str, secret: bytes) -> PeerPath | StockPath:
    """The way to a device that is not known yet; `own` is this device's WireGuard key."""

    def draw() -> bytes:
        return secrets.token_bytes(NONCE_BYTES)

    if device.platform == STOCK:
        return StockPath(draw)
    return PeerPath(device.device, own < device.wireguard, draw, secret)
