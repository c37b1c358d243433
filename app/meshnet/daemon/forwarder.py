"""Where those who route through this host ask for names: a forwarder to the resolvers that the system really uses.

It listens on this device's own mesh addresses; the firewall leads port 53 of permitted peers here and nobody else.
What they are told is judged in `meshnet.daemon.names`; here is who may ask, and how much at once. One question is
answered here (`meshnet.daemon.probe`): it shows a client that the way works.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, cast

from meshnet.core.localnames import View
from meshnet.daemon.probe import answer_to

if TYPE_CHECKING:
    from meshnet.daemon.names import Names

AT_WORK_MAX = 32
"""Questions of one address that are worked on at once; the next ones wait, so that one peer cannot starve another."""
WAITING_MAX = 256
"""Questions of one address in all; more are not heard."""
STREAMS_MAX = 32
"""TCP connections of one address."""
_IDLE = 10.0
_BIND_TRIES = 20
_IP_FREEBIND = 15


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
        mark: Callable[[str], int | None] = lambda _: None,
    ) -> None:
        """`view_of` an asker's address is None where it may ask nothing; `resolvers` of a local name (True) or not.

        `mark` is the SO_MARK for what a resolver is asked.
        """
        self._view_of = view_of
        self._resolvers = resolvers
        self._mark = mark
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
        if view is None:
            return None
        return answer_to(wire) or await self._names.answer(wire, view, stream=stream)

    @cached_property
    def _names(self) -> Names:
        # The library for names takes 3 MB, and most devices host nobody: the first question brings it in.
        from meshnet.daemon.names import Names

        return Names(self._resolvers, self._mark)

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
            await self._serve_asker(reader, writer, str(peer[0]))
        writer.close()

    async def _serve_asker(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asker: str) -> None:
        with self._asker(asker) as about:
            if about.streams >= STREAMS_MAX:
                return
            about.streams += 1
            try:
                await self._serve_questions(reader, writer, asker)
            finally:
                about.streams -= 1

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
