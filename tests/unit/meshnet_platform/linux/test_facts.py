from __future__ import annotations

import json

import pytest

from meshnet_platform.api import Gateway, Link
from meshnet_platform.linux.facts import (
    parse_gateways,
    parse_links,
    parse_resolvers,
    parse_routed,
    parse_search,
    parse_uplinks,
    parse_way,
    ways_out,
)


def test_links_are_read_without_our_own() -> None:
    printed = [
        {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "addr_info": [{"local": "127.0.0.1", "prefixlen": 8}]},
        {"ifname": "eth0", "flags": ["BROADCAST"], "addr_info": [{"local": "fe80::1", "prefixlen": 64}, {}]},
        {"ifname": "wg0", "flags": ["UP"], "linkinfo": {"info_kind": "wireguard"}},
        {"ifname": "meshnet0", "flags": ["UP"], "addr_info": []},
        {"ifname": "eth1", "flags": ["UP"], "master": "br0"},
        {"ifname": "vboxnet0", "flags": ["UP"]},
        {},
    ]
    assert parse_links(json.dumps(printed), "meshnet0") == (
        Link("lo", ("127.0.0.1/8",), True, True),
        Link("eth0", ("fe80::1/64",), False, False),
        Link("wg0", (), kind="wireguard"),
        Link("eth1", (), bridge="br0"),
        Link("vboxnet0", (), kind="host-only"),
    )


def test_gateways_are_read_the_preferred_first() -> None:
    printed = [
        {"dst": "default", "gateway": "192.168.2.1", "dev": "wlan0", "metric": 600},
        {"dst": "default", "dev": "ppp0", "metric": 50},
        {"dst": "default", "gateway": "192.168.1.1", "dev": "eth0"},
        {"dst": "default", "dev": "meshnet0"},
    ]
    assert parse_gateways(json.dumps(printed), 4, "meshnet0") == (
        Gateway("eth0", "192.168.1.1", 4),
        Gateway("ppp0", None, 4),
        Gateway("wlan0", "192.168.2.1", 4),
    )


def test_every_hop_of_a_multipath_route_counts() -> None:
    hops = [{"gateway": "fe80::1", "dev": "eth0"}, {"gateway": "fe80::2", "dev": "eth1"}]
    assert parse_gateways(json.dumps([{"dst": "default", "nexthops": hops}]), 6, "meshnet0") == (
        Gateway("eth0", "fe80::1", 6),
        Gateway("eth1", "fe80::2", 6),
    )


def test_no_route_is_no_gateway() -> None:
    assert parse_gateways("", 6, "meshnet0") == ()
    assert parse_way("", 4) is None
    assert parse_way(json.dumps([{"type": "local", "dev": "lo"}]), 4) is None


def test_a_default_route_that_refuses_is_no_gateway() -> None:
    refusing = {"type": "unreachable", "dst": "default", "dev": "lo", "metric": 1024, "flags": []}
    assert parse_gateways(json.dumps([refusing]), 6, "meshnet0") == ()
    assert parse_way(json.dumps([refusing]), 6) is None


def test_a_vpn_with_rules_of_its_own_is_the_way_out() -> None:
    defaults = (Gateway("eth0", "192.168.1.1", 4),)
    way = parse_way(json.dumps([{"dst": "1.1.1.1", "dev": "wg0", "table": "51820"}]), 4)
    assert ways_out(way, defaults) == (Gateway("wg0", None, 4),)


def test_a_neighbour_on_the_same_wire_does_not_stand_in_for_the_gateway() -> None:
    defaults = (Gateway("eth0", "192.168.1.1", 4),)
    assert ways_out(Gateway("eth0", None, 4), defaults) == defaults
    assert ways_out(None, defaults) == defaults


def test_name_servers_are_read() -> None:
    text = "# nameserver 1\nnameserver 192.0.2.1\nsearch lan\nnameserver  fd00::53 \nnameserver fe80::1%eth0\n"
    assert parse_resolvers(text) == ("192.0.2.1", "fd00::53", "fe80::1%eth0")


