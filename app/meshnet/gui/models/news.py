"""What happened between two snapshots that a person wants to be told of when no window is open. Pure.

Law: only what matters, nothing that the person has just done, and nothing twice. An app that has just met the daemon
has no news: it knows no before.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from meshnet.core.records import STOCK
from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import RouteStatus, Status

_OWN_NETWORK6 = 64
"""Bits of an IPv6 address that stay while privacy extensions (RFC 8981) change the rest, which is no news."""


class Kind(Enum):
    """What a notice is about."""

    ROUTE_LOST = auto()
    ROUTE_BACK = auto()
    FALLBACK = auto()
    EXIT_CHANGED = auto()
    PAUSE_OVER = auto()
    CLIENT_CAME = auto()
    DEVICE_JOINED = auto()
    DAEMON_GONE = auto()


WARNINGS = frozenset({Kind.ROUTE_LOST, Kind.DAEMON_GONE})
"""The kinds that ask for attention."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification; nothing in its texts looks like markup."""

    kind: Kind
    title: str
    text: str


def news(before: Snapshot, after: Snapshot, *, tells_of_clients: bool, by_hand: bool = False) -> tuple[Notice, ...]:
    """What is to be told. `by_hand`: the person has just started, stopped, paused or resumed a route in this app."""
    if not before.connected:
        return ()
    if not after.connected:
        return _daemon_gone(before)
    found = () if by_hand else tuple(_of_route(before.status, after.status))
    clients = tuple(_clients(before.status, after.status)) if tells_of_clients else ()
    return (*found, *clients, *_joined(before, after))


def _notice(kind: Kind, title: str, text: str) -> Notice:
    return Notice(kind, words.unmarked(title), words.unmarked(text))


def _daemon_gone(before: Snapshot) -> tuple[Notice, ...]:
    if before.status.route is None:
        return ()
    title = translate("News", "The Meshnet daemon is gone")
    if before.settings.get("kill-switch") == "off":
        text = translate("News", "Traffic may go out directly until the daemon is back: the kill switch is off.")
    else:
        text = translate("News", "Nothing goes out beside the route until the daemon is back.")
    return (_notice(Kind.DAEMON_GONE, title, text),)


def _of_route(before: Status, after: Status) -> Iterator[Notice]:
    if before.pause and not after.pause:
        yield from _pause_over(after)
    elif before.route and after.route:
        yield from _changed(before, before.route, after, after.route)


def _changed(before: Status, was: RouteStatus, after: Status, now: RouteStatus) -> Iterator[Notice]:
    if after.state == "blocked" and before.state != "blocked":
        yield _lost(after)
    elif after.state == "routing" and was.instead_of != now.instead_of:
        yield _stand_in(was, now)
    elif after.state == "routing" and before.state == "blocked":
        yield _back(now)
    elif after.state == "routing" and before.state == "routing" and was.host_id == now.host_id:
        yield from _exit_changed(was, now)


def _lost(after: Status) -> Notice:
    text = translate("News", "{reason}. The route goes on by itself when that is over.")
    return _notice(
        Kind.ROUTE_LOST, translate("News", "Your traffic is blocked"), text.format(reason=_as_sentence(after))
    )


def _as_sentence(status: Status) -> str:
    reason = words.blocked(status)
    host = words.short(status.route.host) if status.route else ""
    # A name is written as its owner writes it.
    return reason if host and reason.startswith(host) else reason[:1].upper() + reason[1:]


def _back(now: RouteStatus) -> Notice:
    text = translate("News", "Your traffic goes through {host} again.").format(host=words.short(now.host))
    return _notice(Kind.ROUTE_BACK, translate("News", "The route is back"), text)


def _stand_in(was: RouteStatus, now: RouteStatus) -> Notice:
    host = words.short(now.host)
    if not now.instead_of:
        return _back(now)
    text = translate("News", "Your traffic goes through {host} while {chosen} is gone.").format(
        host=host, chosen=words.short(now.instead_of)
    )
    return _notice(Kind.FALLBACK, translate("News", "{host} has taken over").format(host=host), text)


def _pause_over(after: Status) -> Iterator[Notice]:
    # Without a route the pause was ended by a stop, which somebody wanted.
    if after.route is None:
        return
    title = translate("News", "The pause is over")
    if after.state == "blocked":
        reason = words.blocked(after)
        text = translate("News", "The route cannot go on: {reason}. Your traffic is blocked until it can.")
        yield _notice(Kind.ROUTE_LOST, title, text.format(reason=reason))
    else:
        text = translate("News", "Your traffic goes through {host} again.").format(host=words.short(after.route.host))
        yield _notice(Kind.PAUSE_OVER, title, text)


def _exit_changed(was: RouteStatus, now: RouteStatus) -> Iterator[Notice]:
    title = translate("News", "Your traffic leaves elsewhere")
    if moved := _moved(was.public, now.public):
        text = translate("News", "The world now sees you as {address}.").format(address=words.plain(moved))
        yield _notice(Kind.EXIT_CHANGED, title, text)
    elif now.chain[-1:] != was.chain[-1:]:
        text = translate("News", "The last host on the way is now {host}.").format(host=_last_host(now))
        yield _notice(Kind.EXIT_CHANGED, title, text)
    elif now.exit != was.exit:
        yield _notice(Kind.EXIT_CHANGED, title, _by_what(now))


def _moved(was: tuple[str, ...], now: tuple[str, ...]) -> str:
    """The address in `now` that stands for another network than the one of its family in `was`; empty: none."""
    known = {version: network for version, network in map(_network, was) if version}
    for address in now:
        version, network = _network(address)
        if version in known and known[version] != network:
            return address
    return ""


def _network(address: str) -> tuple[int, str]:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return 0, address
    bits = _OWN_NETWORK6 if parsed.version == 6 else 32
    return parsed.version, str(ipaddress.ip_network((parsed, bits), strict=False))


def _last_host(route: RouteStatus) -> str:
    last = route.chain[-1] if route.chain else route.host
    return translate("News", "a hidden host") if last == "?" else words.short(last)


def _by_what(route: RouteStatus) -> str:
    texts = {
        "vpn": translate("News", "{host} is on a VPN now: your traffic leaves by that."),
        "lost": translate("News", "{host} has lost its own VPN: your traffic leaves by its own connection."),
    }
    usual = translate("News", "{host} is on no VPN any more: your traffic leaves by its own connection.")
    return texts.get(route.exit, usual).format(host=_last_host(route))


def _clients(before: Status, after: Status) -> Iterator[Notice]:
    there = {client.id for client in before.hosting}
    for client in after.hosting:
        if client.id not in there:
            name = words.short(client.name)
            title = translate("News", "{device} routes through this device").format(device=name)
            text = translate("News", "Its traffic leaves by your connection. The window shows how much, and stops it.")
            yield _notice(Kind.CLIENT_CAME, title, text)


def _joined(before: Snapshot, after: Snapshot) -> Iterator[Notice]:
    # Not by what is new in the list: the daemon tells that in parts when the app starts.
    for id_ in after.status.unconfirmed:
        device = after.devices.get(id_)
        if id_ in before.status.unconfirmed or device is None or device.platform == STOCK:
            continue
        title = translate("News", "{device} has joined your mesh").format(device=words.short(device.name))
        text = translate("News", "The invite was accepted. Decide in the window what the device may do.")
        yield _notice(Kind.DEVICE_JOINED, title, text)
