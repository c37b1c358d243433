"""The kill switch: what a routed device, and whatever is behind it, may send beside the tunnel. Pure.

Exempt are WireGuard and its probes, the daemon's connections to the coordinator, DHCP, the part of neighbour discovery
that a link needs, the networks the person wants to reach directly (but not for names), and answers to those who asked
from outside. Everything else is rejected at once, so that programs fail fast instead of waiting.

No exemption is of use to a program without rights: marks and the ports of DHCP need some, and so do the raw sockets of
neighbour discovery.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshnet_platform.api import Route, SystemPlan
from meshnet_platform.linux import marks
from meshnet_platform.linux.nft_words import both_families, family_word, interface_of, one_of

_REJECT = ("meta l4proto tcp reject with tcp reset", "reject with icmpx admin-prohibited")
_NAMES = "{ 53, 853 }"
"""The ports for questions for names: in the clear, and over TLS (RFC 7858) or QUIC (RFC 9250)."""
_NO_ANSWER = f"ct mark {marks.BESIDE_TUNNEL:#x} ct direction reply tcp flags & (syn | ack) == syn reject with tcp reset"
"""Opens a connection, though somebody outside was first to send: with forged segments from a far server's address a
neighbour could otherwise have whatever a program here says to that server leave beside the tunnel."""
_DHCP = (
    # To everybody on the link only: a client that its server does not answer asks everybody in the end (RFC 2131,
    # section 4.4.5), while a server's own address may be anywhere.
    "udp sport 68 udp dport 67 ip daddr 255.255.255.255 accept",
    "udp sport 546 udp dport 547 ip6 saddr fe80::/10 ip6 daddr ff02::1:2 accept",
)
_ND = "ip6 hoplimit 255 icmpv6 type"
"""Neighbours believe only what no router has passed on (RFC 4861, section 6.1)."""
_ND_NEIGHBOUR = f"{_ND} {{ nd-neighbor-solicit, nd-neighbor-advert }}"
_NEIGHBOURS = (
    f"{_ND} nd-router-solicit ip6 daddr ff02::2 accept",
    f"{_ND} nd-neighbor-solicit ip6 daddr ff02::1:ff00:0/104 accept",
    f"{_ND} nd-neighbor-advert ip6 daddr ff02::1 accept",
    f"{_ND_NEIGHBOUR} ip6 daddr fe80::/10 accept",
    # To other addresses the kernel alone, which knows that they are on the link: a router would carry them further.
    f"{_ND_NEIGHBOUR} meta skuid 0-4294967294 reject with icmpx admin-prohibited",
    f"{_ND_NEIGHBOUR} ip6 daddr != ff00::/8 accept",
)


def guard_rules(plan: SystemPlan) -> Iterator[str]:
    """What programs of this device may send."""
    route = plan.route
    if route is None or not (route.guarded or _closed(route)):
        return
    yield 'oifname "lo" accept'
    # First, since a packet sent another way in `reroute` still bears here the interface it was meant for.
    yield _NO_ANSWER
    yield f"ct mark {marks.BESIDE_TUNNEL:#x} ct direction reply accept"
    yield f"ct mark {marks.SERVED_BEFORE:#x} accept"
    yield from _into_tunnel(interface_of(plan), route)
    if not route.guarded:
        return
    if plan.tunnel is not None:
        yield f"meta mark {marks.PACKET_MARK:#x} udp sport {plan.tunnel.listen_port} accept"
    yield from _control(route)
    yield from _DHCP
    yield from _NEIGHBOURS
    yield from _local(route)
    yield from _REJECT


def forward_guard_rules(plan: SystemPlan) -> Iterator[str]:
    """What containers and hotspot clients behind this device may send beside the tunnel."""
    route = plan.route
    if route is None or not route.guarded:
        return
    yield f"meta mark {marks.RELAYED:#x} accept"
    yield _NO_ANSWER
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


def _closed(route: Route) -> tuple[str, ...]:
    """The families that may not enter the tunnel, other than for peers."""
    return tuple(f"ipv{family}" for family in (4, 6) if not route.carries(family))


def _into_tunnel(interface: str, route: Route) -> Iterator[str]:
    closed = _closed(route)
    if closed:
        yield from both_families(f'oifname "{interface}" {{word}} daddr @mesh{{family}} accept')
    for protocol in closed:
        yield from (f'oifname "{interface}" meta nfproto {protocol} {refusal}' for refusal in _REJECT)
    if route.passing:
        yield f'oifname "{interface}" accept'


def _control(route: Route) -> Iterator[str]:
    for control in sorted(route.control, key=lambda one: (one.address, one.port)):
        word = family_word(control.address)
        yield (
            f"meta mark {marks.PACKET_MARK:#x} meta skuid 0 {word} daddr {control.address} "
            f"tcp dport {control.port} accept"
        )
    for resolver in sorted(route.resolvers):
        yield f"meta mark {marks.PACKET_MARK:#x} meta skuid 0 {_asked(resolver)} 53 accept"


def _local(route: Route) -> Iterator[str]:
    if not route.local:
        return
    for resolver in sorted(route.local_resolvers):
        yield f"{_asked(resolver)} {_NAMES} accept"
    # Names tell where somebody goes: the network that a person is in does not learn them just because its printer may
    # be reached.
    yield f"tcp dport {_NAMES} reject with tcp reset"
    yield f"udp dport {_NAMES} reject with icmpx admin-prohibited"
    # A network that claims the mesh's prefix for its own does not get what is meant for a peer.
    yield from both_families("{word} daddr @mesh{family} reject with icmpx admin-prohibited")
    for prefix in route.local:
        yield f"{family_word(prefix)} daddr {prefix} accept"


def _asked(resolver: str) -> str:
    # A link-local resolver carries its interface ("fe80::1%eth0"), which is no part of the packet.
    return f"{family_word(resolver)} daddr {resolver.partition('%')[0]} meta l4proto {{ tcp, udp }} th dport"
