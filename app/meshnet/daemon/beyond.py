"""Does the host carry traffic further? Packets with few hops to live are sent through it; whoever drops them says so.

A packet that runs out of hops is answered by the router where that happens (ICMP time exceeded: RFC 792, RFC 4443), so
an answer from beyond the host shows that it forwards, and a public address that its line works. No server is asked for
it, and nothing arrives at one. Once it is known how far away somebody answers, one packet is enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import struct
import sys
from dataclasses import dataclass

from meshnet.errors import Code, MeshnetError

HOPS = range(2, 9)
"""The host itself is the first hop, and each further host of a chain one more."""
TARGETS = {4: "1.1.1.1", 6: "2606:4700:4700::1111"}
"""Public addresses to send towards; few packets live that long."""
_PORT = 33434
"""The first of the ports to which traceroute(8) sends; the port tells here how many hops a packet was given."""
_AT_ONCE = 2048

# linux/in.h, linux/in6.h and linux/errqueue.h; Python has no names for them.
_RECVERR = {4: (0, 11), 6: (41, 25)}
_HOP_LIMIT = {4: (0, 2), 6: (41, 16)}
_FROM_ICMP = (2, 3)
_ERROR = struct.Struct("=IBBBBII")
_MSG_ERRQUEUE = 0x2000


@dataclass(frozen=True, slots=True, order=True)
class Echo:
    """Somebody beyond the host; the lesser the better."""

    is_private: bool
    """It may be the host's own router, which also answers while its line is down."""
    family: int
    hops: int


class Beyond:
    """Finds out whether anything comes back from beyond the host in use."""

    def __init__(self) -> None:
        self._known: Echo | None = None

    def forget(self) -> None:
        """Another way: who answers on it is not known yet."""
        self._known = None

    @property
    def has_answered(self) -> bool:
        """Whether anybody answered on this way, so that silence means something."""
        return self._known is not None

    async def answers(self, mesh: frozenset[str], wait: float) -> bool:
        """Whether anybody beyond the addresses of the mesh answers within `wait` seconds."""
        known = self._known
        if known is not None and await self._ask(mesh, wait / 2, {known.family: range(known.hops, known.hops + 1)}):
            return True
        return await self._ask(mesh, wait, dict.fromkeys(TARGETS, HOPS))

    async def _ask(self, mesh: frozenset[str], wait: float, hops: dict[int, range]) -> bool:
        known = self._known
        async with _Listening() as listening:
            for family, those in hops.items():
                listening.send(family, those)
            found = await listening.best(mesh, wait, settles=known is not None and known.is_private)
        if found is None or (known is not None and found.is_private > known.is_private):
            return False
        self._known = found
        return True


class _Listening:
    """The sockets of one question."""

    def __init__(self) -> None:
        self._sockets = {family: _socket(family) for family in TARGETS}
        self._heard = asyncio.Event()
        self._echoes: list[tuple[str, Echo]] = []

    async def __aenter__(self) -> _Listening:
        loop = asyncio.get_running_loop()
        for family, one in self._sockets.items():
            if one is not None:
                loop.add_reader(one, self._read, family, one)
        return self

    async def __aexit__(self, *_: object) -> None:
        for one in filter(None, self._sockets.values()):
            asyncio.get_running_loop().remove_reader(one)
            one.close()

    def send(self, family: int, hops: range) -> None:
        """Send one packet for each number of hops."""
        one = self._sockets[family]
        if one is None:
            return
        for count in hops:
            # An error that an earlier packet brought back is told to whoever sends next; nor need there be a route.
            with contextlib.suppress(OSError):
                one.setsockopt(*_HOP_LIMIT[family], count)
                one.sendto(b"meshnet", (TARGETS[family], _PORT + count))

    async def best(self, mesh: frozenset[str], wait: float, *, settles: bool) -> Echo | None:
        """The best answer; `settles`: a private one will do, so that no other is waited for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while not (found := self._beyond(mesh)) or (min(found).is_private and not settles):
                    self._heard.clear()
                    await self._heard.wait()
        return min(self._beyond(mesh), default=None)

    def _beyond(self, mesh: frozenset[str]) -> list[Echo]:
        return [echo for address, echo in self._echoes if address not in mesh]

    def _read(self, family: int, one: socket.socket) -> None:
        if sys.platform == "win32":
            # No such socket is ever opened there.
            return
        try:
            _, ancillary, _, target = one.recvmsg(_AT_ONCE, _AT_ONCE, _MSG_ERRQUEUE)
        except OSError:
            # The queue is empty, and the socket only remembers that there was an error: asking clears it.
            one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            return
        for level, kind, data in ancillary:
            if (level, kind) == _RECVERR[family] and (offender := parse_offender(data, family)):
                is_private = not ipaddress.ip_address(offender).is_global
                self._echoes.append((offender, Echo(is_private, family, target[1] - _PORT)))
                self._heard.set()


def parse_offender(data: bytes, family: int) -> str | None:
    """Who sent the ICMP error that a `struct sock_extended_err` tells of (ip(7), IP_RECVERR); None: nobody did."""
    size = _ERROR.size
    address = data[size + 4 : size + 8] if family == 4 else data[size + 8 : size + 24]
    if len(data) < size or _ERROR.unpack_from(data)[1] not in _FROM_ICMP or len(address) != (4 if family == 4 else 16):
        return None
    return str(ipaddress.ip_address(address))


def _socket(family: int) -> socket.socket | None:
    if sys.platform != "linux":
        raise MeshnetError(Code.NOT_SUPPORTED, "Errors that come back for a socket's packets are read on Linux only.")
    try:
        one = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    except OSError:
        return None
    one.setblocking(False)
    one.setsockopt(*_RECVERR[family], 1)
    return one
