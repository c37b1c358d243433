"""How much gets through one, two and three hosts in a row, beside the same chain that was laid by hand.

The laptop routes through home, home through `middle`, `middle` through `far`; both are rented servers. A chain grows
and shrinks by the route of its last host alone, ours with `meshnet route`, the other with one rule.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bench import byhand
from bench.page import Row, Samples, Section, Unit
from bench.throughput import AIM, download
from lab.household import Household
from lab.net import Lab, Machine, wait_until
from lab.world import HOME_PORT, World

_RENTED = {
    "middle": ("51.15.20.20", "2001:bc8:1200:1::20"),
    "far": ("139.162.30.30", "2a01:7e00:1:d0::30"),
}
"""Name and public addresses."""
_NAMES = ("through one host", "through two hosts", "through three hosts")
_FLOWS_WITHIN = 30.0
_QUIET = 0.5
"""Seconds after a change in which what it caused on other devices has come to its end."""


class Chain(Protocol):
    """A laptop behind as many hosts as one asks for."""

    world: World

    def lead(self, hops: int) -> None:
        """Have the laptop's traffic pass this many hosts."""


def rent(world: World) -> tuple[Machine, Machine]:
    """The two servers, with lines of their own."""
    machines = world.lab.machine("middle"), world.lab.machine("far")
    for machine in machines:
        world.uplink(machine, "eth0", *_RENTED[machine.name])
        machine.resolve_with(world.resolver4)
    return machines


class Ours:
    """By the product: each device permits its neighbour, and nobody else."""

    def __init__(self, household: Household) -> None:
        self.world = household.world
        self._machines = {"laptop": self.world.laptop, "home-pc": self.world.home}
        for machine in rent(self.world):
            household.start(machine)
            household.bring_in(machine, machine.name)
            self._machines[machine.name] = machine
        self._names = list(self._machines)
        for client, host in zip(self._names, self._names[1:], strict=False):
            self._permit(client, host)
        self._hops = 0

    def lead(self, hops: int) -> None:
        """See Chain; devices begin and end routing one by one, at the far end."""
        if hops == self._hops:
            return
        while self._hops < hops:
            self._ask(self._names[self._hops], "route", self._names[self._hops + 1])
            self._hops += 1
        while self._hops > hops:
            self._hops -= 1
            self._ask(self._names[self._hops], "route", "--off")
        if hops:
            wait_until(self._is_flowing, "a route that flows", _FLOWS_WITHIN, 0.1)
        time.sleep(_QUIET)

    def _is_flowing(self) -> bool:
        status = self.world.meshnet(self.world.laptop, "status")
        return status["state"] == "routing" and len(status["route"]["chain"]) == self._hops

    def _permit(self, client: str, host: str) -> None:
        def has_heard() -> bool:
            seen = self.world.meshnet(self._machines[client], "devices")["devices"]
            return any(device["name"] == host and device["granted"]["routing"] for device in seen)

        self._ask(host, "allow", client, "routing")
        wait_until(has_heard, f"the grant of {host}")

    def _ask(self, device: str, *words: str) -> None:
        self.world.meshnet(self._machines[device], *words)


class ByHand:
    """By hand, in a world of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        middle, far = rent(world)
        hosts = (
            byhand.Stop(world.home, world.home_public4, HOME_PORT),
            byhand.Stop(middle, _RENTED["middle"][0], HOME_PORT),
            byhand.Stop(far, _RENTED["far"][0], HOME_PORT),
        )
        self._tunnels = byhand.Tunnels(world.laptop, hosts)
        self.implementation = self._tunnels.implementation

    def lead(self, hops: int) -> None:
        """See Chain."""
        self._tunnels.lead(hops)


@dataclass(frozen=True, slots=True)
class Chains:
    """Bits per second by number of hosts less one."""

    ours: tuple[Samples, ...]
    by_hand: tuple[Samples, ...]
    seconds: float

    @property
    def section(self) -> Section:
        """For the page."""
        words = (
            f"One TCP download over IPv4, {self.seconds:g} s each, from the web server to the laptop: through home;"
            " through home and one rented server; through home and two. In one world each device permits its neighbour"
            " and routes by `meshnet route`; in the other the same chain is WireGuard, a table with a rule and a"
            " masquerade on every device. Length and world change from download to download. All devices share the"
            " processors of one machine, so every hop takes from what the others have."
        )
        pairs = zip(_NAMES, self.ours, self.by_hand, strict=True)
        rows = tuple(Row(name, ours, hand, Unit.MEGABITS, AIM, _why(hand)) for name, ours, hand in pairs)
        return Section("Chains", words, "by hand", rows)


def _why(by_hand: Samples) -> str:
    spread = max(by_hand.values) / min(by_hand.values)
    return (
        "What the firewall costs is paid at every hop (see Throughput). In this run the downloads by hand alone differ"
        f" by a factor of {spread:.2f} among themselves."
    )


def measure(household: Household, rounds: int, seconds: float, say: Callable[[str], None]) -> Chains:
    """Download through every length of both chains, in turns, twice in each round; ends without any route."""
    ours = Ours(household)
    with Lab() as lab:
        by_hand = ByHand(World(lab))
        taken: dict[Chain, list[list[float]]] = {chain: [[], [], []] for chain in (ours, by_hand)}
        for number in range(rounds):
            for hops in (1, 2, 3) if number % 2 == 0 else (3, 2, 1):
                # One way first, then the other: whatever grows or fades meanwhile meets both alike.
                for chain in (ours, by_hand, by_hand, ours):
                    chain.lead(hops)
                    taken[chain][hops - 1].append(download(chain.world, seconds, _exit(hops)))
            shown = (Unit.MEGABITS.show(taken[chain][hops][-1]) for hops in range(3) for chain in (ours, by_hand))
            say(f"    {number + 1} of {rounds}: ours, by hand, for one, two, three: {', '.join(shown)}")
        ours.lead(0)
    first, second = (tuple(Samples(tuple(values)) for values in taken[chain]) for chain in (ours, by_hand))
    return Chains(first, second, seconds)


def _exit(hops: int) -> str:
    """The address under which the web server sees the laptop."""
    return (World.home_public4, _RENTED["middle"][0], _RENTED["far"][0])[hops - 1]
