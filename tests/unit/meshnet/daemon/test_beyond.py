"""Reading who sent an error; that packets really travel so is shown in the lab (test_hosts_that_fail.py)."""

from __future__ import annotations

import socket
import struct

import pytest

from meshnet.daemon.beyond import Echo, parse_offender

_ICMP, _ICMP6, _LOCAL = 2, 3, 1


def _error(origin: int, offender: bytes) -> bytes:
    return struct.pack("=IBBBBII", 113, origin, 11, 0, 0, 0, 0) + offender


def _inet(address: str) -> bytes:
    return struct.pack("=HH", socket.AF_INET, 0) + socket.inet_pton(socket.AF_INET, address) + bytes(8)


def _inet6(address: str) -> bytes:
    return struct.pack("=HHI", socket.AF_INET6, 0, 0) + socket.inet_pton(socket.AF_INET6, address) + bytes(4)


@pytest.mark.parametrize(
    ("family", "data", "offender"),
    [
        (4, _error(_ICMP, _inet("81.2.69.1")), "81.2.69.1"),
        (6, _error(_ICMP6, _inet6("2a02:8010::1")), "2a02:8010::1"),
        (4, _error(_LOCAL, _inet("81.2.69.1")), None),
        (4, _error(_ICMP, b""), None),
        (6, _error(_ICMP6, _inet("81.2.69.1")[:8]), None),
        (4, b"", None),
    ],
)
def test_the_sender_of_an_error_is_read(family: int, data: bytes, offender: str | None) -> None:
    assert parse_offender(data, family) == offender


def test_a_public_router_says_more_than_a_private_one_and_a_near_one_is_enough() -> None:
    nearest = Echo(is_private=False, family=4, hops=3)
    assert min(Echo(True, 4, 2), Echo(False, 6, 3), Echo(False, 4, 7), nearest) == nearest
