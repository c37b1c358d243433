"""The choice of IPv4 addresses for devices. Pure: what is taken and the randomness are arguments.

Addresses are drawn at random, because 100.64.0.0/10 is shared with carrier NAT and other overlays: neighbours in the
prefix collide less often when nobody starts counting at the bottom.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv4Network

from meshnet.errors import Code, Refusal

_TRIES = 64
_RESOLVERS = frozenset({"100.100.100.100", "100.100.100.200"})
"""Fixed service addresses of Tailscale (its resolver) and Alibaba Cloud (its metadata service) in 100.64.0.0/10."""


def network_of(text: str) -> IPv4Network:
    """Read the prefix that addresses are taken from; ValueError, in words, for one that cannot serve."""
    network = IPv4Network(text)
    if network.prefixlen > 30:
        raise ValueError(f"{network} has no room for devices; a /30 is the smallest that has")
    if network.is_multicast or network.is_loopback or network.is_link_local or network.is_reserved:
        raise ValueError(f"{network} is reserved for another use")
    return network


def choose_address(network: IPv4Network, taken: Collection[str], below: Callable[[int], int]) -> str:
    """A free address of the network, never its first or last; Refusal `address-pool-empty`.

    `below(n)` draws a random number from 0 to n-1, as `secrets.randbelow` does.
    """
    first, count = int(network.network_address) + 1, network.num_addresses - 2
    for _ in range(_TRIES):
        address = str(IPv4Address(first + below(count)))
        if address not in taken and address not in _RESOLVERS:
            return address
    return _first_free(first, count, taken, below(count))


def _first_free(first: int, count: int, taken: Collection[str], start: int) -> str:
    for step in range(count):
        address = str(IPv4Address(first + (start + step) % count))
        if address not in taken and address not in _RESOLVERS:
            return address
    raise Refusal(Code.ADDRESS_POOL_EMPTY)