def test_what_is_no_address_is_no_name_server() -> None:
    assert parse_resolvers("nameserver resolver.example.org\nnameserver\nnameserver 192.0.2\n") == ()


def test_domains_for_short_names_are_read() -> None:
    text = (
        "domain Home.LAN\nsearch office.example.net. home.lan\n; search not.this\nsearch .\nsearch\noptions ndots:1\n"
    )
    assert parse_search(text) == ("home.lan", "office.example.net")


@pytest.mark.parametrize(
    "whole",
    [
        ("default",),
        ("0.0.0.0/1", "128.0.0.0/1"),
        ("::/1", "8000::/1"),
        ("2000::/3",),
        ("2000::/4", "3000::/4"),
    ],
)
def test_routes_beside_a_default_one_are_read(whole: tuple[str, ...]) -> None:
    printed = [
        *({"dst": prefix, "gateway": "192.168.1.1", "dev": "eth0"} for prefix in whole),
        {"dst": "192.168.1.0/24", "dev": "eth0"},
        {"dst": "10.8.0.0/16", "dev": "eth0", "table": "220"},
        {"dst": "10.77.0.0/16", "dev": "tun0"},
        {"dst": "10.78.0.0/16", "dev": "tun0", "table": "220"},
        {"dst": "100.64.0.2", "dev": "meshnet0"},
    ]
    read = parse_routed(json.dumps(printed), [Gateway("eth0", "192.168.1.1", 4)], "meshnet0")
    assert read == ("10.77.0.0/16", "10.8.0.0/16", "192.168.1.0/24")


def test_a_vpn_that_is_given_all_but_private_ranges_leads_to_the_internet_by_its_routes() -> None:
    printed = [
        {"dst": "0.0.0.0/5", "dev": "wg0"},
        {"dst": "8.0.0.0/7", "dev": "wg0"},
        {"dst": "192.168.1.0/24", "dev": "eth0"},
    ]
    assert parse_routed(json.dumps(printed), [Gateway("wg0", None, 4)], "meshnet0") == ("192.168.1.0/24",)


def test_only_routes_to_somewhere_are_read_and_all_their_hops() -> None:
    printed = [
        {"type": "unreachable", "dst": "10.1.0.0/16", "dev": "lo"},
        {"type": "local", "dst": "192.168.1.20", "dev": "eth1", "table": "local"},
        {"dst": "10.2.0.0/16", "nexthops": [{"dev": "eth1"}, {"gateway": "10.0.0.1", "dev": "eth2"}]},
        {"dst": "10.3.0.0/16"},
        {},
    ]
    assert parse_routed(json.dumps(printed), [], "meshnet0") == ("10.2.0.0/16",)
    assert parse_routed("", [], "meshnet0") == ()


def test_interfaces_that_lead_to_a_neighbour_or_were_given_an_address_are_uplinks() -> None:
    routes = (
        '[{"dst":"81.2.69.10","gateway":"192.168.50.1","dev":"eth0"},{"dst":"172.17.0.0/16","dev":"docker0"},'
        '{"dst":"10.0.0.0/8","via":{"family":"inet6","host":"fe80::1"},"dev":"eth1"},'
        '{"dst":"11.0.0.0/8","nexthops":[{"gateway":"10.1.0.1","dev":"eth2"},{"dev":"meshnet0","gateway":"10.2.0.1"}]}]'
    )
    addresses = (
        '[{"ifname":"wlan0","addr_info":[{"local":"10.9.0.2","prefixlen":24,"dynamic":true}]},'
        '{"ifname":"docker0","addr_info":[{"local":"172.17.0.1","prefixlen":16}]}]'
    )
    assert parse_uplinks(routes, addresses, "meshnet0") == {"eth0", "eth1", "eth2", "wlan0"}
