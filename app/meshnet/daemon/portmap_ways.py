"""Three ways of asking the router before this device to open a UDP port: PCP, NAT-PMP, UPnP-IGD.

Law: nothing is sent but to the router's own address and, to find it, to SSDP's multicast address on the same network;
nothing counts that does not come from the router's own address. Nothing raises OSError: silence is None.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import aiohttp

from meshnet.daemon import portmap_wire as wire

LEASE = 7200
"""Seconds for which a port is asked for."""
PORT = 5351
"""Of PCP and NAT-PMP (UDP)."""
SSDP_PORT = 1900
SSDP_GROUP = "239.255.255.250"
WAITS = (0.25, 0.5, 1.0, 2.0)
"""Seconds for an answer to each try; RFC 6886 (section 3.1) goes on for a minute, which no router in reach needs."""
HTTP_SECONDS = 5.0
_BODY_MAX = 128 * 1024
_DATAGRAM_MAX = 2048
_PORTS_TRIED = 4
_NO_NETWORK = {"PCP": 7, "NAT-PMP": 3}
"""NETWORK_FAILURE: the router has no address that leads anywhere (RFC 6887, section 7.4; RFC 6886, section 3.5)."""
_CONFLICT, _SAME_WANTED, _FOREVER_ONLY = "718", "724", "725"
"""Errors of AddPortMapping: somebody has that port; the two ports must be equal; a lease has no end there."""

T = TypeVar("T")


class RefusedError(Exception):
    """The router answered, and would not; the words say why."""


class NotPublicError(RefusedError):
    """The router's own address is not one that the internet can send to: it is behind another NAT."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A port of the router that leads here."""

    address: str
    port: int
    seconds: int
    """For how long it was given; 0: until it is given back."""
    epoch: int | None = None
    """See `portmap_wire.Answer`; None where the router does not tell."""

    @property
    def endpoint(self) -> str:
        """As others are told: "ADDRESS:PORT"."""
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Line:
    """The router, and this device as the router sees it."""

    gateway: str
    interface: str
    own: str
    """This device's address on the way to the router."""
    port: int
    """The UDP port here that is to be reached."""
    nonce: bytes = field(repr=False)
    """Shows PCP that a mapping is ours, so the same after a restart of ours."""
    mark: int | None

    def socket(self, kind: socket.SocketKind) -> socket.socket:
        """A socket that sends from `own`, by the router's interface; OSError."""
        return _opened(kind, self.mark, self.interface, self.own)


class Way(Protocol):
    """One way of asking, at a router that understands it."""

    name: str

    async def map(self, external: int) -> Lease | None:
        """Have a port, this one if it is free, or have it longer; None: no answer. RefusedError."""
        ...

    async def unmap(self, external: int) -> None:
        """Give it back; not heeded where it fails."""
        ...


def line_to(gateway: str, interface: str, port: int, secret: bytes, mark: int | None) -> Line | None:
    """The line to this router; None where this device has no way there now."""
    with contextlib.suppress(OSError), _opened(socket.SOCK_DGRAM, mark, interface) as asked:
        asked.connect((gateway, PORT))
        own = asked.getsockname()[0]
        nonce = hashlib.blake2s(f"{gateway} {own} {port}".encode(), key=secret[:32], digest_size=wire.NONCE_SIZE)
        return Line(gateway, interface, own, port, nonce.digest(), mark)
    return None


def _opened(kind: socket.SocketKind, mark: int | None, interface: str, own: str = "") -> socket.socket:
    made = socket.socket(socket.AF_INET, kind)
    try:
        made.setblocking(False)
        if sys.platform == "linux":
            # Two networks may have a router of the same address each.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            if mark is not None:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
        if own:
            made.bind((own, 0))
    except OSError:
        made.close()
        raise
    return made


# --- PCP and NAT-PMP ------------------------------------------------------------------------------------------------


async def find_pcp(line: Line) -> Way | None:
    """The router, if it speaks PCP."""
    answer = await _ask(line, wire.pcp_hello(line.own), lambda data: wire.read_pcp(data, None))
    return Pcp(line) if answer else None


