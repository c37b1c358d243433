"""What other firewalls of this Linux system would do with our packets. Pure: judges rules that were read elsewhere.

An `accept` of ours ends our own chain and no other: a packet passes only where every base chain at its hook lets it.
So each base chain of others is walked with a description of the packet, following jumps, in a logic of three values:
what cannot be known counts as both, and the verdict is then "may drop". Judged are a stranger on the internet that is
on no list, and a port that nobody made a rule for; a rule for one address or one port of somebody's is no obstacle.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Truth = bool | None
"""None: cannot be known."""
Value = str | int | Network | tuple[int, int]
"""A word ("tcp"), an interface ("eth0", "veth*"), a mark, a prefix, a range of ports."""

_DEPTH_MAX = 16
"""Jumps deep; the kernel's own limit (NFT_JUMP_STACK_SIZE)."""
_LIST_LONG = 1000
"""From so many prefixes on, a list may be one of whole countries, and a stranger may well be on it."""
_GLOBAL6 = ipaddress.IPv6Network("2000::/3")


class Stranger(Enum):
    """An ordinary address of the internet."""

    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet of ours, as a chain would see it; None: unknown."""

    hook: str
    """"input", "forward" or "output"."""
    nfproto: str
    """"ipv4" or "ipv6"."""
    iif: str | None
    oif: str | None
    saddr: Network | Stranger | None
    daddr: Network | Stranger | None
    protocol: str
    dport: tuple[int, int] | None
    sport: tuple[int, int] | None = None
    state: str = "new"
    direction: str = "original"
    status: frozenset[str] = frozenset()
    mark: int = 0
    daddr_type: str = "unicast"
    pkttype: str = "host"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a rule: a field of the packet is one of these values, or (negated) none of them."""

    field: str
    values: tuple[Value, ...]
    negated: bool = False
    mask: int | None = None

    def holds(self, packet: Packet) -> Truth:
        """Whether the packet meets it."""
        have = getattr(packet, self.field, None)
        found = None if have is None else _is_any(have, self.values, self.mask)
        return (not found) if self.negated and found is not None else found


NEVER = Condition("nfproto", ())
"""A condition that no packet of ours meets (an option or a header that ours do not have)."""
UNKNOWN = Condition("unknown", ())
"""A condition that cannot be judged (a rate, an owner, a condition that the reader has no word for)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to packets that meet all the conditions."""

    conditions: tuple[Condition, ...]
    verdict: str
    """"accept", "drop" (also rejects), "return", "jump", "goto", "queue"."""
    target: str = ""
    """The chain of a jump or goto."""

    def meets(self, packet: Packet) -> Truth:
        """Whether the packet meets it."""
        results = [one.holds(packet) for one in self.conditions]
        return False if False in results else None if None in results else True


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain; with a hook, one that packets come to by themselves."""

    name: str
    hook: str | None = None
    policy: str = "accept"
    rules: list[Rule] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of somebody else's."""

    family: str
    """"ip", "ip6" or "inet"."""
    name: str
    chains: dict[str, Chain] = field(default_factory=dict)
    program: str = "nft"
    """What its owner changes it with: "nft", "iptables-nft" or "iptables-legacy"."""

    def sees(self, packet: Packet) -> bool:
        """Whether packets of this family come to it."""
        return self.family in ("inet", "ip" if packet.nfproto == "ipv4" else "ip6")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A base chain that drops a packet of ours, or may."""

    table: Table
    chain: str
    dropped_in: str
    """The chain in which the rule that drops stands, or the base chain where its policy does."""
    is_certain: bool


def obstacles(tables: Iterable[Table], packet: Packet) -> Iterator[Obstacle]:
    """The base chains that do not let the packet pass for certain."""
    for table in tables:
        if not table.sees(packet):
            continue
        for chain in table.chains.values():
            if chain.hook != packet.hook:
                continue
            ends = _walk(table, chain, packet, 0)
            drops = [end for end in ends if end.startswith("drop ")]
            if "next" in ends and chain.policy == "drop":
                drops.append(f"drop {chain.name}")
            passes = "accept" in ends or ("next" in ends and chain.policy != "drop")
            if drops:
                yield Obstacle(table, chain.name, min(drops).removeprefix("drop "), not passes)


def _walk(table: Table, chain: Chain, packet: Packet, depth: int) -> set[str]:
    """How the packet may leave the chain: "accept", "drop CHAIN", "next" (to the caller)."""
    ends: set[str] = set()
    for rule in chain.rules:
        meets = rule.meets(packet)
        if meets is False:
            continue
        outcome = _outcome(table, chain, rule, packet, depth)
        goes_on = rule.verdict == "jump" and "next" in outcome
        ends |= outcome - {"next"} if goes_on else outcome
        if meets and not goes_on:
            return ends
    return ends | {"next"}


def _outcome(table: Table, chain: Chain, rule: Rule, packet: Packet, depth: int) -> set[str]:
    if rule.verdict in ("jump", "goto"):
        target = table.chains.get(rule.target)
        if target is None or depth >= _DEPTH_MAX:
            return {"next"}
        return _walk(table, target, packet, depth + 1)
    if rule.verdict == "queue":
        return {"accept", f"drop {chain.name}"}
    return {{"accept": "accept", "return": "next"}.get(rule.verdict, f"drop {chain.name}")}


def _is_any(have: object, values: tuple[Value, ...], mask: int | None) -> Truth:
    if have is Stranger.STRANGER and len(values) > _LIST_LONG:
        return None
    results = {_is(have, value, mask) for value in values}
    return True if True in results else None if None in results else False


def _is(have: object, value: Value, mask: int | None) -> Truth:
    """Whether the packet's value is, or lies within, the rule's."""
    if isinstance(have, str):
        return _is_word(have, value)
    if isinstance(have, frozenset):
        return value in have
    if isinstance(have, int):
        return (have & mask if mask is not None else have) == value
    if isinstance(have, tuple):
        return _is_within(have, value) if isinstance(value, tuple) else None
    if not isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return None
    return _stranger_is_in(value) if have is Stranger.STRANGER else _is_inside(have, value)


def _is_word(have: str, value: Value) -> Truth:
    if not isinstance(value, str):
        return None
    return have.startswith(value[:-1]) if value.endswith("*") else have == value


def _is_within(have: tuple[int, int], value: tuple[int, int]) -> Truth:
    if value[0] <= have[0] and have[1] <= value[1]:
        return True
    # A rule for a few of many ports leaves the rest as they are, and it is the rest that is judged.
    is_narrow = value[1] - value[0] < (have[1] - have[0]) // 2
    return False if is_narrow or value[1] < have[0] or have[1] < value[0] else None


def _stranger_is_in(prefix: Network) -> Truth:
    if prefix.prefixlen == 0 or prefix == _GLOBAL6:
        return True
    is_wide = prefix.prefixlen <= (8 if prefix.version == 4 else 16)
    return None if is_wide and prefix.is_global else False


def _is_inside(have: object, prefix: Network) -> Truth:
    if isinstance(have, ipaddress.IPv4Network) and isinstance(prefix, ipaddress.IPv4Network):
        return True if have.subnet_of(prefix) else None if have.overlaps(prefix) else False
    if isinstance(have, ipaddress.IPv6Network) and isinstance(prefix, ipaddress.IPv6Network):
        return True if have.subnet_of(prefix) else None if have.overlaps(prefix) else False
    return False
