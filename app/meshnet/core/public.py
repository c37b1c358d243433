"""Under which addresses the world sees who leaves by a device. Pure. Law: an address that may be wrong is not named."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from meshnet.core.endpoints import Address
from meshnet.core.exits import Exit
from meshnet.core.kinds import LINES
from meshnet_platform.api import Facts, Gateway


def public_addresses(facts: Facts, exit_now: Exit, told: str) -> tuple[str, ...]:
    """One address of each family at most, IPv4 first, of who leaves by that exit.

    `told`: where the coordinator sees this device's connection; "" where it said nothing since the line is what it is.
    That connection leaves by the line also while everything else goes by a VPN, so of a VPN's address nothing is known.
    Nor does it say anything of the other family: there the one public address that an interface of the line has is it.
    Of several, nobody knows which one the system takes.
    """
    if exit_now is not Exit.LINE:
        return ()
    seen = _global(told)
    found: dict[int, str] = {}
    for family, interfaces in _interfaces(facts.gateways).items():
        if seen is not None and seen.version == family:
            found[family] = str(seen)
        elif len(own := _own(facts, interfaces, family)) == 1:
            found[family] = own[0]
    return tuple(found[family] for family in sorted(found))


def believable(said: Iterable[str], *, ipv6: bool) -> tuple[str, ...]:
    """Of what a host says of itself, one public address of each family; `ipv6`: it gets there."""
    found: dict[int, str] = {}
    for text in said:
        address = _global(text)
        if address is not None and (ipv6 or address.version == 4):
            found.setdefault(address.version, str(address))
    return tuple(found[family] for family in sorted(found))


def _interfaces(ways: Iterable[Gateway]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for way in ways:
        found.setdefault(way.family, set()).add(way.interface)
    return found


def _own(facts: Facts, interfaces: set[str], family: int) -> list[str]:
    def addresses() -> Iterator[Address | None]:
        for link in facts.links:
            if link.name in interfaces and link.is_up and link.kind in LINES:
                yield from (_global(text.partition("/")[0]) for text in link.addresses)

    return [str(one) for one in addresses() if one is not None and one.version == family]


def _global(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address if address.is_global and not address.is_multicast else None