async def find_pmp(line: Line) -> Way | None:
    """The router, if it speaks NAT-PMP."""
    answer = await _ask(line, wire.pmp_address(), wire.read_pmp_address)
    return NatPmp(line) if answer else None


class Pcp:
    """RFC 6887."""

    name = "PCP"

    def __init__(self, line: Line) -> None:
        self._line = line

    async def map(self, external: int) -> Lease | None:
        """See Way."""
        answer = await self._map(external, LEASE)
        if answer is None:
            return None
        lease = _granted(self.name, answer, answer.address)
        if not wire.is_public4(lease.address):
            await self.unmap(lease.port)
            raise NotPublicError(lease.address)
        return lease

    async def unmap(self, external: int) -> None:
        """See Way."""
        await self._map(external, 0)

    async def _map(self, external: int, seconds: int) -> wire.Answer | None:
        line = self._line
        request = wire.pcp_map(line.own, line.nonce, line.port, external, seconds)
        return await _ask(line, request, lambda data: wire.read_pcp(data, line.nonce))


class NatPmp:
    """RFC 6886."""

    name = "NAT-PMP"

    def __init__(self, line: Line) -> None:
        self._line = line

    async def map(self, external: int) -> Lease | None:
        """See Way."""
        told = await _ask(self._line, wire.pmp_address(), wire.read_pmp_address)
        if told is None:
            return None
        _check(self.name, told)
        if not wire.is_public4(told.address):
            raise NotPublicError(told.address)
        answer = await self._map(external, LEASE)
        return None if answer is None else _granted(self.name, answer, told.address)

    async def unmap(self, external: int) -> None:
        """See Way."""
        await self._map(0, 0)

    async def _map(self, external: int, seconds: int) -> wire.Answer | None:
        port = self._line.port
        return await _ask(self._line, wire.pmp_map(port, external, seconds), lambda data: wire.read_pmp_map(data, port))


def _check(name: str, answer: wire.Answer) -> None:
    if answer.result == _NO_NETWORK[name]:
        raise NotPublicError("none")
    if answer.result != 0:
        raise RefusedError(f"{name} result {answer.result}")


def _granted(name: str, answer: wire.Answer, address: str) -> Lease:
    _check(name, answer)
    if not answer.seconds or not answer.external:
        raise RefusedError(f"{name} gave nothing")
    return Lease(address, answer.external, answer.seconds, answer.epoch)


async def _ask(line: Line, request: bytes, read: Callable[[bytes], T | None]) -> T | None:
    loop = asyncio.get_running_loop()
    # OSError: nobody listens there, or this device's own firewall lets nothing out.
    with contextlib.suppress(OSError), line.socket(socket.SOCK_DGRAM) as asked:
        # Connected: the system passes nothing on that comes from elsewhere.
        asked.connect((line.gateway, PORT))
        for wait in WAITS:
            await loop.sock_sendall(asked, request)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    return await _answer(asked, read)
    return None


async def _answer(asked: socket.socket, read: Callable[[bytes], T | None]) -> T:
    loop = asyncio.get_running_loop()
    while True:
        answer = read(await loop.sock_recv(asked, _DATAGRAM_MAX))
        if answer is not None:
            return answer


# --- UPnP -----------------------------------------------------------------------------------------------------------


async def find_igd(line: Line) -> Way | None:
    """The router, if it is an Internet Gateway Device of UPnP that says how to ask it."""
    location = await _discover(line)
    if location is None:
        return None
    status, body = await _http(line, "GET", location, None, {})
    if status != 200:
        return None
    controls = wire.read_description(body, location, line.gateway)
    return Igd(line, controls) if controls else None


async def _discover(line: Line) -> str | None:
    with contextlib.suppress(OSError), line.socket(socket.SOCK_DGRAM) as asked:
        asked.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(line.own))
        asked.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
        for wait in WAITS[1:]:
            _search(asked, line.gateway)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    return await _location(asked, line.gateway)
    return None


def _search(asked: socket.socket, gateway: str) -> None:
    # Also to the router alone (UPnP Device Architecture 1.1, section 1.3.2): some networks keep multicast back.
    for to in (SSDP_GROUP, gateway):
        with contextlib.suppress(OSError):
            asked.sendto(wire.ssdp_search(f"{to}:{SSDP_PORT}"), (to, SSDP_PORT))


