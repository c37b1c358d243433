"""Hosting: what peers may send through this device. Pure.

A packet of a permitted peer passes only where the kernel itself would send it to the internet: out of a gateway's
interface and, where the gateway has an address, to that address as next hop. That needs no list of all the networks
this device is in, and a stale gateway fails closed.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshnet_platform.api import Gateway, Hosting, SystemPlan
from meshnet_platform.linux import marks
from meshnet_platform.linux.nft_words import both_families, family_word, interface_of


def uplink_rules(uplinks: tuple[str, ...]) -> Iterator[str]:
    """Forwarding is on because of us, which makes every machine of our networks able to use this one as a router."""
    if uplinks:
        names = ", ".join(f'"{name}"' for name in uplinks)
        yield f"iifname {{ {names} }} ct state {{ new, invalid, untracked }} ct status & dnat == 0 drop"


def from_tunnel_rules(plan: SystemPlan) -> Iterator[str]:
    """What may be forwarded out of the tunnel; ends in a drop."""
    interface, hosting = interface_of(plan), plan.hosting
    answer = f"ct mark {marks.LEFT_BY_TUNNEL:#x} ct direction reply"
    yield "ct state invalid drop"
    yield "ip option lsrr exists drop"
    yield "ip option ssrr exists drop"
    yield "exthdr rt exists drop"
    if plan.route is not None:
        yield f'{answer} oifname != "{interface}" accept'
    if hosting is not None and hosting.routing:
        yield from _peer_rules(hosting, interface, answer)
    yield "drop"


def _peer_rules(hosting: Hosting, interface: str, answer: str) -> Iterator[str]:
    if hosting.through_tunnel:
        yield from both_families(f'{answer} oifname "{interface}" {{word}} daddr @routing{{family}} accept')
    # Before anything that knows of running flows, so that a grant taken away ends them.
    yield from both_families("{word} saddr != @routing{family} drop")
    # What a program redirected (a container's published port) would reach more than the peer was given.
    yield "ct status dnat drop"
    yield from _lan_rules(hosting, interface)
    if not hosting.through_tunnel:
        # A flow keeps its destination: the long list is for its first packet, the gateway is asked for each.
        yield f"ct mark {marks.PUBLIC:#x} goto to_internet"
    for prefix in hosting.denied:
        yield f"{family_word(prefix)} daddr {prefix} drop"
    # From peer to peer only directly, never through a third.
    yield from both_families("{word} daddr @mesh{family} drop")
    if hosting.through_tunnel:
        yield f'oifname "{interface}" accept'
        return
    yield f"ct mark set {marks.PUBLIC:#x}"
    yield "goto to_internet"


def to_internet_rules(plan: SystemPlan) -> Iterator[str]:
    """What leaves by a gateway, and by nothing else; ends in a drop."""
    hosting = plan.hosting
    if hosting is not None and not hosting.through_tunnel:
        for gateway in hosting.gateways:
            yield _gateway_rule(gateway)
    yield "drop"


def _lan_rules(hosting: Hosting, interface: str) -> Iterator[str]:
    for prefix in hosting.lan_prefixes:
        word, family = family_word(prefix), "6" if ":" in prefix else "4"
        yield f'oifname != "{interface}" {word} saddr @lan{family} {word} daddr {prefix} accept'


def _gateway_rule(gateway: Gateway) -> str:
    word = "ip6" if gateway.family == 6 else "ip"
    out = f'meta nfproto ipv{gateway.family} oifname "{gateway.interface}"'
    # Without a gateway's address the next hop is the destination itself (PPP, LTE, any VPN device): no second test.
    return f"{out} rt {word} nexthop {gateway.address} accept" if gateway.address else f"{out} accept"
