"""Port mapping: the router before this device is asked to open a UDP port to the tunnel, for as long as that is wanted.

All ways of asking are tried side by side, and the first that works is kept. A lease is renewed at half its time, and
kept to its end where nobody answers then: the router keeps it as long. Law: a device that has what it wants sends
nothing between renewals, and one that nobody answers asks every ten minutes at most.

A router that restarted forgets its mappings and tells all about it (RFC 6886, 3.2.1; RFC 6887, 8.5 and 14.1.3). What
is told so proves nothing, since anybody in the network may say it: it is only a reason to ask again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TypeVar

from meshnet.daemon import portmap_wire as wire
from meshnet.daemon.portmap_ways import (
    LEASE,
    PORT,
    Lease,
    Line,
    NotPublicError,
    RefusedError,
    Way,
    find_igd,
    find_pcp,
    find_pmp,
    line_to,
)
from meshnet_platform.api import Facts

log = logging.getLogger("meshnet.portmap")

T = TypeVar("T")

RETRY_FIRST, RETRY_LAST = 60.0, 600.0
"""Seconds until it is asked again where nothing came of it; doubled each time."""
RENEW_MIN = 15.0
"""Seconds between renewals, however short the lease."""
CLOSE_SECONDS = 1.0
ANNOUNCED_PORT = 5350
_ANNOUNCED_GROUP = "224.0.0.1"
_HEARD_MIN = 10.0
"""Seconds between two times that an announcement is heeded."""


class MappingState(StrEnum):
    """What came of asking."""

    OFF = "off"
    """There is no router to ask."""
    UNNEEDED = "unneeded"
    """This device has a public address itself."""
    ASKING = "asking"
    MAPPED = "mapped"
    SILENT = "silent"
    """The router answers in no known way."""
    REFUSED = "refused"
    DOUBLE_NAT = "double-nat"
    """The router itself has no public address."""


@dataclass(frozen=True, slots=True)
class MappingStatus:
    """What is to be told of port mapping."""

    state: MappingState = MappingState.OFF
    endpoint: str | None = None
    """Where this device is reached through the router."""
    way: str = ""
    """By what the router was asked: "PCP", "NAT-PMP", "UPnP"."""
    detail: str = ""
    """With `refused`, what the router said; with `double-nat`, the router's address, or "none"."""


@dataclass(frozen=True, slots=True)
class _Uplink:
    gateway: str
    interface: str
    own: tuple[str, ...]


