"""What the beacon costs with ten thousand devices: letting them in, looking where they are, letting in one more.

The devices are keys with endpoints, half of them of each family; no packet is sent. The beacon runs in a machine of its
own: `python -m bench.beacons JSON`, and `measure` is the caller's side of it. Its clock says 1970, when a device that
was never heard counts as heard just now: so every look tells of all of them.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

from bench import inside
from bench.page import Aim, Of, Row, Samples, Section, Unit
from lab.net import Lab
from meshnet_platform.linux.beacon import LinuxBeacon
from meshnet_platform.linux.tunnel import USERSPACE
from meshnet_platform.runner import Runner

FEW, MANY = 100, 10_000
_AIM = Aim("under 500 ms", Of.MEASURED, most=0.5)
_WHY = "Most of it is `wg` that prints and Python that reads one line for each device, for each of the two interfaces."
_PORTS = (8443, 8444)
_PATIENCE = 120.0


@dataclass(slots=True)
class Costs:
    """Of one size, round by round: seconds, and bytes."""

    admitted: list[float] = field(default_factory=list)
    """Until all of them were in."""
    looks: list[float] = field(default_factory=list)
    in_python: list[float] = field(default_factory=list)
    """What of a look is this process's own processor time."""
    one_more: list[float] = field(default_factory=list)
    one_less: list[float] = field(default_factory=list)
    dump: float = 0.0
    """The length of what `wg` prints in a look, of one interface."""
    memory: float = 0.0
    """Of both processes of wireguard-go; 0 where the kernel's own WireGuard does it."""


def measure(rounds: int, say: Callable[[str], None]) -> Section:
    """A beacon with few devices and one with many, each in a machine that knows nobody."""
    few, many = (_costs(size, rounds) for size in (FEW, MANY))
    say(f"    {MANY:,} devices let in within {Samples(tuple(many.admitted)).median:.1f} s")
    return _section(few, many)


def _costs(size: int, rounds: int) -> Costs:
    with Lab() as lab:
        machine = lab.machine("coordinator")
        what = json.dumps({"size": size, "rounds": rounds, "state": str(machine.directory)})
        argv = (sys.executable, "-m", "bench.beacons", what)
        done = machine.run(*argv, env=inside.environment(), timeout=_PATIENCE)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Costs)


def _section(few: Costs, many: Costs) -> Section:
    words = (
        f"A beacon with two ports and {MANY:,} devices, all of them with an endpoint, and one with {FEW}: the reference."
        " A look tells for both ports where every device is; the coordinator takes one every few seconds."
    )
    rows = (
        _row("letting all of them in", few.admitted, many.admitted),
        Row("a look", _samples(many.looks), _samples(few.looks), aim=_AIM, why=_WHY),
        _row("of it, processor time of Python", few.in_python, many.in_python),
        _row("letting one more in", few.one_more, many.one_more),
        _row("putting one out", few.one_less, many.one_less),
        _row("memory of two wireguard-go", [few.memory], [many.memory], Unit.MEGABYTES),
    )
    after = f"For a look `wg` prints {many.dump / 1000:,.0f} kB an interface, at {many.dump / MANY:.0f} bytes a device.\n"
    return Section("The beacon", words, f"with {FEW} devices", rows, after)


def _row(what: str, few: list[float], many: list[float], unit: Unit = Unit.MILLISECONDS) -> Row:
    return Row(what, _samples(many), _samples(few), unit)


def _samples(values: list[float]) -> Samples:
    return Samples(tuple(value for value in values if value))


# --- inside the machine -----------------------------------------------------------------------------------------------


def run(size: int, rounds: int, state: str) -> Costs:
    """Measure in this network namespace, which gets its interfaces and loses them again."""
    costs, runner = Costs(), Runner()
    keys = [_key(number) for number in range(size + 1)]
    for _ in range(rounds):
        beacon = LinuxBeacon(Path(state), runner=runner, clock=lambda: 0.0)
        try:
            beacon.start((_key(-1), _key(-2)), _PORTS)
            costs.admitted.append(_took(lambda beacon=beacon: beacon.admit(keys[:-1])))  # type: ignore[misc]
            _round(beacon, runner, keys, costs)
        finally:
            beacon.stop()
    return costs
