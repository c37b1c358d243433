"""What the Linux system looks like: pure readers of what `ip` prints and of resolver files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from meshnet_platform.api import Gateway, Link

STUB_RESOLVER = "127.0.0.53"
"""Where systemd-resolved listens; it knows the real servers, the file `RESOLVED_SERVERS` names them."""
RESOLVED_SERVERS = "/run/systemd/resolve/resolv.conf"
PROBES = {4: "1.1.1.1", 6: "2606:4700:4700::1111"}
"""Public addresses that the kernel is asked the way to; nothing is sent there."""


def parse_links(text: str, ours: str) -> tuple[Link, ...]:
    """Read `ip -d -j addr`, leaving out our own interface."""
    return tuple(_link(entry) for entry in _entries(text) if entry.get("ifname") != ours)


def parse_gateways(text: str, family: int, ours: str) -> tuple[Gateway, ...]:
    """Read `ip -j route show default`, the preferred first; every hop of a multipath route counts."""
    routes = sorted(_entries(text), key=lambda route: int(route.get("metric", 0)))
    found = (gateway for route in routes for gateway in _hops(route, family))
    return tuple(dict.fromkeys(gateway for gateway in found if gateway.interface != ours))


def parse_way(text: str, family: int) -> Gateway | None:
    """Read `ip -j route get ADDRESS`: the interface, and the neighbour where there is one."""
    way = next(iter(_entries(text)), {})
    if way.get("type", "unicast") != "unicast" or "dev" not in way:
        return None
    return next(_hops(way, family), None)


def ways_out(way: Gateway | None, defaults: tuple[Gateway, ...]) -> tuple[Gateway, ...]:
    """Where the internet really is: a VPN with rules of its own leaves the default route of `main` standing unused."""
    if way is None or any(gateway.interface == way.interface for gateway in defaults):
        return defaults
    return (way,)


def parse_resolvers(text: str) -> tuple[str, ...]:
    """Read the name servers of a resolv.conf(5)."""
    words = (line.split() for line in text.splitlines())
    return tuple(line[1] for line in words if len(line) > 1 and line[0] == "nameserver")


def _link(entry: dict[str, Any]) -> Link:
    addresses = tuple(f"{info['local']}/{info['prefixlen']}" for info in entry.get("addr_info", ()) if "local" in info)
    flags: Iterable[str] = entry.get("flags", ())
    kind = str(entry.get("linkinfo", {}).get("info_kind", ""))
    return Link(str(entry["ifname"]), addresses, "UP" in flags, "LOOPBACK" in flags, kind)


def _hops(route: dict[str, Any], family: int) -> Iterator[Gateway]:
    for hop in route.get("nexthops") or (route,):
        if "dev" in hop:
            neighbour = hop.get("gateway")
            yield Gateway(str(hop["dev"]), str(neighbour) if neighbour else None, family)


def _entries(text: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(text or "[]")
    return [entry for entry in entries if entry]
