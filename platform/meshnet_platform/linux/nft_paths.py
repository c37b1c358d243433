"""One peer, several ways: what comes from an alias of a peer's endpoint is taken as if it came from the endpoint.

WireGuard sends to where the last authentic packet came from (its paper, section 2.1). While a pair moves from one path
to another, packets of both arrive, and it would follow each of them. So their source is rewritten before anything else
looks at them, connection tracking included. Our own probes keep theirs: they are there to tell the paths apart. Pure.

A packet has one source, and rewriting takes two steps, after the first of which the other cannot be looked up any more.
So the new port waits in the packet's mark until the address is written.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from meshnet_platform.api import SystemPlan
from meshnet_platform.linux import marks
from meshnet_platform.linux.nft_words import families
from meshnet_platform.linux.ruleset import MAPS

_Place = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]
_LAST_PORT = 65535


def alias_rules(plan: SystemPlan) -> Iterator[str]:
    """What is done to packets as they come in; with or without aliases, so that a new one needs no new rule."""
    if plan.tunnel is None:
        return
    yield "meta l4proto != udp accept"
    yield f"udp dport != {plan.tunnel.listen_port} accept"
    yield "fib daddr type != local accept"
    yield f"@th,64,32 {int.from_bytes(marks.PROBE_MAGIC):#x} accept"
    for protocol, word, family in families():
        source = f"{word} saddr . udp sport"
        rewritten = (
            f"meta mark set {source} map @alias_port{family} "
            f"{word} saddr set {source} map @alias_address{family} "
            # What `entry` would mark it with anyway.
            f"udp sport set meta mark map @alias_ports meta mark set {marks.PACKET_MARK:#x}"
        )
        if family == "4":
            # None, and not the sum of what was there before (RFC 768): the rewriting takes it for one.
            yield f"meta nfproto {protocol} udp checksum 0 {rewritten} udp checksum set 0 accept"
        yield f"meta nfproto {protocol} {rewritten} accept"


def alias_members(plan: SystemPlan) -> dict[str, frozenset[str]]:
    """The members of the maps that the rules ask."""
    found: dict[str, set[str]] = {name: set() for name in MAPS}
    for (address, port), (to_address, to_port) in _pairs(plan):
        mark = f"{to_port:#010x}"
        found[f"alias_port{address.version}"].add(f"{address} . {port} : {mark}")
        found[f"alias_address{address.version}"].add(f"{address} . {port} : {to_address}")
        found["alias_ports"].add(f"{mark} : {to_port}")
    return {name: frozenset(members) for name, members in found.items()}


def _pairs(plan: SystemPlan) -> Iterator[tuple[_Place, _Place]]:
    """Each alias with the endpoint that it stands for, one for one."""
    peers = plan.tunnel.peers if plan.tunnel else ()
    known = [(_place(peer.endpoint), {_place(alias) for alias in peer.aliases}) for peer in peers]
    claims = Counter(place for endpoint, aliases in known for place in {endpoint, *aliases})
    for endpoint, aliases in known:
        for alias in aliases - {endpoint, None}:
            # What two peers claim (an address of two private networks) tells nothing: a packet of the one would lead
            # WireGuard to the other.
            if alias and endpoint and alias[0].version == endpoint[0].version and claims[alias] == 1:
                yield alias, endpoint


def _place(endpoint: str | None) -> _Place | None:
    address, _, port = (endpoint or "").rpartition(":")
    with suppress(ValueError):
        place = ipaddress.ip_address(address.strip("[]")), int(port)
        if 0 < place[1] <= _LAST_PORT and _is_plain(place[0]):
            return place
    return None


def _is_plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether nft(8) lists it as it is written here: not with an interface, and not with an IPv4 address inside."""
    return address.version == 4 or (address.scope_id is None and int(address) >> 48 != 0)
