"""The small vocabulary that all parts of the firewall share. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from itertools import groupby

from meshnet_platform.api import SystemPlan
from meshnet_platform.linux.marks import DEFAULT_INTERFACE

Rules = Iterable[str]


def families() -> tuple[tuple[str, str, str], ...]:
    """For IPv4 and IPv6: the protocol's word, the word of its header, and the ending of its sets' names."""
    return ("ipv4", "ip", "4"), ("ipv6", "ip6", "6")


def both_families(template: str) -> Iterator[str]:
    """The rule once for each family; {protocol}, {word} and {family} are filled in."""
    for protocol, word, family in families():
        yield template.format(protocol=protocol, word=word, family=family)


def family_word(address: str) -> str:
    """nft's word for the header in which this address or prefix stands."""
    return "ip6" if ":" in address else "ip"


def interface_of(plan: SystemPlan) -> str:
    """The name of the tunnel's interface; the usual one while a plan blocks without any tunnel."""
    return plan.tunnel.interface if plan.tunnel else DEFAULT_INTERFACE


def one_of(interfaces: Iterable[str]) -> str:
    """The set of these interfaces, as nft writes it."""
    names = ", ".join(f'"{name}"' for name in interfaces)
    return f"{{ {names} }}"


def own_addresses(plan: SystemPlan) -> tuple[str, ...]:
    """This device's mesh addresses, without a length."""
    return tuple(address.partition("/")[0] for address in plan.tunnel.addresses) if plan.tunnel else ()


def host_addresses(plan: SystemPlan) -> tuple[str, ...]:
    """The mesh addresses of the configured peers: all that they may send from but whole networks."""
    peers = plan.tunnel.peers if plan.tunnel else ()
    allowed = (prefix for peer in peers for prefix in peer.allowed)
    return tuple(prefix.partition("/")[0] for prefix in allowed if is_host(prefix))


def is_host(prefix: str) -> bool:
    """Whether the prefix is a single address."""
    return prefix.endswith("/128" if ":" in prefix else "/32")


def destinations(prefixes: Iterable[str]) -> Iterator[str]:
    """Matches that together hold for every destination within these prefixes: one for each length of each family.

    Hash sets of constants, asked with the masked destination: their members are there at the very moment their rule
    is, which is not so of sets of intervals.
    """
    networks = sorted(
        (ipaddress.ip_network(prefix) for prefix in prefixes), key=lambda one: (one.version, one.prefixlen, one)
    )
    for (version, length), group in groupby(networks, key=lambda one: (one.version, one.prefixlen)):
        members = list(group)
        word = "ip" if version == 4 else "ip6"
        masked = f" & {members[0].netmask}" if length < members[0].max_prefixlen else ""
        yield f"{word} daddr{masked} {{ {', '.join(str(one.network_address) for one in members)} }}"
