"""Names for those who route through this host: a small forwarder to the resolvers that the system really uses.

It listens on this device's own mesh addresses; the firewall leads port 53 of permitted peers here and nobody else. A
peer without `lan` gets no names of the home network and no answers that point into private networks (DNS rebinding);
with `lan`, answers pass that lead to the public internet or into the networks that it may reach. All else is REFUSED,
not NXDOMAIN: it is a matter of policy (RFC 1035, section 4.1.1), and a denied name would also deny all below it
(RFC 8020) and be remembered after a grant. The name `PROBE` is answered here and shows a client that the way works.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from typing import cast

import dns.edns
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

from meshnet.core.localnames import View, is_local_name, may_see
from meshnet.daemon.upstream import PAYLOAD, Upstream

log = logging.getLogger("meshnet.forwarder")

PROBE = dns.name.from_text("probe.meshnet.")
AT_WORK_MAX = 32
"""Questions of one address that are worked on at once; the next ones wait, so that one peer cannot starve another."""
WAITING_MAX = 256
"""Questions of one address in all; more are not heard."""
STREAMS_MAX = 32
"""TCP connections of one address."""
_IDLE = 10.0
_BIND_TRIES = 20
_IP_FREEBIND = 15
_KEPT_FLAGS = dns.flags.AA | dns.flags.TC | dns.flags.RA | dns.flags.AD | dns.flags.CD
_ZONE_TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)


def judge_query(query: dns.message.Message, view: View) -> dns.message.Message | None:
    """The answer that needs no resolver (the probe, and what is not for this asker); None: ask on."""
    question = query.question[0]
    if question.name == PROBE:
        answer = _response(query)
        answer.answer.append(dns.rrset.from_text(PROBE, 0, dns.rdataclass.IN, dns.rdatatype.TXT, '"ok"'))
        return answer
    # Other classes than the internet's tell about the resolver itself ("version.bind").
    if question.rdclass != dns.rdataclass.IN or (not view.lan and is_about_local_name(query, view)):
        return _refuse(query, "a name of the host's own network")
    return None


def is_about_local_name(query: dns.message.Message, view: View) -> bool:
    """Whether the question is for those who know the host's own networks."""
    return _is_local(query.question[0].name, view)


def _is_local(name: dns.name.Name, view: View) -> bool:
    return is_local_name(tuple(label for label in name.labels if label), view)


def _names(answer: dns.message.Message) -> Iterator[dns.name.Name]:
    """The names that an answer is about, and those that it leads to."""
    for rrset in answer.answer:
        yield rrset.name
        for rdata in rrset:
            target = getattr(rdata, "target", None) or getattr(rdata, "exchange", None)
            if isinstance(target, dns.name.Name) and target != dns.name.root:
                yield target


def judge_answer(query: dns.message.Message, answer: dns.message.Message, view: View) -> dns.message.Message:
    """The answer as the asker gets it, or a refusal where it leads to what the asker may not reach."""
    if not all(may_see(address, view) for address in _addresses(answer)):
        return _refuse(query, "an address that this host does not carry to")
    if not view.lan and any(_is_local(name, view) for name in _names(answer)):
        return _refuse(query, "an alias of a name of the host's own network")
    # Made from the asker's own question: its id, and its way to write the name.
    reply = _response(query)
    reply.flags |= answer.flags & _KEPT_FLAGS
    reply.set_rcode(answer.rcode())
    reply.answer, reply.authority = answer.answer, answer.authority
    reply.additional = answer.additional
    return reply


def _is_plain_question(message: dns.message.Message) -> bool:
    if message.flags & dns.flags.QR or message.opcode() != dns.opcode.QUERY or len(message.question) != 1:
        return False
    return message.question[0].rdtype not in _ZONE_TRANSFERS


