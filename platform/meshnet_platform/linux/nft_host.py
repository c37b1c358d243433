"""Hosting: what peers may send through this device. Pure.

A packet of a permitted peer passes only where the kernel itself would send it to the internet: out of a gateway's
interface and, where the gateway has an address, to that address as next hop. That needs no list of all the networks
this device is in, and a stale gateway fails closed. The list of denied prefixes stands before it, for what the gateway
itself would pass on.

What a router of a private network says of a packet that it could not carry (ICMP) does reach the peer, with that
router's address: without it neither the path's MTU nor traceroute would work.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshnet_platform.api import Gateway, Hosting, SystemPlan
from meshnet_platform.linux import marks
from meshnet_platform.linux.nft_words import both_families, destinations, interface_of, one_of

_TUNNELS = "4, 41, 47, 94, 97"
"""Protocol numbers (IANA), because not every system knows their names."""
_NEIGHBOURHOOD = "nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect"


def neighbour_rules(plan: SystemPlan, opened: frozenset[int]) -> Iterator[str]:
    """Forwarding of these families is on because of us: every machine around could use this one as a router.

    Also one behind a VPN of this device, or in a network that has no way to the internet of its own.
    """
    if plan.hosting is not None:
        inside = one_of((interface_of(plan), *plan.hosting.inner_interfaces))
        if opened:
            yield f"meta mark {marks.RELAYED:#x} accept"
        for family in sorted(opened):
            outside = f"meta nfproto ipv{family} iifname != {inside}"
            # In rules of their own: what has no entry in connection tracking has no status either, and matches nothing.
            yield f"{outside} ct state {{ invalid, untracked }} drop"
            yield f"{outside} ct state new ct status & dnat == 0 drop"


def from_tunnel_rules(plan: SystemPlan) -> Iterator[str]:
    """What may be forwarded out of the tunnel; ends in a drop."""
    interface, hosting = interface_of(plan), plan.hosting
    answer = f"ct mark {marks.LEFT_BY_TUNNEL:#x} ct direction reply"
    # No option of IPv4 is of use across the internet: they ask for a way of the sender's choice, or record one.
    yield "ip hdrlength != 5 drop"
    yield "exthdr rt exists drop"
    if plan.route is not None:
        yield f'{answer} oifname != "{interface}" accept'
    if hosting is not None and hosting.routing:
        yield from _peer_rules(plan, hosting, answer)
    yield "drop"


def _peer_rules(plan: SystemPlan, hosting: Hosting, answer: str) -> Iterator[str]:
    interface = interface_of(plan)
    if hosting.through_tunnel:
        yield from both_families(f'{answer} oifname "{interface}" {{word}} daddr @routing{{family}} accept')
    # Before anything that knows of running flows, so that a grant taken away ends them.
    yield from both_families("{word} saddr != @routing{family} drop")
    # A flow keeps its addresses, ports and protocol: what follows is for its first packet, the way out for each.
    yield _known_public(hosting, interface)
    yield from _first_packet_rules(plan)
    yield from _lan_rules(hosting)
    for match in destinations(hosting.denied):
        yield f"{match} drop"
    # From peer to peer only directly, never through a third.
    yield from both_families("{word} daddr @mesh{family} drop")
    if hosting.through_tunnel:
        yield f'oifname "{interface}" accept'
        return
    yield f"ct mark set {marks.PUBLIC:#x}"
    yield "goto to_internet"


def _known_public(hosting: Hosting, interface: str) -> str:
    """Skips the rest for packets of a flow that has passed it; prefixes denied since then are in a routing table."""
    if hosting.through_tunnel:
        return f'ct mark {marks.LEFT_BY_TUNNEL:#x} ct direction original oifname "{interface}" accept'
    return f"ct mark {marks.PUBLIC:#x} goto to_internet"


def _first_packet_rules(plan: SystemPlan) -> Iterator[str]:
    yield "ct state invalid drop"
    # What a program redirected (a container's published port) would reach more than the peer was given.
    yield "ct status dnat drop"
    # Packets inside packets (IPIP, 6in4, GRE, EtherIP and its kin) come out where no rule of ours sees them.
    yield f"meta l4proto {{ {_TUNNELS} }} drop"
    yield "icmp type redirect drop"
    yield f"icmpv6 type {{ {_NEIGHBOURHOOD} }} drop"
    if plan.tunnel is not None:
        # It could pass for WireGuard's own to a third party, whose answers would then go to the peer.
        yield f"udp sport {plan.tunnel.listen_port} drop"


def to_internet_rules(plan: SystemPlan) -> Iterator[str]:
    """What leaves by a gateway, and by nothing else; ends in a drop."""
    hosting = plan.hosting
    if hosting is not None and not hosting.through_tunnel:
        for gateway in hosting.gateways:
            yield _gateway_rule(gateway)
    yield "drop"


def to_lan_rules(plan: SystemPlan) -> Iterator[str]:
    """Marks what may go to the local networks, for the routing table that prohibits them to all else.

    The mark is gone when somebody empties the firewall, and with it the way there, for everybody.
    """
    hosting = plan.hosting
    if hosting is None or not hosting.lan:
        return
    for permitted in _permitted_to_lan(hosting):
        yield f'iifname "{interface_of(plan)}" {permitted} meta mark set {marks.TO_LAN:#x}'
    # The reverse path filter asks whether the tunnel's rules lead to an answer's sender: with the mark they do.
    yield f"ct mark {marks.TO_LAN:#x} ct direction reply meta mark set {marks.TO_LAN:#x}"


def _lan_rules(hosting: Hosting) -> Iterator[str]:
    if not hosting.lan_interfaces:
        return
    out = one_of(sorted(hosting.lan_interfaces))
    for permitted in _permitted_to_lan(hosting):
        yield f"oifname {out} {permitted} ct mark set {marks.TO_LAN:#x} accept"


def _permitted_to_lan(hosting: Hosting) -> Iterator[str]:
    """Matches for what peers with `lan` send to the local networks."""
    for match in destinations(hosting.lan_prefixes):
        word, family = ("ip6", "6") if match.startswith("ip6") else ("ip", "4")
        yield f"{word} saddr @lan{family} {match}"


def _gateway_rule(gateway: Gateway) -> str:
    word = "ip6" if gateway.family == 6 else "ip"
    out = f'meta nfproto ipv{gateway.family} oifname "{gateway.interface}"'
    # Without a gateway's address the next hop is the destination itself (PPP, LTE, any VPN device): no second test.
    return f"{out} rt {word} nexthop {gateway.address} accept" if gateway.address else f"{out} accept"