class PortMapper:
    """Has the router open a port; `run` until cancelled, then `close`."""

    def __init__(
        self,
        listen_port: int,
        *,
        secret: bytes,
        mark: int | None,
        on_change: Callable[[str | None], None] = lambda _: None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`listen_port` is the tunnel's; `mark` the SO_MARK of all sockets (socket(7), Linux only).

        `secret` (16 bytes or more, never sent) makes PCP know this device again after a restart: it is refused a port
        that an earlier process was given otherwise. `on_change` is called from the loop with each new endpoint.
        """
        self._port = listen_port
        self._secret = secret
        self._mark = mark
        self.on_change = on_change
        self._clock = clock or _now
        self._wake = asyncio.Event()
        self._uplink: _Uplink | None = None
        self._way: Way | None = None
        self._lease: Lease | None = None
        self._leased_at = 0.0
        self._due: float | None = None
        self._failures = 0
        self._heeded_at = float("-inf")
        self._status = MappingStatus()

    @property
    def status(self) -> MappingStatus:
        """What came of it so far."""
        return self._status

    def network_changed(self, facts: Facts) -> None:
        """Look whether the way to the internet is another one; cheap where it is not, so call it with all news."""
        uplink = _uplink(facts)
        if uplink != self._uplink:
            self._uplink = uplink
            self._failures = 0
            # The router is another one, or out of reach: what it gave leads here no more.
            self._drop()
            self._wake.set()
        elif self._due is not None and self._clock() > self._due:
            # Timers stand still while the computer sleeps; leases do not.
            self._wake.set()

    async def run(self) -> None:
        """Ask, renew and ask again, until cancelled."""
        listening = await self._listen()
        try:
            while True:
                self._wake.clear()
                wait = await self._turn()
                self._due = None if wait is None else self._clock() + wait
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
        finally:
            if listening is not None:
                listening.close()

    async def close(self) -> None:
        """Give the port back, if the router takes it back within a second; after `run` has ended."""
        way, lease = self._way, self._lease
        self._way = self._lease = None
        if way is not None and lease is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await _guarded(partial(way.unmap, lease.port))

    # --- one turn ---------------------------------------------------------------------------------------------------

    async def _turn(self) -> float | None:
        """Ask once; the seconds until the next time, None: until the network changes."""
        uplink = self._uplink
        line = self._line(uplink)
        if uplink is None:
            self._tell(MappingStatus())
            return None
        if line is None:
            return self._fail(MappingStatus(MappingState.SILENT))
        if wire.is_public4(line.own):
            self._tell(MappingStatus(MappingState.UNNEEDED))
            return None
        if self._lease is None and self._failures == 0:
            self._tell(MappingStatus(MappingState.ASKING))
        found = await self._renew() or await self._search(line)
        if uplink != self._uplink:
            # Meanwhile it became another network, where this means nothing.
            return 0
        if isinstance(found, MappingStatus):
            return self._fail(found)
        return self._keep(*found)

    def _line(self, uplink: _Uplink | None) -> Line | None:
        if uplink is None:
            return None
        return line_to(uplink.gateway, uplink.interface, self._port, self._secret, self._mark)

    def _keep(self, way: Way, lease: Lease) -> float:
        self._way, self._lease = way, lease
        self._leased_at = self._clock()
        self._failures = 0
        if self._status.endpoint != lease.endpoint:
            log.info("the router opened port %d by %s", lease.port, way.name)
        self._tell(MappingStatus(MappingState.MAPPED, lease.endpoint, way.name))
        return max(RENEW_MIN, _seconds(lease) / 2)

    def _fail(self, status: MappingStatus) -> float:
        left = self._left()
        if left > 0 and status.state is MappingState.SILENT:
            return min(left, max(RENEW_MIN, left / 2))
        self._drop()
        if self._status.state is not status.state:
            log.info("no port of the router: %s %s", status.state, status.detail)
        self._tell(status)
        return self._later()

    def _later(self) -> float:
        self._failures += 1
        return min(RETRY_LAST, RETRY_FIRST * 2.0 ** min(self._failures - 1, 10))

    def _left(self) -> float:
        if self._lease is None:
            return 0.0
        return self._leased_at + _seconds(self._lease) - self._clock()

    def _drop(self) -> None:
        self._way = self._lease = None
        self._tell(MappingStatus())

    def _tell(self, status: MappingStatus) -> None:
        before, self._status = self._status.endpoint, status
        if status.endpoint != before:
            self.on_change(status.endpoint)

    # --- asking -----------------------------------------------------------------------------------------------------

    async def _renew(self) -> tuple[Way, Lease] | None:
        way, lease = self._way, self._lease
        if way is None or lease is None:
            return None
        with contextlib.suppress(RefusedError):
            renewed = await _guarded(partial(way.map, lease.port))
            return None if renewed is None else (way, renewed)
        return None

    async def _search(self, line: Line) -> tuple[Way, Lease] | MappingStatus:
        """Look for all ways at once, and have the port by the first that gives one."""
        status = MappingStatus(MappingState.SILENT)
        async with asyncio.TaskGroup() as tasks:
            looking = [tasks.create_task(_guarded(partial(find, line))) for find in (find_pcp, find_pmp, find_igd)]
            try:
                for found in asyncio.as_completed(looking):
                    way = await found
                    gave = await self._try(way) if way is not None else None
                    if way is not None and isinstance(gave, Lease):
                        return way, gave
                    status = gave if isinstance(gave, MappingStatus) else status
            finally:
                for task in looking:
                    task.cancel()
        return status

    async def _try(self, way: Way) -> Lease | MappingStatus | None:
        wanted = self._lease.port if self._lease is not None else self._port
        try:
            return await _guarded(partial(way.map, wanted))
        except NotPublicError as error:
            return MappingStatus(MappingState.DOUBLE_NAT, way=way.name, detail=str(error))
        except RefusedError as error:
            return MappingStatus(MappingState.REFUSED, way=way.name, detail=str(error))

    # --- what the router tells all ----------------------------------------------------------------------------------

    async def _listen(self) -> asyncio.DatagramTransport | None:
        with contextlib.suppress(OSError):
            heard = partial(_Announcements, self._hear)
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(heard, sock=_listening())
            return transport
        return None

    def _hear(self, data: bytes, sender: str) -> None:
        told = wire.read_announcement(data)
        if self._uplink is None or sender != self._uplink.gateway or told is None:
            return
        now = self._clock()
        if self._goes_on(told, now) or now - self._heeded_at < _HEARD_MIN:
            return
        self._heeded_at = now
        self._wake.set()

    def _goes_on(self, told: wire.Answer, now: float) -> bool:
        """Whether the router still knows the mapping it gave (RFC 6887, section 8.5)."""
        lease = self._lease
        if lease is None or lease.epoch is None or (told.address and told.address != lease.address):
            return False
        ours, its = now - self._leased_at, told.epoch - lease.epoch
        return its >= -1 and ours + 2 >= its - its / 16 and its + 2 >= ours - ours / 16


class _Announcements(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[bytes, str], None]) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr[1] == PORT:
            self._hear(data, addr[0])


def _listening() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        # Other programs listen there, too.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Every system is a member of this group. Linux lets nothing else in when bound to it; Windows cannot.
        made.bind((_ANNOUNCED_GROUP if sys.platform == "linux" else "", ANNOUNCED_PORT))
    except OSError:
        made.close()
        raise
    return made


async def _guarded(work: Callable[[], Awaitable[T]]) -> T | None:
    """Whatever a router makes of a parser or a library, it is no answer; a refusal is one."""
    try:
        return await work()
    except RefusedError:
        raise
    except Exception as error:
        log.warning("asking the router failed: %s", type(error).__name__)
        return None


def _seconds(lease: Lease) -> float:
    """For how long it is taken to hold; nobody is believed for longer than was asked."""
    return min(lease.seconds, LEASE) or LEASE


def _uplink(facts: Facts) -> _Uplink | None:
    """The router before the preferred way to the internet, IPv4."""
    for gateway in facts.gateways:
        if gateway.family == 4 and gateway.address is not None:
            links = (link for link in facts.links if link.name == gateway.interface)
            own = tuple(address for link in links for address in link.addresses if _is4(address))
            return _Uplink(gateway.address, gateway.interface, own)
    return None


def _is4(address: str) -> bool:
    return ipaddress.ip_interface(address).version == 4


def _now() -> float:
    """Seconds that go on while the computer sleeps, where the system has such a clock."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