def _response(query: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(query, recursion_available=True, our_payload=PAYLOAD)
    if query.edns >= 0:
        answer.use_edns(0, query.ednsflags & dns.flags.DO, PAYLOAD)
    return answer


def _refuse(query: dns.message.Message, why: str) -> dns.message.Message:
    answer = _response(query)
    if query.edns >= 0:
        reason = dns.edns.EDEOption(dns.edns.EDECode.PROHIBITED, why)
        answer.use_edns(0, query.ednsflags & dns.flags.DO, PAYLOAD, options=[reason])
    answer.set_rcode(dns.rcode.REFUSED)
    return answer


def _addresses(answer: dns.message.Message) -> Iterator[str]:
    for rrset in (*answer.answer, *answer.authority, *answer.additional):
        for rdata in rrset:
            yield from _pointed_at(rdata)


def _pointed_at(rdata: dns.rdata.Rdata) -> list[str]:
    """The addresses that a record leads to; service records carry some as hints (RFC 9460, section 7.3)."""
    if isinstance(rdata, dns.rdtypes.IN.A.A | dns.rdtypes.IN.AAAA.AAAA):
        return [rdata.address]
    if not isinstance(rdata, SVCBBase):
        return []
    hints = (rdata.params.get(key) for key in (ParamKey.IPV4HINT, ParamKey.IPV6HINT))
    return [address for hint in hints for address in getattr(hint, "addresses", ())]


def _encode(query: dns.message.Message, answer: dns.message.Message, stream: bool) -> bytes:
    """As bytes; what no datagram of the asker's size can carry becomes a word that TCP would (RFC 2181, section 9)."""
    # Without a size the library would hold a stream to the size of the asker's datagrams too.
    wire = answer.to_wire(max_size=65535)
    if stream or len(wire) <= min(max(query.payload, 512), PAYLOAD):
        return wire
    cut = _response(query)
    cut.flags |= dns.flags.TC
    return cut.to_wire()


class _Asker:
    """What one address has open here."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(AT_WORK_MAX)
        self.questions = 0
        self.streams = 0


class Forwarder:
    """Answers on UDP and TCP at one port of this device's mesh addresses."""

    def __init__(
        self,
        view_of: Callable[[str], View | None],
        resolvers: Callable[[bool], tuple[str, ...]],
        mark: Callable[[], int | None] = lambda: None,
    ) -> None:
        """`view_of` an asker's address is None where it may ask nothing; `resolvers` of a local name (True) or not.

        `mark` is the SO_MARK of what is asked now.
        """
        self._view_of = view_of
        self._resolvers = resolvers
        self._upstream = Upstream(mark)
        self._askers: dict[str, _Asker] = {}
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
        """The answer to one query; None: say nothing (not permitted, no query, or too many at once)."""
        with self._asker(asker) as about:
            if about.questions >= WAITING_MAX:
                return None
            about.questions += 1
            try:
                async with about.turns:
                    return await self._answer(wire, asker, stream)
            finally:
                about.questions -= 1

    async def _answer(self, wire: bytes, asker: str, stream: bool) -> bytes | None:
        # Asked when its turn comes, so that a grant taken away counts for those that wait.
        view = self._view_of(asker)
        query = _read(wire) if view is not None else None
        if view is None or query is None:
            return None
        try:
            return _encode(query, await self._find(query, view, stream), stream)
        except Exception as error:
            # A record that can be read and not written is the resolver's fault, and no reason to stop.
            log.info("an answer was not passed on: %s", type(error).__name__)
            return None

    async def _find(self, query: dns.message.Message, view: View, stream: bool) -> dns.message.Message:
        own = judge_query(query, view)
        if own is not None:
            return own
        is_local = is_about_local_name(query, view)
        resolvers = self._resolvers(is_local)
        if is_local and not resolvers:
            return _refuse(query, "the host cannot ask its own network's name servers now")
        answer = await self._upstream.ask(resolvers, query, stream=stream)
        if answer is not None:
            return judge_answer(query, answer, view)
        failure = _response(query)
        failure.set_rcode(dns.rcode.SERVFAIL)
        return failure

    @contextlib.contextmanager
    def _asker(self, address: str) -> Iterator[_Asker]:
        about = self._askers.setdefault(address, _Asker())
        try:
            yield about
        finally:
            if not about.questions and not about.streams:
                self._askers.pop(address, None)

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        # Who has hung up already has no name any more.
        if peer is not None:
            with self._asker(str(peer[0])) as about:
                if about.streams < STREAMS_MAX:
                    about.streams += 1
                    try:
                        await self._serve_questions(reader, writer, str(peer[0]))
                    finally:
                        about.streams -= 1
        writer.close()

    async def _serve_questions(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asker: str) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            while self._view_of(asker) is not None:
                async with asyncio.timeout(_IDLE):
                    wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
                answer = await self.answer(wire, asker, stream=True)
                if answer is None:
                    return
                writer.write(len(answer).to_bytes(2) + answer)
                async with asyncio.timeout(_IDLE):
                    await writer.drain()


def _read(wire: bytes) -> dns.message.Message | None:
    """The query, if these bytes are one that may be passed on; answers, updates and transfers of zones are not."""
    try:
        message = dns.message.from_wire(wire)
        return message if _is_plain_question(message) else None
    except Exception:
        # The parser is given whatever a peer sends; what it makes of it is nobody's concern, and fills no log.
        return None


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
