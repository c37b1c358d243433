from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshnet.core.lan import LocalNetworks, denied, inner_interfaces, local_networks
from meshnet.core.special import NOT_PUBLIC, is_within, network_of
from meshnet_platform.api import Facts, Gateway, Link

MESH = (network_of("100.64.0.0/10"), network_of("fd77:1:2::/48"))
LO = Link("lo", ("127.0.0.1/8", "::1/128"), is_loopback=True)
ETH = Link("eth0", ("192.168.1.20/24", "2a02:8010:6a00:1::20/64", "fe80::20/64"))
WLAN = Link("wlan0", ("192.168.2.20/24",))
WG = Link("wg0", ("10.5.0.2/32", "10.6.0.2/16"), kind="wireguard")
DOCKER = Link("docker0", ("172.17.0.1/16",), kind="bridge")
UPLINK = Gateway("eth0", "192.168.1.1", 4)


def found(*links: Link, gateways: tuple[Gateway, ...] = (UPLINK,)) -> tuple[str, ...]:
    return local_networks(Facts(links, gateways), MESH).prefixes


def test_the_local_networks_are_those_of_the_cards_in_both_families() -> None:
    networks = local_networks(Facts((LO, ETH, WLAN, WG, DOCKER), (UPLINK,)), MESH)
    assert networks == LocalNetworks(("192.168.1.0/24", "192.168.2.0/24", "2a02:8010:6a00:1::/64"), ("eth0", "wlan0"))


def test_a_host_on_a_vpn_keeps_its_local_network() -> None:
    assert found(WLAN, WG, gateways=(Gateway("wg0", None, 4),)) == ("192.168.2.0/24",)
    # Some VPNs name a gateway inside the tunnel; that makes them no local network.
    tun = Link("tun0", ("10.8.0.6/24",), kind="tun")
    assert found(WLAN, tun, gateways=(Gateway("tun0", "10.8.0.1", 4),)) == ("192.168.2.0/24",)


@pytest.mark.parametrize("kind", ["tun", "wireguard", "ppp", "veth", "bridge", "dummy", "vxlan", "gre", "host-only"])
def test_what_is_inside_this_device_or_a_tunnel_is_no_local_network(kind: str) -> None:
    assert found(WLAN, Link("other0", ("10.9.0.1/24",), kind=kind)) == ("192.168.2.0/24",)


@pytest.mark.parametrize("kind", ["", "vlan", "bond", "macvlan", "ipvlan"])
def test_a_card_or_a_part_of_one_leads_to_a_local_network_without_any_gateway(kind: str) -> None:
    assert found(ETH, Link("other0", ("10.9.0.1/24",), kind=kind))[0] == "10.9.0.0/24"


@pytest.mark.parametrize(
    ("bridge", "others", "is_local"),
    [
        ("br0", (Link("eth1", (), bridge="br0"),), True),
        ("br0", (Link("bond0", (), kind="bond", bridge="br0"),), True),
        ("eth0", (), True),
        ("virbr0", (Link("vnet0", (), kind="tun", bridge="virbr0"),), False),
        ("docker0", (Link("veth1", (), kind="veth", bridge="docker0"),), False),
    ],
)
def test_a_bridge_is_a_local_network_where_a_card_is_its_port_or_the_internet_is_behind_it(
    bridge: str, others: tuple[Link, ...], is_local: bool
) -> None:
    link = Link(bridge, ("10.9.0.1/24",), kind="bridge")
    assert found(WLAN, link, *others) == (("10.9.0.0/24", "192.168.2.0/24") if is_local else ("192.168.2.0/24",))


def test_in_a_container_a_veth_is_its_card() -> None:
    assert found(LO, Link("eth0", ("172.17.0.5/16",), kind="veth"), DOCKER) == ()
    assert found(LO, Link("eth0", ("10.1.0.5/24",), kind="veth"), DOCKER) == ("10.1.0.0/24",)
    assert found(LO, Link("eth0", ("10.1.0.5/24",), kind="veth"), WLAN) == ("10.1.0.0/24", "192.168.2.0/24")


def test_links_between_two_and_links_that_are_down_are_no_local_network() -> None:
    assert found(Link("eth1", ("10.9.0.1/32", "10.9.0.2/31", "fd00::1/128", "169.254.3.3/16"))) == ()
    assert found(Link("eth1", ("10.9.0.1/24",), is_up=False)) == ()


def test_what_the_mesh_and_other_networks_of_this_device_have_is_left_out() -> None:
    assert found(Link("eth0", ("100.66.0.5/24", "fd77:1:2:3::1/64"))) == ()
    assert found(Link("eth0", ("172.16.0.5/15",)), DOCKER) == ("172.16.0.0/16",)


