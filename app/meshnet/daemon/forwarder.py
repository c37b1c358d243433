"""Names for those who route through this host: a small forwarder to the resolvers that the system really uses.

It listens on this device's own mesh addresses; the firewall leads port 53 of permitted peers here and nobody else. A
peer without `lan` gets no names of the home network and no answers that point into private networks (DNS rebinding).
The name `PROBE` is answered here and shows a client that the way to its host works.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.rrset
from dns.rdtypes.svcbbase import ParamKey, SVCBBase

from meshnet.core.special import NOT_PUBLIC

log = logging.getLogger("meshnet.forwarder")

PROBE = dns.name.from_text("probe.meshnet.")
UPSTREAM_TIMEOUT = 2.0
UPSTREAM_PORT = 53
_IN_FLIGHT_MAX = 256
_IDLE = 10.0
_BIND_TRIES = 20
_IP_FREEBIND = 15
_LOCAL_ZONES = tuple(
    dns.name.from_text(text) for text in ("local.", "lan.", "home.", "internal.", "home.arpa.", "localdomain.")
)
_REVERSE = tuple(dns.name.from_text(text) for text in ("in-addr.arpa.", "ip6.arpa."))


@dataclass(frozen=True, slots=True)
class View:
    """What one asker may see."""

    lan: bool


def judge_query(query: dns.message.Message, view: View) -> dns.message.Message | None:
    """The answer that needs no resolver (the probe, and what is not for this asker); None: ask on."""
    question = query.question[0]
    if question.name == PROBE:
        answer = dns.message.make_response(query)
        answer.answer.append(dns.rrset.from_text(PROBE, 0, dns.rdataclass.IN, dns.rdatatype.TXT, '"ok"'))
        return answer
    if not view.lan and _is_local_name(question.name):
        return _refuse(query)
    return None


def judge_answer(query: dns.message.Message, answer: dns.message.Message, view: View) -> dns.message.Message:
    """The answer, or a refusal where it points into a private network and the asker may not see that."""
    if view.lan or not any(map(_is_private, _addresses(answer))):
        return answer
    return _refuse(query)


def _is_plain_question(message: dns.message.Message) -> bool:
    if message.flags & dns.flags.QR or message.opcode() != dns.opcode.QUERY or len(message.question) != 1:
        return False
    return message.question[0].rdtype not in (dns.rdatatype.AXFR, dns.rdatatype.IXFR)


def _refuse(query: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.REFUSED)
    return answer


def _is_local_name(name: dns.name.Name) -> bool:
    if len(name.labels) <= 2 and name != dns.name.root:
        # A single label is looked up in the search domain of the host's network; TLDs need only NS and the like.
        return True
    if any(name.is_subdomain(zone) for zone in _LOCAL_ZONES):
        return True
    return any(name.is_subdomain(zone) for zone in _REVERSE) and _is_private_reverse(name)


def _is_private_reverse(name: dns.name.Name) -> bool:
    import dns.reversename

    try:
        return _is_private(dns.reversename.to_address(name))
    except (dns.exception.DNSException, ValueError):
        return False


def _addresses(answer: dns.message.Message) -> list[str]:
    return [found for rrset in answer.answer + answer.additional for rdata in rrset for found in _pointed_at(rdata)]


def _pointed_at(rdata: dns.rdata.Rdata) -> list[str]:
    """The addresses that a record leads to; service records carry some as hints (RFC 9460, section 7.3)."""
    if isinstance(rdata, dns.rdtypes.IN.A.A | dns.rdtypes.IN.AAAA.AAAA):
        return [rdata.address]
    if not isinstance(rdata, SVCBBase):
        return []
    hints = (rdata.params.get(key) for key in (ParamKey.IPV4HINT, ParamKey.IPV6HINT))
    return [address for hint in hints for address in getattr(hint, "addresses", ())]


def _is_private(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed.version == network.version and parsed in network for network in NOT_PUBLIC)


class Forwarder:
    """Answers on UDP and TCP at one port of this device's mesh addresses."""

    def __init__(self, view_of: Callable[[str], View | None], resolvers: Callable[[], tuple[str, ...]]) -> None:
        self._view_of = view_of
        self._resolvers = resolvers
        self._busy = 0
        self._sockets: list[socket.socket] = []
        self.port: int | None = None

    def bind(self, addresses: tuple[str, ...]) -> None:
        """Take one port on all the addresses, which need not be there yet (IP_FREEBIND of ip(7)).

        A port that is free for UDP may be taken for TCP, so more than one is tried; OSError where none will do.
        """
        for tries_left in reversed(range(_BIND_TRIES)):
            try:
                self._bind_all(addresses)
                return
            except OSError:
                self.close()
                if not tries_left:
                    raise

    def _bind_all(self, addresses: tuple[str, ...]) -> None:
        port = 0
        for address in addresses:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                listener = _listener(address, port, kind)
                self._sockets.append(listener)
                port = listener.getsockname()[1]
        self.port = port

    def close(self) -> None:
        """Stop answering."""
        for listener in self._sockets:
            listener.close()
        self._sockets.clear()
        self.port = None

    async def serve(self) -> None:
        """Answer until cancelled."""
        loop = asyncio.get_running_loop()
        async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            for listener in list(self._sockets):
                if listener.type == socket.SOCK_DGRAM:
                    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self, tasks), sock=listener)
                    stack.callback(transport.close)
                else:
                    server = await asyncio.start_server(self._serve_stream, sock=listener)
                    stack.callback(server.close)
            await asyncio.Event().wait()

    async def answer(self, wire: bytes, asker: str, *, stream: bool) -> bytes | None:
        """The answer to one query; None: say nothing (not permitted, or no query)."""
        view = self._view_of(asker)
        if view is None or self._busy >= _IN_FLIGHT_MAX:
            return None
        self._busy += 1
        try:
            return await self._answer(wire, view, stream)
        except (dns.exception.DNSException, ValueError, IndexError):
            return None
        finally:
            self._busy -= 1

    async def _answer(self, wire: bytes, view: View, stream: bool) -> bytes:
        query = dns.message.from_wire(wire)
        if not _is_plain_question(query):
            raise ValueError("answers, updates and transfers of zones are passed on to nobody")
        own = judge_query(query, view)
        if own is not None:
            return own.to_wire()
        for resolver in self._resolvers():
            try:
                async with asyncio.timeout(UPSTREAM_TIMEOUT):
                    reply = await (_ask_stream if stream else _ask_datagram)(resolver, wire)
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                log.info("resolver=%s did not answer: %s", resolver, error or "timeout")
                continue
            answer = dns.message.from_wire(reply, ignore_trailing=True)
            judged = judge_answer(query, answer, view)
            return reply if judged is answer else judged.to_wire()
        failure = dns.message.make_response(query)
        failure.set_rcode(dns.rcode.SERVFAIL)
        return failure.to_wire()

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asker = str(writer.get_extra_info("peername")[0])
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            while True:
                async with asyncio.timeout(_IDLE):
                    size = int.from_bytes(await reader.readexactly(2))
                    wire = await reader.readexactly(size)
                answer = await self.answer(wire, asker, stream=True)
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(2) + answer)
                await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, forwarder: Forwarder, tasks: asyncio.TaskGroup) -> None:
        self._forwarder = forwarder
        self._tasks = tasks
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's own datagram transport is no subclass of DatagramTransport, so isinstance would not see it.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._tasks.create_task(self._answer(data, addr))

    async def _answer(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = await self._forwarder.answer(data, str(addr[0]), stream=False)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def _listener(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, kind)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.setblocking(False)
    try:
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    return listener


async def _ask_datagram(resolver: str, wire: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    # A new socket and a new id for every query: an answer from off the path has to guess both (RFC 5452).
    ours = secrets.token_bytes(2)
    family = socket.AF_INET6 if ":" in resolver else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)
        asking.connect((resolver, UPSTREAM_PORT))
        await loop.sock_sendall(asking, ours + wire[2:])
        while True:
            reply = await loop.sock_recv(asking, 65535)
            if reply[:2] == ours:
                return wire[:2] + reply[2:]


async def _ask_stream(resolver: str, wire: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(resolver, UPSTREAM_PORT)
    try:
        writer.write(len(wire).to_bytes(2) + wire)
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    finally:
        writer.close()
