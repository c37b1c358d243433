"""The tray menu as values: a pure function of the snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from meshnet.gui.models import words
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import DeviceView

HEADING = "Devices in Meshnet"


class Verb(Enum):
    """What a person can choose."""

    ROUTE = auto()
    STOP = auto()
    PAUSE = auto()
    RESUME = auto()
    SHARE = auto()
    UNSHARE = auto()
    OPEN = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose; `device` is an id, with ROUTE alone."""

    verb: Verb
    device: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu; `key` stays the same while the line means the same. Without text it is a separator."""

    key: str
    text: str = ""
    choice: Choice | None = None
    checkable: bool = False
    checked: bool = False

    @property
    def enabled(self) -> bool:
        """Whether it can be chosen."""
        return self.choice is not None


def entries(mesh: Snapshot) -> tuple[Entry, ...]:
    """The whole menu, from top to bottom."""
    return (
        Entry("state", words.state_line(mesh)),
        Entry("after-state"),
        Entry("heading", HEADING),
        *(_hosts(mesh) or (_no_hosts(mesh),)),
        *_retry(mesh),
        Entry("stop", "Stop routing", Choice(Verb.STOP) if mesh.status.route else None),
        Entry("after-hosts"),
        _share(mesh),
        Entry("after-share"),
        Entry("open", "Open Meshnet", Choice(Verb.OPEN)),
        Entry("quit", "Quit", Choice(Verb.QUIT)),
    )


def in_order(devices: Iterable[DeviceView]) -> list[DeviceView]:
    """The person's own devices first, each group by name."""
    return sorted(devices, key=lambda device: (device.group != "yours", device.name.casefold(), device.id))


def _hosts(mesh: Snapshot) -> tuple[Entry, ...]:
    active = mesh.status.route.host_id if mesh.status.route else None
    # The host of a route in force stays in the menu though it hosts no more: there must be something to click away.
    hosts = in_order(device for device in mesh.devices.values() if device.can_host or device.id == active)
    named = Counter(device.name for device in hosts)
    return tuple(_host(device, device.id == active, named[device.name] > 1) for device in hosts)


def _host(device: DeviceView, active: bool, ambiguous: bool) -> Entry:
    name = words.short(device.name) + (f" ({device.address4})" if ambiguous else "")
    if active:
        return Entry(f"host {device.id}", name, Choice(Verb.STOP), checkable=True, checked=True)
    if reason := words.why_not(device):
        return Entry(f"host {device.id}", f"{name}: {reason}")
    return Entry(f"host {device.id}", name, Choice(Verb.ROUTE, device.id), checkable=True)


def retry(mesh: Snapshot) -> Choice | None:
    """What "Try again" does; None where there is nothing to try again."""
    route = mesh.status.route
    return Choice(Verb.ROUTE, route.host_id) if route is not None and mesh.status.state == "blocked" else None


def _retry(mesh: Snapshot) -> tuple[Entry, ...]:
    choice = retry(mesh)
    return (Entry("retry", "Try again", choice),) if choice else ()


def _no_hosts(mesh: Snapshot) -> Entry:
    return Entry("no-hosts", "No hosts yet" if mesh.connected else "Unknown until the daemon answers")


def _share(mesh: Snapshot) -> Entry:
    shared = "routing" in mesh.own_devices.split(",")
    known = mesh.connected and mesh.status.device is not None and mesh.own_devices != ""
    choice = Choice(Verb.UNSHARE if shared else Verb.SHARE) if known else None
    return Entry("share", "Let my devices route through this one", choice, checkable=True, checked=known and shared)
