"""Under which addresses the world sees a device: what is seen, what is certain, and nothing that may be wrong."""

from __future__ import annotations

import dataclasses

import pytest

from meshnet.core.exits import Exit
from meshnet.core.public import believable, public_addresses
from meshnet_platform.api import Facts, Gateway, Link

LINE = (Gateway("eth0", "192.168.1.1", 4), Gateway("eth0", "fe80::1", 6))
HOME = Facts(
    links=(
        Link("lo", ("127.0.0.1/8", "::1/128")),
        Link("eth0", ("192.168.1.20/24", "2a02:8010:6a00:1::10/64", "fe80::2/64")),
    ),
    gateways=LINE,
)
SEEN4, OWN6 = "81.2.69.10", "2a02:8010:6a00:1::10"


def test_of_the_family_that_the_coordinator_sees_it_is_what_it_sees_and_of_the_other_the_one_of_the_line() -> None:
    assert public_addresses(HOME, Exit.LINE, SEEN4) == (SEEN4, OWN6)
    assert public_addresses(HOME, Exit.LINE, "2a02:8010:6a00:1::99") == ("2a02:8010:6a00:1::99",)


def test_a_line_that_two_addresses_have_names_none_of_them() -> None:
    both = Facts(links=(Link("eth0", (OWN6 + "/64", "2a02:8010:6a00:1::11/64")),), gateways=LINE)
    assert public_addresses(both, Exit.LINE, SEEN4) == (SEEN4,)


@pytest.mark.parametrize(
    "told", ["", "192.168.1.20", "100.64.0.7", "127.0.0.1", "fd00::1", "no address", "224.0.0.251"]
)
def test_what_the_world_does_not_see_is_not_named(told: str) -> None:
    assert public_addresses(dataclasses.replace(HOME, gateways=LINE[:1]), Exit.LINE, told) == ()


def test_an_address_in_the_other_familys_clothes_is_named_plainly() -> None:
    assert public_addresses(HOME, Exit.LINE, f"::ffff:{SEEN4}")[0] == SEEN4


@pytest.mark.parametrize("exit_now", [Exit.VPN, Exit.LOST])
def test_of_a_vpn_nothing_is_known_for_the_coordinator_is_spoken_to_beside_it(exit_now: Exit) -> None:
    assert public_addresses(HOME, exit_now, SEEN4) == ()


def test_a_host_is_believed_one_public_address_of_each_family_that_gets_there() -> None:
    said = ("junk", "10.0.0.1", OWN6, SEEN4, "81.2.69.11", "<b>")
    assert believable(said, ipv6=True) == (SEEN4, OWN6)
    assert believable(said, ipv6=False) == (SEEN4,)
