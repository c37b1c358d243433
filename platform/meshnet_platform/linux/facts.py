"""What the Linux system looks like: pure readers of what `ip` prints and of resolver files."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any

from meshnet_platform.api import Gateway, Link
from meshnet_platform.linux.ip_words import entries

STUB_RESOLVERS = ("127.0.0.53", "127.0.0.54")
"""Where systemd-resolved listens; it knows the real servers, its own resolv.conf names them."""
RESOLVED_DIRECTORY = "run/systemd/resolve"
_WHOLE = (
    {"default"},
    {"0.0.0.0/1", "128.0.0.0/1"},
    {"::/1", "8000::/1"},
    {"2000::/3"},
    {"2000::/4", "3000::/4"},
)
"""Prefixes that together are a default route; VPNs divide theirs so that it stands before the system's own."""
_HOST_ONLY = ("vboxnet", "vmnet")
"""Links to virtual machines whose drivers name no kind."""
PROBES = {4: "1.1.1.1", 6: "2606:4700:4700::1111"}
"""Public addresses that the kernel is asked the way to; nothing is sent there."""


def parse_links(text: str, ours: str) -> tuple[Link, ...]:
    """Read `ip -d -j addr`, leaving out our own interface."""
    return tuple(_link(entry) for entry in entries(text) if entry.get("ifname") != ours)


def parse_gateways(text: str, family: int, ours: str) -> tuple[Gateway, ...]:
    """Read `ip -j route show default`, the preferred first; every hop of a multipath route counts."""
    routes = sorted(entries(text), key=lambda route: int(route.get("metric", 0)))
    found = (gateway for route in routes for gateway in _hops(route, family))
    return tuple(dict.fromkeys(gateway for gateway in found if gateway.interface != ours))


def parse_way(text: str, family: int) -> Gateway | None:
    """Read `ip -j route get ADDRESS`: the interface, and the neighbour where there is one."""
    return next((hop for way in entries(text) for hop in _hops(way, family)), None)


def ways_out(way: Gateway | None, defaults: tuple[Gateway, ...]) -> tuple[Gateway, ...]:
    """Where the internet really is: a VPN with rules of its own leaves the default route of `main` standing unused."""
    if way is None or any(gateway.interface == way.interface for gateway in defaults):
        return defaults
    return (way,)


def parse_routed(text: str, gateways: Iterable[Gateway], ours: str) -> tuple[str, ...]:
    """Read `ip -j -4 (or -6) route show table all`: the prefixes that have routes of their own beside the default ones.

    A gateway's interface counts with all its tables, any other with `main`, which alone concerns everybody. Where a
    gateway's interface has no default route, its prefixes are themselves the way to the internet: a VPN that is given
    all but the private ranges.
    """
    ways = {gateway.interface for gateway in gateways}
    found: set[str] = set()
    for interface, prefixes in _prefixes_by_interface(text, ways).items():
        whole = [one for one in _WHOLE if one <= prefixes]
        if interface != ours and (whole or interface not in ways):
            found |= prefixes.difference(*whole)
    return tuple(sorted(found))


def parse_uplinks(routes: str, addresses: str, ours: str) -> frozenset[str]:
    """Read `ip -j route show table all` and `ip -j addr`: interfaces that others route by, or give addresses for."""
    hops = (hop for route in entries(routes) for hop in route.get("nexthops") or (route,))
    found = {str(hop["dev"]) for hop in hops if "dev" in hop and ("gateway" in hop or "via" in hop)}
    for link in entries(addresses):
        if any(info.get("dynamic") for info in link.get("addr_info", ())):
            found.add(str(link["ifname"]))
    return frozenset(found - {ours})


def parse_resolvers(text: str) -> tuple[str, ...]:
    """Read the name servers of a resolv.conf(5); a link-local one carries its interface ("fe80::1%eth0")."""
    words = (line.split() for line in text.splitlines())
    return tuple(line[1] for line in words if len(line) > 1 and line[0] == "nameserver" and _is_address(line[1]))


def parse_search(text: str) -> tuple[str, ...]:
    """Read the domains that a resolv.conf(5) completes short names with, in lower case and without the last dot.

    Of several lines the system follows the last; here each counts, for each names a network that it is in.
    """
    words = (line.split() for line in text.splitlines())
    lines = (line[1:] for line in words if line and line[0] in ("search", "domain"))
    domains = (domain.strip(".").lower() for line in lines for domain in line)
    return tuple(dict.fromkeys(domain for domain in domains if domain))


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _link(entry: dict[str, Any]) -> Link:
    addresses = tuple(f"{info['local']}/{info['prefixlen']}" for info in entry.get("addr_info", ()) if "local" in info)
    flags: Iterable[str] = entry.get("flags", ())
    name = str(entry["ifname"])
    kind = str(entry.get("linkinfo", {}).get("info_kind", ""))
    if not kind and name.startswith(_HOST_ONLY):
        kind = "host-only"
    return Link(name, addresses, "UP" in flags, "LOOPBACK" in flags, kind, str(entry.get("master", "")))


def _prefixes_by_interface(text: str, ways: set[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for route in entries(text):
        hops = route.get("nexthops") or (route,)
        if route.get("type", "unicast") == "unicast":
            for interface in {str(hop["dev"]) for hop in hops if "dev" in hop}:
                if interface in ways or "table" not in route:
                    found.setdefault(interface, set()).add(str(route["dst"]))
    return found


def _hops(route: dict[str, Any], family: int) -> Iterator[Gateway]:
    """Where a route leads; one that refuses ("unreachable") may name an interface too, and leads nowhere."""
    if route.get("type", "unicast") != "unicast":
        return
    for hop in route.get("nexthops") or (route,):
        if "dev" in hop:
            neighbour = hop.get("gateway")
            yield Gateway(str(hop["dev"]), str(neighbour) if neighbour else None, family)
