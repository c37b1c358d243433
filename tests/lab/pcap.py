"""Capture files, read: the IP packets that tcpdump wrote down."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from typing import NamedTuple

from lab.process import LabError

_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}
_IPV6_EXTENSIONS = {0, 43, 60}
# Bytes before the IP header, and where in them the EtherType is, by pcap link type (tcpdump.org, Link-Layer Header
# Types): Ethernet, raw IP, Linux cooked capture v1 and v2.
_LINK_HEADERS = {1: (14, 12), 12: (0, None), 101: (0, None), 113: (16, 14), 276: (20, 0)}
_ETHERTYPES = {b"\x08\x00", b"\x86\xdd"}


class Packet(NamedTuple):
    """One IP packet that crossed a wire."""

    time: float
    """Unix time in seconds."""
    src: str
    dst: str
    proto: str
    """"tcp", "udp", "icmp", "icmp6", or the number (IANA, Protocol Numbers)."""
    sport: int
    """0 where the protocol has no ports."""
    dport: int
    payload: bytes
    """What follows the UDP header; for other protocols, what follows the IP header."""


def read_pcap(data: bytes) -> Iterator[Packet]:
    """The IP packets of a capture file (pcap-savefile(5), in this machine's byte order); an unfinished last is left."""
    if len(data) < 24:
        return
    magic, link = struct.unpack_from("=I16xI", data)
    if magic != 0xA1B2C3D4 or link not in _LINK_HEADERS:
        raise LabError(f"unknown capture format {magic:#x}, link type {link}")
    size, type_at = _LINK_HEADERS[link]
    at = 24
    while at + 16 <= len(data):
        seconds, micros, length = struct.unpack_from("=III", data, at)
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        is_ip = type_at is None or frame[type_at : type_at + 2] in _ETHERTYPES
        if at <= len(data) and is_ip and (packet := _packet(seconds + micros / 1e6, frame[size:])):
            yield packet


def _packet(time: float, data: bytes) -> Packet | None:
    version = data[0] >> 4 if data else 0
    if version == 4 and len(data) >= 20:
        first = int.from_bytes(data[6:8]) & 0x1FFF == 0
        return _transport(time, data[12:16], data[16:20], data[9], data[(data[0] & 15) * 4 :], first)
    if version == 6 and len(data) >= 40:
        number, rest = _skip_extensions(data[6], data[40:])
        return _transport(time, data[8:24], data[24:40], number, rest, True)
    return None


def _skip_extensions(number: int, rest: bytes) -> tuple[int, bytes]:
    """The protocol behind the extension headers that may be skipped (RFC 8200 4), and what follows them."""
    while number in _IPV6_EXTENSIONS and len(rest) >= 8:
        number, rest = rest[0], rest[8 + rest[1] * 8 :]
    return number, rest


def _transport(time: float, src: bytes, dst: bytes, number: int, rest: bytes, first: bool) -> Packet:
    sport = dport = 0
    if first and number in (6, 17) and len(rest) >= 8:
        sport, dport = struct.unpack_from("!HH", rest)
    ends = str(ipaddress.ip_address(src)), str(ipaddress.ip_address(dst))
    proto = _PROTOCOLS.get(number, str(number))
    return Packet(time, *ends, proto, sport, dport, rest[8:] if proto == "udp" and first else rest)
