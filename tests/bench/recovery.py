"""How long a routed laptop's traffic is away when something befalls it or its host, and what gets out meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.page import Aim, Of, Row, Samples, Section
from lab.journey import FAULTS, Fault, Journey
from lab.net import Lab
from lab.services import Observer

AIM = Aim("under 3 s", Of.MEASURED, most=3.0)
_PATIENCE = 90.0
_REST = 1.0
"""Seconds before each fault, so that the last one's repairs are not counted again by the watch's own pace."""
_WHY = (
    "What repairs it is named in the daemon's log; a route that was blocked is looked at every second, and WireGuard"
    " repeats a handshake that got lost after five."
)


@dataclass(slots=True)
class Recoveries:
    """Seconds without an answered datagram, by the fault's name, and what was seen outside."""

    away: dict[str, list[float]] = field(default_factory=dict)
    leaked: int = 0

    def section(self) -> Section:
        """For the page."""
        rows = tuple(Row(_words_of(fault), self._samples(fault), aim=AIM, why=_WHY) for fault in FAULTS)
        return Section("When something breaks", _words(), rows=rows, after=self._after())

    def _samples(self, fault: Fault) -> Samples:
        return Samples(tuple(self.away.get(fault.name, ())))

    def _after(self) -> str:
        return f"Packets that left the laptop beside the tunnel meanwhile, in all runs: {self.leaked}.\n"


def _words_of(fault: Fault) -> str:
    return f"{fault.name}, once it is over" if _cuts(fault) else fault.name


def _cuts(fault: Fault) -> bool:
    """Whether nothing can pass until it is cured."""
    return fault.cuts or fault.reason is not None


def _words() -> str:
    return (
        "The laptop routes through home, and one program sends a datagram every 20 ms to the web server, which sends it"
        " back. Measured is the longest time between two that were answered: from the moment at which the thing befalls"
        " it; where nothing can pass while that lasts (a host without a cable, a permission taken back), from the"
        " moment at which it is over and only Meshnet keeps traffic away. Probes over TCP, ICMP and by name, in both"
        " families, run all the while; a run ends when all of them are answered again. Observers at the café's switch"
        " and at the phone count what the laptop sends beside the tunnel that is neither the daemon's word with its"
        " coordinator nor of neighbour discovery. The wires have no delay, and a lease or a router advertisement is"
        " there at once: what a real network takes to come up is to be added."
    )


def measure(rounds: int, say: Callable[[str], None]) -> Section:
    """Let everything befall one laptop, so many times."""
    found = Recoveries()
    with Lab() as lab:
        journey = Journey(lab)
        journey.begin()
        observers = (journey.outside(), journey.outside_by_phone())
        for number in range(rounds):
            for fault in FAULTS:
                found.away.setdefault(fault.name, []).append(_time_away(journey, fault))
            say(f"    {number + 1} of {rounds}")
        found.leaked = sum(_leaked(journey, observer) for observer in observers)
    return found.section()


def _leaked(journey: Journey, observer: Observer) -> int:
    return sum(journey.is_leak(packet) for packet in observer.stop())


def _time_away(journey: Journey, fault: Fault) -> float:
    time.sleep(_REST)
    begin = time.monotonic()
    fault.cause(journey)
    if fault.cure is not None:
        if fault.reason is not None:
            journey.household.await_state("blocked", _PATIENCE)
        time.sleep(fault.lasts)
        if _cuts(fault):
            begin = time.monotonic()
        fault.cure(journey)
    journey.probes.await_answers(_PATIENCE)
    away = journey.probes.longest_gap("udp4", begin, time.monotonic())
    if fault.after is not None:
        fault.after(journey)
        journey.probes.await_answers(_PATIENCE)
    return away
