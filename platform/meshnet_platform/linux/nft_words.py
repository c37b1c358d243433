"""The small vocabulary that all parts of the firewall share. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
