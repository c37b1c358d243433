"""What stands on the lab's internet: a web server, name servers, and an observer on a wire.

The servers are programs (`python -m lab.services web|names`) that run inside machines; `WebServer`, `NameServer` and
`Observer` are the test's side of them. Law: nothing here knows of the product.
"""

from __future__ import annotations

import argparse
import http.server
import json
import re
import signal
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Mapping, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from lab.net import LabError, Machine, Process, wait_until
from lab.pcap import Packet, read_pcap

__all__ = ["NameServer", "Observer", "Packet", "Query", "WebServer", "Zone"]

_CHUNK = bytes(1 << 20)
_TTL = 30
_STILL = 4
"""So many equal counts of tcpdump in a row mean that nothing is left to read."""
_SNAPSHOT = 2048
# By number: Windows has no such name, and this module imports there too.
_SIGUSR1 = 10
_FORWARD_TIMEOUT = 2.0
_ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[1])}


def _plain(address: str) -> str:
    """An address without the form in which a socket of both families shows IPv4."""
    return address.removeprefix("::ffff:")


def _serve_forever(server: socketserver.BaseServer) -> None:
    threading.Thread(target=server.serve_forever, daemon=True).start()


# --- web ------------------------------------------------------------------------------------------------------------


class _WebHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and a short body in two segments would wait for each other's acknowledgement.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        kind, _, rest = self.path.strip("/").partition("/")
        if kind == "bytes" and rest.isdigit():
            self._bulk(int(rest))
        elif kind == "ip":
            self._text(_plain(self.client_address[0]))
        else:
            self._text("nothing here", 404)

    def do_POST(self) -> None:
        size = left = int(self.headers["Content-Length"])
        while left and (got := len(self.rfile.read1(min(left, len(_CHUNK))))):
            left -= got
        self._text(str(size - left))

    def _text(self, text: str, status: int = 200) -> None:
        body = text.encode() + b"\n"
        self._head(len(body), status)
        self.wfile.write(body)

    def _bulk(self, size: int) -> None:
        self._head(size)
        while size:
            size -= self.wfile.write(_CHUNK[: min(size, len(_CHUNK))])

    def _head(self, size: int, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        self.end_headers()


class _WebServer(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what tests are about, not an error."""


def _run_web(port: int) -> None:
    _serve_forever(_WebServer(("::", port), _WebHandler))


class WebServer:
    """A web server for both families: /ip says who asks, /bytes/N sends N bytes, a POST is counted."""

    def __init__(self, machine: Machine, port: int = 80) -> None:
        self.process = _start(machine, "web", "--port", str(port))

    def await_ready(self) -> None:
        """Return once it accepts connections."""
        self.process.wait_for_line("ready", exact=True)


# --- names ----------------------------------------------------------------------------------------------------------


Zone = Mapping[str, Mapping[str, Sequence[str]]]
"""Names without the last dot, in lower case, with their records: {"nas.lan": {"A": ["192.168.1.20"]}}."""


class Query(NamedTuple):
    """One question that a name server was asked."""

    client: str
    transport: str
    """"udp" or "tcp"."""
    name: str
    """Without the last dot, in lower case."""
    type: str


class _Names:
    """The answers of one name server: its zone, and for all else the server it forwards to."""

    def __init__(self, zone: Zone, forward: str | None, log: Path) -> None:
        self._zone = zone
        self._forward = forward
        self._log = log.open("a", buffering=1)

    def answer(self, wire: bytes, client: str, transport: str) -> bytes | None:
        try:
            query = dns.message.from_wire(wire)
            question = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return None
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self._log.write(json.dumps(Query(_plain(client), transport, name, kind)._asdict()) + "\n")
        if name not in self._zone and self._forward is not None:
            return _ask(self._forward, wire, transport)
        return _fit(query, self._local(query, name, kind), transport)

    def _local(self, query: dns.message.Message, name: str, kind: str) -> dns.message.Message:
        response = dns.message.make_response(query, recursion_available=True)
        if name not in self._zone:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif texts := self._zone[name].get(kind):
            response.answer.append(dns.rrset.from_text_list(query.question[0].name, _TTL, "IN", kind, texts))
        return response


def _fit(query: dns.message.Message, response: dns.message.Message, transport: str) -> bytes:
    """The response as bytes; where UDP cannot carry it, only the word that TCP would (RFC 1035 4.2.1, RFC 6891)."""
    try:
        return response.to_wire(max_size=65535 if transport == "tcp" else max(512, query.payload))
    except dns.exception.TooBig:
        response.answer.clear()
        response.flags |= dns.flags.TC
        return response.to_wire()


def _ask(server: str, wire: bytes, transport: str) -> bytes | None:
    """What another name server answers; nothing when it does not."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as asking:
        asking.settimeout(_FORWARD_TIMEOUT)
        try:
            asking.connect((server, 53))
            if transport == "udp":
                asking.send(wire)
                return asking.recv(65535)
            asking.sendall(struct.pack("!H", len(wire)) + wire)
            return _read_message(asking.makefile("rb"))
        except OSError:
            return None


def _read_message(stream: BufferedIOBase) -> bytes | None:
    """One message with its length before it (RFC 1035 4.2.2); None at the end."""
    head = stream.read(2)
    return stream.read(int.from_bytes(head)) if len(head) == 2 else None


class _UdpNames(socketserver.ThreadingUDPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    names: _Names


class _TcpNames(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    names: _Names


class _UdpQuestion(socketserver.BaseRequestHandler):
    server: _UdpNames

    def handle(self) -> None:
        wire, asking = self.request
        answer = self.server.names.answer(wire, self.client_address[0], "udp")
        if answer is not None:
            asking.sendto(answer, self.client_address)


class _TcpQuestions(socketserver.StreamRequestHandler):
    server: _TcpNames

    def handle(self) -> None:
        while (wire := _read_message(self.rfile)) is not None:
            answer = self.server.names.answer(wire, self.client_address[0], "tcp")
            if answer is None:
                return
            self.wfile.write(struct.pack("!H", len(answer)) + answer)


def _run_names(zone: str, forward: str | None, log: str) -> None:
    names = _Names(json.loads(zone), forward, Path(log))
    udp, tcp = _UdpNames(("::", 53), _UdpQuestion), _TcpNames(("::", 53), _TcpQuestions)
    for server in (udp, tcp):
        server.names = names
        _serve_forever(server)


class NameServer:
    """A name server of a machine, over UDP and TCP: answers its zone, forwards all else, or says NXDOMAIN."""

    def __init__(self, machine: Machine, zone: Zone, forward: str | None = None) -> None:
        self._log = machine.directory / "queries.jsonl"
        self._log.touch()
        upstream = ["--forward", forward] if forward is not None else []
        self.process = _start(machine, "names", "--zone", json.dumps(zone), "--log", str(self._log), *upstream)

    def await_ready(self) -> None:
        """Return once it answers."""
        self.process.wait_for_line("ready", exact=True)

    def queries(self, name: str | None = None) -> list[Query]:
        """What it was asked so far, all of it or about one name."""
        asked = [Query(**json.loads(line)) for line in self._log.read_text().splitlines()]
        return [query for query in asked if name in (None, query.name)]


def _start(machine: Machine, *argv: str) -> Process:
    return machine.spawn(sys.executable, "-m", "lab.services", *argv, env=_ENVIRONMENT, name=argv[0])


# --- the observer ---------------------------------------------------------------------------------------------------


class Observer:
    """tcpdump on one interface of a machine; captures from the moment it is made until `stop`.

    `expression` is a filter of pcap-filter(7); of each packet the first 2 KiB are kept. A context manager: leaving it
    stops the capture.
    """

    def __init__(self, machine: Machine, interface: str, expression: str = "ip or ip6") -> None:
        number = len(list(machine.directory.glob("*.pcap"))) + 1
        self.file = machine.directory / f"{number:02}-{interface}.pcap"
        # Immediate mode reserves the snapshot length for each packet: with the default of 256 KiB there are few slots.
        slots = ["--immediate-mode", "-s", str(_SNAPSHOT), "-B", "32768"]
        options = ["-Z", "root", "-n", "-U", *slots, "-w", str(self.file)]
        self._process = machine.spawn("tcpdump", "-i", interface, *options, expression)
        # tcpdump says so after the socket is open and the filter is set.
        self._process.wait_for_line("listening on")

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> list[Packet]:
        """End the capture with nothing left unread; what it saw."""
        if self._process.returncode is None:
            # What comes from here on may come without an end.
            _, received, _ = self._count()
            wait_until(lambda: self._has_written(received), "end of what tcpdump has to read", 30, tick=0.05)
            self._process.signal(signal.SIGINT)
            self._process.wait()
        return self.packets()

    def packets(self) -> list[Packet]:
        """What it saw so far."""
        return list(read_pcap(self.file.read_bytes()))

    def wait_for_packet(self, timeout: float = 10.0, **fields: object) -> Packet:
        """The first packet whose fields are these, waiting for it if need be: `wait_for_packet(dst="9.9.9.9")`."""

        def look() -> Packet | None:
            return next(iter(self.matching(**fields)), None)

        return wait_until(look, f"packet with {fields}", timeout)

    def matching(self, **fields: object) -> list[Packet]:
        """The packets seen so far whose fields are these."""
        wanted = fields.items()
        return [packet for packet in self.packets() if all(getattr(packet, key) == value for key, value in wanted)]

    def _has_written(self, received: int) -> bool:
        """Whether tcpdump has written so many packets, or all that it ever will of those that the kernel gave it."""
        captured, _, _ = self._count()
        counts = self._counts()
        # What came in before the filter was set is counted, thrown away, and never captured: then the counts stand
        # still with a difference, while tcpdump goes on to answer.
        return captured >= received or (len(counts) > _STILL and len(set(counts[-_STILL:])) == 1)

    def _count(self) -> tuple[int, int, int]:
        """Packets captured, received and dropped, by what tcpdump prints on SIGUSR1."""
        before = len(self._counts())
        self._process.signal(_SIGUSR1)
        counts = wait_until(lambda: found if len(found := self._counts()) > before else None, "counts of tcpdump")
        if counts[-1][2]:
            raise LabError(f"tcpdump lost {counts[-1][2]} packets; what it saw proves nothing")
        return counts[-1]

    def _counts(self) -> list[tuple[int, int, int]]:
        text = self._process.err.read_text()
        pattern = (
            r"(\d+) packets? captured[\n,] ?(\d+) packets? received by filter[\n,] ?(\d+) packets? dropped by kernel"
        )
        return [(int(a), int(b), int(c)) for a, b, c in re.findall(pattern, text)]


# --- the programs ---------------------------------------------------------------------------------------------------


def _main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="lab.services", description="The servers of the lab's internet.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("web").add_argument("--port", type=int, default=80)
    names = kinds.add_parser("names")
    names.add_argument("--zone", default="{}", help="JSON: {NAME: {TYPE: [TEXT, ...]}}")
    names.add_argument("--forward", help="the address of the name server for all else")
    names.add_argument("--log", required=True, help="the file that gets a line of JSON for every question")
    args = parser.parse_args(argv)
    if args.kind == "web":
        _run_web(args.port)
    else:
        _run_names(args.zone, args.forward, args.log)
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    _main(sys.argv[1:])
