"""What the beacon costs with ten thousand devices: letting them in, looking where they are, letting in one more.

The devices are keys with endpoints, half of them of each family; no packet is sent. The beacon runs in a machine of its
own: `python -m bench.beacons JSON`, and `measure` is the caller's side of it. Its clock says 1970, when a device that
was never heard counts as heard just now: so every look tells of all of them.
"""

from __future__ import annotations

import base64
import hashlib
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
_AIM = Aim("under 200 ms", Of.MEASURED, most=0.2)
_WHY = "It reads one line for each device and each of the two interfaces."
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
        f"A beacon with two ports and {MANY:,} devices, each with an endpoint; the reference is one with {FEW}."
        " A look tells for both ports where every device is; the coordinator takes one every few seconds, in a thread"
        " of its own, so that of it only the processor time of Python keeps others waiting."
    )
    rows = (
        _row("letting all of them in", few.admitted, many.admitted),
        _row("a look", few.looks, many.looks),
        Row("of it, processor time of Python", _samples(many.in_python), _samples(few.in_python), aim=_AIM, why=_WHY),
        _row("letting one more in", few.one_more, many.one_more),
        _row("putting one out", few.one_less, many.one_less),
        _row("memory of two wireguard-go", [few.memory], [many.memory], Unit.MEGABYTES),
    )
    after = (
        f"For a look `wg` prints {many.dump / 1000:,.0f} kB an interface, at {many.dump / MANY:.0f} bytes a device.\n"
    )
    return Section("The beacon", words, f"with {FEW} devices", rows, after)


def _row(what: str, few: list[float], many: list[float], unit: Unit = Unit.MILLISECONDS) -> Row:
    return Row(what, _samples(many), _samples(few), unit)


def _samples(values: list[float]) -> Samples:
    return Samples(tuple(value for value in values if value))


# --- inside the machine -----------------------------------------------------------------------------------------------


def run(size: int, rounds: int, state: str) -> Costs:
    """Measure in this network namespace, which gets its interfaces and loses them again."""
    costs, keys = Costs(), [_key(number) for number in range(size + 1)]
    beacon = LinuxBeacon(Path(state), clock=lambda: 0.0)
    for _ in range(rounds):
        beacon.start((_key(-1), _key(-2)), _PORTS)
        costs.admitted.append(_took(beacon.admit, keys[:-1]))
        _place(keys[:-1])
        _look(beacon, size, costs)
        costs.one_more.append(_took(beacon.admit, keys[-1:]))
        costs.one_less.append(_took(beacon.dismiss, keys[-1:]))
        costs.memory = _memory()
        beacon.stop()
    return costs


def _look(beacon: LinuxBeacon, size: int, costs: Costs) -> None:
    processor = time.thread_time()
    costs.looks.append(_took(beacon.sightings))
    costs.in_python.append(time.thread_time() - processor)
    if [len(found) for found in beacon.sightings()] != [size] * len(_PORTS):
        raise SystemExit("the beacon does not see everybody")
    costs.dump = float(len(Runner().run("wg", "show", "meshnetb0", "dump")))


def _place(keys: list[str]) -> None:
    """Give everybody an endpoint on both interfaces, as if it had spoken from there."""
    lines = (
        f"[Peer]\nPublicKey = {key}\nEndpoint = {_endpoint(number)}:{20_000 + number}\n"
        for number, key in enumerate(keys)
    )
    text = "".join(lines)
    for number in range(len(_PORTS)):
        Runner().run("wg", "addconf", f"meshnetb{number}", "/dev/stdin", stdin=text, timeout=_PATIENCE)


def _endpoint(number: int) -> str:
    return f"198.51.{number >> 8 & 255}.{number & 255}" if number % 2 else f"[2001:db8:{number:x}::1]"


def _memory() -> float:
    """Resident bytes of the wireguard-go that run here: a machine's processes are a world of their own."""
    names = {process: process.name() for process in psutil.process_iter() if process.status() != psutil.STATUS_ZOMBIE}
    return float(sum(process.memory_info().rss for process, name in names.items() if name == USERSPACE))


def _took(work: Callable[..., object], *arguments: object) -> float:
    began = time.monotonic()
    work(*arguments)
    return time.monotonic() - began


def _key(number: int) -> str:
    return base64.b64encode(hashlib.sha256(str(number).encode()).digest()).decode()


if __name__ == "__main__":
    print(msgspec.json.encode(run(**json.loads(sys.argv[1]))).decode(), flush=True)
