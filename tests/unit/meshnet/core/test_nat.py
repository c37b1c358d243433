"""The NAT before a device, by where the beacons see it."""

from __future__ import annotations

import pytest

from meshnet.core.nat import WORDS, Nat, nat_of
from meshnet_platform.api import Facts, Link

FACTS = Facts(links=(Link("eth0", ("192.168.1.10/24", "81.2.69.10/24", "2001:db8::10/64")),))


@pytest.mark.parametrize(
    ("sights", "kind"),
    [
        (("81.2.69.10:51820", "81.2.69.10:51820"), Nat.NONE),
        (("[2001:db8::10]:51820",), Nat.NONE),
        (("62.24.131.7:51820", "62.24.131.7:51820"), Nat.ONE_PORT),
        (("62.24.131.7:51820", ""), Nat.ONE_PORT),
        (("62.24.131.7:4001", "62.24.131.7:4002"), Nat.PORT_EACH),
        (("", ""), Nat.UNKNOWN),
        ((), Nat.UNKNOWN),
    ],
)
def test_each_kind_is_told_by_where_the_device_is_seen(sights: tuple[str, ...], kind: Nat) -> None:
    assert nat_of(FACTS, sights) is kind


def test_a_port_that_the_router_opened_is_one_for_all() -> None:
    assert nat_of(FACTS, ("62.24.131.7:4001", "62.24.131.7:4002"), "62.24.131.7:51820") is Nat.ONE_PORT


def test_each_kind_has_words() -> None:
    assert WORDS.keys() == set(Nat)
