"""The relay's firewall table, as text for nft(8): a pure function of addresses and of who owns which port.

    entry     prerouting   what comes to an allocated port of the relay's address leaves the machine's usual way here
    owner*                 only what the port's owner may have sent goes on, and gets the number of this end
    learn*                 the source port that the owner's NAT gave it: kept, refreshed, or taken over after silence
    pass*                  to the other end: addresses and ports are rewritten, or the packet is dropped
    count                  the limit, and the mark by which the packet is known from here on
    forward   forward      where forwarding is on because of us, nothing else is forwarded
    source    postrouting  it leaves with the relay's address
    errors    output       what the kernel would tell one end about packets to the other

The law: one packet in, at most one out, of the same size, and only to an address that was bound; whatever is not so
ends in a drop. Nothing is tracked (conntrack), so no other program's translation touches it. All sets are plain hash
sets, so an allocation costs the same however many there are.

An end is known by a number of its own, new with each binding: what was learnt under an old one is never asked again
and expires by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meshnet_platform.linux.marks import RELAYED

TABLE = ("inet", "meshnet-relay")
SILENCE = 30
"""Seconds after which another source port of the same address may take over. Longer than WireGuard's keepalives of 25:
whoever keeps its way open cannot be pushed out by a neighbour behind the same NAT, nor by a forged packet."""
REMEMBERED = 300
"""Seconds for which packets are sent to a source port that is silent. What RFC 4787 (REQ-5) recommends for mappings."""
COUNTED = 86400
"""Seconds for which it is known when something was last sent from a port."""
RATE = "125 mbytes/second burst 64 mbytes"
"""What each end of a pair may send: a gigabit."""

_NAME = " ".join(TABLE)
_KEPT = 131072
"""Elements of sets that packets fill: far more than there are ports, for ends of old bindings are still in them."""
_FIXED = {4: 5, 6: 0}
_HEADER = {4: "ip", 6: "ip6"}
_TYPE = {4: "ipv4_addr", 6: "ipv6_addr"}
_QUOTED = {4: ("@th,136,8", "@th,224,16"), 6: ("@th,112,8", "@th,384,16")}
"""Where in an ICMP error the quoted packet has its protocol and its source port: behind 8 bytes of ICMP and (IPv4
without options) 20 or 40 bytes of IP."""
_ERRORS = {
    4: "icmp type { destination-unreachable, time-exceeded, parameter-problem }",
    6: "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }",
}
_REDIRECT = {4: "icmp type redirect drop", 6: "icmpv6 type nd-redirect drop"}


@dataclass(frozen=True, slots=True)
class End:
    """A port of the relay and who owns it."""

    port: int
    address: str
    number: int
    source: int | None = None
    """The source port that is known from an earlier binding of the same address."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What forwarding must stay closed to."""

    opened: frozenset[int] = frozenset()
    """Families (4, 6) whose forwarding was off before us."""
    uplinks: tuple[str, ...] = ()
    """Interfaces with a default route."""
    tunnel: str = ""
    """The mesh's interface, should this machine be a host as well: its own firewall judges what comes from there."""


def family_of(address: str) -> int:
    """4 or 6."""
    return 6 if ":" in address else 4


def render(addresses: Iterable[str], around: Surroundings) -> str:
    """Text that makes the whole table anew, without any owner, whatever was there before."""
    relays = {family_of(address): address for address in addresses}
    entry = (f"{_HEADER[f]} daddr {relay} udp dport @ports goto owner{f}" for f, relay in relays.items())
    source = (f"meta mark {RELAYED:#x} {_HEADER[f]} saddr set {relay}" for f, relay in relays.items())
    parts = [
        "".join(f"  {line}\n" for family in (None, *relays) for line in _sets(family)),
        _chain("count", _count()),
        *(chain for family in relays for chain in _way(family)),
        _chain("entry", entry, "filter hook prerouting priority raw"),
        _chain("forward", _forward(around), "filter hook forward priority filter - 10"),
        _chain("source", source, "filter hook postrouting priority 300"),
        _chain("errors", _errors(relays), "filter hook output priority filter - 10"),
    ]
    return f"{removal()}table {_NAME} {{\n{''.join(parts)}}}\n"


def removal() -> str:
    """Text that takes the table away, whether it is there or not."""
    return f"add table {_NAME}\ndelete table {_NAME}\n"


def admission(ends: Iterable[End]) -> str:
    """Text that gives these ports to their owners."""
    ends = tuple(ends)
    carried = (("learnt", f"{end.number} : {end.source}") for end in ends if end.source is not None)
    return _elements("add", (*(pair for end in ends for pair in _owned(end, whole=True)), *carried))


def dismissal(ends: Iterable[End]) -> str:
    """Text that takes them back."""
    return _elements("delete", (pair for end in ends for pair in _owned(end, whole=False)))


def _owned(end: End, *, whole: bool) -> Iterator[tuple[str, str]]:
    """The elements by which a port is somebody's: set, and element with or without what it leads to."""
    family = family_of(end.address)

    def leads_to(what: object) -> str:
        return f" : {what}" if whole else ""

    yield "ports", str(end.port)
    yield f"owners{family}", f"{end.address} . {end.port}{leads_to(end.number)}"
    yield f"addresses{family}", f"{end.port}{leads_to(end.address)}"
    yield "numbers", f"{end.port}{leads_to(end.number)}"
    # What an error to this end would quote is on its way out already: it has the other end's port as its source.
    yield f"quoted{family}", f"{end.address} . {end.port ^ 1}"


