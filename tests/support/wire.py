"""A network in memory for probes: sockets by their endpoints, some of which do not reach each other."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable


class Wire:
    """Carries datagrams at once, in order, to whoever has the endpoint."""

    def __init__(self) -> None:
        self.ends: dict[str, FakeProbes] = {}
        self.cut: set[tuple[str, str]] = set()
        """(from, to): what is lost."""
        self.carried: list[tuple[str, str]] = []
        self.on_carried: Callable[[str, str], object] = lambda _from, _to: None

    def open(self, endpoint: str) -> FakeProbes:
        """The socket at this endpoint."""
        self.ends[endpoint] = FakeProbes(self, endpoint)
        return self.ends[endpoint]


class FakeProbes:
    """See meshnet_platform.api.Probes."""

    def __init__(self, wire: Wire, endpoint: str) -> None:
        self._wire = wire
        self._endpoint = endpoint
        self._came: deque[tuple[str, bytes]] = deque()
        self._readable, self._poke = os.pipe()

    def fileno(self) -> int:
        """Readable while something came."""
        return self._readable

    def send(self, endpoint: str, payload: bytes) -> bool:
        """Carry it."""
        self._wire.carried.append((self._endpoint, endpoint))
        self._wire.on_carried(self._endpoint, endpoint)
        there = self._wire.ends.get(endpoint)
        if there is None or (self._endpoint, endpoint) in self._wire.cut:
            return there is not None
        asyncio.get_running_loop().call_soon(there.take, self._endpoint, payload)
        return True

    def take(self, source: str, payload: bytes) -> None:
        """It arrives."""
        if not self._came:
            os.write(self._poke, b".")
        self._came.append((source, payload))

    def receive(self) -> tuple[str, bytes] | None:
        """What came first."""
        if not self._came:
            return None
        found = self._came.popleft()
        if not self._came:
            os.read(self._readable, 1)
        return found

    def close(self) -> None:
        """End it."""
        os.close(self._readable)
        os.close(self._poke)
