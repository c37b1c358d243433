"""The kill switch: what a routed device, and whatever is behind it, may send beside the tunnel. Pure.

Exempt are WireGuard and its probes, the daemon's connections to the coordinator, DHCP, the part of neighbour discovery
that a link needs, the networks the person wants to reach directly, and answers to those who asked from outside.
Everything else is rejected at once, so that programs fail fast instead of waiting.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshnet_platform.api import Route, SystemPlan
from meshnet_platform.linux import marks
from meshnet_platform.linux.nft_words import both_families, family_word, interface_of, one_of

_REJECT = ("meta l4proto tcp reject with tcp reset", "reject with icmpx admin-prohibited")
_NEIGHBOURS = "{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert }"


def guard_rules(plan: SystemPlan) -> Iterator[str]:
    """What programs of this device may send."""
    route = plan.route
    if route is None or not route.guarded:
        return
    yield 'oifname "lo" accept'
    # First, since a packet sent another way in `reroute` still bears here the interface it was meant for.
    yield f"ct mark {marks.BESIDE_TUNNEL:#x} ct direction reply accept"
    yield f"ct mark {marks.SERVED_BEFORE:#x} accept"
    yield from _into_tunnel(interface_of(plan), route)
    if plan.tunnel is not None:
        yield f"meta mark {marks.PACKET_MARK:#x} udp sport {plan.tunnel.listen_port} accept"
    yield from _control(route)
    yield "udp sport 68 udp dport 67 accept"
    yield "udp sport 546 udp dport 547 accept"
    # Hop limit 255 proves that it stays on the link (RFC 4861, section 6.1).
    yield f"ip6 hoplimit 255 icmpv6 type {_NEIGHBOURS} accept"
    yield from _local(route)
    yield from _REJECT


def forward_guard_rules(plan: SystemPlan) -> Iterator[str]:
    """What containers and hotspot clients behind this device may send beside the tunnel."""
    route = plan.route
    if route is None or not route.guarded:
        return
    # A container's published port is a server like any other: who asked from outside is answered.
    yield f"ct mark {marks.BESIDE_TUNNEL:#x} accept"
    yield "ct direction reply ct state established,related accept"
    yield from _local(route)
    yield from _REJECT


def to_tunnel_rules(plan: SystemPlan) -> Iterator[str]:
    """What may be forwarded into the tunnel: answers to routed peers; on a routed device, what is behind it."""
    if plan.hosting is not None and plan.hosting.routing:
        yield from both_families("{word} daddr @routing{family} ct direction reply ct state established,related accept")
    if plan.route is not None and plan.route.passing:
        # Containers and hotspot clients behind this device go its way; who stands beside it, on its own way out, does
        # not, however forwarding came to be on. To peers only this device itself speaks.
        yield from both_families("{word} daddr @mesh{family} drop")
        if plan.route.uplinks:
            yield f"iifname {one_of(plan.route.uplinks)} ct direction original drop"
        yield "accept"
    elif plan.route is not None:
        yield from _REJECT
    else:
        yield "drop"


def _into_tunnel(interface: str, route: Route) -> Iterator[str]:
    if route.passing:
        yield f'oifname "{interface}" accept'
    else:
        yield from both_families(f'oifname "{interface}" {{word}} daddr @mesh{{family}} accept')


def _control(route: Route) -> Iterator[str]:
    for control in sorted(route.control, key=lambda one: (one.address, one.port)):
        word = family_word(control.address)
        yield (
            f"meta mark {marks.PACKET_MARK:#x} meta skuid 0 {word} daddr {control.address} "
            f"tcp dport {control.port} accept"
        )
    for resolver in sorted(route.resolvers):
        asked = f"{family_word(resolver)} daddr {resolver.partition('%')[0]} meta l4proto {{ tcp, udp }} th dport 53"
        yield f"meta mark {marks.PACKET_MARK:#x} meta skuid 0 {asked} accept"


def _local(route: Route) -> Iterator[str]:
    for prefix in route.local:
        yield f"{family_word(prefix)} daddr {prefix} accept"
