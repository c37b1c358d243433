"""Every device of every mesh, with the WireGuard key it has now: whom the beacons admit, and who may be relayed.

A WireGuard key belongs to one device of all meshes. Otherwise somebody could name a stranger's key as their own, and
would be told where the beacons see that stranger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from meshnet.core.records import STOCK

Listener = Callable[[str, str | None, str | None], None]
"""Called with a device, the key it had and the key it has; None where there is none."""


class Roster:
    """In memory; made of the stored records at start, and kept current by what is stored after that."""

    def __init__(self) -> None:
        self._meshes: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        self._stock: set[str] = set()
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Have changes told from now on."""
        self._listeners.append(listener)

    def put(self, mesh: str, device: str, key: str, platform: str = "") -> None:
        """The device is a member, with this key; where the key is another's, with none."""
        self._meshes[device] = mesh
        (self._stock.add if platform == STOCK else self._stock.discard)(device)
        if self.owner(key) in (None, device):
            self._change(device, key)

    def remove(self, device: str) -> None:
        """The device is a member no more."""
        self._meshes.pop(device, None)
        self._stock.discard(device)
        self._change(device, None)

    def owner(self, key: str) -> str | None:
        """The device with this WireGuard key."""
        return self._owners.get(key)

    def mesh_of(self, device: str) -> str | None:
        """The mesh that the device is in."""
        return self._meshes.get(device)

    def is_stock(self, device: str) -> bool:
        """Whether the device is a stock WireGuard app, by its own word."""
        return device in self._stock

    def keys(self) -> Iterator[str]:
        """The WireGuard keys of all devices."""
        return iter(self._owners)

    def _change(self, device: str, key: str | None) -> None:
        before = self._keys.pop(device, None)
        if before is not None:
            del self._owners[before]
        if key is not None:
            self._keys[device] = key
            self._owners[key] = device
        if before != key:
            for listener in self._listeners:
                listener(device, before, key)
