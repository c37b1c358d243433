"""Programs of a person that never cease to ask the internet: over TCP, UDP and ICMP, by name, in both families.

`Probes` is the test's side; the program is `python -m lab.probes ask|echo`. Every answer is written down with the
moment at which its question was sent (monotonic clock, which all namespaces of a system share), so that an answer that
was under way for long does not count for the time of its arrival. Law: nothing here knows of the product.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import secrets
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.message

from lab.net import LabError, Machine, wait_until

__all__ = ["KINDS", "MARKER", "Answer", "Probes", "start_echo"]

ECHO_PORT = 4545
MARKER = b"whoever reads this outside the tunnel has found a leak"
"""In every datagram and ping, so that one that got out is known."""
KINDS = ("udp4", "udp6", "tcp4", "tcp6", "icmp4", "icmp6", "names")
STREAM = "stream"
"""Lines over one TCP connection that is opened once, and again only when it broke."""

_DATAGRAM_EVERY = 0.02
_ASK_EVERY = 0.25
_GIVE_UP = 1.0
_STREAM_GIVES_UP = 60.0
_CHUNK = 2048
_ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[1])}
_ICMP = {socket.AF_INET: (8, 0, "icmp"), socket.AF_INET6: (128, 129, "ipv6-icmp")}
"""Types of an echo request and its answer (RFC 792, RFC 4443), and the protocol."""


class Answer(NamedTuple):
    """One question that was answered."""

    kind: str
    sent: float
    """Monotonic seconds."""
    came: float
    said: str
    """tcp: the address under which the web server saw this machine."""


class Probes:
    """The questions of one machine to a web server that also runs `start_echo`; they end with the machine."""

    def __init__(self, machine: Machine, web4: str, web6: str, name: str) -> None:
        self._file = machine.directory / f"probes-{secrets.token_hex(3)}.jsonl"
        self._file.touch()
        argv = (sys.executable, "-m", "lab.probes", "ask", str(self._file), web4, web6, name)
        self.process = machine.spawn(*argv, env=_ENVIRONMENT, name="probes")
        self._answers: list[Answer] = []
        self._read = 0

    def answers(self, kind: str | None = None) -> list[Answer]:
        """Those that came so far, in the order of their coming."""
        if self.process.returncode is not None:
            raise LabError(f"the probes ended\n{self.process.tail()}")
        with self._file.open("rb") as file:
            file.seek(self._read)
            fresh = file.read()
        # The last line may not be whole yet.
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        self._answers += [Answer(*json.loads(line)) for line in whole.splitlines()]
        return [answer for answer in self._answers if kind in (None, answer.kind)]

    def await_answers(self, timeout: float = 30.0, kinds: Iterable[str] = KINDS, since: float | None = None) -> float:
        """Return once a question of each kind was answered that was sent since then (now); the last one's sending."""
        begin = time.monotonic() if since is None else since
        wanted = set(kinds)

        def flows() -> dict[str, float] | None:
            first: dict[str, float] = {}
            for answer in self.answers():
                if answer.sent >= begin and answer.kind in wanted:
                    first.setdefault(answer.kind, answer.sent)
            missing.clear()
            missing.update(wanted - first.keys())
            return None if missing else first

        missing: set[str] = set()
        try:
            return max(wait_until(flows, "answers", timeout, 0.05).values())
        except LabError:
            raise LabError(f"within {timeout:g} s no answers to {', '.join(sorted(missing))}") from None

    def answered(self, begin: float, end: float) -> set[str]:
        """The kinds of the questions sent in this time that were answered."""
        return {answer.kind for answer in self.answers() if begin <= answer.sent <= end}

    def longest_gap(self, kind: str, begin: float, end: float) -> float:
        """The longest time between two answered questions (seconds), both ends of the time among them."""
        sent = sorted(answer.sent for answer in self.answers(kind) if begin <= answer.sent <= end)
        moments = [begin, *sent, end]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))


def start_echo(machine: Machine) -> None:
    """Have a machine send back what it is sent on `ECHO_PORT`, over UDP and TCP; returns once it does."""
    process = machine.spawn(sys.executable, "-m", "lab.probes", "echo", env=_ENVIRONMENT, name="echo")
    process.wait_for_line("ready", exact=True)


# --- the programs ---------------------------------------------------------------------------------------------------


class _Log:
    """Writes the answers down, whole lines at a time."""

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND)

    def write(self, kind: str, sent: float, said: str = "") -> None:
        line = json.dumps(Answer(kind, sent, time.monotonic(), said)) + "\n"
        os.write(self._handle, line.encode())


def _stamped() -> bytes:
    return struct.pack("!d", time.monotonic()) + MARKER


def _sent_at(payload: bytes) -> float | None:
    if len(payload) != 8 + len(MARKER) or payload[8:] != MARKER:
        return None
    return float(struct.unpack("!d", payload[:8])[0])


