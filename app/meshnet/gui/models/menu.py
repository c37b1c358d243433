"""The tray menu as values: a pure function of the snapshot.

Law: an entry of one key never turns from a checkbox into a plain line or back. Desktops that show the menu over D-Bus
are told what properties a line has, and by Qt never which of them it has lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import Capability, DeviceView, HostedClient, ThisDevice

MOST_HOSTS = 15
MOST_CLIENTS = 5
_REASON_SHOWN = 70


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
        Entry("heading", translate("Tray", "Devices in Meshnet")),
        *(_hosts(mesh) or (_no_hosts(mesh),)),
        *_group("route", _route(mesh)),
        *_group("this-device", _this_device(mesh)),
        Entry("before-open"),
        Entry("open", translate("Tray", "Open Meshnet"), Choice(Verb.OPEN)),
        Entry("quit", _quit(mesh), Choice(Verb.QUIT)),
    )


def in_order(devices: Iterable[DeviceView]) -> list[DeviceView]:
    """The person's own devices first, then those of others by their owners, each group by name."""
    return sorted(devices, key=_place)


def retry(mesh: Snapshot) -> Choice | None:
    """What "Try again" does; None where there is nothing to try again."""
    route = mesh.status.route
    return Choice(Verb.ROUTE, route.host_id) if route is not None and mesh.status.state == "blocked" else None


def _place(device: DeviceView) -> tuple[bool, str, str, str]:
    external = device.group != "yours"
    return external, device.owner if external else "", device.name.casefold(), device.id


