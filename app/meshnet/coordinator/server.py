"""The listening socket and the connections on it, from start to clean end.

A connection that asks nothing for 30 seconds is closed, and so is one whose TLS handshake takes ten; there may be so
many at a time and no more, from one address fewer.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import NamedTuple

from aiohttp import web

from meshnet.coordinator.changes import Hub
from meshnet.coordinator.handlers import Handlers
from meshnet.coordinator.limits import Limiter, Rate, caller_of, plain_address
from meshnet.coordinator.meetings import Meetings
from meshnet.coordinator.meshes import Meshes, Terms
from meshnet.coordinator.roster import Roster
from meshnet.coordinator.sessions import Sessions
from meshnet.coordinator.store import Store
from meshnet.coordinator.tls import Tls
from meshnet.coordinator.udp import Beside, Udp
from meshnet.core.identity import SigningKey, mesh_network6
from meshnet.errors import Code, MeshnetError
from meshnet.protocol.control import VERSION, Hello

_KEEPALIVE_SECONDS = 30
_HANDSHAKE_SECONDS = 10
_SHUTDOWN_SECONDS = 5
_LINGER_SECONDS = 1
"""How long a caller that still sends, though it was refused, may take to read the refusal."""
_DEAD_AFTER_MS = 30_000
_BACKLOG = 512


class Limits(NamedTuple):
    """How much of the coordinator others may take up."""

    connections: int = 20_000
    connections_each: int = 4_000
    """From one address: a company's devices share one."""
    strangers: Rate = Rate(8_000, 800)
    stranger: Rate = Rate(2_000, 100)
    """Calls without a session from one address."""
    devices: Rate = Rate(20_000, 2_000)
    device: Rate = Rate(300, 20)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, so that tests may pass it in."""

    now: Callable[[], float] = time.time
    """Unix time in seconds."""
    monotonic: Callable[[], float] = time.monotonic


class _Connections:
    """The connections that are open: how many, and what to do when one ends."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._callers: Counter[str] = Counter()
        self._on_lost: dict[int, Callable[[], None]] = {}

    def admit(self, caller: str) -> bool:
        each = self._callers[caller] < self._limits.connections_each
        self._callers[caller] += 1
        return each and self._callers.total() <= self._limits.connections

    def release(self, caller: str) -> None:
        self._callers[caller] -= 1
        if not self._callers[caller]:
            del self._callers[caller]

    def on_lost(self, request: web.Request, callback: Callable[[], None]) -> None:
        if request.transport is None:
            callback()
        else:
            self._on_lost[id(request.protocol)] = callback

    def lost(self, protocol: asyncio.Protocol) -> None:
        callback = self._on_lost.pop(id(protocol), None)
        if callback is not None:
            callback()


class _Connection(asyncio.Protocol):
    """One connection: aiohttp's own protocol, with an ear for its end.

    aiohttp tells a handler that its caller is gone only when it writes, which for an idle stream is too late.
    """

    def __init__(self, inner: asyncio.Protocol, connections: _Connections) -> None:
        self._inner = inner
        self._connections = connections
        self._caller: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._caller = caller_of(plain_address(peer[0]) if peer else "::")
        admitted = self._connections.admit(self._caller)
        self._inner.connection_made(transport)
        if not admitted:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
        self._connections.lost(self._inner)
        if self._caller is not None:
            self._connections.release(self._caller)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


def listen(address: str, port: int, *, both_families: bool) -> socket.socket:
    """A listening socket; MeshnetError `system-error`. `both_families`: "::" takes IPv4 too, or IPv4 alone where the
    system has no IPv6.
    """
    try:
        return _bind(address, port)
    except OSError as error:
        no_ipv6 = error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
        if both_families and no_ipv6:
            return listen("0.0.0.0", port, both_families=False)  # noqa: S104 - the documented default: everywhere
        raise MeshnetError(
            Code.SYSTEM_ERROR, f"Nothing can listen on {address} port {port}: {error.strerror}."
        ) from error


def _bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setblocking(False)
        if sys.platform != "win32":
            # There it would let another program take the port over.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address == "::" else 1)
        user_timeout = getattr(socket, "TCP_USER_TIMEOUT", None)
        if user_timeout is not None:
            # tcp(7): accepted sockets inherit it. Without it a device that lost its network seems online for minutes.
            listening.setsockopt(socket.IPPROTO_TCP, user_timeout, _DEAD_AFTER_MS)
        listening.bind((address, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


@contextlib.asynccontextmanager
async def serving(
    listening: socket.socket,
    tls: Tls,
    identity: SigningKey,
    store: Store,
    terms: Terms,
    *,
    udp: Udp | None = None,
    clock: Clock | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[None]:
    """Answer calls on the socket until the block ends; then streams end, open calls finish, and the socket closes.

    Beacons and relay begin before, with all devices that are known, and end after.
    """
    clock, limits = clock or Clock(), limits or Limits()
    hub, sessions, connections = Hub(), Sessions(clock.monotonic), _Connections(limits)
    roster = await _roster(store)
    meshes = Meshes(terms, store, hub, sessions, roster, now=clock.now, below=secrets.randbelow)
    beside = Beside(udp or Udp(), listening.getsockname()[1], roster, hub, clock.monotonic)
    handlers = Handlers(
        _hello(identity, tls, terms.network4),
        meshes,
        store,
        hub,
        Meetings(meshes, hub, roster, beside.beacons, beside.relays, clock.monotonic),
        sessions,
        Limiter(limits.stranger, limits.strangers, clock.monotonic),
        Limiter(limits.device, limits.devices, clock.monotonic),
        connections.on_lost,
    )
    runner = web.AppRunner(
        handlers.application(),
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=_KEEPALIVE_SECONDS,
        lingering_time=_LINGER_SECONDS,
        shutdown_timeout=_SHUTDOWN_SECONDS,
    )
    async with beside.serving():
        await runner.setup()
        server = await _start(listening, tls, runner.server, connections)
        try:
            yield
        finally:
            server.close()
            hub.close()
            await runner.cleanup()


async def _roster(store: Store) -> Roster:
    roster = Roster()
    for mesh, device in await store.devices():
        roster.put(mesh, device.device, device.wireguard, device.platform)
    return roster


def _hello(identity: SigningKey, tls: Tls, network4: IPv4Network) -> Hello:
    return Hello(VERSION, identity.public, tls.signature, str(network4), mesh_network6(identity.public))


async def _start(
    listening: socket.socket, tls: Tls, web_server: web.Server | None, connections: _Connections
) -> asyncio.Server:
    def connection() -> asyncio.Protocol:
        if web_server is None:
            raise RuntimeError("the web server was not set up")
        return _Connection(web_server(), connections)

    return await asyncio.get_running_loop().create_server(
        connection, sock=listening, ssl=tls.context, ssl_handshake_timeout=_HANDSHAKE_SECONDS, backlog=_BACKLOG
    )
