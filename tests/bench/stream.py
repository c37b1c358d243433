"""A stream of small packets that are sent back, and a switch in the midst of it: `python -m bench.stream VERB JSON`.

`reflect` sends back what it is sent, with the address that it came from; `switch` asks it all the while, and then has
the route changed; `ask` asks until it is told to end. Everything is timed on the asking side, with the monotonic clock.
`start_reflector`, `switch_during_stream` and `Asking` are the caller's side of it.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from bench import inside
from lab.net import Machine

PORT = 4646
EVERY = 0.005
"""Seconds between two packets."""
MARKER = b"whoever reads this outside the tunnel has found a leak"
_HEAD = struct.Struct("!I")
_BEFORE = 1.0
"""Seconds of the stream before the switch: its flow is an old one by then."""
_AFTER = 1.0
"""Seconds of it behind the first packet by the other way, and behind the end of the command."""
_LOOK_EVERY = 0.05
_UNDER_WAY = 0.5
"""Seconds after which an answer is not expected any more."""
_PATIENCE = 20.0


class Handover(msgspec.Struct, frozen=True):
    """What a switch in the midst of a stream did to it."""

    first: float
    """Seconds from the start of the switch until the first answer to a packet that came by the other way."""
    ended: float
    """Seconds from the start of the switch to its end."""
    sent: int
    lost: int
    """Packets of the stream that were not answered; those that the system refused to send are among them."""


def start_reflector(machine: Machine) -> None:
    """Send back what comes, until the machine ends."""
    argv = (sys.executable, "-m", "bench.stream", "reflect", "{}")
    machine.spawn(*argv, env=inside.environment(), name="reflect").wait_for_line("ready", exact=True)


def switch_during_stream(machine: Machine, **what: Any) -> Handover:
    """See `run_switch`; in a machine of the lab."""
    argv = (sys.executable, "-m", "bench.stream", "switch", json.dumps(what))
    done = machine.run(*argv, env=inside.environment(), timeout=60)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Handover)


class Asked(msgspec.Struct, frozen=True):
    """What a stream was told, packet by packet, by number."""

    sent: list[float]
    """When each was sent."""
    answered: dict[int, float]
    """When each answer came."""

    def first_answer(self) -> float:
        """When the first of all came; inf where none did."""
        return min(self.answered.values(), default=float("inf"))

    def lost(self, begin: float, end: float) -> int:
        """How many of those sent in this time were not answered."""
        return sum(begin <= at <= end and number not in self.answered for number, at in enumerate(self.sent))

    def silence(self, begin: float, end: float) -> float:
        """The longest time in this time without an answer."""
        moments = [begin, *sorted(at for at in self.answered.values() if begin <= at <= end), end]
        return max(later - earlier for earlier, later in pairwise(moments))


class Asking:
    """A stream of a machine, that runs; to an address that may become known later."""

    def __init__(self, machine: Machine, every: float) -> None:
        self._to = machine.directory / f"asked-{time.monotonic_ns()}"
        words = (sys.executable, "-m", "bench.stream", "ask", json.dumps({"file": str(self._to), "every": every}))
        self._process = machine.spawn(*words, env=inside.environment(), name="ask")
        self._process.wait_for_line("ready", exact=True)

    def begin(self, to: str) -> None:
        """Ask this address from now on."""
        fresh = self._to.with_suffix(".new")
        fresh.write_text(to)
        fresh.replace(self._to)

    def end(self) -> Asked:
        """Cease; what came of it."""
        time.sleep(_UNDER_WAY)
        self._to.unlink()
        self._process.wait()
        return msgspec.json.decode(self._process.out.read_text().splitlines()[-1], type=Asked)


# --- the programs ---------------------------------------------------------------------------------------------------


def run_reflect() -> None:
    """Answer each packet with itself and the address of who sent it, for good."""
    answering = _bound(PORT)
    print("ready", flush=True)
    while True:
        data, sender = answering.recvfrom(512)
        with suppress(OSError):
            answering.sendto(data[: _HEAD.size] + sender[0].encode(), sender)


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("", port))
    return made


@dataclass(slots=True)
class Stream:
    """One socket that asks every `EVERY` seconds, from a thread of its own, and hears from another."""

    to: str
    asking: socket.socket = field(default_factory=lambda: _bound(0))
    every: float = EVERY
    sent: int = 0
    moments: list[float] = field(default_factory=list)
    """When each was sent."""
    answers: dict[int, tuple[float, str]] = field(default_factory=dict)
    """By number: when each came, and under which address the packet was seen."""
    is_over: bool = False

    def send(self) -> None:
        """Send until it is over, whether or not it is let out."""
        due = time.monotonic()
        while not self.is_over:
            self.moments.append(time.monotonic())
            with suppress(OSError):
                self.asking.sendto(_HEAD.pack(self.sent) + MARKER, (self.to, PORT))
            self.sent += 1
            due += self.every
            time.sleep(max(0.0, due - time.monotonic()))

    def hear(self) -> None:
        """Note the answers, for good."""
        while True:
            # The guard's refusal of one packet is told at the next call.
            with suppress(OSError):
                data = self.asking.recv(512)
                self.answers[_HEAD.unpack_from(data)[0]] = (time.monotonic(), data[_HEAD.size :].decode())

    def first_seen_as(self, address: str, after: float) -> float:
        """When the first answer came to a packet that was seen under this address; waits for it."""
        while time.monotonic() < after + _PATIENCE:
            came = [when for when, seen in list(self.answers.values()) if seen == address and when >= after]
            if came:
                return min(came)
            time.sleep(EVERY)
        raise SystemExit(f"nothing came by {address} within {_PATIENCE:g} s")

    def sent_and_lost(self) -> tuple[int, int]:
        """From the first packet on that was answered: what came before had no way yet."""
        sent = self.sent - min(self.answers)
        return sent, sent - len(self.answers)


def run_switch(to: str, before: str, after: str, argv: list[str] | None = None, device: str = "") -> Handover:
    """Stream to `to`, seen as `before`; switch by a program or by a running client; stream on, seen as `after`."""
    stream = Stream(to)
    sending = threading.Thread(target=stream.send)
    with inside.switcher(argv, device) as work:
        threading.Thread(target=stream.hear, daemon=True).start()
        sending.start()
        stream.first_seen_as(before, time.monotonic())
        time.sleep(_BEFORE)
        started = time.monotonic()
        work()
        ended = time.monotonic()
    first = stream.first_seen_as(after, started)
    time.sleep(_AFTER)
    stream.is_over = True
    sending.join()
    time.sleep(_UNDER_WAY)
    return Handover(first - started, ended - started, *stream.sent_and_lost())


def run_ask(file: str, every: float) -> Asked:
    """Ask whom the file names, for as long as it is there; it may come later."""
    print("ready", flush=True)
    while not Path(file).exists():
        time.sleep(every)
    stream = Stream(Path(file).read_text(), every=every)
    threading.Thread(target=stream.hear, daemon=True).start()
    threading.Thread(target=stream.send, daemon=True).start()
    while Path(file).exists():
        time.sleep(_LOOK_EVERY)
    stream.is_over = True
    return Asked(stream.moments, {number: when for number, (when, _) in list(stream.answers.items())})


def _main(verb: str, argument: str) -> None:
    verbs: dict[str, Callable[..., object]] = {"reflect": run_reflect, "switch": run_switch, "ask": run_ask}
    print(msgspec.json.encode(verbs[verb](**json.loads(argument))).decode(), flush=True)
    # The one who hears waits for good.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
