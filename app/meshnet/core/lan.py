"""A host's local networks, and what a peer without `lan` never reaches. Pure.

A local network is one that this device is in by a card of its own. Networks inside this device (of containers, of
virtual machines) and networks that others brought (VPNs) are none: whoever granted `lan` meant the house.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from meshnet.core.kinds import CARDS, SWITCHES, WIRE
from meshnet.core.special import METADATA, NOT_PUBLIC, Network, is_within, network_of, texts_of
from meshnet_platform.api import Facts, Link

_DELEGATED = 56
"""Length of what providers delegate to a home or an office (RFC 6177 recommends no less than a /56)."""


@dataclass(frozen=True, slots=True)
class LocalNetworks:
    """The prefixes of local networks, and the interfaces that lead there."""

    prefixes: tuple[str, ...]
    interfaces: tuple[str, ...]


def local_networks(facts: Facts, mesh: Iterable[Network]) -> LocalNetworks:
    """The local networks, without what is the mesh's or belongs to another network of this device."""
    links = [link for link in facts.links if link.is_up and not link.is_loopback]
    local = [link for link in links if _is_local(link, facts) and _shared(link)]
    others = [network for link in links if not _is_local(link, facts) for network in _networks(link)]
    prefixes = {network for link in local for network in _shared(link)}
    for hole in (*mesh, *others):
        prefixes = {part for network in prefixes for part in _without(network, hole)}
    return LocalNetworks(texts_of(prefixes), tuple(sorted(link.name for link in local)))


def public_local_networks(facts: Facts, mesh: Iterable[Network]) -> tuple[str, ...]:
    """Those with public addresses: no list of special ranges names them, so others have to be told."""
    found = local_networks(facts, mesh).prefixes
    return tuple(prefix for prefix in found if not is_within(network_of(prefix), NOT_PUBLIC))


def inner_interfaces(facts: Facts) -> tuple[str, ...]:
    """The interfaces behind which are this device's own containers and virtual machines."""
    inner = (link for link in facts.links if link.kind in SWITCHES | {WIRE} and not _is_local(link, facts))
    return tuple(sorted(link.name for link in inner if not link.bridge))


def denied(facts: Facts, own_public: Iterable[str]) -> tuple[str, ...]:
    """What is not the internet to a peer: special ranges, and all that is this device's or its network's own.

    Of IPv6 also the whole /56 around an own address: a home's other networks are there, and the default gateway would
    pass packets on to them. At a provider that gives each machine a /64 this closes some neighbours' addresses too.
    """
    own = {network for link in facts.links for network in _networks(link)} | {network_of(one) for one in own_public}
    own |= {delegated for network in own if (delegated := _delegated(network)) is not None}
    own |= {network_of(gateway.address) for gateway in facts.gateways if gateway.address is not None}
    own |= {network_of(prefix) for prefix in facts.routed}
    rest = {network for network in own if network.prefixlen > 0 and not is_within(network, NOT_PUBLIC)}
    return texts_of({*NOT_PUBLIC, *METADATA, *rest})


def _is_local(link: Link, facts: Facts) -> bool:
    if link.kind in CARDS:
        return True
    if any(gateway.interface == link.name for gateway in facts.gateways):
        return link.kind in SWITCHES or link.kind == WIRE
    if link.kind in SWITCHES:
        return any(port.bridge == link.name and port.kind in CARDS for port in facts.links)
    # A container's own card. On a machine with cards, it is the machine's end of a container's wire.
    return link.kind == WIRE and not any(other.kind == "" and not other.is_loopback for other in facts.links)


def _networks(link: Link) -> set[Network]:
    return {network_of(address) for address in link.addresses}


def _shared(link: Link) -> set[Network]:
    """Those that can have other machines in them, and that routers carry."""
    return {
        network
        for network in _networks(link)
        if 0 < network.prefixlen < network.max_prefixlen - 1 and not network.is_link_local
    }


def _without(network: Network, hole: Network) -> Iterable[Network]:
    if not network.overlaps(hole):
        return (network,)
    if is_within(network, (hole,)):
        return ()
    if isinstance(network, ipaddress.IPv4Network) and isinstance(hole, ipaddress.IPv4Network):
        return network.address_exclude(hole)
    if isinstance(network, ipaddress.IPv6Network) and isinstance(hole, ipaddress.IPv6Network):
        return network.address_exclude(hole)
    return ()


def _delegated(network: Network) -> Network | None:
    if not isinstance(network, ipaddress.IPv6Network) or network.prefixlen <= _DELEGATED:
        return None
    return network.supernet(new_prefix=_DELEGATED)
