"""Addresses with ports, and which of them a device may name as a way to itself."""

from __future__ import annotations

import ipaddress
import re

_ENDPOINT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})")

_BROADCAST = ipaddress.IPv4Address("255.255.255.255")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_endpoint(text: str) -> tuple[Address, int]:
    """Read "ADDRESS:PORT" or "[ADDRESS6]:PORT"; ValueError for anything else."""
    match = _ENDPOINT.fullmatch(text)
    if match is None:
        raise ValueError("an endpoint is ADDRESS:PORT, or [ADDRESS6]:PORT")
    address = ipaddress.IPv6Address(match[1]) if match[1] else ipaddress.IPv4Address(match[2])
    port = int(match[3])
    if not 0 < port < 65536:
        raise ValueError("a port is between 1 and 65535")
    return address, port


def format_endpoint(address: str, port: int) -> str:
    """Write an endpoint in its one form; ValueError where `address` is none. IPv4-mapped IPv6 becomes IPv4."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return f"[{parsed}]:{port}"
        parsed = parsed.ipv4_mapped
    return f"{parsed}:{port}"


def may_be_candidate(text: str) -> bool:
    """Whether a device may be sent to this endpoint on another device's word.

    Never this machine itself, a group, or a neighbour on the link: that would make a reflector of every peer. Nor an
    IPv4 address in IPv6's clothes, by which the same places could be named.
    """
    try:
        address, _ = parse_endpoint(text)
    except ValueError:
        return False
    if address == _BROADCAST or (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None):
        return False
    return not (address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local)