def test_public_addresses_of_a_local_network_are_local() -> None:
    assert found(Link("eth0", ("81.2.69.10/24",))) == ("81.2.69.0/24",)


def test_all_that_is_this_devices_own_is_denied() -> None:
    facts = Facts(
        (LO, ETH, WG, DOCKER, Link("eth1", ("81.2.69.10/28",), is_up=False)),
        (UPLINK, Gateway("eth0", "62.24.131.1", 4)),
        routed=("50.0.0.0/24", "10.0.0.0/8"),
    )
    beyond = set(denied(facts, ("46.0.0.2",))) - set(map(str, NOT_PUBLIC))
    assert beyond == {
        "168.63.129.16/32",
        "2a02:8010:6a00:1::/64",
        "2a02:8010:6a00::/56",
        "46.0.0.2/32",
        "50.0.0.0/24",
        "62.24.131.1/32",
        "81.2.69.0/28",
    }


ADDRESSES = st.sampled_from(
    (
        *("192.168.1.20/24", "192.168.0.1/16", "10.5.0.2/32", "10.6.0.2/16", "81.2.69.10/24", "100.66.0.5/24"),
        *("100.0.0.1/8", "169.254.3.3/16", "2a02:8010:6a00:1::20/64", "2a02:8010:6a00::1/48", "fd77:1:2:3::1/64"),
        *("fd00::1/8", "fe80::20/64", "2a02::5/128"),
    )
)


def test_containers_and_virtual_machines_are_inside() -> None:
    virtual = Link("virbr0", ("192.168.122.1/24",), kind="bridge")
    others = (Link("br0", ("10.0.0.2/24",), kind="bridge"), Link("eth1", (), bridge="br0"))
    tunnels = (Link("wg0", ("10.6.0.2/32",), kind="wireguard"), Link("tun0", ("10.8.0.2/24",), kind="tun"))
    ends = (Link("ve-web", ("10.1.0.1/28",), kind="veth"), Link("veth1", (), kind="veth", bridge="docker0"))
    facts = Facts(links=(ETH, DOCKER, virtual, *others, *tunnels, *ends))
    assert inner_interfaces(facts) == ("docker0", "ve-web", "virbr0")


KINDS = st.sampled_from(("", "vlan", "veth", "bridge", "tun", "wireguard", "ppp", "host-only"))
NAMES = st.sampled_from(("eth0", "eth1", "br0", "wg0"))
LINKS = st.builds(
    Link,
    name=NAMES,
    addresses=st.lists(ADDRESSES, max_size=3).map(tuple),
    is_up=st.booleans(),
    kind=KINDS,
    bridge=st.sampled_from(("", "br0")),
)
GATEWAYS = st.builds(Gateway, NAMES, st.sampled_from((None, "192.168.1.1")), st.just(4))
FACTS = st.builds(
    Facts,
    links=st.lists(LINKS, max_size=4, unique_by=lambda link: link.name).map(tuple),
    gateways=st.lists(GATEWAYS, max_size=2).map(tuple),
    routed=st.lists(ADDRESSES.map(lambda text: str(network_of(text))), max_size=2).map(tuple),
)


@settings(max_examples=100, deadline=None)
@given(FACTS)
def test_local_networks_are_on_their_links_and_touch_neither_the_mesh_nor_another_network(facts: Facts) -> None:
    networks = local_networks(facts, MESH)
    links = [link for link in facts.links if link.name in networks.interfaces]
    own = tuple(network_of(address) for link in links for address in link.addresses)
    others = [
        network_of(address)
        for link in facts.links
        for address in link.addresses
        if link.is_up and link.kind in ("tun", "wireguard", "ppp", "host-only")
    ]
    assert all(link.is_up for link in links)
    for network in map(ipaddress.ip_network, networks.prefixes):
        assert is_within(network, own)
        assert not network.is_link_local
        assert not any(network.overlaps(other) for other in (*MESH, *others))


@settings(max_examples=100, deadline=None)
@given(FACTS, st.lists(st.just("46.0.0.2"), max_size=1))
def test_nothing_special_or_own_is_ever_left_open(facts: Facts, public: list[str]) -> None:
    closed = tuple(ipaddress.ip_network(prefix) for prefix in denied(facts, public))
    own = [network_of(address) for link in facts.links for address in link.addresses]
    for network in (*NOT_PUBLIC, *own, *map(network_of, facts.routed), *map(network_of, public)):
        assert is_within(network, closed)
