"""Which two devices have which ports of the relay. Pure; every step takes the same time however many pairs there are.

A pair of ports is named by its even one. The pairs are kept in the order of their last use, so the one that was unused
longest is the first. Lasting ones are kept apart: nothing ever takes them back for being unused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from meshnet.core.endpoints import format_endpoint

Ends = tuple[str, str]
"""The ids of two devices, the lower one first."""


def ends_of(one: str, other: str) -> Ends:
    """Two devices, in their order."""
    return (one, other) if one < other else (other, one)


class Binding(NamedTuple):
    """Where the ends of a pair send from, and to which address of the relay."""

    public: str
    addresses: tuple[str, str]
    ports: tuple[int, int] = (0, 0)
    """Of the ends, as a beacon sees them: by others, a NAT has begun anew, and the relay is to listen again."""


@dataclass(slots=True)
class Allotment:
    """A pair of ports, and the devices that have it."""

    port: int
    ends: Ends
    used: float
    """When it was used last."""
    binding: Binding | None = None
    """What the relay was told of it."""
    lasts_at: str | None = None
    """The relay's address at which it lasts; None: it is taken back when it is unused."""

    def side_of(self, device: str) -> str | None:
        """Where this end sends for the other; None while there is no address."""
        public = self.lasts_at or (self.binding.public if self.binding else None)
        return None if public is None else format_endpoint(public, self.port + self.ends.index(device))


class Ports:
    """The range of ports, given out."""

    def __init__(self, ports: range) -> None:
        self._free = deque(range(ports.start, ports.stop - 1, 2))
        self._by_ends: dict[Ends, Allotment] = {}
        self._lasting: dict[Ends, Allotment] = {}
        self._by_port: dict[int, Ends] = {}
        self._by_device: dict[str, set[Ends]] = {}

    @property
    def has_free(self) -> bool:
        """Whether a pair of ports is nobody's."""
        return bool(self._free)

    def get(self, ends: Ends) -> Allotment | None:
        """What the two devices have."""
        return self._by_ends.get(ends) or self._lasting.get(ends)

    def touch(self, allotment: Allotment, now: float) -> None:
        """It is used now."""
        allotment.used = now
        if allotment.lasts_at is None:
            self._by_ends[allotment.ends] = self._by_ends.pop(allotment.ends)

    def take(self, ends: Ends, now: float) -> Allotment | None:
        """Give the two devices, which have none, a pair of ports; None when all are taken."""
        if not self._free:
            return None
        allotment = Allotment(self._free.popleft(), ends, now)
        self._by_ends[ends] = allotment
        self._index(allotment)
        return allotment

    def take_lasting(self, ends: Ends, public: str, now: float, port: int | None = None) -> Allotment | None:
        """Give the two, which have none, a pair for good: this one, or any; None when it, or all, are taken."""
        if not self._free or (port is not None and port not in self._free):
            return None
        if port is None:
            port = self._free.popleft()
        else:
            self._free.remove(port)
        allotment = self._lasting[ends] = Allotment(port, ends, now, lasts_at=public)
        self._index(allotment)
        return allotment

    @property
    def lasting(self) -> list[Allotment]:
        """What was given out for good."""
        return list(self._lasting.values())

    def _index(self, allotment: Allotment) -> None:
        self._by_port[allotment.port] = allotment.ends
        for device in allotment.ends:
            self._by_device.setdefault(device, set()).add(allotment.ends)

    def give_back(self, allotment: Allotment) -> None:
        """The pair is free; it is given out again after all that were free before it."""
        del (self._by_ends if allotment.lasts_at is None else self._lasting)[allotment.ends]
        del self._by_port[allotment.port]
        for device in allotment.ends:
            self._by_device[device].discard(allotment.ends)
            if not self._by_device[device]:
                del self._by_device[device]
        self._free.append(allotment.port)

    def touch_all(self, ports: Iterable[int], now: float) -> None:
        """The pairs with these even ports are used now; those that nobody has any more are passed over."""
        for port in ports:
            found = self._by_ends.get(self._by_port.get(port, ("", "")))
            if found is not None:
                self.touch(found, now)

    def of(self, device: str) -> list[Allotment]:
        """What the device has with others."""
        return [found for ends in self._by_device.get(device, ()) if (found := self.get(ends)) is not None]

    def all(self) -> list[Allotment]:
        """Everything that is given out."""
        return [*self._by_ends.values(), *self._lasting.values()]

    def unused_since(self, moment: float) -> Allotment | None:
        """The pair that was unused longest, if it was not used after this moment."""
        first = next(iter(self._by_ends.values()), None)
        return first if first is not None and first.used <= moment else None
