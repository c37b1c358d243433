from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.coordinator.addresses import choose_address, network_of
from meshnet.errors import Code, Refusal

SMALL = IPv4Network("100.64.0.0/29")


def last(count: int) -> int:
    return count - 1


@given(st.integers(8, 30), st.randoms(use_true_random=False))
def test_an_address_is_inside_and_neither_the_networks_nor_the_broadcast_address(
    prefix: int, dice: random.Random
) -> None:
    network = IPv4Network(f"10.0.0.0/{prefix}")
    chosen = IPv4Address(choose_address(network, (), dice.randrange))
    assert network.network_address < chosen < network.broadcast_address


def test_an_address_that_is_taken_is_not_chosen() -> None:
    free = "100.64.0.3"
    taken = {str(address) for address in SMALL.hosts()} - {free}
    assert choose_address(SMALL, taken, last) == free


def test_a_full_network_is_refused_by_name() -> None:
    with pytest.raises(Refusal) as caught:
        choose_address(SMALL, {str(address) for address in SMALL.hosts()}, last)
    assert caught.value.code is Code.ADDRESS_POOL_EMPTY


def test_the_service_addresses_of_others_are_left_alone() -> None:
    assert choose_address(IPv4Network("100.100.100.100/30"), (), lambda count: 0) == "100.100.100.101"
    assert choose_address(IPv4Network("100.100.100.96/29"), (), lambda count: 3) == "100.100.100.101"


@pytest.mark.parametrize("text", ["100.64.0.1/10", "10.0.0.0/31", "127.0.0.0/8", "224.0.0.0/8", "169.254.0.0/16", "x"])
def test_a_prefix_that_cannot_serve_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        network_of(text)
