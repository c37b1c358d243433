"""Does the way to a host work? One question through the tunnel, answered by the host's own forwarder.

The answer shows at once that the tunnel carries packets both ways, that the host permits this device, and how long
the way takes. No process is started for it. Question and answer are always the same bytes but for their id, so that
neither end needs a library for names.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from typing import Protocol

_QUESTION = b"\x05probe\x07meshnet\x00" + b"\x00\x10\x00\x01"
"""TXT of `probe.meshnet.` in class IN (RFC 1035, section 4.1.2)."""
_ASKED = b"\x01\x00" + b"\x00\x01\x00\x00\x00\x00\x00\x00" + _QUESTION
"""Behind the id: RD; one question (RFC 1035, section 4.1.1)."""
_ANSWERED = b"\x81\x80" + b"\x00\x01\x00\x01\x00\x00\x00\x00" + _QUESTION
_OK = b"\xc0\x0c" + b"\x00\x10\x00\x01" + b"\x00\x00\x00\x00" + b"\x00\x03\x02ok"
"""Behind the id QR, RD, RA; the question again, and for its name (a pointer) the text "ok", not to be kept."""


def answer_to(query: bytes) -> bytes | None:
    """The host's answer to this question; None where the bytes are another one."""
    return query[:2] + _ANSWERED + _OK if query[2:] == _ASKED else None


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
        query = secrets.token_bytes(2) + _ASKED
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
                # Not that of some name server that happens to listen there.
                if reply == answer_to(query):
                    return loop.time()


class DryProber:
    """For a backend that touches no system: every host answers."""

    async def probe(self, address: str, wait: float) -> float | None:
        """See Prober."""
        return 0.012 if address and wait > 0 else None
