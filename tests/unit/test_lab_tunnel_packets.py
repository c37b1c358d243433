"""What may be seen of a routed device in the lab: the tunnel and what it needs, and nothing that comes near it."""

from __future__ import annotations

import struct

import pytest

from lab.pcap import Packet
from lab.tunnel_packets import Permitted, carries_data, is_wireguard

PORT = 4711
HOME4, HOME6, HOME_PORT = "81.2.69.10", "2a02:8010:6a00:1::10", 51820
SERVER4, SERVER6, WEB4 = "46.101.10.20", "2a03:b0c0:1:d0::20", "93.184.215.14"
PERMITTED = Permitted(PORT, frozenset({(HOME4, HOME_PORT), (HOME6, HOME_PORT)}), (SERVER4, SERVER6))

INITIATION = b"\1" + bytes(147)
RESPONSE = b"\2" + bytes(91)
COOKIE = b"\3" + bytes(63)
KEEPALIVE = b"\4" + bytes(31)
DATA = b"\4" + bytes(127)
PROBE = b"MnP1".ljust(64, b"\1")
WORDS = b"what the person wrote".ljust(64, b".")


def udp(dst: str, dport: int, payload: bytes, sport: int = PORT) -> Packet:
    return Packet(0.0, "192.168.50.20", dst, "udp", sport, dport, payload)


def icmp(dst: str, payload: bytes) -> Packet:
    return Packet(0.0, "192.168.50.20", dst, "icmp6" if ":" in dst else "icmp", 0, 0, payload)


def refusal(dst: str, of_port: int, protocol: int = 17) -> Packet:
    """The kernel's word that nobody listens at this port, about a packet with these ports."""
    ports = struct.pack("!HHHH", 51820, of_port, 8, 0)
    if ":" in dst:
        return icmp(dst, b"\1\4" + bytes(6) + bytes(6) + bytes([protocol]) + bytes(33) + ports)
    return icmp(dst, b"\3\3" + bytes(6) + b"\x45" + bytes(8) + bytes([protocol]) + bytes(10) + ports)


def name(packet: Packet) -> str:
    return (
        f"{packet.proto} {packet.sport} to {packet.dst} {packet.dport} {packet.payload[:4].hex()} {len(packet.payload)}"
    )


@pytest.mark.parametrize(
    "packet",
    [
        *(udp(HOME4, HOME_PORT, payload) for payload in (INITIATION, RESPONSE, COOKIE, KEEPALIVE, DATA, PROBE)),
        udp(HOME6, HOME_PORT, DATA),
        *(udp(address, port, DATA) for address in (SERVER4, SERVER6) for port in (20000, 29999)),
        udp(SERVER4, 20001, PROBE),
        *(udp(address, port, INITIATION) for address in (SERVER4, SERVER6) for port in (8443, 8444)),
        udp(SERVER4, 8443, KEEPALIVE),
        Packet(0.0, "192.168.50.20", SERVER4, "tcp", 40000, 8443, b""),
        *(icmp("ff02::1:ff00:1", bytes([kind])) for kind in (133, 135, 136)),
        refusal(HOME4, PORT),
        refusal(HOME6, PORT),
        refusal(SERVER4, PORT),
    ],
    ids=name,
)
def test_the_tunnel_and_what_it_needs_may_be_seen(packet: Packet) -> None:
    assert packet in PERMITTED


@pytest.mark.parametrize(
    "packet",
    [
        # Words in plain from the right port to the right endpoint, and what only looks like a message.
        udp(HOME4, HOME_PORT, WORDS),
        udp(HOME4, HOME_PORT, b""),
        udp(HOME4, HOME_PORT, b"\1" + WORDS),
        udp(HOME4, HOME_PORT, b"\1" + bytes(63)),
        udp(HOME4, HOME_PORT, b"\4" + bytes(30)),
        udp(HOME4, HOME_PORT, b"\5" + bytes(63)),
        udp(HOME4, HOME_PORT, b"\0" * 64),
        udp(HOME4, HOME_PORT, PROBE + b"more"),
        udp(HOME4, HOME_PORT, b"MnP2".ljust(64, b"\1")),
        # From another socket, or to somebody else.
        udp(HOME4, HOME_PORT, DATA, sport=PORT + 1),
        udp(SERVER4, 20000, PROBE, sport=40000),
        udp(HOME4, HOME_PORT + 1, DATA),
        udp(HOME4, 53, PROBE),
        udp(WEB4, HOME_PORT, DATA),
        udp(WEB4, 20000, PROBE),
        udp(SERVER4, 19999, DATA),
        udp(SERVER4, 30000, DATA),
        udp(SERVER4, 53, INITIATION),
        # A beacon is told nothing.
        udp(SERVER4, 8443, DATA),
        udp(SERVER6, 8444, PROBE),
        Packet(0.0, "192.168.50.20", SERVER4, "tcp", 40000, 443, b""),
        Packet(0.0, "192.168.50.20", SERVER6, "tcp", 40000, 8443, b""),
        Packet(0.0, "192.168.50.20", WEB4, "tcp", 40000, 8443, b""),
        Packet(0.0, "192.168.50.20", HOME4, "47", 0, 0, DATA),
        # Pings and their answers, listeners, a redirect, and words about other packets than the tunnel's.
        *(icmp(HOME4, bytes([kind]) + bytes(40)) for kind in (0, 8)),
        *(icmp(HOME6, bytes([kind]) + bytes(60)) for kind in (128, 129, 137, 143)),
        refusal(HOME4, PORT + 1),
        refusal(HOME6, PORT + 1),
        refusal(HOME4, PORT, protocol=6),
        refusal(WEB4, PORT),
        icmp(HOME4, b"\3\3" + bytes(20)),
    ],
    ids=name,
)
def test_all_else_is_a_leak(packet: Packet) -> None:
    assert packet not in PERMITTED


def test_a_message_with_a_packet_in_it_is_told_from_one_without() -> None:
    assert [carries_data(one) for one in (DATA, KEEPALIVE, INITIATION, PROBE, b"")] == [
        True,
        False,
        False,
        False,
        False,
    ]


def test_several_messages_that_are_to_be_cut_apart_later_count_as_one() -> None:
    assert is_wireguard(DATA + DATA + KEEPALIVE)
