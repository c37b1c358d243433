"""What the relay costs: throughput through it beside the direct way, and giving ports to one pair more among many.

Two WireGuard ends on a small internet of their own, where the relay has a machine to itself; both ways are laid by the
endpoints alone. The pairs are given out in another machine: `python -m bench.relaying JSON`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench import inside
from bench.byhand import Stop, Tunnels
from bench.page import Aim, Of, Row, Samples, Section, Unit
from lab.net import Lab, LabError, Machine, wait_until
from lab.relay_driver import Told
from lab.services import WebServer
from meshnet_platform.linux import nft_relay
from meshnet_platform.linux.nft_relay import End
from meshnet_platform.linux.relay import LinuxRelay
from meshnet_platform.runner import Runner

PAIRS = 5_000
_AIM = Aim("at least 0.9 of it", Of.RATIO, least=0.9)
_ALIKE = Aim("at most 20 ms more", Of.DIFFERENCE, most=0.02)
_WHY = (
    "The ends, which encrypt, and the relay share the processors of one machine, so every packet that is forwarded once"
    " more takes from what encrypts."
)
_WHY_PAIRS = "It is two processes of nft(8) at most, whatever number of pairs there is; a busy machine delays them."
_RELAY = "192.0.2.9"
_ENDS = "192.0.2.11", "192.0.2.12"
_PORT = 51820
_PORTS = 20000
_PATIENCE = 120.0
_FAR = 1_000_000
"""Numbers of ends that the relay will not come to."""
_MORE_THAN_ENOUGH = 100_000_000_000
_GRACE = 10.0
_TIME_IS_UP = 28
"""Exit status of curl(1) for a transfer that reached its time limit."""


@dataclass(slots=True)
class Changes:
    """Seconds that each change took, with no pair but that one, and among many."""

    bound: dict[str, list[float]] = field(default_factory=lambda: {"few": [], "many": []})
    released: dict[str, list[float]] = field(default_factory=lambda: {"few": [], "many": []})
    asked: dict[str, list[float]] = field(default_factory=lambda: {"few": [], "many": []})


class Ways:
    """Two ends, and the two ways between them."""

    def __init__(self, lab: Lab) -> None:
        machines = [lab.machine(name) for name in ("relay", "client", "server")]
        addresses = (_RELAY, *_ENDS)
        lab.wire(*(one.port("eth0", f"{own}/24") for one, own in zip(machines, addresses, strict=True)))
        relay, client, server = machines
        self._ends = client, server
        web = WebServer(server)
        tunnels = Tunnels(client, (Stop(server, _ENDS[1], _PORT),))
        self.implementation = tunnels.implementation
        self._client_port = int(client.run("wg", "show", "wg0", "listen-port").stdout)
        for machine in self._ends:
            # What a relayed path gets by.
            machine.ip("link set wg0 mtu 1280")
        state = relay.directory / "state"
        state.mkdir()
        told = Told(relay, "relay", str(state))
        told.ask("start", [_RELAY], _PORTS, _PORTS + 1000)
        told.ask("bind", _PORTS, *_ENDS)
        web.await_ready()

    def lead(self, *, relayed: bool) -> None:
        """Have both ends send by that way; returns when the way is in use."""
        client, server = self._ends
        direct = f"{_ENDS[1]}:{_PORT}", f"{_ENDS[0]}:{self._client_port}"
        way = (f"{_RELAY}:{_PORTS}", f"{_RELAY}:{_PORTS + 1}") if relayed else direct

        def is_led() -> bool:
            # Until both have sent, the relay knows neither; and WireGuard goes back to where it hears the other from.
            for machine, endpoint in zip(self._ends, way, strict=True):
                peer = machine.run("wg", "show", "wg0", "peers").stdout.strip()
                machine.run("wg", "set", "wg0", "peer", peer, "endpoint", endpoint)
            for machine, other in ((server, "10.66.0.1"), (client, "10.66.0.2")):
                answered = machine.run("ping", "-c", "2", "-i", "0.2", "-W", "1", other, check=False).returncode == 0
            seen = [machine.run("wg", "show", "wg0", "endpoints").stdout.split()[-1] for machine in self._ends]
            return answered and seen == list(way)

        wait_until(is_led, f"way by {' and '.join(way)}", 30)

    def download(self, seconds: float) -> float:
        """Bits per second of the body, slow start included."""
        options = ("--silent", "--output", "/dev/null", "--max-time", str(seconds), "--write-out", "%{speed_download}")
        url = f"http://10.66.0.2/bytes/{_MORE_THAN_ENOUGH}"
        done = self._ends[0].run("curl", *options, url, check=False, timeout=seconds + _GRACE)
        if done.returncode != _TIME_IS_UP:
            raise LabError(f"curl ended with {done.returncode}: {done.stderr}")
        return float(done.stdout) * 8


def measure(rounds: int, seconds: float, say: Callable[[str], None]) -> Section:
    """Download by each way in turns, then give and take ports."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    with Lab() as lab:
        ways = Ways(lab)
        for number in range(rounds):
            for relayed in (True, False) if number % 2 == 0 else (False, True):
                ways.lead(relayed=relayed)
                taken[relayed].append(ways.download(seconds))
            shown = ", ".join(Unit.MEGABITS.show(taken[relayed][-1]) for relayed in (True, False))
            say(f"    {number + 1} of {rounds}: relayed, direct: {shown}")
        implementation = ways.implementation
        changes = _changes(lab.machine("crowded"), rounds)
    return _section(taken, changes, implementation, seconds)


