"""Endpoints at which a device may be met: which ones it names, and how those of a peer have answered. Pure."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meshnet.core.endpoints import format_endpoint, may_be_candidate, parse_endpoint
from meshnet.core.lan import inner_interfaces
from meshnet.core.probes import NO_COOKIE
from meshnet.core.special import Network, is_within, network_of
from meshnet_platform.api import Facts

MOST = 8
"""In one record or offer."""
DEAD_AFTER = 3
"""Asks in a row without an answer."""
ALIVE = 60.0
"""Seconds for which an answer says something."""
_TUNNELS = frozenset({"wireguard", "tun", "ipip", "gre", "sit", "vti", "xfrm", "ip6tnl", "ip6gre"})
_IPV6_EACH = 2
"""Of one interface: a system with privacy extensions (RFC 8981) has many."""


@dataclass(slots=True)
class Candidate:
    """One endpoint of the peer, and how it has answered."""

    endpoint: str
    is_relay: bool = False
    is_named: bool = True
    """By the peer or the coordinator; otherwise the peer was merely heard from there."""
    ask_at: float = math.inf
    bursts: int = 0
    """Asks since it was last worth trying."""
    tries: int = 0
    """Asks in a row without an answer."""
    rtt: float | None = None
    answered_at: float = -math.inf
    answers_since: float = math.inf
    """Since when all asks are answered."""
    heard_at: float = -math.inf
    hold: float = 0.0
    cookie: bytes = NO_COOKIE

    @property
    def family(self) -> int:
        """4 or 6."""
        return parse_endpoint(self.endpoint)[0].version

    @property
    def is_near(self) -> bool:
        """In a network that the two share."""
        return not self.is_relay and parse_endpoint(self.endpoint)[0].is_private

    def is_good(self, now: float) -> bool:
        """Whether it may be chosen."""
        answers = now - self.answered_at < ALIVE and self.tries < DEAD_AFTER
        return answers and now - self.answers_since >= self.hold


def rank(candidate: Candidate) -> tuple[bool, bool, float]:
    """What is chosen before what: any direct way before the relay, a shared network before the internet, then speed."""
    return candidate.is_relay, not candidate.is_near, candidate.rtt or 0.0


# --- naming one's own -----------------------------------------------------------------------------------------------


def public_candidates(
    facts: Facts,
    port: int,
    mesh: Iterable[Network],
    *,
    chosen: str,
    opened: str,
    seen: Iterable[str],
    told: Iterable[str],
) -> tuple[str, ...]:
    """Endpoints for everybody in the mesh, the surest first.

    `chosen` by the person and `opened` by the router ("" where there is none), `seen` by the beacons, `told` as
    addresses by the coordinator, and public addresses of interfaces.
    """
    own = (format_endpoint(address, port) for address in _addresses(facts, mesh) if _is_public(address))
    guessed = (format_endpoint(address, port) for address in told)
    return _distinct(mesh, (chosen, opened, *seen, *own, *guessed))


def near_candidates(facts: Facts, port: int, mesh: Iterable[Network]) -> tuple[str, ...]:
    """Endpoints for those in the same local network alone."""
    own = (address for address in _addresses(facts, mesh) if not _is_public(address))
    return _distinct(mesh, (format_endpoint(address, port) for address in own))


def share_an_address(own: Iterable[str], theirs: Iterable[str]) -> bool:
    """Whether two devices, by their public candidates, are behind the same public IPv4 address or IPv6 /64."""
    return bool({_place(one) for one in own} & {_place(one) for one in theirs})


def _place(endpoint: str) -> Network:
    address, _ = parse_endpoint(endpoint)
    return network_of(f"{address}/{32 if address.version == 4 else 64}")


def _distinct(mesh: Iterable[Network], endpoints: Iterable[str]) -> tuple[str, ...]:
    networks = tuple(mesh)
    good = (one for one in endpoints if one and may_be_candidate(one) and not _is_of_mesh(one, networks))
    return tuple(dict.fromkeys(good))[:MOST]


def _is_of_mesh(endpoint: str, mesh: tuple[Network, ...]) -> bool:
    return is_within(network_of(str(parse_endpoint(endpoint)[0])), mesh)


def _addresses(facts: Facts, mesh: Iterable[Network]) -> Iterator[str]:
    """Of interfaces that lead out of this device; not those of containers, nor of tunnels."""
    inner = {*inner_interfaces(facts)}
    for link in facts.links:
        if link.is_loopback or not link.is_up or link.kind in _TUNNELS or link.name in inner:
            continue
        addresses = [address.partition("/")[0] for address in link.addresses]
        yield from (address for address in addresses if ":" not in address)
        yield from [address for address in addresses if ":" in address][:_IPV6_EACH]


def _is_public(address: str) -> bool:
    return ipaddress.ip_address(address).is_global