def _elements(verb: str, pairs: Iterable[tuple[str, str]]) -> str:
    gathered: dict[str, list[str]] = {}
    for name, element in pairs:
        gathered.setdefault(name, []).append(element)
    return "".join(f"{verb} element {_NAME} {name} {{ {', '.join(found)} }}\n" for name, found in gathered.items())


def _sets(family: int | None) -> Iterator[str]:
    if family is None:
        kept = f"flags dynamic,timeout; size {_KEPT};"
        yield "set ports { type inet_service; }"
        yield "map numbers { type inet_service : mark; }"
        yield f"map learnt {{ type mark : inet_service; {kept} timeout {REMEMBERED}s; }}"
        yield f"set current {{ type mark . inet_service; {kept} timeout {SILENCE}s; }}"
        # A second more: it must not end before the element of `current` that the same packet refreshed.
        yield f"set taken {{ type mark; {kept} timeout {SILENCE + 1}s; }}"
        yield f"set sent {{ type inet_service; flags dynamic,timeout; size 65536; timeout {COUNTED}s; }}"
        return
    yield f"map owners{family} {{ type {_TYPE[family]} . inet_service : mark; }}"
    yield f"map addresses{family} {{ type inet_service : {_TYPE[family]}; }}"
    yield f"set quoted{family} {{ typeof {_HEADER[family]} daddr . {_QUOTED[family][1]}; }}"


def _way(family: int) -> Iterator[str]:
    yield from (_chain(f"pass{family}", _pass(family)),)
    if family == 4:
        yield _chain("bare4", (f"{_rewritten(4)} udp checksum set 0 goto count", "counter drop"))
    yield _chain(f"learn{family}", _learn(family))
    yield _chain(f"owner{family}", _owner(family))


def _owner(family: int) -> Iterator[str]:
    word = _HEADER[family]
    if family == 4:
        # Options ask for a way of the sender's choice; of a packet in pieces only the first says what port it is for.
        yield "ip hdrlength != 5 drop"
        yield "ip frag-off & 0x3fff != 0 drop"
        yield "ip ttl < 2 drop"
    else:
        yield "ip6 nexthdr != udp drop"
        yield "ip6 hoplimit < 2 drop"
    yield f"meta mark set {word} saddr . udp dport map @owners{family} goto learn{family}"
    yield "counter drop"


def _learn(family: int) -> Iterator[str]:
    current = "@current { meta mark . udp sport }"
    # An update keeps the value and only lengthens its life: the port in `learnt` stays the one that is in `current`.
    refreshed = f"update @learnt {{ meta mark : udp sport }} update {current} update @taken {{ meta mark }}"
    yield f"meta mark . udp sport @current {refreshed} goto pass{family}"
    yield "meta mark @taken counter drop"
    yield "delete @learnt { meta mark : udp sport }"
    yield f"{refreshed} goto pass{family}"
    yield "counter drop"


def _pass(family: int) -> Iterator[str]:
    yield "notrack"
    if family == 4:
        # No checksum (RFC 768) would become a wrong one.
        yield "udp checksum 0 goto bare4"
    yield f"{_rewritten(family)} goto count"
    # The other end has not been heard of.
    yield "counter drop"


def _rewritten(family: int) -> str:
    """The other end's port is the source, and where its owner was heard last is the destination; fails while unknown.

    The source address waits: a packet that comes in with an address of this machine as its source is refused.
    """
    return (
        "udp dport set udp dport ^ 1 udp sport set udp dport meta mark set udp dport map @numbers "
        f"{_HEADER[family]} daddr set udp dport map @addresses{family} udp dport set meta mark map @learnt"
    )


def _count() -> Iterator[str]:
    yield f"update @sent {{ udp sport limit rate over {RATE} }} counter drop"
    yield f"counter meta mark set {RELAYED:#x} accept"


def _forward(around: Surroundings) -> Iterator[str]:
    yield f"meta mark {RELAYED:#x} accept"
    for family in sorted(around.opened):
        for sender in _neighbours(around):
            # An answer, or what somebody's published port takes, was asked for; of an untracked packet nobody knows.
            new = f"meta nfproto ipv{family} {sender}"
            yield f"{new} ct state {{ invalid, untracked }} drop"
            yield f"{new} ct state new ct status & dnat == 0 drop"


def _neighbours(around: Surroundings) -> Iterator[str]:
    """What is not behind this machine: all but its containers and virtual machines, which hang on bridges."""
    if around.uplinks:
        yield f"iifname {{ {', '.join(f'{chr(34)}{name}{chr(34)}' for name in around.uplinks)} }}"
    yield f'meta iifkind != "bridge" iifname != "{around.tunnel}"' if around.tunnel else 'meta iifkind != "bridge"'


def _errors(families: Iterable[int]) -> Iterator[str]:
    for family in families:
        protocol, port = _QUOTED[family]
        # They quote the packet as it would have left, with the other end's address in it; a redirect names it as well.
        yield _REDIRECT[family]
        yield f"{_ERRORS[family]} {protocol} 17 {_HEADER[family]} daddr . {port} @quoted{family} counter drop"


def _chain(name: str, rules: Iterable[str], hook: str = "") -> str:
    head = [f"type {hook}; policy accept;"] if hook else []
    return f"  chain {name} {{\n{''.join(f'    {line}{chr(10)}' for line in (*head, *rules))}  }}\n"