async def _location(asked: socket.socket, gateway: str) -> str:
    loop = asyncio.get_running_loop()
    while True:
        data, sender = await loop.sock_recvfrom(asked, _DATAGRAM_MAX)
        location = wire.read_ssdp(data, gateway) if sender[0] == gateway else None
        if location is not None:
            return location


class Igd:
    """WANIPConnection and WANPPPConnection of UPnP's Internet Gateway Device, versions 1 and 2."""

    name = "UPnP"

    def __init__(self, line: Line, controls: tuple[tuple[str, str], ...]) -> None:
        self._line = line
        self._controls = controls
        self._held = 0

    async def map(self, external: int) -> Lease | None:
        """See Way."""
        seen = ""
        for control in self._controls:
            values = await self._call(control, "GetExternalIPAddress", {})
            address = (values or {}).get("NewExternalIPAddress", "")
            if wire.is_public4(address):
                # Of several lines of the router, the one that leads out.
                self._controls = (control, *(one for one in self._controls if one != control))
                return await self._add(control, address, external)
            seen = seen or address or ("none" if values else "")
        if seen:
            raise NotPublicError(seen)
        return None

    async def unmap(self, external: int) -> None:
        """See Way."""
        arguments = {"NewRemoteHost": "", "NewExternalPort": str(external), "NewProtocol": "UDP"}
        await self._call(self._controls[0], "DeletePortMapping", arguments)

    async def _add(self, control: tuple[str, str], address: str, external: int) -> Lease | None:
        seconds, error = LEASE, ""
        for _ in range(_PORTS_TRIED):
            values = await self._call(control, "AddPortMapping", self._arguments(external, seconds))
            if values is None:
                return None
            error = values.get("errorCode", "")
            if not error:
                self._held = external
                return Lease(address, external, seconds)
            if error == _FOREVER_ONLY:
                seconds = 0
            elif error == _SAME_WANTED:
                external = self._line.port
            elif error == _CONFLICT and external == self._held:
                # Some take the renewal of a mapping for another one.
                self._held = 0
                await self.unmap(external)
            elif error == _CONFLICT:
                external = random.randrange(49152, 65536)  # noqa: S311 - any other port will do
            else:
                break
        raise RefusedError(f"{self.name} error {error[:8]}")

    def _arguments(self, external: int, seconds: int) -> dict[str, str]:
        return {
            "NewRemoteHost": "",
            "NewExternalPort": str(external),
            "NewProtocol": "UDP",
            "NewInternalPort": str(self._line.port),
            "NewInternalClient": self._line.own,
            "NewEnabled": "1",
            "NewPortMappingDescription": "Meshnet",
            "NewLeaseDuration": str(seconds),
        }

    async def _call(self, control: tuple[str, str], action: str, arguments: dict[str, str]) -> dict[str, str] | None:
        """What it answered; an error has an "errorCode"; None: nothing that could be understood."""
        service, url = control
        headers = {"SOAPAction": f'"{service}#{action}"', "Content-Type": 'text/xml; charset="utf-8"'}
        body = wire.soap_call(service, action, arguments)
        status, answer = await _http(self._line, "POST", url, body, headers)
        values = wire.read_soap(answer)
        if values is not None and status != 200:
            values.setdefault("errorCode", str(status))
        return values


async def _http(line: Line, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
    """The status and the body; 0 where there was no answer, or none that ends in time and within 128 KiB."""
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
        async with (
            asyncio.timeout(HTTP_SECONDS),
            _session(line) as session,
            session.request(method, url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            read = bytearray()
            async for data in response.content.iter_any():
                read += data
                if len(read) > _BODY_MAX:
                    return 0, b""
            return response.status, bytes(read)
    return 0, b""


@contextlib.asynccontextmanager
async def _session(line: Line) -> AsyncIterator[aiohttp.ClientSession]:
    def connecting(info: aiohttp.AddrInfoType) -> socket.socket:
        return line.socket(socket.SOCK_STREAM)

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, use_dns_cache=False, socket_factory=connecting),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"User-Agent": "meshnetd"},
    ) as session:
        yield session
