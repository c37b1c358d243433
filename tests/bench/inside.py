"""What runs inside a machine of the lab, next to what it measures: `python -m bench.inside VERB JSON`.

Everything is timed with the monotonic clock, which all namespaces of a system share. `ask` and `start` are the
caller's side of it.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lab.net import LabError, Machine, Process
from lab.world import SOCKET, product_environment

TRY_EVERY = 0.01
"""Seconds between two connections of the one who waits for the other address; more of them would slow the switch."""
PACKET_EVERY = 0.001
_PATIENCE = 20.0
_SILENCE = 0.7
"""Seconds without a packet after which none is expected any more."""
_FLOWING = 50
"""Packets after which a flow counts as running."""


def environment() -> dict[str, str]:
    """What this program needs in a machine, and the product's programs with it."""
    return {"PYTHONPATH": str(Path(__file__).parents[1]), **product_environment()}


def ask(machine: Machine, verb: str, **what: Any) -> Any:
    """Run a verb inside to its end; what it measured."""
    argv = (sys.executable, "-m", "bench.inside", verb, json.dumps(what))
    done = machine.run(*argv, env=environment(), timeout=120)
    return json.loads(done.stdout.splitlines()[-1])


def start(machine: Machine, verb: str, **what: Any) -> Process:
    """Start a verb inside, and leave it running."""
    argv = (sys.executable, "-m", "bench.inside", verb, json.dumps(what))
    return machine.spawn(*argv, env=environment(), name=f"bench-{verb}")


# --- the switch -----------------------------------------------------------------------------------------------------


class Switch:
    """Starts a switch, and asks a web server again and again until the answer comes by the other way."""

    def __init__(self, work: Callable[[], None], web: str, expected: str) -> None:
        self._work = work
        self._web = web
        self._expected = expected.encode() + b"\n"
        self._selector = selectors.DefaultSelector()
        self._answers: dict[socket.socket, tuple[float, bytes]] = {}
        self._ended: float | None = None
        self._error: BaseException | None = None

    def run(self) -> dict[str, float]:
        """Seconds from the start of the switch to the first byte by the other way, and to the end of the work."""
        worker = threading.Thread(target=self._do)
        started = time.monotonic()
        worker.start()
        arrived = self._first_byte(started)
        worker.join(_PATIENCE)
        for connection in list(self._answers):
            self._drop(connection)
        if self._error is not None or self._ended is None:
            raise SystemExit(f"the switch failed: {self._error}")
        return {"first_byte": arrived - started, "ended": self._ended - started}

    def _do(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error
        self._ended = time.monotonic()

    def _first_byte(self, started: float) -> float:
        due = started
        while (now := time.monotonic()) < started + _PATIENCE and self._error is None:
            if now >= due:
                self._connect()
                due = now + TRY_EVERY
            for key, _ in self._selector.select(max(0.0, due - time.monotonic())):
                arrived = self._advance(key)
                if arrived is not None:
                    return arrived
        raise SystemExit(f"no answer with {self._expected!r}: {self._error}")

    def _connect(self) -> None:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)
        self._answers[connection] = (0.0, b"")
        self._selector.register(connection, selectors.EVENT_WRITE)
        with suppress(BlockingIOError):
            try:
                connection.connect((self._web, 80))
            except OSError as error:
                if not isinstance(error, BlockingIOError):
                    self._drop(connection)

    def _advance(self, key: selectors.SelectorKey) -> float | None:
        connection = key.fileobj
        assert isinstance(connection, socket.socket)
        try:
            if key.events & selectors.EVENT_WRITE:
                connection.send(b"GET /ip HTTP/1.0\r\n\r\n")
                self._selector.modify(connection, selectors.EVENT_READ)
                return None
            return self._read(connection)
        except OSError:
            # Refused by the guard, or cut off by the switch: the next one is on its way.
            self._drop(connection)
            return None

    def _read(self, connection: socket.socket) -> float | None:
        data = connection.recv(4096)
        first, answer = self._answers[connection]
        self._answers[connection] = (first or time.monotonic(), answer + data)
        if not data:
            self._drop(connection)
            return first if answer.endswith(b"\n" + self._expected) else None
        return None

    def _drop(self, connection: socket.socket) -> None:
        self._answers.pop(connection, None)
        with suppress(KeyError):
            self._selector.unregister(connection)
        connection.close()


def run_switch(web: str, expected: str, argv: list[str] | None = None, device: str = "") -> dict[str, float]:
    """Switch, and wait for an answer by the other way; see `switcher`."""
    with switcher(argv, device) as work:
        return Switch(work, web, expected).run()


@contextmanager
def switcher(argv: list[str] | None, device: str) -> Iterator[Callable[[], None]]:
    """Switches by a program, or by a client of the daemon that is already running (to `device`, or to no route)."""
    if argv is not None:
        words = argv
        yield lambda: _run(words)
        return
    from meshnet.cli.client import Client
    from meshnet.protocol import local

    with Client(SOCKET) as client:
        client.status()
        request: local.Request = local.StartRoute(device) if device else local.StopRoute()

        def work() -> None:
            client.ask(request, local.Status)

        yield work


def _run(argv: list[str]) -> None:
    nothing = subprocess.DEVNULL
    done = subprocess.run(argv, check=False, stdin=nothing, stdout=nothing, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise LabError(f"{argv[0]}: {done.stderr}")


# --- starting programs ----------------------------------------------------------------------------------------------


def run_starts(programs: dict[str, list[str]], rounds: int) -> dict[str, list[float]]:
    """Seconds that each program takes from its start to its end, all in turns."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, argv in programs.items():
            started = time.monotonic()
            _run(argv)
            taken[name].append(time.monotonic() - started)
    return taken


# --- a stream of packets --------------------------------------------------------------------------------------------


def run_send(to: str, port: int, seconds: float) -> None:
    """Send a small packet every millisecond, whether or not it is let out."""
    sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    due = time.monotonic()
    end = due + seconds
    while due < end:
        with suppress(OSError):
            sending.sendto(b"x", (to, port))
        due += PACKET_EVERY
        time.sleep(max(0.0, due - time.monotonic()))


def run_receive(port: int) -> float:
    """The moment (monotonic clock) at which the last packet came in; says `flowing` once they come."""
    receiving = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiving.bind(("", port))
    receiving.settimeout(_PATIENCE)
    print("ready", flush=True)
    last, count = 0.0, 0
    while True:
        try:
            receiving.recv(64)
        except TimeoutError:
            return last
        last, count = time.monotonic(), count + 1
        if count == _FLOWING:
            receiving.settimeout(_SILENCE)
            print("flowing", flush=True)


# --- the kernel's sets ----------------------------------------------------------------------------------------------


def run_sets() -> None:
    """Say when (monotonic clock) the kernel changed which element of a set, in the words of `nft monitor`, for good."""
    words = ["nft", "monitor", "elements"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as monitor:
        assert monitor.stdout is not None
        for line in monitor.stdout:
            print(time.monotonic(), line, end="", flush=True)


def _main(verb: str, argument: str) -> None:
    verbs: dict[str, Callable[..., Any]] = {
        "switch": run_switch,
        "starts": run_starts,
        "send": run_send,
        "receive": run_receive,
        "sets": run_sets,
    }
    print(json.dumps(verbs[verb](**json.loads(argument))), flush=True)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
