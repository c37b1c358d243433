"""Probes say who sends them, to the one peer that they are for, and to nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.core.identity import wireguard_public
from meshnet.core.probes import NO_COOKIE, SIZE, Kind, Pair, Probe, cookie_for, is_cookie, tag_of

PRIVATE = {name: bytes([number]) * 32 for number, name in enumerate(("laptop", "home", "stranger"), 1)}
PUBLIC = {name: wireguard_public(private) for name, private in PRIVATE.items()}
NONCE = b"n" * 12


def pair(me: str, peer: str) -> Pair:
    return Pair(PRIVATE[me], PUBLIC[me], PUBLIC[peer])


@given(st.sampled_from(Kind), st.binary(min_size=12, max_size=12), st.binary(min_size=12, max_size=12), st.booleans())
def test_the_peer_reads_what_was_said(kind: Kind, nonce: bytes, cookie: bytes, is_lost: bool) -> None:
    probe = Probe(kind, nonce, cookie, is_lost)
    datagram = pair("laptop", "home").encode(probe)
    assert len(datagram) == SIZE
    assert pair("home", "laptop").peer_tag == tag_of(datagram)
    assert pair("home", "laptop").decode(datagram) == probe


def test_nobody_else_does() -> None:
    datagram = pair("laptop", "home").encode(Probe(Kind.ASK, NONCE))
    assert pair("stranger", "laptop").decode(datagram) is None
    assert pair("home", "stranger").decode(datagram) is None
    assert pair("laptop", "home").decode(datagram) is None, "its own words, thrown back, are not the peer's"


@given(st.integers(0, SIZE * 8 - 1))
def test_a_probe_with_a_bit_turned_over_is_none(bit: int) -> None:
    datagram = bytearray(pair("laptop", "home").encode(Probe(Kind.ASK, NONCE)))
    datagram[bit // 8] ^= 1 << bit % 8
    assert pair("home", "laptop").decode(bytes(datagram)) is None


@given(st.binary(max_size=200))
def test_anything_else_is_none(junk: bytes) -> None:
    assert pair("home", "laptop").decode(junk) is None


def test_a_cookie_is_good_for_its_peer_its_address_and_a_short_time() -> None:
    cookie = cookie_for(b"secret", "peer", "192.0.2.1:5", 1000)
    assert is_cookie(cookie, b"secret", "peer", "192.0.2.1:5", 1029)
    assert not is_cookie(cookie, b"secret", "peer", "192.0.2.1:5", 1070)
    assert not is_cookie(cookie, b"secret", "peer", "192.0.2.2:5", 1000)
    assert not is_cookie(cookie, b"secret", "other", "192.0.2.1:5", 1000)
    assert not is_cookie(NO_COOKIE, b"secret", "peer", "192.0.2.1:5", 1000)


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        Pair(PRIVATE["laptop"], PUBLIC["laptop"], "no key")