def _changes(machine: Machine, rounds: int) -> Changes:
    machine.ip("addr add 192.0.2.9/32 dev lo")
    what = json.dumps({"rounds": rounds, "state": str(machine.directory)})
    argv = (sys.executable, "-m", "bench.relaying", what)
    done = machine.run(*argv, env=inside.environment(), timeout=_PATIENCE)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Changes)


def _section(taken: dict[bool, list[float]], changes: Changes, implementation: str, seconds: float) -> Section:
    words = (
        f"One TCP download over IPv4, {seconds:g} s each, between two ends with {implementation} and an MTU of 1280, in"
        " turns through the relay, which has a network namespace to itself, and directly; the reference is the direct"
        " way. All three are on one switch, so the relayed way has one hop more. Then one pair of devices more gets its"
        f" ports, moves and loses them, with {PAIRS:,} pairs there; the reference is the same with no other pair."
    )
    rows = (
        Row("download through the relay", *_beside(taken[True], taken[False]), Unit.MEGABITS, _AIM, _WHY),
        Row("giving ports to a pair", *_both(changes.bound), aim=_ALIKE, why=_WHY_PAIRS),
        Row("taking them back", *_both(changes.released), aim=_ALIKE, why=_WHY_PAIRS),
        Row("asking which pairs are in use", *_both(changes.asked)),
    )
    return Section("The relay", words, "reference", rows)


def _both(times: dict[str, list[float]]) -> tuple[Samples, Samples]:
    return _beside(times["many"], times["few"])


def _beside(measured: list[float], reference: list[float]) -> tuple[Samples, Samples]:
    return Samples(tuple(measured)), Samples(tuple(reference))


# --- inside the machine ---------------------------------------------------------------------------------------------


def run(rounds: int, state: str) -> Changes:
    """Give out ports in this network namespace, which has the relay's address."""
    changes = Changes()
    relay = LinuxRelay(Path(state))
    relay.start((_RELAY,), range(_PORTS, _PORTS + 2 * PAIRS + 2))
    last = _PORTS + 2 * PAIRS
    for which in ("few", "many"):
        if which == "many":
            _fill()
        for number in range(5 * rounds):
            changes.bound[which].append(_took(relay.bind, last, *_owners(number)))
            changes.asked[which].append(_took(relay.used))
            changes.released[which].append(_took(relay.release, last))
    relay.stop()
    return changes


def _fill() -> None:
    """Have all the other pairs, as if each had been bound: one by one that would take most of the time."""
    pairs = ((_PORTS + 2 * number, _owners(number)) for number in range(PAIRS))
    ends = (End(port + at, owner, _FAR + port + at) for port, owners in pairs for at, owner in enumerate(owners))
    Runner().run("nft", "-f", "-", stdin=nft_relay.admission(ends))


def _owners(number: int) -> tuple[str, str]:
    return f"198.51.{number >> 8}.{number & 255}", f"203.0.{number >> 8}.{number & 255}"


def _took(work: Callable[..., object], *arguments: object) -> float:
    began = time.monotonic()
    work(*arguments)
    return time.monotonic() - began


if __name__ == "__main__":
    print(msgspec.json.encode(run(**json.loads(sys.argv[1]))).decode())
