"""Packets as no honest program sends them, and the means to send and to notice them. Pure, but for the scripts.

What an attacker's machine puts on a wire or into its tunnel is built here byte by byte, with right checksums, so that
it is refused for what it is and not because it is broken. `SEND` and `WITNESS` are programs for a machine of the lab.
Law: nothing here knows of the product.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
_ROUTING, _FRAGMENT = 43, 44
_MORE = 0x2000

SEND = """
import socket, sys
interface, neighbour, *packets = sys.argv[1:]
sending = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
for packet in map(bytes.fromhex, packets):
    kind = 0x800 if packet[0] >> 4 == 4 else 0x86DD
    sending.sendto(packet, (interface, kind, 0, 0, bytes.fromhex(neighbour)))
"""
"""INTERFACE NEIGHBOUR PACKET...: hand packets (hexadecimal) to an interface, past the sender's own routes and rules
(packet(7)); NEIGHBOUR is the next machine's hardware address, empty for a tunnel."""

WITNESS = """
import re, select, socket
TOKEN = re.compile(rb"<token-[0-9]+>")
RAW = [(socket.AF_INET, number) for number in (1, 6, 17)] + [(socket.AF_INET6, number) for number in (6, 17, 58)]
wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
wire.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
local = [socket.socket(family, socket.SOCK_RAW, number) for family, number in RAW]
print("ready", flush=True)
while True:
    for ready in select.select([wire, *local], [], [])[0]:
        data, sender = ready.recvfrom(65535)
        if ready is wire and sender[2] == socket.PACKET_OUTGOING:
            continue
        for token in TOKEN.findall(data)[:1]:
            print("seen" if ready is wire else "delivered", token.decode(), flush=True)
"""
"""Prints `seen TOKEN` for every token that comes in by any interface, before any rule is asked, and `delivered TOKEN`
for those that the machine takes for itself, after all rules (raw(7): a raw socket reads what local delivery got)."""


def token(number: int) -> bytes:
    """What makes one packet known wherever it turns up."""
    return b"<token-%09d>" % number


def udp(source: str, target: str, payload: bytes, port: int = 7, *, sport: int = 40000) -> bytes:
    """A datagram."""
    body = struct.pack("!4H", sport, port, 8 + len(payload), 0) + payload
    return packet(source, target, UDP, _summed(source, target, UDP, body, 6))


def tcp(source: str, target: str, payload: bytes, port: int = 80, *, sport: int = 40000) -> bytes:
    """The first segment of a connection, with data in it (RFC 9293 3.4 allows that)."""
    body = struct.pack("!HHIIBBHHH", sport, port, 1, 0, 5 << 4, 2, 65535, 0, 0) + payload
    return packet(source, target, TCP, _summed(source, target, TCP, body, 16))


def ping(source: str, target: str, payload: bytes, *, identifier: int = 1) -> bytes:
    """An echo request."""
    if ":" in target:
        body = struct.pack("!BBHHH", 128, 0, 0, identifier, 1) + payload
        return packet(source, target, ICMP6, _summed(source, target, ICMP6, body, 2))
    body = struct.pack("!BBHHH", 8, 0, 0, identifier, 1) + payload
    return packet(source, target, ICMP, _with_sum(body, 2, body))


def redirect(source: str, target: str, router: str, about: bytes, payload: bytes = b"") -> bytes:
    """The advice to send what `about` is on its way to by another router (RFC 792)."""
    body = struct.pack("!BBH", 5, 1, 0) + ipaddress.ip_address(router).packed + about[:28] + payload
    return packet(source, target, ICMP, _with_sum(body, 2, body))


def solicitation(source: str, target: str, payload: bytes) -> bytes:
    """A question for a neighbour (RFC 4861, section 4.3), with 24 bytes of payload where target and option belong."""
    body = struct.pack("!BBHI", 135, 0, 0, 0) + payload[:24].ljust(24, b".")
    whole = packet(source, target, ICMP6, _summed(source, target, ICMP6, body, 2))
    return whole[:7] + b"\xff" + whole[8:]


