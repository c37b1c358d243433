"""How much a routed laptop gets through, beside a route that was laid by hand in a world of its own."""

from __future__ import annotations

from collections.abc import Callable

from bench.byhand import Tunnel
from bench.page import Aim, Of, Row, Samples, Section, Unit
from lab.household import Household
from lab.net import Lab, LabError
from lab.world import World

AIM = Aim("at least 0.97 of it", Of.RATIO, least=0.97)
_MORE_THAN_ENOUGH = 100_000_000_000
_GRACE = 10.0
_TIME_IS_UP = 28
"""Exit status of curl(1) for a transfer that reached its time limit."""


def measure(household: Household, rounds: int, seconds: float, say: Callable[[str], None]) -> tuple[Section, str]:
    """Download through both in turns; the laptop is routed meanwhile. Also tells which WireGuard carried it."""
    household.route()
    ours: list[float] = []
    by_hand: list[float] = []
    with Lab() as lab:
        other = World(lab)
        tunnel = Tunnel(other)
        for world in (household.world, other):
            _check(world)
        for number in range(rounds):
            pairs = [(household.world, ours), (other, by_hand)]
            for world, taken in pairs if number % 2 == 0 else reversed(pairs):
                taken.append(_download(world, seconds))
            say(f"    {number + 1} of {rounds}: {Unit.MEGABITS.show(ours[-1])}, by hand {Unit.MEGABITS.show(by_hand[-1])}")
    household.stop()
    return _section(Samples(tuple(ours)), Samples(tuple(by_hand)), seconds, tunnel), tunnel.implementation


def _check(world: World) -> None:
    seen = world.public_address(world.laptop)
    if seen != world.home_public4:
        raise LabError(f"the laptop is seen as {seen}, not as home: a download would measure something else")


def _download(world: World, seconds: float) -> float:
    """Bits per second of the body, slow start included."""
    url = f"http://{world.web4}/bytes/{_MORE_THAN_ENOUGH}"
    options = ("--silent", "--output", "/dev/null", "--max-time", str(seconds), "--write-out", "%{speed_download}")
    done = world.laptop.run("curl", *options, url, check=False, timeout=seconds + _GRACE)
    if done.returncode != _TIME_IS_UP:
        raise LabError(f"curl ended with {done.returncode}: {done.stderr}")
    return float(done.stdout) * 8


def _section(ours: Samples, by_hand: Samples, seconds: float, tunnel: Tunnel) -> Section:
    words = (
        f"One TCP download over IPv4, {seconds:g} s each, from the web server through home to the laptop, in turns with"
        " the same download in a second world, where the route consists of two WireGuard interfaces, a table with a"
        f" rule and one masquerade: no guard, no permissions. Both use {tunnel.implementation} and an MTU of 1420. All"
        " ends share the processors of one machine, so the number says less than the ratio."
    )
    why = (
        "No packet passes through Python; what differs are the rules of the firewall on both ends, and the noise of the"
        " machine, which the spread shows."
    )
    row = Row("download through the route", ours, by_hand, Unit.MEGABITS, AIM, why)
    return Section("Throughput", words, "by hand", (row,))
