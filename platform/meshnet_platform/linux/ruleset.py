"""What a firewall is to us: the text of its rules apart from the members of its sets, and how one becomes another.

The two are apart because they change differently: a grant is one element of a set, and must not make the kernel take
all rules out and put new ones in. Pure; `nft -f -` (nft(8)) carries out the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from meshnet_platform.linux.marks import FIREWALL_TABLE

_TABLE = f"inet {FIREWALL_TABLE}"
SETS = ("mesh", "incoming", "routing", "lan")
"""Each exists twice: `mesh4` for IPv4 addresses and `mesh6` for IPv6."""
MAPS = {
    "alias_port4": "ipv4_addr . inet_service : mark",
    "alias_port6": "ipv6_addr . inet_service : mark",
    "alias_address4": "ipv4_addr . inet_service : ipv4_addr",
    "alias_address6": "ipv6_addr . inet_service : ipv6_addr",
    "alias_ports": "mark : inet_service",
}
"""Their types: a source, and the port and the address to be written in its place; a port as mark, and the port."""
SET_TYPES = {f"{name}{family}": f"ipv{family}_addr" for name in SETS for family in "46"}


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A whole table of ours."""

    rules: str
    """The chains, as they stand inside the table."""
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    """The addresses in each set, and the "KEY : VALUE" in each map, both as nft lists them."""


def transaction(previous: Ruleset | None, wanted: Ruleset) -> str:
    """Text that turns the table into `wanted` in one step of the kernel; empty where nothing differs.

    With `previous` None nothing is assumed about what is there. The table is never deleted and made anew: a fresh chain
    starts out accepting, and its drop policy arrives late in the commit, so that packets would slip through.
    """
    if previous is not None and previous.rules == wanted.rules:
        return "".join(_set_edit(name, previous, wanted) for name in (*SET_TYPES, *MAPS))
    filled = (_set_filled(name, wanted) for name in (*SET_TYPES, *MAPS))
    return "".join((_whole_table(wanted), *filled))


def removal() -> str:
    """Text that takes the table away, whether it is there or not."""
    return f"add table {_TABLE}\ndelete table {_TABLE}\n"


def _whole_table(wanted: Ruleset) -> str:
    sets = "".join(f"  set {name} {{ type {kind}; }}\n" for name, kind in SET_TYPES.items())
    maps = "".join(f"  map {name} {{ type {kind}; }}\n" for name, kind in MAPS.items())
    return f"add table {_TABLE}\nflush table {_TABLE}\ntable {_TABLE} {{\n{sets}{maps}{wanted.rules}}}\n"


def _set_filled(name: str, wanted: Ruleset) -> str:
    # `flush table` empties chains, not sets: members that a daemon before this one left must go.
    kind = "map" if name in MAPS else "set"
    return f"flush {kind} {_TABLE} {name}\n" + _elements("add", name, wanted.members.get(name, frozenset()))


def _set_edit(name: str, previous: Ruleset, wanted: Ruleset) -> str:
    old, new = (ruleset.members.get(name, frozenset()) for ruleset in (previous, wanted))
    return _elements("delete", name, old - new) + _elements("add", name, new - old)


def _elements(verb: str, name: str, members: frozenset[str]) -> str:
    return f"{verb} element {_TABLE} {name} {{ {', '.join(sorted(members))} }}\n" if members else ""
