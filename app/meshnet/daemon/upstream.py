"""Asking the host's own resolvers on behalf of its peers: one question, the first good answer.

What is sent is built anew from the question, so that what was judged is what is asked. An answer counts when it comes
from the address that was asked, with the id that was sent, for the same question (RFC 5452, section 9.1); anything
else is passed over as if it had not come.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import sys
from collections.abc import Callable, Iterator

import dns.exception
import dns.flags
import dns.message
import dns.rcode

log = logging.getLogger("meshnet.upstream")

PORT = 53
NEXT_AFTER = 0.7
"""Seconds until the next resolver is asked beside one that is silent; programs often give up after one second."""
PATIENCE = 4.0
"""Seconds for one resolver."""
PAYLOAD = 1232
"""Octets of a datagram that pass every tunnel in one piece (the DNS flag day of 2020); more goes over TCP."""
_ASKED_MAX = 3
_NO_ANSWER = (dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP)
_FLAGS = dns.flags.RD | dns.flags.CD | dns.flags.AD
_TRUNCATED = 0x02
_Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
_Asked = dict[asyncio.Task[dns.message.Message | None], str]


class Upstream:
    """The resolvers behind the forwarder; remembers which of them answered last and asks that one first."""

    def __init__(self, mark: Callable[[str], int | None] = lambda _: None) -> None:
        """`mark` gives the SO_MARK (socket(7), Linux only) of questions to a resolver that pass beside a route."""
        self._mark = mark
        self._good: str | None = None

    async def ask(
        self, resolvers: tuple[str, ...], query: dns.message.Message, *, stream: bool
    ) -> dns.message.Message | None:
        """The first answer that is one, else the last refusal; None where nobody answered."""
        left = sorted(resolvers[:_ASKED_MAX], key=lambda resolver: resolver != self._good)
        async with asyncio.TaskGroup() as tasks:
            asked: _Asked = {}
            try:
                return await self._race(
                    left, asked, lambda resolver: tasks.create_task(self._ask(resolver, query, stream))
                )
            finally:
                for task in asked:
                    task.cancel()

    async def _race(
        self, left: list[str], asked: _Asked, begin: Callable[[str], asyncio.Task[dns.message.Message | None]]
    ) -> dns.message.Message | None:
        refusal = None
        while left or asked:
            if left:
                resolver = left.pop(0)
                asked[begin(resolver)] = resolver
            waiting = NEXT_AFTER if left else None
            done, _ = await asyncio.wait(asked, timeout=waiting, return_when=asyncio.FIRST_COMPLETED)
            for resolver, answer in [(asked.pop(task), task.result()) for task in done]:
                if answer is not None and answer.rcode() not in _NO_ANSWER:
                    self._good = resolver
                    return answer
                refusal = answer or refusal
        return refusal

    async def _ask(self, resolver: str, query: dns.message.Message, stream: bool) -> dns.message.Message | None:
        asking = _built_anew(query)
        try:
            async with asyncio.timeout(PATIENCE):
                with _connectable(resolver, stream, self._mark(resolver)) as (asked, address):
                    return await (_ask_stream if stream else _ask_datagram)(asked, address, asking)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, dns.exception.DNSException) as error:
            log.info("resolver=%s did not answer: %s", resolver, error or "timeout")
            return None


def _built_anew(query: dns.message.Message) -> dns.message.Message:
    """The same question under an id of its own; options hold between neighbours only (RFC 6891, section 6.1.1)."""
    asking = dns.message.QueryMessage(id=secrets.randbits(16))
    asking.flags = query.flags & _FLAGS
    asking.question = list(query.question)
    if query.edns >= 0:
        asking.use_edns(0, query.ednsflags & dns.flags.DO, min(max(query.payload, 512), PAYLOAD))
    return asking


@contextlib.contextmanager
def _connectable(resolver: str, stream: bool, mark: int | None) -> Iterator[tuple[socket.socket, _Address]]:
    """A new socket, so a new port, for every question: who is not on the way has to guess that and the id."""
    # Link-local resolvers carry their interface ("fe80::1%eth0"); names are never looked up.
    wanted = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    family, kind, _, _, address = socket.getaddrinfo(resolver, PORT, type=wanted, flags=socket.AI_NUMERICHOST)[0]
    with socket.socket(family, kind) as asked:
        asked.setblocking(False)
        if mark is not None and sys.platform == "linux":
            asked.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
        yield asked, address


async def _ask_datagram(asked: socket.socket, address: _Address, asking: dns.message.Message) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    asked.connect(address)
    await loop.sock_sendall(asked, asking.to_wire())
    while True:
        answer = _read(await loop.sock_recv(asked, 65535), asking, stream=False)
        if answer is not None:
            return answer


async def _ask_stream(
    asked: socket.socket, address: _Address, asking: dns.message.Message
) -> dns.message.Message | None:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(asked, address)
    wire = asking.to_wire()
    await loop.sock_sendall(asked, len(wire).to_bytes(2) + wire)
    size = int.from_bytes(await _read_exactly(asked, 2))
    return _read(await _read_exactly(asked, size), asking, stream=True)


async def _read_exactly(asked: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    read = b""
    while len(read) < size:
        more = await loop.sock_recv(asked, size - len(read))
        if not more:
            raise asyncio.IncompleteReadError(read, size)
        read += more
    return read


def _read(wire: bytes, asking: dns.message.Message, *, stream: bool) -> dns.message.Message | None:
    """The message, if it is the answer; one cut to fit a datagram keeps its head alone, for it can end anywhere."""
    cut = not stream and len(wire) > 2 and bool(wire[2] & _TRUNCATED)
    try:
        answer = dns.message.from_wire(wire, ignore_trailing=True, question_only=cut)
        return answer if asking.is_response(answer) else None
    except Exception as error:
        # Whatever others' bytes may do to the parser, it is no answer.
        log.info("an unreadable answer was passed over: %s", type(error).__name__)
        return None
