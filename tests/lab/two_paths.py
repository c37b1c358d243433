"""Two devices with two paths between them, one of them by a relay that takes its time, and packets that never cease.

`TwoPaths` is the tests' side; the programs are `python -m lab.two_paths relay|stream`. Every datagram of the stream
has a number, so that what was lost is known.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import select
import signal
import socket
import struct
import sys
import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from lab.net import Lab, Machine, Process, wait_until
from lab.pcap import Packet
from lab.services import Observer
from lab.test_backend import Device
from meshnet_platform.api import SystemPlan

__all__ = ["Crossing", "TwoPaths"]

_PORT = 21820
_STREAM_PORT = 4545
_RELAY = {4: "192.0.2.9", 6: "2001:db8:9::9"}
_RELAY_PORTS = 20000, 20001
_DELAY = 0.03
_EVERY = 0.002
_LATE = 1.0
"""Seconds for which the stream is listened to after its end."""
_SO_RCVBUFFORCE = 33
_ENOUGH = 300
"""Packets of each end by which a path, or a change, has settled."""
_DATA = b"\4\0\0\0"
"""What a packet of the tunnel's begins with that is no handshake (WireGuard's paper, section 5.4.6)."""
_ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[1])}
_SIGUSR1 = 10
"""signal.SIGUSR1, which Windows does not know."""
_DRIVER = str(Path(__file__).with_name("plans_driver.py"))


class Crossing(NamedTuple):
    """What became of a change of paths, at one end."""

    changes: int
    """How often what this end sent went over to the other path."""
    ended_direct: bool
    sent: int
    lost: int
    """Of what this end sent; not counted is what the kernel threw away because a program was too slow to take it."""


class TwoPaths:
    """Two devices behind a router that is also their relay; each has a port there that stands for the other."""

    def __init__(self, lab: Lab, family: int) -> None:
        relay, machines = lab.router("relay"), (lab.machine("left"), lab.machine("right"))
        self._relay = relay
        relay.ip(f"addr add {_RELAY[family]}/{32 if family == 4 else 128} dev lo")
        for machine, number in zip(machines, (1, 2), strict=True):
            network, length = (f"10.0.{number}.", 24) if family == 4 else (f"2001:db8:{number}::", 64)
            outside = relay.port(f"to-{machine.name}", f"{network}1/{length}")
            lab.wire(outside, machine.port("eth0", f"{network}2/{length}", gateways=(f"{network}1",)))
        form = "{}:{}" if family == 4 else "[{}]:{}"
        direct = [form.format(f"10.0.{n}.2" if family == 4 else f"2001:db8:{n}::2", _PORT) for n in (1, 2)]
        self._relayed = [form.format(_RELAY[family], port) for port in _RELAY_PORTS]
        self.devices = tuple(
            Device(machine, number, at) for machine, number, at in zip(machines, (2, 3), direct, strict=True)
        )
        argv = (sys.executable, "-m", "lab.two_paths", "relay", _RELAY[family], *direct)
        relay.spawn(*argv, env=_ENVIRONMENT, name="relay").wait_for_line("ready")

    def cross(self, *, aliases: bool) -> tuple[Crossing, ...]:
        """Go over from the relay to the direct path, both ends at once, in the midst of traffic."""
        backends = [self._start_backend(end, aliases=aliases) for end in (0, 1)]
        observers = [Observer(device.machine, "eth0", f"udp port {_PORT}") for device in self.devices]
        streams = [self._start_stream(0)]
        # One speaks first: two handshakes that meet on a slow way spoil each other.
        wait_until(partial(self._has_sent, observers[0], 0, 1), "a first packet", 30.0)
        streams.append(self._start_stream(1))
        self._await_settled(observers)
        for backend in backends:
            backend.signal(_SIGUSR1)
        for backend in backends:
            backend.wait_for_line("applied 1", exact=True)
        self._await_settled(observers)
        for stream in streams:
            stream.signal(signal.SIGTERM)
        counts = [json.loads(stream.wait_for_line("{")) for stream in streams]
        paths = [self._paths(observer.stop(), end) for end, observer in enumerate(observers)]
        for backend in backends:
            backend.stop()
        return tuple(
            Crossing(_changes(paths[end]), paths[end][-1], counts[end]["sent"], self._lost(counts, end))
            for end in (0, 1)
        )

    def _lost(self, counts: list[dict[str, int]], end: int) -> int:
        missing = counts[end]["sent"] - counts[1 - end]["received"]
        untaken = sum(_untaken(machine) for machine in (self._relay, *(device.machine for device in self.devices)))
        return max(0, missing - untaken)

    def _await_settled(self, observers: list[Observer]) -> None:
        """Wait until each end has sent enough more."""
        for end, observer in enumerate(observers):
            wanted = len(self._paths(observer.packets(), end)) + _ENOUGH
            enough = partial(self._has_sent, observer, end, wanted)
            wait_until(enough, f"{_ENOUGH} packets of {self.devices[end].machine.name}", 30.0, tick=0.2)

    def _has_sent(self, observer: Observer, end: int, wanted: int) -> bool:
        return len(self._paths(observer.packets(), end)) >= wanted

    def _start_backend(self, end: int, *, aliases: bool) -> Process:
        device, direct, relayed = self.devices[end], self.devices[1 - end].endpoint, self._relayed[end]
        files: list[Path] = []
        for endpoint, other in ((relayed, direct), (direct, relayed)):
            files.append(device.machine.directory / f"plan-{len(files)}.json")
            files[-1].write_bytes(msgspec.json.encode(self._plan(end, endpoint, (other,) if aliases else ())))
        state = device.machine.directory / "state"
        process = device.machine.spawn(sys.executable, _DRIVER, str(state), *map(str, files), name="backend")
        process.wait_for_line("ready", exact=True)
        return process

    def _plan(self, end: int, endpoint: str, aliases: tuple[str, ...]) -> SystemPlan:
        other = self.devices[1 - end]
        peer = dataclasses.replace(other.as_peer(), endpoint=endpoint, aliases=aliases)
        return SystemPlan(self.devices[end].tunnel(peer), incoming=other.addresses)

    def _start_stream(self, end: int) -> Process:
        words = "stream", self.devices[end].address4, self.devices[1 - end].address4
        return self.devices[end].machine.spawn(
            sys.executable, "-m", "lab.two_paths", *words, env=_ENVIRONMENT, name="stream"
        )

    def _paths(self, packets: list[Packet], end: int) -> list[bool]:
        """Of each packet that this end sent through the tunnel: whether it went directly."""
        own, direct = (self.devices[one].endpoint for one in (end, 1 - end))
        data = [packet for packet in packets if packet.payload.startswith(_DATA)]
        return [
            _endpoint(packet.dst, packet.dport) == direct
            for packet in data
            if _endpoint(packet.src, packet.sport) == own
        ]


def _changes(paths: list[bool]) -> int:
    return sum(one != other for one, other in itertools.pairwise(paths))


def _untaken(machine: Machine) -> int:
    """Datagrams that found a full buffer (nstat(8), counters of the machine's own)."""
    lines = machine.run("nstat", "-a", "-s", "-z").stdout.splitlines()
    return sum(int(line.split()[1]) for line in lines if "RcvbufErrors" in line)


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


# --- the programs ---------------------------------------------------------------------------------------------------


def _relay(address: str, *ends: str) -> None:
    """What arrives at one port leaves from the other, to the end whose port that is, after a while."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sockets = [socket.socket(family, socket.SOCK_DGRAM) for _ in _RELAY_PORTS]
    for one, port in zip(sockets, _RELAY_PORTS, strict=True):
        one.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 22)
        one.bind((address, port))
    places = [(end.rpartition(":")[0].strip("[]"), _PORT) for end in ends]
    held: deque[tuple[float, int, bytes]] = deque()
    print("ready", flush=True)
    while True:
        wait = max(0.0, held[0][0] - time.monotonic()) if held else None
        for one in select.select(sockets, [], [], wait)[0]:
            held.append((time.monotonic() + _DELAY, 1 - sockets.index(one), one.recv(2048)))
        while held and held[0][0] <= time.monotonic():
            _, by, packet = held.popleft()
            sockets[by].sendto(packet, places[by])


def _stream(own: str, other: str) -> None:
    """Send to the other and count what comes, until SIGTERM; then listen a while for what is late.

    Nothing counts until the other was heard: only then is anybody there to hear this one.
    """
    until = [float("inf")]
    signal.signal(signal.SIGTERM, lambda *_: until.__setitem__(0, time.monotonic()))
    received, sent = set[int](), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as both:
        both.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 22)
        both.bind((own, _STREAM_PORT))
        due = time.monotonic()
        while (now := time.monotonic()) < until[0] + _LATE:
            if now < until[0] and now >= due:
                # From now: what was missed while this process had to wait would go out in one burst.
                sent, due = sent + bool(received), now + _EVERY
                both.sendto(struct.pack("!I", sent), (other, _STREAM_PORT))
            if select.select([both], [], [], max(0.0, due - now) if now < until[0] else 0.1)[0]:
                received.add(struct.unpack("!I", both.recv(64))[0])
    print(json.dumps({"sent": sent, "received": len(received - {0})}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "relay":
        _relay(*sys.argv[2:])
    else:
        _stream(*sys.argv[2:])
