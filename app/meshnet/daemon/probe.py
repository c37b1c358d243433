"""Does the way to a host work? One question through the tunnel, answered by the host's own forwarder.

The answer shows at once that the tunnel carries packets both ways, that the host permits this device, and how long
the way takes. No process is started for it.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from typing import Protocol

import dns.exception
import dns.message
import dns.rdatatype

from meshnet.daemon.forwarder import PROBE


class Prober(Protocol):
    """How reachability is measured."""

    async def probe(self, address: str, wait: float) -> float | None:
        """Seconds that the host at this mesh address took to answer; None: not within `wait` seconds."""
        ...


class TunnelProber:
    """Asks the host through the tunnel."""

    async def probe(self, address: str, wait: float) -> float | None:
        """See Prober."""
        loop = asyncio.get_running_loop()
        query = dns.message.make_query(PROBE, dns.rdatatype.TXT, id=secrets.randbelow(65536)).to_wire()
        started = loop.time()
        try:
            async with asyncio.timeout(wait):
                return await self._ask(loop, address, query) - started
        except TimeoutError:
            return None
        except OSError:
            # No route yet, or an ICMP error: as good as silence, but not a reason to ask again at once.
            await asyncio.sleep(max(0.0, started + wait - loop.time()))
            return None

    @staticmethod
    async def _ask(loop: asyncio.AbstractEventLoop, address: str, query: bytes) -> float:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            asking.connect((address, 53))
            await loop.sock_sendall(asking, query)
            while True:
                reply = await loop.sock_recv(asking, 2048)
                if _is_ok(reply, query):
                    return loop.time()


def _is_ok(reply: bytes, query: bytes) -> bool:
    """Whether this is the forwarder's own answer, and not that of some name server that happens to listen there."""
    if reply[:2] != query[:2]:
        return False
    try:
        answer = dns.message.from_wire(reply)
    except dns.exception.DNSException:
        return False
    return any(rrset.rdtype == dns.rdatatype.TXT for rrset in answer.answer)


class DryProber:
    """For a backend that touches no system: every host answers."""

    async def probe(self, address: str, wait: float) -> float | None:
        """See Prober."""
        return 0.012 if address and wait > 0 else None
