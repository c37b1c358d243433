"""Of two devices that are to keep in touch, one speaks first.

WireGuard does not get by with two initiations at the same instant: each end drops its own for the other's, neither
knows the answer that comes then, and both try again after five seconds, often at the same instant again. Two devices
that hear of each other by the same word of the coordinator would do just that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from meshnet_platform.api import PeerSight, Tunnel

PATIENCE = 1.0
"""Seconds for which the other one is waited for; longer than its system takes to follow, and than packets are under
way."""


class Manners:
    """Whom this device lets speak first at the moment: who has the lower WireGuard key, and was met just now."""

    def __init__(self) -> None:
        self._met: dict[str, float] = {}
        self.on_due: Callable[[], None] = lambda: None
        """Somebody was waited for long enough: the plan is to be applied again."""

    def observed_by(self, tunnel: Tunnel, own_key: str, sights: Iterable[PeerSight]) -> Tunnel:
        """The tunnel, without keepalives to those who are to speak first."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        kept = [peer.public_key for peer in tunnel.peers if peer.keepalive and peer.allowed]
        self._met = {key: self._met.get(key, now) for key in kept}
        talked = {sight.public_key for sight in sights if sight.last_handshake}
        waiting = {
            key: since + PATIENCE
            for key, since in self._met.items()
            if key < own_key and key not in talked and now < since + PATIENCE
        }
        if not waiting:
            return tunnel
        loop.call_at(max(waiting.values()), self.on_due)
        return replace(
            tunnel, peers=tuple(replace(p, keepalive=0) if p.public_key in waiting else p for p in tunnel.peers)
        )
