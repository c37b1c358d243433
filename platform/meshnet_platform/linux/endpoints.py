"""Where the tunnel heard of its peers last, and from which of this device's addresses they are reached.

A tunnel that is made anew begins with what is kept here, instead of waiting for peers to speak first. And a
wireguard-go is told when something changed that it does not notice by itself:

- It answers a peer from the address that the peer last reached it at. When that address goes, it keeps to it until it
  has heard nothing for 15 seconds, and everything that it sends meanwhile is refused by the kernel.
- Its clock stands still while the system sleeps, so it keeps to a session that its peers gave up long ago.

The kernel's own WireGuard looks up the way again by itself, and counts the time asleep.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping

from meshnet_platform.api import Peer, Tunnel
from meshnet_platform.linux import marks
from meshnet_platform.linux.wg import InterfaceState, endpoints

SESSION_LASTS = 60.0
"""Seconds asleep after which no session is relied on: one lasts 180 (WireGuard's paper, section 6.1), and may have
been 120 old before."""
_SO_MARK = 36


class Endpoints:
    """What is known of the peers' endpoints, by WireGuard key, in the form of wg(8)."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.said: dict[str, tuple[str | None, int]] = {}
        """What the last plan that was carried out said of each peer, by key: endpoint and saying."""
        self._sources: frozenset[str] = frozenset()

    def note(self, state: InterfaceState) -> None:
        """Keep what the tunnel knows now; who is no peer any more is forgotten once there are others."""
        there = {peer.public_key for peer in state.peers}
        if there:
            self.known = {key: endpoint for key, endpoint in self.known.items() if key in there} | endpoints(state)

    def start(self, peer: Peer) -> str | None:
        """Where to begin with a peer that the tunnel does not know (any more).

        Where it was heard of last, unless the plan has changed its mind since.
        """
        heard = self.known.get(peer.public_key)
        if peer.endpoint is None or self.said.get(peer.public_key, ("", 0))[0] == peer.endpoint:
            return heard or peer.endpoint
        return peer.endpoint

    def placed(self, tunnel: Tunnel, moved: Mapping[str, str]) -> None:
        """What this plan says of endpoints was carried out; `moved` are those who were sent elsewhere."""
        self.said = {peer.public_key: (peer.endpoint, peer.saying) for peer in tunnel.peers}
        # Never in place: it may be read by another thread at this moment.
        self.known = {**self.known, **moved}

    def sources(self) -> frozenset[str]:
        """The addresses by which this device reaches them now; asking sends nothing."""
        found = (source_towards(endpoint) for endpoint in set(self.known.values()))
        return frozenset(source for source in found if source is not None)

    def is_stale(self, sources: Iterable[str]) -> bool:
        """Whether these are others than the tunnel knows of; not while there are none."""
        found = frozenset(sources)
        return bool(found) and found != self._sources

    def told(self, sources: Iterable[str]) -> None:
        """The tunnel knows of these."""
        self._sources = frozenset(sources)


class Slumber:
    """Notices that the system slept, by two clocks of which one stands still meanwhile (clock_gettime(2))."""

    def __init__(self, asleep: Callable[[], float] | None = None) -> None:
        self._asleep = asleep or _asleep_since_boot
        self._known = self._asleep()

    def since_last(self) -> float:
        """Seconds asleep since this was asked last."""
        before, self._known = self._known, self._asleep()
        return self._known - before


def _asleep_since_boot() -> float:
    if sys.platform != "linux":
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def source_towards(endpoint: str) -> str | None:
    """The address of this device by which what bears our mark reaches the endpoint; asking sends nothing."""
    address, _, port = endpoint.rpartition(":")
    address = address.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.suppress(OSError, ValueError), socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, _SO_MARK, marks.PACKET_MARK)
        # Connecting a datagram socket chooses its address, and sends nothing (connect(2)).
        asking.connect((address, int(port)))
        return str(asking.getsockname()[0])
    return None
