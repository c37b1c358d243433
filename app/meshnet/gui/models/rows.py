"""The devices as the window lists them: a function of the snapshot, made anew only where something is different.

Law: a row whose device and surroundings did not change is the very object that it was, however large the mesh is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from PySide6.QtCore import QDate, QDateTime, QLocale, Qt

from meshnet.gui.models import moments, words
from meshnet.gui.models.language import translate
from meshnet.gui.models.menu import Choice, Verb, in_order
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import Capability, DeviceView

_OWNER_SHOWN = 4
"""Letters of a mesh id in a heading."""


class State(Enum):
    """What the mark before a device's name says."""

    OFFLINE = auto()
    ONLINE = auto()
    CONNECTING = auto()
    ROUTED = auto()
    BLOCKED = auto()


@dataclass(frozen=True, slots=True)
class Tick:
    """A checkbox."""

    checked: bool
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One device in the window."""

    id: str
    name: str
    state: State
    presence: str
    """System, presence, path and round-trip time."""
    address4: str
    address6: str
    permits: str
    """What it permits this device, or why it cannot be routed through."""
    remark: str
    """What the person should know before that; may be empty."""
    is_unconfirmed: bool
    """Whether that is something to wait for."""
    owner: str
    """The mesh of its owner; empty for the person's own."""
    heading: str
    """The same for people, to stand above the first of an owner's devices."""
    favourite: bool | None
    """None where it is no host, and cannot be one."""
    routing: Tick | None
    """None, as with the other grants: the daemon cannot do that."""
    lan: Tick | None
    incoming: Tick | None
    button: str
    """ "Route", "Stop routing", or empty where this device is no host."""
    choice: Choice | None
    """What the button does; None greys it."""
    why_not: str
    """Why the button is greyed, as a sentence."""
    removable: bool
    found_by: str
    """The words by which a search finds it, casefolded."""

    @property
    def active(self) -> bool:
        """Whether the route goes through it."""
        return self.choice is not None and self.choice.verb is Verb.STOP


class _Around(NamedTuple):
    """What a row says beyond its device."""

    route: str
    """The state of the route, where that goes through this device."""
    is_client: bool
    is_unconfirmed: bool
    is_favourite: bool
    asked: Mapping[str, bool]


class _Terms(NamedTuple):
    """What all rows have in common."""

    capabilities: frozenset[str]
    today: QDate
    language: str