def _datagrams(log: _Log, kind: str, family: int, to: str) -> None:
    """One socket for good, as of a call or a game; it is not bound, so the system chooses the source each time."""
    asking = socket.socket(family, socket.SOCK_DGRAM)

    def hear() -> None:
        while True:
            with contextlib.suppress(OSError):
                sent = _sent_at(asking.recv(_CHUNK))
                if sent is not None:
                    log.write(kind, sent)

    threading.Thread(target=hear, daemon=True).start()
    _every(_DATAGRAM_EVERY, lambda: asking.sendto(_stamped(), (to, ECHO_PORT)))


def _pings(log: _Log, kind: str, family: int, to: str) -> None:
    request, answer, protocol = _ICMP[socket.AddressFamily(family)]
    asking = socket.socket(family, socket.SOCK_RAW, socket.getprotobyname(protocol) if family == 2 else 58)
    number = secrets.randbelow(65536)

    def hear() -> None:
        while True:
            with contextlib.suppress(OSError):
                data = asking.recv(_CHUNK)
                packet = data[20:] if family == socket.AF_INET else data
                if packet[0] == answer and packet[4:6] == struct.pack("!H", number):
                    sent = _sent_at(packet[8:])
                    if sent is not None:
                        log.write(kind, sent)

    def ask() -> None:
        packet = struct.pack("!BBHHH", request, 0, 0, number, 0) + _stamped()
        checked = packet[:2] + struct.pack("!H", _checksum(packet)) + packet[4:]
        asking.sendto(checked, (to, 0))

    threading.Thread(target=hear, daemon=True).start()
    _every(_ASK_EVERY, ask)


def _checksum(data: bytes) -> int:
    """Of the internet (RFC 1071); for ICMPv6 the kernel sets it."""
    total = sum(word for (word,) in struct.iter_unpack("!H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(~total & 0xFFFF)


def _pages(log: _Log, kind: str, family: int, to: str) -> None:
    def ask() -> None:
        sent = time.monotonic()
        with socket.socket(family, socket.SOCK_STREAM) as asking:
            asking.settimeout(_GIVE_UP)
            asking.connect((to, 80))
            asking.sendall(b"GET /ip HTTP/1.0\r\n\r\n")
            said = b""
            while data := asking.recv(_CHUNK):
                said += data
        if said.endswith(b"\n"):
            log.write(kind, sent, said.split()[-1].decode())

    _every(_ASK_EVERY, ask)


def _names(log: _Log, name: str) -> None:
    def ask() -> None:
        sent = time.monotonic()
        lines = Path("/etc/resolv.conf").read_text().splitlines()
        server = next((line.split()[1] for line in lines if line.startswith("nameserver ")), "127.0.0.1")
        query = dns.message.make_query(name, "A")
        with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(_GIVE_UP)
            asking.connect((server, 53))
            asking.send(query.to_wire())
            with contextlib.suppress(dns.exception.DNSException):
                if dns.message.from_wire(asking.recv(_CHUNK)).answer:
                    log.write("names", sent, server)

    _every(_ASK_EVERY, ask)


def _stream(log: _Log, to: str) -> None:
    """A login that stays open: lines are sent when the last one came back, however long that takes."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection((to, ECHO_PORT), _GIVE_UP) as asking:
            asking.settimeout(_STREAM_GIVES_UP)
            opened, lines = str(time.monotonic()), asking.makefile("rb")
            while True:
                sent = time.monotonic()
                asking.sendall(b"line\n")
                if not lines.readline():
                    break
                log.write(STREAM, sent, opened)
                time.sleep(_ASK_EVERY)
        time.sleep(_ASK_EVERY)


def _every(pause: float, ask: Callable[[], object]) -> None:
    due = time.monotonic()
    while True:
        with contextlib.suppress(OSError):
            ask()
        due = max(due + pause, time.monotonic())
        time.sleep(due - time.monotonic() if due > time.monotonic() else 0)


def _ask(path: str, web4: str, web6: str, name: str) -> None:
    log = _Log(path)
    jobs: list[tuple[Callable[..., None], tuple[object, ...]]] = [(_names, (name,)), (_stream, (web4,))]
    for family, to, number in ((socket.AF_INET, web4, "4"), (socket.AF_INET6, web6, "6")):
        for work, kind in ((_datagrams, "udp"), (_pings, "icmp"), (_pages, "tcp")):
            jobs.append((work, (kind + number, family, to)))
    for job, arguments in jobs:
        threading.Thread(target=job, args=(log, *arguments), daemon=True).start()
    threading.Event().wait()


class _Datagram(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, answering = self.request
        answering.sendto(data, self.client_address)


class _Lines(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            for line in self.rfile:
                self.wfile.write(line)


class _UdpEcho(socketserver.UDPServer):
    address_family = socket.AF_INET6


class _TcpEcho(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    daemon_threads = True


def _echo() -> None:
    for server in (_UdpEcho(("::", ECHO_PORT), _Datagram), _TcpEcho(("::", ECHO_PORT), _Lines)):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        _echo()
    else:
        _ask(*sys.argv[2:])
