from __future__ import annotations

import operator
import socket
import struct
from collections.abc import Callable

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.linux.probes import LinuxProbes, filter_ipv4, filter_ipv6, with_checksum

PORT = 21820
MAGIC = b"MnP1"
IPV4 = bytes.fromhex("45000000000000004011000001020304 05060708".replace(" ", ""))
LONG_IPV4 = b"\x46" + IPV4[1:] + bytes(4)
FRAGMENT = IPV4[:6] + b"\x20\x00" + IPV4[8:]
LAST_FRAGMENT = IPV4[:6] + b"\x00\x40" + IPV4[8:]


def datagram(payload: bytes, port: int = PORT) -> bytes:
    return struct.pack("!HHHH", 5000, port, 8 + len(payload), 0) + payload


def passes(program: tuple[tuple[int, int, int, int], ...], packet: bytes) -> bool:
    """Run the filter as the kernel would; a load beyond the packet ends it with a no (kernel: networking/filter)."""
    accumulator = header = at = 0
    loads = {0x20: (4, False), 0x28: (2, False), 0x40: (4, True), 0x48: (2, True)}
    tests: dict[int, Callable[[int, int], object]] = {0x15: operator.eq, 0x25: operator.gt, 0x45: operator.and_}
    while True:
        code, yes, no, operand = program[at]
        at += 1
        if code == 0x06:
            return operand > 0
        if code in loads:
            size, behind = loads[code]
            start = operand + header * behind
            if start + size > len(packet):
                return False
            accumulator = int.from_bytes(packet[start : start + size])
        elif code in tests:
            at += yes if tests[code](accumulator, operand) else no
        elif code == 0x80:
            accumulator = len(packet)
        elif code == 0xB1:
            header = 4 * (packet[operand] & 15)
        else:
            assert code == 0x1C
            accumulator -= header


@pytest.mark.parametrize(
    ("packet", "passed"),
    [
        (IPV4 + datagram(MAGIC), True),
        (LONG_IPV4 + datagram(MAGIC), True),
        (IPV4 + datagram(MAGIC + bytes(508)), True),
        (IPV4 + datagram(MAGIC + bytes(509)), False),
        (LONG_IPV4 + datagram(MAGIC + bytes(508)), True),
        (FRAGMENT + datagram(MAGIC), False),
        (LAST_FRAGMENT + datagram(MAGIC), False),
        (IPV4 + datagram(MAGIC, PORT + 1), False),
        (IPV4 + datagram(b"\x04\0\0\0" + bytes(60)), False),
        (IPV4 + datagram(MAGIC[:3]), False),
        (IPV4, False),
    ],
)
def test_the_filter_for_ipv4_passes_probes_alone(packet: bytes, passed: bool) -> None:
    assert passes(filter_ipv4(PORT, MAGIC), packet) == passed


@pytest.mark.parametrize(
    ("packet", "passed"),
    [
        (datagram(MAGIC), True),
        (datagram(MAGIC + bytes(508)), True),
        (datagram(MAGIC + bytes(509)), False),
        (datagram(MAGIC, PORT + 1), False),
        (datagram(b"\x04\0\0\0" + bytes(60)), False),
        (datagram(b""), False),
    ],
)
def test_the_filter_for_ipv6_passes_probes_alone(packet: bytes, passed: bool) -> None:
    assert passes(filter_ipv6(PORT, MAGIC), packet) == passed


def folded(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@pytest.mark.parametrize("payload", [b"", b"M", b"MnP1", bytes(range(255)), b"\xff" * 512])
def test_the_sum_over_all_that_the_checksum_covers_is_all_ones(payload: bytes) -> None:
    whole = with_checksum("192.0.2.1", "198.51.100.255", datagram(payload))
    ends = socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.255")
    assert folded(ends + struct.pack("!HH", 17, len(whole)) + whole + bytes(len(whole) % 2)) == 0xFFFF


def test_a_checksum_that_comes_out_as_none_is_written_as_all_ones() -> None:
    # The last word makes the rest of the sum all ones, whose complement is 0: which would mean "no checksum".
    short = with_checksum("192.0.2.1", "192.0.2.2", datagram(b"\0\0"))
    filler = short[6:8]
    assert with_checksum("192.0.2.1", "192.0.2.2", datagram(filler))[6:8] == b"\xff\xff"


def test_without_rights_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("meshnet_platform.linux.probes.socket.socket", refuse)
    with pytest.raises(PlatformError, match=r"no raw sockets.*Operation not permitted") as refused:
        LinuxProbes(PORT, MAGIC)
    assert "CAP_NET_RAW" in refused.value.cure
