"""How fast a permission takes effect: given, until the other side may use it; taken back, until packets stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import inside
from bench.page import Row, Samples, Section
from lab.household import Household
from lab.net import Machine, wait_until
from lab.world import SOCKET
from meshnet.cli.client import Client
from meshnet.protocol import local

_PORT = 4711
_TICK = 0.002
_STREAM = 6.0
_ROUTING = ("routing",)


@dataclass(slots=True)
class Times:
    """Seconds, of all rounds."""

    heard: list[float] = field(default_factory=list)
    flows: list[float] = field(default_factory=list)
    cut: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    allowed: list[float] = field(default_factory=list)
    denied: list[float] = field(default_factory=list)


class Grants:
    """One household, asked through clients that are already running, on both ends."""

    def __init__(self, household: Household, host: Client, client: Client) -> None:
        self._world = household.world
        self._host = host
        self._client = client
        self.times = Times()

    def round(self) -> None:
        """Route, cut a running stream, and permit again."""
        self._client.ask(local.StartRoute("home-pc"), local.Status)
        self._deny()
        self._allow()
        self._client.ask(local.StopRoute(), local.Status)

    def _deny(self) -> None:
        receiver = inside.start(self._world.web, "receive", port=_PORT)
        receiver.wait_for_line("ready", exact=True)
        sender = inside.start(self._world.laptop, "send", to=self._world.web4, port=_PORT, seconds=_STREAM)
        receiver.wait_for_line("flowing", exact=True)
        began = time.monotonic()
        told = self._until_heard(local.Deny("laptop", _ROUTING), False)
        receiver.wait()
        sender.stop()
        last = float(list(receiver.lines())[-1])
        self.times.cut.append(max(0.0, last - began))
        self.times.told.append(told)

    def _allow(self) -> None:
        began = time.monotonic()
        self.times.heard.append(self._until_heard(local.Allow("laptop", _ROUTING), True))
        wait_until(lambda: self._client.status().state == "routing", "a route that flows again", tick=0.01)
        self.times.flows.append(time.monotonic() - began)

    def _until_heard(self, request: local.Request, expected: bool) -> float:
        """Ask the host, and look all the while when the client's daemon goes by it."""
        began = time.monotonic()
        asking = threading.Thread(target=self._ask, args=(request, began))
        asking.start()
        wait_until(lambda: self._client.devices()[0].granted.routing is expected, "the grant", tick=_TICK)
        heard = time.monotonic() - began
        asking.join()
        return heard

    def _ask(self, request: local.Request, began: float) -> None:
        self._host.ask(request, local.Status)
        answered = self.times.allowed if isinstance(request, local.Allow) else self.times.denied
        answered.append(time.monotonic() - began)


def measure(household: Household, rounds: int, say: Callable[[str], None]) -> Section:
    """Give and take a permission `rounds` times; ends with it given and no route."""
    world = household.world
    with ExitStack() as stack:
        host, client = (stack.enter_context(_client(machine)) for machine in (world.home, world.laptop))
        grants = Grants(household, host, client)
        for number in range(rounds):
            grants.round()
            say(f"    {number + 1} of {rounds}")
    return _section(grants.times)


def _client(machine: Machine) -> Client:
    return Client(str(machine.file(SOCKET)))


def _section(times: Times) -> Section:
    words = (
        "Home gives and takes back what the laptop may do; the coordinator carries the news. Both daemons are asked by"
        " clients that are already running. The stream is a packet every millisecond from the laptop through home to"
        " the web server, which notes when the last one came. There is nothing to compare with: by hand there is no"
        " grant."
    )
    rows = (
        Row("from `allow` until the laptop's daemon would route", Samples(tuple(times.heard))),
        Row("from `allow` until a route that was blocked flows again (to 10 ms)", Samples(tuple(times.flows))),
        Row("from `deny` until the last packet came through (the cut)", Samples(tuple(times.cut))),
        Row("from `deny` until the laptop's daemon knows", Samples(tuple(times.told))),
        Row("until `allow` is answered (it waits for the coordinator)", Samples(tuple(times.allowed))),
        Row("until `deny` is answered (likewise)", Samples(tuple(times.denied))),
    )
    return Section("Permissions", words, rows=rows)
