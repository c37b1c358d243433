"""The way the traffic takes, stop by stop: this device → host → next host → the internet. A function of the snapshot.

Law: nothing is drawn as good that is not known to be. What lies behind a broken link is unknown, and while a route is
blocked the last link says that nothing leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from meshnet.errors import Blocked
from meshnet.gui.models import moments, words
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import Hop, RouteStatus, Status

_ANSWERS, _CANNOT_HOST = "it answers", "it cannot host"
"""How the daemon's explanation begins where the host is there and what lies behind it is not, or hosts no more."""


class Kind(Enum):
    """What stands at a stop."""

    DEVICE = auto()
    HOST = auto()
    HIDDEN = auto()
    """A host that this device may not see."""
    MORE = auto()
    """Several hosts, for which there is no room."""
    INTERNET = auto()
    NOWHERE = auto()
    """The internet, which nothing reaches now."""


class Link(Enum):
    """What is known of the link between two stops."""

    PLAIN = auto()
    """Traffic goes over it, not routed."""
    GOOD = auto()
    BUSY = auto()
    BROKEN = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop, and the link that leads to it."""

    kind: Kind
    name: str
    remark: str = ""
    """What it is, or whose address the world sees."""
    link: Link = Link.UNKNOWN
    """Means nothing at the first stop."""
    label: tuple[str, ...] = ()
    """What to say of the link, in parts that may stand in two lines: "direct", "23 ms"."""


@dataclass(frozen=True, slots=True)
class Way:
    """All stops, this device first; none where there is nothing to draw."""

    stops: tuple[Stop, ...] = ()
    seen: str = ""
    """Whose address the world sees, as a sentence."""


def way(mesh: Snapshot) -> Way:
    """The way that this snapshot tells of."""
    if not mesh.connected or mesh.status.device is None:
        return Way()
    start = Stop(Kind.DEVICE, translate("Way", "This device"), words.short(mesh.status.device.name))
    route = mesh.status.route
    if route is None or mesh.status.state == "idle":
        return _direct(start, mesh.status)
    hosts = _hosts(mesh, route)
    match mesh.status.state:
        case "routing":
            return _routing(start, hosts, route)
        case "connecting":
            return _connecting(start, hosts, mesh.status)
    return _blocked(start, hosts, mesh.status, route)


def folded(stops: tuple[Stop, ...], most: int) -> tuple[Stop, ...]:
    """At most so many stops (4 or more): hosts in the middle become one that counts them, and a broken link stays."""
    if len(stops) <= most:
        return stops
    first, last = most - 3, len(stops) - 2
    hidden = stops[first:last]
    worst = next((stop for stop in hidden if stop.link is Link.BROKEN), hidden[0])
    more = Stop(
        Kind.MORE,
        translate("Way", "{count} more hosts").format(count=len(hidden)),
        ", ".join(stop.name for stop in hidden),
        worst.link,
        worst.label,
    )
    return *stops[:first], more, *stops[last:]


def in_words(way: Way) -> str:
    """The whole way as a text that can be read aloud."""
    parts = []
    for before, stop in zip(way.stops, way.stops[1:], strict=False):
        known = ", ".join(stop.label) or _link_words()[stop.link]
        parts.append(
            translate("Way", "{here} to {there}: {link}.").format(here=before.name, there=stop.name, link=known)
        )
    return " ".join((*parts, way.seen)).strip()


def _link_words() -> dict[Link, str]:
    return {
        Link.PLAIN: translate("Way", "directly"),
        Link.GOOD: translate("Way", "works"),
        Link.BUSY: translate("Way", "being tried"),
        Link.BROKEN: translate("Way", "broken"),
        Link.UNKNOWN: translate("Way", "unknown"),
    }


# --- the states -----------------------------------------------------------------------------------------------------


def _direct(start: Stop, status: Status) -> Way:
    label = translate("Way", "directly")
    if status.pause and (until := moments.said(status.pause.until)):
        label = translate("Way", "directly until {time}").format(time=until)
    own = _addresses(status.public)
    seen = translate("Way", "The world sees this device's own address.")
    if own:
        seen = translate("Way", "The world sees this device's own address, {address}.").format(address=own)
    return Way((start, _internet(_nearest(status.public) or _own(), Link.PLAIN, label)), seen)


def _connecting(start: Stop, hosts: tuple[Stop, ...], status: Status) -> Way:
    first = replace(hosts[0], link=Link.BUSY, label=(translate("Way", "connecting…"),))
    remark = _nearest(status.public) or _own()
    # Until the host has answered, traffic goes out as before.
    seen = translate("Way", "Until the host answers, the world sees this device's own address.")
    return Way((start, first, *hosts[1:], _internet(remark, Link.UNKNOWN)), seen)


def _routing(start: Stop, hosts: tuple[Stop, ...], route: RouteStatus) -> Way:
    # What comes back through the last host has passed all before it, whatever was last heard of them.
    first = replace(hosts[0], link=Link.GOOD, label=_path(route))
    further = (replace(host, link=Link.GOOD) for host in hosts[1:])
    return Way((start, first, *further, _exit(hosts[-1], route)), _seen(hosts[-1], route))


def _blocked(start: Stop, hosts: tuple[Stop, ...], status: Status, route: RouteStatus) -> Way:
    broken, why = _break(status, route)
    stops = (*hosts, Stop(Kind.NOWHERE, translate("Way", "Internet"), translate("Way", "nothing leaves")))
    linked = [replace(stop, link=_link(at, broken)) for at, stop in enumerate(stops)]
    linked[broken] = replace(linked[broken], label=(why,))
    if broken > 0:
        linked[0] = replace(linked[0], label=_path(route))
    return Way((start, *linked), translate("Way", "Nothing leaves this device until the route works again."))


def _link(at: int, broken: int) -> Link:
    if at == broken:
        return Link.BROKEN
    return Link.GOOD if at < broken else Link.UNKNOWN


# --- the hosts ------------------------------------------------------------------------------------------------------


def _hosts(mesh: Snapshot, route: RouteStatus) -> tuple[Stop, ...]:
    names = route.chain or (route.host,)
    hops = route.hops or tuple(Hop(name, None if at else route.host_id, True) for at, name in enumerate(names))
    stops = [_host(mesh, hop) for hop in hops]
    if route.instead_of:
        chosen = words.short(_visible(route.instead_of))
        stops[0] = replace(stops[0], remark=translate("Way", "instead of {host}").format(host=chosen))
    return tuple(stops)


def _host(mesh: Snapshot, hop: Hop) -> Stop:
    if hop.name == "?":
        return Stop(Kind.HIDDEN, _visible(hop.name))
    known = mesh.devices.get(hop.id or "")
    return Stop(Kind.HOST, words.short(hop.name), words.system(known.platform) if known else "")


def _visible(name: str) -> str:
    return translate("Way", "a hidden host") if name == "?" else name


def _path(route: RouteStatus) -> tuple[str, ...]:
    return words.way(route.path, route.rtt_ms) if route.path != "none" else ()


def _break(status: Status, route: RouteStatus) -> tuple[int, str]:
    """Which link is broken, counted from 0, and why in few words."""
    last = len(route.hops or route.chain or (route.host,))
    said = status.explanation or ""
    match status.reason:
        case Blocked.HOST_UNREACHABLE if said.startswith(_ANSWERS):
            return _behind(route, last), translate("Way", "no answer")
        case Blocked.HOST_LEFT_VPN:
            return last, translate("Way", "VPN lost")
        case Blocked.LOOP:
            return last, translate("Way", "leads back")
    if said.startswith(_CANNOT_HOST):
        return 0, translate("Way", "cannot host")
    near: dict[str, str] = {
        Blocked.HOST_UNREACHABLE: translate("Way", "does not answer"),
        Blocked.ROUTING_REVOKED: translate("Way", "not allowed"),
        Blocked.TUNNEL_FAILED: translate("Way", "no tunnel"),
        Blocked.NETWORK_DOWN: translate("Way", "no network"),
        Blocked.SYSTEM_ERROR: translate("Way", "system refused"),
    }
    return 0, near.get(status.reason or "", "")


def _behind(route: RouteStatus, last: int) -> int:
    gone = (at for at, hop in enumerate(route.hops) if at and not hop.online and hop.name != "?")
    return next(gone, last)


# --- where it leaves ------------------------------------------------------------------------------------------------


def _internet(remark: str, link: Link, *label: str) -> Stop:
    return Stop(Kind.INTERNET, translate("Way", "Internet"), remark, link, label)


def _exit(host: Stop, route: RouteStatus) -> Stop:
    remark = _nearest(route.public) or _whose(host, route)
    match route.exit:
        case "vpn":
            return _internet(remark, Link.GOOD, translate("Way", "by its VPN"))
        case "lost":
            return _internet(remark, Link.BUSY, translate("Way", "VPN lost"))
    return _internet(remark, Link.GOOD)


def _whose(host: Stop, route: RouteStatus) -> str:
    if route.exit == "vpn":
        return translate("Way", "the VPN's address")
    if host.kind is Kind.HIDDEN:
        return translate("Way", "a hidden host's address")
    return translate("Way", "the address of {host}").format(host=host.name)


def _seen(host: Stop, route: RouteStatus) -> str:
    places = {"host": host.name, "address": _addresses(route.public)}
    match route.exit, bool(route.public):
        case "vpn", True:
            text = translate("Way", "The world sees {address}, the address of the VPN that {host} is on.")
        case "vpn", False:
            text = translate("Way", "The world sees the address of the VPN that {host} is on.")
        case "lost", _:
            text = translate("Way", "{host} has lost its own VPN: the world sees the address of its own connection.")
        # Whole sentences: "a hidden host" takes another form in them than by itself, in most languages.
        case _, True if host.kind is Kind.HIDDEN:
            text = translate("Way", "The world sees {address}, the address of a hidden host.")
        case _ if host.kind is Kind.HIDDEN:
            text = translate("Way", "The world sees the address of a hidden host.")
        case _, True:
            text = translate("Way", "The world sees {address}, the address of {host}.")
        case _:
            text = translate("Way", "The world sees the address of {host}.")
    return text.format(**places)


def _own() -> str:
    return translate("Way", "your own address")


def _nearest(public: tuple[str, ...]) -> str:
    """The one address for which there is room in the drawing; the sentence has all."""
    return words.plain(public[0]) if public else ""


def _addresses(public: tuple[str, ...]) -> str:
    both = [words.plain(address) for address in public]
    if len(both) == 2:
        return translate("Way", "{one} and {other}").format(one=both[0], other=both[1])
    return both[0] if both else ""
