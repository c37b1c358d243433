"""How much a routed laptop gets through, beside a route that was laid by hand in a world of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psutil

from bench.byhand import Stop, Tunnels
from bench.page import Aim, Of, Row, Samples, Section, Unit
from lab.household import Household
from lab.net import Lab, LabError, Process
from lab.process import kill
from lab.world import HOME_PORT, World

AIM = Aim("at least 0.97 of it", Of.RATIO, least=0.97)
_MORE_THAN_ENOUGH = 100_000_000_000
_GRACE = 10.0
_TIME_IS_UP = 28
"""Exit status of curl(1) for a transfer that reached its time limit."""
_MASQUERADE = """table ip bare {
    chain postrouting { type nat hook postrouting priority srcnat; ip saddr 100.64.0.0/10 masquerade; }
}
"""
# By number: Windows has no such names, and this module imports there too.
_SIGSTOP, _SIGCONT = 19, 18


@dataclass(frozen=True, slots=True)
class Throughput:
    """Bits per second of each way, and which WireGuard carried them."""

    ours: Samples
    bare: Samples
    """Ours without the firewall."""
    by_hand: Samples
    seconds: float
    implementation: str

    @property
    def section(self) -> Section:
        """For the page."""
        words = (
            f"One TCP download over IPv4, {self.seconds:g} s each, from the web server through home to the laptop, in"
            " turns with the same download in a second world, where the route consists of two WireGuard interfaces, a"
            " table with a rule and one masquerade: no guard, no permissions, no flow tied to its way."
            f" Both use {self.implementation}, each process in a session of its own (Linux shares processors out by"
            " session), and an MTU of 1420. All ends share the processors of one machine, and these are the limit, so"
            " what a packet costs shows in full here; where the wire is the limit, it would hardly show."
        )
        rows = (
            Row("download through the route", self.ours, self.by_hand, Unit.MEGABITS, AIM, self._why),
            Row("the same without Meshnet's firewall", self.bare, self.by_hand, Unit.MEGABITS),
        )
        return Section("Throughput", words, "by hand", rows)

    @property
    def _why(self) -> str:
        bare, ours = (samples.median / self.by_hand.median for samples in (self.bare, self.ours))
        spread = max(self.by_hand.values) / min(self.by_hand.values)
        return (
            "No packet passes through Python, and the tunnel is the same. With the rules of both ends taken away for a"
            f" moment the ratio is {bare:.2f} instead of {ours:.2f}. In this run the downloads by hand alone differ"
            f" by a factor of {spread:.2f} among themselves; the wider that is, the less these ratios say. What the"
            " firewall costs, it costs because it asks every packet of every flow anew whether it is permitted, so that"
            " a revocation cuts at once; fewer rules for the packets of a known flow would make it cheaper."
        )


def measure(household: Household, rounds: int, seconds: float, say: Callable[[str], None]) -> Throughput:
    """Download by each way in turns; the laptop is routed meanwhile."""
    household.route()
    ours: list[float] = []
    bare: list[float] = []
    by_hand: list[float] = []
    with Lab() as lab:
        other = World(lab)
        tunnel = Tunnels(other.laptop, (Stop(other.home, other.home_public4, HOME_PORT),))
        tunnel.lead(1)

        def without_firewall() -> float:
            with _without_firewall(household):
                return download(household.world, seconds, World.home_public4)

        ways: list[tuple[list[float], Callable[[], float]]] = [
            (ours, lambda: download(household.world, seconds, World.home_public4)),
            (by_hand, lambda: download(other, seconds, World.home_public4)),
            (bare, without_firewall),
        ]
        for number in range(rounds):
            for taken, measured in ways if number % 2 == 0 else reversed(ways):
                taken.append(measured())
            shown = ", ".join(Unit.MEGABITS.show(taken[-1]) for taken in (ours, by_hand, bare))
            say(f"    {number + 1} of {rounds}: routed, by hand, routed without firewall: {shown}")
    household.stop()
    samples = [Samples(tuple(taken)) for taken in (ours, bare, by_hand)]
    return Throughput(samples[0], samples[1], samples[2], seconds, tunnel.implementation)


def download(world: World, seconds: float, expected: str) -> float:
    """Bits per second of the body, slow start included, by a laptop that is seen as `expected`."""
    seen = world.public_address(world.laptop)
    if seen != expected:
        raise LabError(f"the laptop is seen as {seen}, not as {expected}: a download would measure something else")
    url = f"http://{world.web4}/bytes/{_MORE_THAN_ENOUGH}"
    options = ("--silent", "--output", "/dev/null", "--max-time", str(seconds), "--write-out", "%{speed_download}")
    done = world.laptop.run("curl", *options, url, check=False, timeout=seconds + _GRACE)
    if done.returncode != _TIME_IS_UP:
        raise LabError(f"curl ended with {done.returncode}: {done.stderr}")
    return float(done.stdout) * 8


@contextmanager
def _without_firewall(household: Household) -> Iterator[None]:
    """Nothing of the rules on either end but a masquerade at home; the daemons are held meanwhile."""
    world = household.world
    with ExitStack() as stack:
        for machine, bare in ((world.laptop, ""), (world.home, _MASQUERADE)):
            stack.enter_context(held(household.daemons[machine]))
            rules = machine.run("nft", "list", "ruleset").stdout
            stack.callback(machine.run, "nft", "-f", "-", input=f"flush ruleset\n{rules}")
            machine.run("nft", "-f", "-", input=f"flush ruleset\n{bare}")
        yield


@contextmanager
def held(daemon: Process) -> Iterator[None]:
    """A program stands still meanwhile, and nsenter above it, which stops when its child does."""
    daemon.signal(_SIGSTOP)
    try:
        yield
    finally:
        kill(psutil.Process(daemon.pid).ppid(), _SIGCONT)
        daemon.signal(_SIGCONT)
