"""The way to a stock WireGuard app, such as a phone's: it answers no probe, so none is chosen for it. Pure.

The app finds its host; WireGuard learns from its first packet where it is, and follows it from there. All that this end
does is keep its own side of the relay open, where the two have lasting ports there: what it sends every 25 seconds
renews the mapping of its NAT, and tells the relay by which port it is reached. Silence says nothing.

Time is given as in `meshnet.core.paths`, whose `PeerPath` this stands in for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from meshnet.core.candidates import Candidate
from meshnet.core.paths import Send
from meshnet.core.probes import Kind, Probe

WARM = 25.0
"""Seconds; the relay lets another port take over after 30, and common NATs forget a flow after that."""
MEET_AFTER = (2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 600.0)
"""Seconds from one offer to the next; the last one again and again. The ports may be given out after the first."""


@dataclass(slots=True)
class StockPath:
    """The way to one stock app."""

    draw: Callable[[], bytes]
    relay: str | None = None
    """The endpoint that stands for the app at the relay."""
    meet_at: float = math.inf
    is_active: bool = False
    _meetings: int = 0
    _ask_at: float = math.inf

    def begin(self, _candidates: Iterable[str], now: float) -> None:
        """It became known, or this device is in another network."""
        self._meetings = 0
        self.meet_at = now
        self._ask_at = now if self.relay else math.inf

    def offered(self, _candidates: Iterable[str], _relay: str | None, _now: float) -> None:
        """Never: it makes no offers."""

    def made_offer(self, now: float) -> None:
        """An offer of this end is on its way to the coordinator."""
        self.meet_at = now + MEET_AFTER[min(self._meetings, len(MEET_AFTER) - 1)]
        self._meetings += 1

    def met(self, relay: str | None, now: float) -> None:
        """The coordinator's answer."""
        self.relay = relay
        self._ask_at = now if relay else math.inf

    def take(self, _source: str, _probe: Probe, _now: float) -> list[Send]:
        """Whoever speaks with its key is not believed to be it, and gets no answer."""
        return []

    def due(self, now: float) -> list[Send]:
        """What is to be sent by now."""
        if self.relay is None or now < self._ask_at:
            return []
        self._ask_at = now + WARM
        return [Send(self.relay, Probe(Kind.ASK, self.draw()))]

    @property
    def next_due(self) -> float:
        """When `due` has something; never before an offer is to be made."""
        return min(self._ask_at, self.meet_at)

    def set_active(self, is_active: bool, _now: float) -> None:
        """Nothing depends on it here."""
        self.is_active = is_active

    @property
    def in_use(self) -> Candidate | None:
        """None: WireGuard itself knows."""
        return None

    def kind(self, _now: float) -> str:
        """What is known by probes: nothing."""
        return "none"

    def aliases(self) -> tuple[str, ...]:
        """None: whichever way it comes is the right one."""
        return ()
