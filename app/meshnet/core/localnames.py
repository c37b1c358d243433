"""Which names and addresses belong to the networks a host is in, and which of them a routed peer may see. Pure.

Names are judged before anybody is asked, addresses in the answer; both must hold, for a public name can point into a
private network (DNS rebinding) and a local one at a public address. Law: what is not known to be public is local.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from meshnet.core.special import NOT_PUBLIC, Network, is_within, network_of

Labels = tuple[bytes, ...]
"""A domain name's labels without the root, the top level last: (b"nas", b"home", b"lan")."""

_ZONES: tuple[Labels, ...] = tuple(
    tuple(zone.encode().split(b"."))
    for zone in (
        # Set aside by standards: RFC 6762, RFC 8375, RFC 6761, and ICANN's resolution 2024.07.29.06.
        *("local", "home.arpa", "localhost", "test", "internal"),
        # What home and office networks use all the same: RFC 6762, appendix G, and common routers.
        *("lan", "home", "corp", "private", "intranet", "localdomain"),
    )
)
_SERVICES = (b"_dns-sd", b"_udp")
"""Names that list what a network offers, in whatever zone (RFC 6763, section 11)."""
_REVERSE4: Labels = (b"in-addr", b"arpa")
_REVERSE6: Labels = (b"ip6", b"arpa")


@dataclass(frozen=True, slots=True)
class View:
    """What one asker may see of the networks the host is in."""

    lan: bool
    denied: tuple[str, ...] = ()
    """Prefixes that are not the public internet to this host, beside `NOT_PUBLIC`: its links, its own address."""
    lan_prefixes: tuple[str, ...] = ()
    """The local networks that an asker with `lan` reaches."""
    search: tuple[str, ...] = ()
    """Domains of the networks the host is in ("corp.example.com")."""


def is_local_name(name: Labels, view: View) -> bool:
    """Whether a name belongs to the networks of the host rather than to the public tree.

    A single label is one of them: resolvers complete it with the domain of their network. A label with a dot or a NUL
    in it is, too: it would be another name to a resolver that joins labels to a text.
    """
    labels = tuple(label.lower() for label in name)
    if len(labels) == 1 or any(b"." in label or b"\0" in label for label in labels):
        return True
    if any(labels[-len(zone) :] == zone for zone in (*_ZONES, *_search_zones(view.search))):
        return True
    return _SERVICES in pairwise(labels) or _is_local_reverse(labels, view)


def may_see(address: str, view: View) -> bool:
    """Whether an answer may lead this asker to the address: where the host would carry its packets to.

    So the mesh, loopback, containers and translated forms of IPv4 are refused with `lan` too.
    """
    parsed = ipaddress.ip_address(address)
    if view.lan and _holds(_networks(view.lan_prefixes), parsed):
        return True
    return not _holds(_near(view), parsed)


def within(addresses: tuple[str, ...], prefixes: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the addresses that lie in one of the prefixes; an interface may follow ("fe80::1%eth0")."""
    networks = _networks(prefixes)
    return tuple(address for address in addresses if _holds(networks, ipaddress.ip_address(address.partition("%")[0])))


def _holds(networks: tuple[Network, ...], address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in networks)


def _near(view: View) -> tuple[Network, ...]:
    return (*NOT_PUBLIC, *_networks(view.denied))


@lru_cache(maxsize=64)
def _networks(prefixes: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(map(network_of, prefixes))


@lru_cache(maxsize=64)
def _search_zones(domains: tuple[str, ...]) -> tuple[Labels, ...]:
    texts = (domain.strip(".").lower() for domain in domains)
    return tuple(tuple(text.encode("utf-8", "replace").split(b".")) for text in texts if text)


# --- reverse names --------------------------------------------------------------------------------------------------


def _is_local_reverse(labels: Labels, view: View) -> bool:
    if labels[-2:] == _REVERSE4:
        prefix, is_whole = _reverse4(labels[-3::-1])
    elif labels[-2:] == _REVERSE6:
        prefix, is_whole = _reverse6(labels[-3::-1])
    else:
        return False
    near = (*_near(view), *_networks(view.lan_prefixes))
    # What stands before the numbers may be any part of the prefix (classless delegation, RFC 2317).
    return is_within(prefix, near) or (not is_whole and any(prefix.overlaps(network) for network in near))


def _reverse4(labels: Labels) -> tuple[Network, bool]:
    """The prefix that octets stand for, the highest first, and whether all labels were octets."""
    octets: list[int] = []
    for label in labels[:4]:
        if not label.isdigit() or len(label) > 3 or int(label) > 255:
            break
        octets.append(int(label))
    padded = bytes(octets).ljust(4, b"\0")
    return ipaddress.IPv4Network((padded, 8 * len(octets))), len(octets) == len(labels)


def _reverse6(labels: Labels) -> tuple[Network, bool]:
    """The same for the hexadecimal digits of IPv6 (RFC 3596, section 2.5)."""
    digits = ""
    for label in labels[:32]:
        if len(label) != 1 or label not in b"0123456789abcdef":
            break
        digits += label.decode()
    padded = bytes.fromhex(digits.ljust(32, "0"))
    return ipaddress.IPv6Network((padded, 4 * len(digits))), len(digits) == len(labels)