class RowMaker:
    """Makes the rows of one snapshot after the other."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._terms: _Terms | None = None
        self._made: dict[str, tuple[DeviceView, _Around, Row]] = {}

    def rows(self, mesh: Snapshot, today: QDate | None = None) -> tuple[Row, ...]:
        """The devices of the group, by owner; of each, those the person likes best first, then by name."""
        terms = _terms(mesh, today or QDate.currentDate())
        before = self._made if terms == self._terms else {}
        self._terms, self._made = terms, {}
        surroundings = _Surroundings(mesh)
        devices = in_order(one for one in mesh.devices.values() if one.group == self._group)
        for device in sorted(devices, key=lambda one: (one.owner, one.id not in mesh.favourites)):
            around = surroundings.of(device)
            known = before.get(device.id)
            same = known is not None and known[0] is device and known[1] == around
            self._made[device.id] = known if known and same else (device, around, _row(device, around, terms))
        return tuple(made[2] for made in self._made.values())


def rows(mesh: Snapshot, group: str, today: QDate | None = None) -> tuple[Row, ...]:
    """The devices of a group ("yours" or "external"), in their order."""
    return RowMaker(group).rows(mesh, today)


def found(all_rows: tuple[Row, ...], search: str) -> tuple[Row, ...]:
    """Those that have every word of the search."""
    wanted = search.casefold().split()
    return tuple(row for row in all_rows if all(word in row.found_by for word in wanted)) if wanted else all_rows


class _Surroundings:
    def __init__(self, mesh: Snapshot) -> None:
        status = mesh.status
        self._mesh = mesh
        self._host = status.route.host_id if status.route else ""
        self._clients = {client.id for client in status.hosting}
        # A daemon that does not tell more of its clients tells their names.
        self._names = set(status.clients) - {client.name for client in status.hosting}
        self._unconfirmed = frozenset(status.unconfirmed)
        self._asked: dict[str, dict[str, bool]] = {}
        for (device, grant), wanted in mesh.asked.items():
            self._asked.setdefault(device, {})[grant] = wanted

    def of(self, device: DeviceView) -> _Around:
        return _Around(
            route=self._mesh.status.state if device.id == self._host else "",
            is_client=device.id in self._clients or device.name in self._names,
            is_unconfirmed=device.id in self._unconfirmed,
            is_favourite=device.id in self._mesh.favourites,
            asked=self._asked.get(device.id, {}),
        )


def _terms(mesh: Snapshot, today: QDate) -> _Terms:
    # The language comes with the locale: a row in another one is another row.
    return _Terms(frozenset(one for one in Capability if mesh.can(one)), today, QLocale().name())


def _row(device: DeviceView, around: _Around, terms: _Terms) -> Row:
    presence = _presence(device, terms.today)
    heading = _heading(device)
    hosting = Capability.HOST in terms.capabilities
    routing = around.asked.get("routing", device.grants.routing)
    offers_route = Capability.ROUTE in terms.capabilities and (device.can_host or bool(around.route))
    return Row(
        id=device.id,
        name=words.plain(device.name),
        state=_state(device, around),
        presence=presence,
        address4=device.address4,
        address6=device.address6,
        permits=_permits(device),
        remark=_remark(around),
        is_unconfirmed=around.is_unconfirmed,
        owner=device.owner if heading else "",
        heading=heading,
        favourite=around.is_favourite if offers_route else None,
        routing=Tick(routing) if hosting else None,
        # What was granted stays ticked while greyed: it counts again as soon as routing is allowed.
        lan=Tick(around.asked.get("lan", device.grants.lan), enabled=routing) if hosting else None,
        incoming=_incoming(device, around, terms),
        button=_button(around) if offers_route else "",
        choice=_choice(device, around) if offers_route else None,
        why_not="" if around.route else _why_not(device),
        removable=device.group == "yours",
        found_by=_found_by(device, presence, heading),
    )


def _incoming(device: DeviceView, around: _Around, terms: _Terms) -> Tick | None:
    if Capability.INCOMING not in terms.capabilities:
        return None
    return Tick(around.asked.get("incoming", device.grants.incoming))


def _button(around: _Around) -> str:
    return translate("Devices", "Stop routing") if around.route else translate("Devices", "Route")


def _choice(device: DeviceView, around: _Around) -> Choice | None:
    if around.route:
        return Choice(Verb.STOP)
    return Choice(Verb.ROUTE, device.id) if device.granted.routing and device.online else None


def _state(device: DeviceView, around: _Around) -> State:
    routed = {"routing": State.ROUTED, "connecting": State.CONNECTING, "blocked": State.BLOCKED}
    return routed.get(around.route, State.ONLINE if device.online else State.OFFLINE)


def state_words(state: State) -> str:
    """What the mark says, for those who do not see it."""
    return {
        State.OFFLINE: translate("Devices", "offline"),
        State.ONLINE: translate("Devices", "online"),
        State.CONNECTING: translate("Devices", "connecting"),
        State.ROUTED: translate("Devices", "in use as the host"),
        State.BLOCKED: translate("Devices", "blocked"),
    }[state]


def _presence(device: DeviceView, today: QDate) -> str:
    parts = [words.system(device.platform)]
    if not device.online:
        parts.append(_offline(device.last_handshake, today))
    elif device.path == "none":
        parts.append(translate("Devices", "online"))
    else:
        parts.extend(words.way(device.path, device.rtt_ms))
    if device.route:
        parts.append(translate("Devices", "routes through {host}").format(host=words.short(device.route)))
    elif device.can_host and device.exit == "vpn":
        parts.append(translate("Devices", "on a VPN"))
    elif device.can_host and device.exit == "lost":
        parts.append(translate("Devices", "has lost its VPN"))
    return " · ".join(parts)


def _offline(last_handshake: str | None, today: QDate) -> str:
    moment = last_handshake or ""
    day = QDateTime.fromString(moment, Qt.DateFormat.ISODateWithMs).toLocalTime().date()
    if not day.isValid():
        return translate("Devices", "offline")
    if day == today.addDays(-1):
        return translate("Devices", "offline, seen yesterday {time}").format(time=moments.said(moment, day))
    return translate("Devices", "offline, seen {time}").format(time=moments.said(moment, today))


def _permits(device: DeviceView) -> str:
    granted = device.granted
    if device.can_host and not granted.routing:
        return translate("Devices", "Has not allowed this device to route through it")
    if device.can_host and granted.lan:
        return translate("Devices", "Lets this device route through it and reach its local network")
    if device.can_host:
        return translate("Devices", "Lets this device route through it")
    if device.cannot_host:
        return translate("Devices", "Cannot host: {reason}").format(reason=words.plain(words.prose(device.cannot_host)))
    if granted.incoming:
        return translate("Devices", "Lets this device connect to it")
    return translate("Devices", "Permits this device nothing")


def _why_not(device: DeviceView) -> str:
    name = words.short(device.name)
    if device.can_host and not device.granted.routing:
        return translate("Devices", "{name} has not allowed this device to route through it.").format(name=name)
    return "" if device.online else translate("Devices", "{name} is offline.").format(name=name)


def _remark(around: _Around) -> str:
    if around.is_unconfirmed:
        return translate("Devices", "Joined by an invite and not confirmed yet")
    return translate("Devices", "Routes through this device now") if around.is_client else ""


def _heading(device: DeviceView) -> str:
    if device.group != "external":
        return ""
    return translate("Devices", "Mesh {id}").format(id=words.plain(device.owner[:_OWNER_SHOWN]) + "…")


def _found_by(device: DeviceView, presence: str, heading: str) -> str:
    # The presence says "direct" of a device that is online, and a search for that word is to find it too.
    online = translate("Devices", "online") if device.online else ""
    said = (device.name, device.address4, device.address6, presence, heading, device.owner, online)
    return "\n".join(said).casefold()
