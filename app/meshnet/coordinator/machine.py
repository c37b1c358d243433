"""What the coordinator must know of its own machine to relay: under which addresses others reach it, which addresses it
has, and which UDP ports the system gives to programs by itself.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import Path
from typing import NamedTuple

import psutil

_OUTSIDE = {4: "198.41.0.4", 6: "2001:503:ba3e::2:30"}
"""a.root-servers.net: an address that every default route leads to. Nothing is sent there."""
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL_DEFAULT = range(49152, 65536)
"""RFC 6335, section 6; macOS and Windows keep to it."""
_PORTS = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_LOWEST = 1024
"""Below are the ports of well-known services (RFC 6335)."""


class PortsError(Exception):
    """Ports that cannot be the relay's: why, and what to do."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


class Place(NamedTuple):
    """An address of this machine, of one family."""

    public: str
    """What devices send to."""
    local: str
    """What arrives here: another one behind a cloud's 1:1 NAT."""

    @property
    def family(self) -> int:
        """4 or 6."""
        return ipaddress.ip_address(self.public).version


def own_addresses() -> frozenset[str]:
    """All addresses of this machine's interfaces, in their canonical text form."""
    found = (address for link in psutil.net_if_addrs().values() for address in link)
    internet = (address for address in found if address.family in (socket.AF_INET, socket.AF_INET6))
    return frozenset(str(ipaddress.ip_address(address.address.partition("%")[0])) for address in internet)


def places(host: str) -> tuple[Place, ...]:
    """Where others reach this machine by this name or address, IPv4 first; one of each family at most.

    Blocks while the name is looked up. Empty where the name has no address that others could reach.
    """
    own = own_addresses()
    found = [place for public in _addresses(host) if (place := _place(public, own)) is not None]
    by_family: dict[int, Place] = {}
    # Of several, one that the machine has: the others may be other machines.
    for place in sorted(found, key=lambda place: (place.family, place.public not in own)):
        by_family.setdefault(place.family, place)
    return tuple(by_family.values())


def _addresses(host: str) -> list[str]:
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return []
    return [str(answer[4][0]) for answer in answers]


def _place(public: str, own: frozenset[str]) -> Place | None:
    address = ipaddress.ip_address(public.partition("%")[0])
    # Debian's /etc/hosts gives the machine's own name to 127.0.1.1.
    if address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
        return None
    local = str(address) if str(address) in own else _source(address.version)
    return None if local is None else Place(str(address), local)


def _source(family: int) -> str | None:
    """The address from which this machine talks to the internet; None where it has no way there."""
    with socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as asking:
        try:
            # Connecting a UDP socket sends nothing: it only has the system choose a route and a source (connect(2)).
            asking.connect((_OUTSIDE[family], 9))
        except OSError:
            return None
        return str(asking.getsockname()[0])


def ephemeral_ports() -> range:
    """The ports that the system gives to programs that ask for none."""
    try:
        first, last = _EPHEMERAL.read_text().split()
    except (OSError, ValueError):
        return _EPHEMERAL_DEFAULT
    return range(int(first), int(last) + 1)


def read_ports(text: str) -> range:
    """The ports "A-B", cut down to whole pairs 2k, 2k+1; ValueError, in words, for a range that cannot serve."""
    match = _PORTS.fullmatch(text)
    if match is None:
        raise ValueError("give two port numbers, such as 20000-29999")
    first, last = int(match[1]), int(match[2])
    if first < _LOWEST or last > 65535:
        raise ValueError(f"ports of a relay are between {_LOWEST} and 65535")
    pairs = range(first + first % 2, last + last % 2)
    if len(pairs) < 2:
        raise ValueError(f"{text} has no room for a pair of ports, an even one and the next")
    return pairs


def check_ports(ports: range, beacons: tuple[int, ...], ephemeral: range) -> None:
    """PortsError where ports of the relay are wanted by others too."""
    if any(port in ports for port in beacons):
        raise PortsError(
            f"The ports of the relay ({_words(ports)}) are also those of the beacons ({beacons[0]} and {beacons[-1]}).",
            "Give others as --relay-ports, or another port with --listen.",
        )
    if max(ports.start, ephemeral.start) < min(ports.stop, ephemeral.stop):
        raise PortsError(
            f"The ports of the relay ({_words(ports)}) are among those that the system gives to any program "
            f"({_words(ephemeral)}).",
            "Give others as --relay-ports, or narrow the sysctl net.ipv4.ip_local_port_range.",
        )


def _words(ports: range) -> str:
    return f"{ports.start}-{ports.stop - 1}"
