"""From one host to another while packets flow: how long, what is lost, and what is seen of it outside the tunnel.

The laptop goes from home to the rented server and back; the web server sends back each packet of a stream, and says
under which address it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench import byhand, stream
from bench.page import Aim, Of, Row, Samples, Section, Unit
from bench.stream import Handover
from bench.throughput import held
from lab.household import Household
from lab.net import LabError, wait_until
from lab.services import Observer, Packet
from lab.tunnel_packets import Permitted, permitted_to_laptop
from lab.world import World, program

FAST = Aim("under 200 ms", Of.MEASURED, most=0.2)
NOTHING = Aim("0", Of.MEASURED, most=0)
WAYS = ("command", "daemon", "hand")


@dataclass(frozen=True, slots=True)
class Handovers:
    """By way of switching; both directions together."""

    runs: dict[str, tuple[Handover, ...]]
    leaked: dict[str, tuple[int, ...]]
    """Packets outside the tunnel, run by run."""
    seen_in_the_open: int
    """Packets that the observer saw before there was a route: it would see a leak."""

    @property
    def section(self) -> Section:
        """For the page."""
        hand = self._row_of("hand", _first)
        rows = (
            Row("`meshnet route`, until the first packet by the new host", self._row_of("command", _first), hand),
            Row("the daemon alone, until then", self._row_of("daemon", _first), hand, aim=FAST, why=_WHY),
            self._lost("`meshnet route`: packets lost", "command"),
            self._lost("the daemon alone: packets lost", "daemon"),
            self._leaked("`meshnet route`: packets outside the tunnel, all runs", "command"),
            self._leaked("the daemon alone: packets outside the tunnel, all runs", "daemon"),
        )
        return Section("From one host to another", self._words, "by hand", rows)

    @property
    def _words(self) -> str:
        sent = sum(run.sent for runs in self.runs.values() for run in runs)
        return (
            f"The laptop sends a packet every {stream.EVERY * 1000:.0f} ms to the web server, which sends each back;"
            " meanwhile it goes from home to the rented server, and back. Lost is what got no answer, refused packets"
            f" included; of {sent:,} packets in all. Outside the tunnel is whatever the laptop sent on the café's wire"
            " that is neither WireGuard's or a probe, to one of the hosts, the relay or a beacon, nor the daemon's"
            " connection to the coordinator, nor the talk of neighbours; before there was a route, the same observer"
            f" saw {self.seen_in_the_open} such packets of one web page. By hand is a script on the same tunnel:"
            " `wg set` with the new peer, and `resolv.conf`;"
            " it does not ask whether the new host answers, and ties no flow to its host."
        )

    def _row_of(self, way: str, number: Callable[[Handover], float]) -> Samples:
        return Samples(tuple(number(run) for run in self.runs[way]))

    def _lost(self, what: str, way: str) -> Row:
        return Row(what, self._row_of(way, _lost), self._row_of("hand", _lost), Unit.NUMBER)

    def _leaked(self, what: str, way: str) -> Row:
        # All runs as one: the median would hide a leak.
        ours, by_hand = (Samples((float(sum(self.leaked[one])),)) for one in (way, "hand"))
        return Row(what, ours, by_hand, Unit.NUMBER, NOTHING)


_WHY = "The new host is asked first whether it answers; then the whole plan is put in force, by several processes."


def _first(run: Handover) -> float:
    return run.first


def _lost(run: Handover) -> float:
    return float(run.lost)


class Hosts:
    """The household, and the rented server as a second host of the laptop."""

    def __init__(self, household: Household, say: Callable[[str], None]) -> None:
        self._household, self._say = household, say
        self.world: World = household.world
        household.start(self.world.server)
        household.bring_in(self.world.server, "server", allow="routing")
        stream.start_reflector(self.world.web)
        wait_until(lambda: set(self._granting()) >= {"home-pc", "server"}, "two hosts")
        # Each is met once, so that no handshake is in what is measured.
        for host in ("home-pc", "server"):
            household.route(host)
        household.stop()
        addresses = self._granting()
        self._permitted = permitted_to_laptop(self.world, with_server=True)
        self._scripts = byhand.Switch(self.world, host=addresses["home-pc"], other=addresses["server"])

    def _granting(self) -> dict[str, str]:
        """The hosts' mesh addresses by name."""
        devices = self.world.meshnet(self.world.laptop, "devices")["devices"]
        return {device["name"]: device["address4"] for device in devices if device["granted"]["routing"]}

    def run(self, way: str) -> Iterator[tuple[Handover, int]]:
        """There and back: what became of the stream, and how many packets left beside the tunnel."""
        home, server = ("home-pc", self.world.home_public4), ("server", self.world.server4)
        with self._routed_by_hand() if way == "hand" else self._routed():
            for old, new in ((home, server), (server, home)):
                with Observer(self.world.cafe_router, "lan") as observer:
                    done = self._switch(way, old[1], *new)
                yield done, self._counted(observer.packets())

    def see_in_the_open(self) -> int:
        """How many packets outside the tunnel are seen where there is none in use."""
        with Observer(self.world.cafe_router, "lan") as observer:
            self.world.public_address(self.world.laptop)
        seen = len(outside(self._permitted, observer.packets()))
        if not seen:
            raise LabError("the observer sees nothing of a laptop that is not routed: it would see no leak either")
        return seen

    def stop(self) -> None:
        """The server is no host any more."""
        self._household.daemons.pop(self.world.server).stop()

    def _counted(self, packets: list[Packet]) -> int:
        """How many are outside; each is shown, for the page has room for a number only."""
        found = outside(self._permitted, packets)
        for packet in found:
            self._say(f"    outside the tunnel: {packet}")
        return len(found)

    def _switch(self, way: str, before: str, device: str, after: str) -> Handover:
        how: dict[str, Any] = {"device": device}
        if way == "command":
            how = {"argv": [program("meshnet"), "route", device]}
        elif way == "hand":
            how = {"argv": self._scripts.over if device == "server" else self._scripts.back}
        return stream.switch_during_stream(self.world.laptop, to=self.world.web4, before=before, after=after, **how)

    @contextmanager
    def _routed(self) -> Iterator[None]:
        self._household.route()
        try:
            yield
        finally:
            self._household.stop()

    @contextmanager
    def _routed_by_hand(self) -> Iterator[None]:
        """The daemon is held meanwhile: it would put right what it did not do."""
        laptop = self.world.laptop
        with held(self._household.daemons[laptop]):
            laptop.run(*self._scripts.on)
            try:
                yield
            finally:
                laptop.run(*self._scripts.back)
                laptop.run(*self._scripts.off)


def outside(permitted: Permitted, packets: list[Packet]) -> list[Packet]:
    """What a laptop sent that may not be seen of a routed one."""
    ours = [packet for packet in packets if packet.src in (World.laptop4, World.laptop6)]
    return [packet for packet in ours if packet not in permitted]


def measure(household: Household, rounds: int, say: Callable[[str], None]) -> Handovers:
    """Switch there and back by every way, `rounds` times, in turns; begins and ends without a route."""
    hosts = Hosts(household, say)
    seen = hosts.see_in_the_open()
    taken: dict[str, list[tuple[Handover, int]]] = {way: [] for way in WAYS}
    for number in range(rounds):
        for way in WAYS[number % 3 :] + WAYS[: number % 3]:
            taken[way] += hosts.run(way)
        say(f"    {number + 1} of {rounds}")
    hosts.stop()
    runs = {way: tuple(run for run, _ in found) for way, found in taken.items()}
    leaked = {way: tuple(count for _, count in found) for way, found in taken.items()}
    return Handovers(runs, leaked, seen)
