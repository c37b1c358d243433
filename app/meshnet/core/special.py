"""Address ranges that are not the public internet (IANA special-purpose registries of IPv4 and IPv6, RFC 6890)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network_of(prefix: str) -> Network:
    """The network of an address with its length ("192.168.1.20/24" → 192.168.1.0/24)."""
    return ipaddress.ip_network(prefix, strict=False)


def texts_of(networks: Iterable[Network]) -> tuple[str, ...]:
    """The networks as text, in order."""
    return tuple(sorted(map(str, networks)))


def is_within(network: Network, ranges: tuple[Network, ...]) -> bool:
    """Whether all of the network is in one of the ranges."""
    if isinstance(network, ipaddress.IPv4Network):
        return any(network.subnet_of(wider) for wider in ranges if isinstance(wider, ipaddress.IPv4Network))
    return any(network.subnet_of(wider) for wider in ranges if isinstance(wider, ipaddress.IPv6Network))


def is_prefix(text: str) -> bool:
    """Whether this is a prefix in its usual spelling ("192.168.1.0/24")."""
    try:
        return str(ipaddress.ip_network(text)) == text
    except ValueError:
        return False


NOT_PUBLIC: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/3",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "4000::/2",
        "8000::/1",
    )
)
"""What a peer without `lan` never reaches. Translated forms of IPv4 are among them: they lead to the same places.

Of IPv6, all but 2000::/3: nothing else has been given out for the internet (IANA, IPv6 Global Unicast Assignments).
"""

METADATA: tuple[Network, ...] = (ipaddress.ip_network("168.63.129.16/32"),)
"""Public addresses at which a cloud tells a machine about itself (Azure); elsewhere they are link-local or private."""

TRANSLATED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
"""Those of `NOT_PUBLIC` that stand for IPv4 addresses, public ones too: whoever calls one local is after them."""

ON_LINK_ONLY: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "224.0.0.0/24", "239.255.255.250/32", "255.255.255.255/32", "fe80::/10", "ff02::/16")
)
"""What no router carries: link-local addresses, and the groups by which printers and the like are found."""
