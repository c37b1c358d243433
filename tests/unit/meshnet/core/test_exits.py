"""By which line peers leave a host: its own, a VPN it is on, or none since the VPN dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.core.exits import Exit, exit_of, ways_of
from meshnet_platform.api import Facts, Gateway, Link

LINE4, LINE6 = Gateway("eth0", "192.168.1.1", 4), Gateway("eth0", "fe80::1", 6)
VPN4, VPN6 = Gateway("wg0", None, 4), Gateway("wg0", None, 6)


def facts(*gateways: Gateway, kind: str = "wireguard") -> Facts:
    links = (Link("eth0", ("192.168.1.10/24",)), Link("wg0", ("10.66.0.2/32",), kind=kind))
    return Facts(links=links, gateways=gateways)


def test_a_host_without_a_vpn_leaves_by_its_line() -> None:
    plain = facts(LINE4, LINE6)
    assert exit_of(plain, was_vpn=False) is Exit.LINE
    assert ways_of(Exit.LINE, plain) == (LINE4, LINE6)


@pytest.mark.parametrize("kind", ["wireguard", "tun", "xfrm", "vti6", "gre", "vxlan", "ovpn", "some-new-kind"])
def test_an_interface_that_took_the_default_route_is_a_vpn_of_whatever_make(kind: str) -> None:
    assert exit_of(facts(VPN4, LINE4, kind=kind), was_vpn=False) is Exit.VPN


def test_a_vpn_with_a_gateway_is_one_too() -> None:
    assert exit_of(facts(Gateway("wg0", "10.8.0.1", 4), kind="tun"), was_vpn=False) is Exit.VPN


def test_a_modem_is_the_line_and_a_dialled_vpn_before_another_route_is_not() -> None:
    assert exit_of(facts(VPN4, kind="ppp"), was_vpn=False) is Exit.LINE
    assert exit_of(facts(VPN4, LINE4, kind="ppp"), was_vpn=False) is Exit.VPN


def test_what_a_vpn_does_not_carry_goes_nowhere_instead_of_beside_it() -> None:
    assert ways_of(Exit.VPN, facts(VPN4, LINE6)) == (VPN4,)
    assert ways_of(Exit.VPN, facts(VPN4, VPN6, LINE4)) == (VPN4, VPN6)


def test_after_a_vpn_nothing_goes_by_the_line() -> None:
    dropped = facts(LINE4, LINE6)
    assert exit_of(dropped, was_vpn=True) is Exit.LOST
    assert ways_of(Exit.LOST, dropped) == ()


@pytest.mark.parametrize("kind", ["", "vlan", "bond", "bridge", "veth", "wwan"])
def test_a_card_or_a_modem_is_no_vpn(kind: str) -> None:
    assert exit_of(facts(VPN4, kind=kind), was_vpn=False) is Exit.LINE


def test_a_moment_without_any_network_does_not_make_a_vpn_forgotten() -> None:
    assert exit_of(facts(), was_vpn=True) is Exit.VPN
    assert exit_of(facts(), was_vpn=False) is Exit.LINE


@given(
    st.lists(st.sampled_from([LINE4, LINE6, VPN4, VPN6]), unique=True),
    st.sampled_from(["wireguard", "tun", "ppp", "gre", "some-new-kind"]),
)
def test_whoever_left_by_a_vpn_never_leaves_by_the_line_unasked(gateways: list[Gateway], kind: str) -> None:
    now = facts(*gateways, kind=kind)
    assert not any(way.interface == "eth0" for way in ways_of(exit_of(now, was_vpn=True), now))
