"""The firewall of a plan, as nftables rules: a pure function from `SystemPlan` to `Ruleset`.

    aliases      prerouting   what comes from another endpoint of a peer's is taken for the one in use
    entry        prerouting   what comes in and from where; marks what is to be answered beside the tunnel
    names        dstnat       name queries of routed peers go to our forwarder
    input        input        what the mesh may send to this device
    reroute      output       replies and the daemon's own connections leave beside the tunnel
    guard        output       kill switch for this device
    clamp        forward      TCP segments fit the tunnel
    to_internet  (forward)    what permitted peers may send leaves by a gateway, or not at all
    forward      forward      hosting, and the kill switch for what is behind this device
    leaving      postrouting  marks the flows that left by the tunnel
    sources      srcnat       hides senders that the next hop must not see
    inside       after that   own mesh addresses do not leave by another interface

The law: each chain that must deny ends in a rule that denies, because a chain's policy arrives late in the kernel's
commit; prefixes that are denied stand in hash sets of constants, because an interval set may be empty for a moment;
permissions are plain sets of addresses, asked before any "established", so that taking one away cuts running flows.
Every chain is always there, with or without rules, so that no state leaves a chain of another behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshnet_platform.api import SystemPlan
from meshnet_platform.linux import marks
from meshnet_platform.linux.nft_client import forward_guard_rules, guard_rules, to_tunnel_rules
from meshnet_platform.linux.nft_host import from_tunnel_rules, neighbour_rules, to_internet_rules, to_lan_rules
from meshnet_platform.linux.nft_paths import alias_members, alias_rules
from meshnet_platform.linux.nft_words import (
    Rules,
    both_families,
    families,
    family_word,
    host_addresses,
    interface_of,
    own_addresses,
)
from meshnet_platform.linux.ruleset import SETS, Ruleset

_EPHEMERAL = 32768
_LAST_PORT = 65535


def render(plan: SystemPlan, opened: frozenset[int] = frozenset()) -> Ruleset | None:
    """The table that the plan asks for; None where it asks for none.

    `opened` are the families (4, 6) whose forwarding was off before us: in them nobody but peers may use this device as
    a router.
    """
    if plan.tunnel is None and plan.route is None:
        return None
    chains = (
        _chain("aliases", "filter hook prerouting priority raw", alias_rules(plan)),
        _chain("entry", "filter hook prerouting priority mangle", _entry(plan)),
        _chain("names", "nat hook prerouting priority dstnat", _names(plan)),
        _chain("input", "filter hook input priority filter - 10", _input(plan)),
        _chain("reroute", "route hook output priority mangle", _reroute(plan)),
        _chain("guard", "filter hook output priority filter - 10", (*_unasked(plan), *guard_rules(plan))),
        _chain("clamp", "filter hook forward priority mangle", _clamp(plan)),
        _chain("to_internet", None, to_internet_rules(plan)),
        _chain("from_tunnel", None, from_tunnel_rules(plan)),
        _chain("to_tunnel", None, to_tunnel_rules(plan)),
        _chain("forward", "filter hook forward priority filter - 10", _forward(plan, opened)),
        _chain("leaving", "filter hook postrouting priority mangle", _leaving(plan)),
        _chain("sources", "nat hook postrouting priority srcnat", _sources(plan)),
        _chain("inside", "filter hook postrouting priority srcnat + 10", _inside(plan)),
    )
    return Ruleset("".join(chains), _members(plan))


def _members(plan: SystemPlan) -> dict[str, frozenset[str]]:
    hosting = plan.hosting
    addresses: dict[str, Iterable[str]] = {
        "mesh": host_addresses(plan),
        "incoming": plan.incoming,
        "routing": hosting.routing if hosting else (),
        "lan": hosting.lan if hosting else (),
    }
    sets = {
        name + family: frozenset(one for one in addresses[name] if (":" in one) == (family == "6"))
        for name in SETS
        for family in "46"
    }
    return sets | alias_members(plan)


def _chain(name: str, hook: str | None, rules: Rules) -> str:
    head = [f"type {hook}; policy accept;"] if hook else []
    lines = "".join(f"    {line}\n" for line in (*head, *rules))
    return f"  chain {name} {{\n{lines}  }}\n"


def _entry(plan: SystemPlan) -> Iterator[str]:
    interface = interface_of(plan)
    outside = f'iifname != {{ "lo", "{interface}" }}'
    for address in own_addresses(plan):
        # Somebody in the same network may send to our mesh address, or from it, without having any key of the mesh.
        yield f"{outside} {family_word(address)} daddr {address} drop"
        yield f"{outside} {family_word(address)} saddr {address} drop"
    for _, word, family in families():
        yield f"{outside} {word} saddr @mesh{family} drop"
    # The mesh's own senders, and answers to what left by the tunnel; a host may claim any other source it likes.
    for _, word, family in families():
        yield f'iifname "{interface}" {word} saddr != @mesh{family} ct mark != {marks.LEFT_BY_TUNNEL:#x} drop'
        yield f'iifname "{interface}" {word} saddr != @mesh{family} ct direction original drop'
    # Answers for a container or hotspot client go to it by the main table, and not into the tunnel again.
    yield (
        f'iifname "{interface}" ct mark {marks.LEFT_BY_TUNNEL:#x} ct direction reply '
        f"meta mark set {marks.LEFT_BY_TUNNEL:#x}"
    )
    yield from to_lan_rules(plan)
    yield f'iifname "{interface}" accept'
    if plan.tunnel is not None:
        # With src_valid_mark the kernel's reverse path filter looks the sender up as the answer will be routed.
        yield f"udp dport {plan.tunnel.listen_port} fib daddr type local meta mark set {marks.PACKET_MARK:#x}"
    # What comes to a program's passing port may be forged, or be in the middle of a connection that the program itself
    # opened before it was tracked; its next words would leave beside the tunnel. So there only a connection that begins
    # is answered the way it came, and all that is served at a lasting port.
    came_in = f"fib daddr type local ct direction original ct mark set {marks.BESIDE_TUNNEL:#x}"
    yield f"{outside} meta l4proto != {{ tcp, udp }} {came_in}"
    yield f"{outside} ct state new tcp flags & (fin | syn | rst | ack) == syn {came_in}"
    yield f"{outside} meta l4proto {{ tcp, udp }} th dport < {_EPHEMERAL} {came_in}"
    beside = f"ct mark {{ {marks.BESIDE_TUNNEL:#x}, {marks.SERVED_BEFORE:#x} }}"
    yield f"{beside} meta mark set {marks.PACKET_MARK:#x}"


def _names(plan: SystemPlan) -> Iterator[str]:
    hosting = plan.hosting
    if hosting is None or not hosting.routing or hosting.resolver_port is None:
        return
    for address in own_addresses(plan):
        word, family = family_word(address), "6" if ":" in address else "4"
        target = f"[{address}]" if family == "6" else address
        for protocol in ("udp", "tcp"):
            yield (
                f'iifname "{interface_of(plan)}" {word} saddr @routing{family} {word} daddr {address} '
                f"{protocol} dport 53 dnat {word} to {target}:{hosting.resolver_port}"
            )


def _input(plan: SystemPlan) -> Iterator[str]:
    yield f'iifname != "{interface_of(plan)}" accept'
    if plan.tunnel is not None:
        # A probe that came through the tunnel would find a path that leads into the tunnel.
        yield f"udp dport {plan.tunnel.listen_port} drop"
    yield "ct state invalid drop"
    # It counts as related to a running flow, and would lead that flow astray.
    yield "icmp type redirect drop"
    yield "icmpv6 type nd-redirect drop"
    # Counted is what others than the host sent: errors, which it may send itself, are related and not established.
    yield f"ct mark {marks.LEFT_BY_TUNNEL:#x} ct direction reply ct state established counter accept"
    yield f"ct mark {marks.LEFT_BY_TUNNEL:#x} ct direction reply accept"
    for _, word, family in families():
        yield f"{word} saddr @mesh{family} ct direction reply accept"
    if plan.hosting is not None and plan.hosting.resolver_port is not None:
        # Only what came for port 53: the forwarder's own port is nobody's business.
        for protocol in ("udp", "tcp"):
            asked = f"meta l4proto {protocol} ct status dnat ct original proto-dst 53"
            yield from both_families(f"{{word}} saddr @routing{{family}} {asked} accept")
    for address in own_addresses(plan):
        family = "6" if ":" in address else "4"
        yield f"{family_word(address)} saddr @incoming{family} {family_word(address)} daddr {address} accept"
    for _, word, family in families():
        # An error about an answer of ours, which the peer's own packets asked for.
        protocol = "icmp" if family == "4" else "icmpv6"
        yield f"{word} saddr @mesh{family} meta l4proto {protocol} ct state related accept"
    yield "drop"


def _reroute(plan: SystemPlan) -> Iterator[str]:
    interface = interface_of(plan)
    yield f"ct mark {marks.BESIDE_TUNNEL:#x} ct direction reply meta mark set {marks.PACKET_MARK:#x}"
    yield f"ct mark {marks.SERVED_BEFORE:#x} meta mark set {marks.PACKET_MARK:#x}"
    # The daemon marks its own sockets; the flow keeps the mark so that its answers pass a strict reverse path filter.
    not_served = f"ct mark != {marks.SERVED_BEFORE:#x}"
    yield f"meta mark {marks.PACKET_MARK:#x} ct direction original {not_served} ct mark set {marks.BESIDE_TUNNEL:#x}"
    if plan.route is None:
        # Tracking may begin in the middle of somebody's SSH session. Without this the first packet seen would be the
        # server's, the flow would count as opened here, and turning a route on later would lock the person out. Only
        # SSH's own port: a wider rule would catch connections that programs here opened from a low port.
        yield (
            f'oifname != {{ "lo", "{interface}" }} ct state new tcp flags & (syn | rst) == 0x0 '
            f"tcp sport 22 ct mark set {marks.SERVED_BEFORE:#x}"
        )


def _unasked(plan: SystemPlan) -> Iterator[str]:
    """Answers to peers that may not open connections here: flows from before that was taken back.

    A flow in the middle of which tracking began would otherwise count as opened by whoever is seen first: this device.
    """
    if plan.tunnel is None:
        return
    # Into itself, where somebody's route to a peer leads through the tunnel: without an end.
    own = f"meta mark {marks.PACKET_MARK:#x} udp sport {plan.tunnel.listen_port}"
    yield f'oifname "{interface_of(plan)}" {own} drop'
    for _, word, family in families():
        barred = f'oifname "{interface_of(plan)}" {word} daddr @mesh{family} {word} daddr != @incoming{family}'
        # Not errors about what a peer sends through here, nor names.
        yield f"{barred} ct state established ct direction reply ct status & dnat == 0 drop"
        yield f"{barred} ct state new tcp flags & (syn | rst) == 0x0 drop"


def _clamp(plan: SystemPlan) -> Iterator[str]:
    if plan.tunnel is None:
        return
    interface, mtu = plan.tunnel.interface, plan.tunnel.mtu
    syn = "tcp flags & (syn | rst) == syn"
    yield f'oifname "{interface}" {syn} tcp option maxseg size set rt mtu'
    # The kernel never raises the value, so one number for all routes is enough in this direction.
    for protocol, _, family in families():
        headers = 60 if family == "6" else 40
        yield f'iifname "{interface}" meta nfproto {protocol} {syn} tcp option maxseg size set {mtu - headers}'


def _forward(plan: SystemPlan, opened: frozenset[int]) -> Iterator[str]:
    interface = interface_of(plan)
    yield from neighbour_rules(plan, opened)
    yield f'iifname "{interface}" goto from_tunnel'
    yield f'oifname "{interface}" goto to_tunnel'
    yield from forward_guard_rules(plan)


def _leaving(plan: SystemPlan) -> Iterator[str]:
    # Here and not in output: only here the interface is known by which a rerouted packet really leaves.
    for _, word, family in families():
        yield (
            f'oifname "{interface_of(plan)}" ct direction original {word} daddr != @mesh{family} '
            f"ct mark != {marks.LEFT_BY_TUNNEL:#x} ct mark set {marks.LEFT_BY_TUNNEL:#x}"
        )


def _inside(plan: SystemPlan) -> Iterator[str]:
    for address in own_addresses(plan):
        # A connection that began in a route and outlives it would tell the network around of the mesh.
        word, peers = family_word(address), "@mesh6" if ":" in address else "@mesh4"
        yield f'oifname != {{ "lo", "{interface_of(plan)}" }} {word} saddr {address} {word} daddr != {peers} drop'


def _sources(plan: SystemPlan) -> Iterator[str]:
    for address in own_addresses(plan):
        # snat rather than masquerade: it forgets no flow when the interface is made anew under it.
        word = family_word(address)
        yield f'oifname "{interface_of(plan)}" {word} saddr != {address} snat {word} to {address} fully-random'
    if plan.tunnel is not None and plan.hosting is not None and plan.hosting.routing:
        first, last = _free_ports(plan.tunnel.listen_port)
        for sender in both_families("{word} saddr @routing{family}"):
            yield f"meta l4proto {{ tcp, udp }} {sender} masquerade to :{first}-{last} fully-random"
            yield f"{sender} masquerade fully-random"


def _free_ports(listen_port: int) -> tuple[int, int]:
    """The source ports for what peers send: passing ones, on one side of WireGuard's own.

    Whoever had a flow to some device with WireGuard's port as its source would get what that device sends to WireGuard
    (port shadowing, CVE-2021-3773); the same goes for servers of this device, whose ports are lower. Taking WireGuard
    out of connection tracking would do too, but a firewall that lets in only answers would then shut it out.
    """
    sides = (_EPHEMERAL, min(listen_port, _LAST_PORT + 1) - 1), (max(listen_port + 1, _EPHEMERAL), _LAST_PORT)
    return max(sides, key=lambda side: side[1] - side[0])