def _group(key: str, lines: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return (Entry(f"before-{key}"), *lines) if lines else ()


def _active(mesh: Snapshot) -> str:
    return mesh.status.route.host_id if mesh.status.route else ""


# --- the hosts ------------------------------------------------------------------------------------------------------


def _hosts(mesh: Snapshot) -> tuple[Entry, ...]:
    active = _active(mesh)
    # The host of a route in force stays in the menu though it hosts no more: there must be something to click away.
    hosts = [device for device in mesh.devices.values() if device.can_host or device.id == active]
    shown = in_order(hosts) if len(hosts) <= MOST_HOSTS else _preferred(mesh, hosts)
    named = Counter(device.name for device in hosts)
    lines = tuple(_host(mesh, device, named[device.name] > 1) for device in shown)
    if len(shown) == len(hosts):
        return lines
    return *lines, Entry("all", translate("Tray", "All devices…"), Choice(Verb.OPEN))


def _preferred(mesh: Snapshot, hosts: list[DeviceView]) -> list[DeviceView]:
    """As many as there is room for. Within a rank the order is the usual one, so that lines keep their places."""
    recent = {*mesh.recent, _active(mesh)}

    def rank(device: DeviceView) -> int:
        if device.id in mesh.favourites:
            return 0
        if device.id in recent:
            return 1
        return 3 if words.why_not(device) else 2

    return sorted(hosts, key=lambda device: (rank(device), *_place(device)))[:MOST_HOSTS]


def _host(mesh: Snapshot, device: DeviceView, ambiguous: bool) -> Entry:
    name = words.short(device.name) + (f" ({device.address4})" if ambiguous else "")
    key = f"host {device.id}"
    if device.id == _active(mesh):
        return Entry(key, _with_way(name, _way_of_route(mesh)), Choice(Verb.STOP), checkable=True, checked=True)
    if reason := _why_not(mesh, device):
        text = translate("Tray", "{name}: {reason}").format(name=name, reason=reason)
        return Entry(key, text, checkable=True)
    # What nothing was sent to has no path yet, which is no news here.
    way = words.way(device.path, device.rtt_ms) if device.path != "none" else ()
    return Entry(key, _with_way(name, way), Choice(Verb.ROUTE, device.id), checkable=True)


def _why_not(mesh: Snapshot, device: DeviceView) -> str:
    if not mesh.can(Capability.ROUTE):
        return translate("Tray", "this device cannot route yet")
    return words.why_not(device)


def _way_of_route(mesh: Snapshot) -> tuple[str, ...]:
    route = mesh.status.route
    return words.way(route.path, route.rtt_ms) if route and mesh.status.state == "routing" else ()


def _with_way(name: str, way: tuple[str, ...]) -> str:
    # No tab, which would align the second part: menus over D-Bus show it as it comes.
    return f"{name}   {', '.join(way)}" if way else name


def _no_hosts(mesh: Snapshot) -> Entry:
    if not mesh.connected:
        return Entry("no-hosts", translate("Tray", "Unknown until the daemon answers"))
    if mesh.status.device is None:
        return Entry("begin", translate("Tray", "Create or join a mesh…"), Choice(Verb.OPEN))
    return Entry("no-hosts", translate("Tray", "No hosts yet"))


# --- the route ------------------------------------------------------------------------------------------------------


def _route(mesh: Snapshot) -> tuple[Entry, ...]:
    if mesh.status.device is None or not mesh.can(Capability.ROUTE):
        return ()
    return (*_retry(mesh), _stop(mesh), *_pause(mesh))


def _retry(mesh: Snapshot) -> tuple[Entry, ...]:
    choice = retry(mesh)
    return (Entry("retry", translate("Tray", "Try again"), choice),) if choice else ()


def _stop(mesh: Snapshot) -> Entry:
    wanted = mesh.status.route is not None or mesh.status.pause is not None
    return Entry("stop", translate("Tray", "Stop routing"), Choice(Verb.STOP) if wanted else None)


def _pause(mesh: Snapshot) -> tuple[Entry, ...]:
    if not mesh.can(Capability.PAUSE):
        return ()
    if mesh.status.pause is not None:
        return (Entry("resume", translate("Tray", "Resume now"), Choice(Verb.RESUME)),)
    if mesh.status.route is not None:
        return (Entry("pause", translate("Tray", "Pause for 10 minutes"), Choice(Verb.PAUSE)),)
    return ()


# --- this device ----------------------------------------------------------------------------------------------------


def _this_device(mesh: Snapshot) -> tuple[Entry, ...]:
    if mesh.status.device is None or not mesh.can(Capability.HOST):
        return ()
    lines = (*_share(mesh), *_cannot_host(mesh.status.device), *_clients(mesh.status.hosting))
    return (Entry("this-device", translate("Tray", "This device")), *lines) if lines else ()


def _share(mesh: Snapshot) -> tuple[Entry, ...]:
    if not mesh.own_devices:
        return ()
    shared = "routing" in mesh.own_devices.split(",")
    choice = Choice(Verb.UNSHARE if shared else Verb.SHARE)
    text = translate("Tray", "Let my devices route through this one")
    return (Entry("share", text, choice, checkable=True, checked=shared),)


def _cannot_host(device: ThisDevice) -> tuple[Entry, ...]:
    if device.can_host or not device.cannot_host:
        return ()
    text = translate("Tray", "It cannot host: {reason}")
    return (Entry("cannot-host", text.format(reason=words.short(words.prose(device.cannot_host), _REASON_SHOWN))),)


def _clients(hosting: tuple[HostedClient, ...]) -> tuple[Entry, ...]:
    # One more than fits stands in the line that would say so.
    shown = hosting if len(hosting) <= MOST_CLIENTS + 1 else hosting[:MOST_CLIENTS]
    says = translate("Tray", "{name} routes through this device")
    lines = tuple(Entry(f"client {one.id}", says.format(name=words.short(one.name))) for one in shown)
    if len(shown) == len(hosting):
        return lines
    others = translate("Tray", "and {count} others").format(count=len(hosting) - len(shown))
    return *lines, Entry("more-clients", others)


def _quit(mesh: Snapshot) -> str:
    """What goes on without the app stands beside it: quitting is no way to stop."""
    routes, hosts = mesh.status.route is not None, bool(mesh.status.clients)
    if routes and hosts:
        return translate("Tray", "Quit (routing and hosting go on)")
    if routes:
        return translate("Tray", "Quit (routing goes on)")
    if mesh.status.pause is not None:
        return translate("Tray", "Quit (routing resumes by itself)")
    return translate("Tray", "Quit (hosting goes on)") if hosts else translate("Tray", "Quit")