def advertisement(source: str, prefix: str, length: int) -> bytes:
    """A router that wants to be everybody's, and more so than others (RFC 4191): by default, and for a prefix."""
    route = struct.pack("!BBBBI", 24, 3, length, 0x08, 1800) + ipaddress.ip_address(prefix).packed
    body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0x08, 1800, 0, 0) + route
    whole = packet(source, "ff02::1", ICMP6, _summed(source, "ff02::1", ICMP6, body, 2))
    return whole[:7] + b"\xff" + whole[8:]


def too_big(source: str, about: bytes, mtu: int, *, payload: bytes = b"") -> bytes:
    """The word of a router that a packet did not fit (RFC 1191, RFC 4443), to that packet's sender."""
    if about[0] >> 4 == 4:
        body = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + about[:28] + payload
        return packet(source, str(ipaddress.ip_address(about[12:16])), ICMP, _with_sum(body, 2, body))
    target = str(ipaddress.ip_address(about[8:24]))
    body = struct.pack("!BBHI", 2, 0, 0, mtu) + about[:48] + payload
    return packet(source, target, ICMP6, _summed(source, target, ICMP6, body, 2))


def packet(source: str, target: str, protocol: int, body: bytes, *, options: bytes = b"") -> bytes:
    """An IP packet of the addresses' family, around a body whose checksum is in place."""
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    if ":" in target:
        return struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + ends + body
    words = 5 + len(options) // 4
    return _head4(words, words * 4 + len(body), 0, 0, protocol, ends + options) + body


def source_routed(whole: bytes, via: str, *, strict: bool) -> bytes:
    """The packet with the IPv4 option that names a machine to pass (RFC 791 3.1: LSRR, SSRR)."""
    option = struct.pack("!BBB", 137 if strict else 131, 7, 4) + ipaddress.ip_address(via).packed + b"\0"
    source, target = (str(ipaddress.ip_address(whole[at : at + 4])) for at in (12, 16))
    return packet(source, target, whole[9], whole[20:], options=option)


def routing_header(source: str, target: str, via: str, payload: bytes, *, kind: int) -> bytes:
    """A datagram to `target` by way of `via` (RFC 8200 4.4; types 0, 2 and 4)."""
    inner = udp(source, target, payload)[40:]
    head = struct.pack("!BBBBI", UDP, 2, kind, 1, 0) + ipaddress.ip_address(target).packed
    return packet(source, via, _ROUTING, head + inner)


def fragments(whole: bytes, size: int = 1200) -> Iterator[bytes]:
    """The packet in pieces of `size` bytes (a multiple of 8), each of which carries its part of the payload."""
    fixed, protocol = (20, whole[9]) if whole[0] >> 4 == 4 else (40, whole[6])
    body = whole[fixed:]
    for at in range(0, len(body), size):
        piece, more = body[at : at + size], at + size < len(body)
        if fixed == 20:
            yield _head4(5, 20 + len(piece), 4711, at // 8 | _MORE * more, protocol, whole[12:20]) + piece
        else:
            head = struct.pack("!BBHI", protocol, 0, at | more, 4711)
            yield struct.pack("!IHBB", 6 << 28, 8 + len(piece), _FRAGMENT, 64) + whole[8:40] + head + piece


def _head4(words: int, length: int, identifier: int, fragment: int, protocol: int, rest: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH", 4 << 4 | words, 0, length, identifier, fragment, 64, protocol, 0) + rest
    return _with_sum(head, 10, head)


def _summed(source: str, target: str, protocol: int, body: bytes, at: int) -> bytes:
    """The body with the checksum over it and its pseudo header (RFC 8200 8.1, RFC 768)."""
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    return _with_sum(body, at, ends + struct.pack("!II", len(body), protocol) + body)


def _with_sum(data: bytes, at: int, covered: bytes) -> bytes:
    total = sum(struct.unpack(f"!{(len(covered) + 1) // 2}H", covered + b"\0" * (len(covered) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return data[:at] + struct.pack("!H", ~total & 0xFFFF) + data[at + 2 :]
