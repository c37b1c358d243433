"""Two ends of a pair and the ways between them, with a clock that is turned by hand: for tests of paths."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from meshnet.core.paths import PeerPath, Send
from meshnet.core.probes import Kind, Probe


@dataclass
class Way:
    """A way between the two: how each is seen at its other end, and what it does to packets."""

    low: str
    """Endpoint of the end with the lower key, as the other one sees it."""
    high: str
    delay: float = 0.02
    """Seconds in one direction."""
    is_relay: bool = False
    is_up: dict[str, bool] = field(default_factory=lambda: {"low": True, "high": True})
    """Whether what that end sends arrives."""
    is_closed: dict[str, bool] = field(default_factory=lambda: {"low": False, "high": False})
    """Before that end there is a NAT that lets nothing in before something went out."""


class Crossing:
    """Both ends, and the packets under way."""

    def __init__(self, *ways: Way) -> None:
        self.ways = ways
        self.now = 1000.0
        numbers = itertools.count()

        def draw() -> bytes:
            return next(numbers).to_bytes(12, "big")

        self.ends = {
            "low": PeerPath("high", True, draw, b"secret of low"),
            "high": PeerPath("low", False, draw, b"secret of high"),
        }
        self.offers = {"low": 0, "high": 0}
        self.sent: list[tuple[float, str, Send]] = []
        self.answers_offers = True
        """The coordinator is there, and passes offers on."""
        self._order = itertools.count()
        self._under_way: list[tuple[float, int, str, str, Probe]] = []

    @property
    def low(self) -> PeerPath:
        """The end that decides."""
        return self.ends["low"]

    @property
    def high(self) -> PeerPath:
        """The end that follows."""
        return self.ends["high"]

    def meet(self) -> None:
        """Both hear of each other's candidates at the same moment."""
        for name, end in self.ends.items():
            relay = next((self._endpoint(way, name) for way in self.ways if way.is_relay), None)
            end.offered([self._endpoint(way, name) for way in self.ways if not way.is_relay], relay, self.now)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while (moment := self._next()) <= until:
            self.now = max(self.now, moment)
            self._step()
        self.now = until

    def probes(self, *kinds: Kind) -> Iterator[Send]:
        """All that was sent of these kinds."""
        return (send for _, _, send in self.sent if send.probe.kind in kinds)

    def _next(self) -> float:
        arrival = self._under_way[0][0] if self._under_way else float("inf")
        return min(arrival, self.low.next_due, self.high.next_due)

    def _step(self) -> None:
        while self._under_way and self._under_way[0][0] <= self.now:
            _, _, to, source, probe = heapq.heappop(self._under_way)
            self._send(to, self.ends[to].take(source, probe, self.now))
        for name, end in self.ends.items():
            self._send(name, end.due(self.now))
            if end.meet_at <= self.now:
                self.offers[name] += 1
                end.made_offer(self.now)
                if self.answers_offers:
                    self.meet()

    def _send(self, name: str, sends: list[Send]) -> None:
        for send in sends:
            self.sent.append((self.now, name, send))
            for way in self.ways:
                if self._endpoint(way, name) == send.endpoint:
                    self._carry(way, name, send.probe)

    def _carry(self, way: Way, name: str, probe: Probe) -> None:
        other = "high" if name == "low" else "low"
        way.is_closed[name] = False
        if way.is_up[name] and not way.is_closed[other]:
            arrival = self.now + way.delay
            source = way.low if name == "low" else way.high
            heapq.heappush(self._under_way, (arrival, next(self._order), other, source, probe))

    @staticmethod
    def _endpoint(way: Way, name: str) -> str:
        return way.high if name == "low" else way.low
