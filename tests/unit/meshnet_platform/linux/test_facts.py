from __future__ import annotations

import json

from meshnet_platform.api import Gateway, Link
from meshnet_platform.linux.facts import parse_gateways, parse_links, parse_resolvers, parse_way, ways_out


def test_links_are_read_without_our_own() -> None:
    printed = [
        {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "addr_info": [{"local": "127.0.0.1", "prefixlen": 8}]},
        {"ifname": "eth0", "flags": ["BROADCAST"], "addr_info": [{"local": "fe80::1", "prefixlen": 64}, {}]},
        {"ifname": "wg0", "flags": ["UP"], "linkinfo": {"info_kind": "wireguard"}},
        {"ifname": "meshnet0", "flags": ["UP"], "addr_info": []},
        {},
    ]
    assert parse_links(json.dumps(printed), "meshnet0") == (
        Link("lo", ("127.0.0.1/8",), True, True),
        Link("eth0", ("fe80::1/64",), False, False),
        Link("wg0", (), kind="wireguard"),
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


def test_a_vpn_with_rules_of_its_own_is_the_way_out() -> None:
    defaults = (Gateway("eth0", "192.168.1.1", 4),)
    way = parse_way(json.dumps([{"dst": "1.1.1.1", "dev": "wg0", "table": "51820"}]), 4)
    assert ways_out(way, defaults) == (Gateway("wg0", None, 4),)


def test_a_neighbour_on_the_same_wire_does_not_stand_in_for_the_gateway() -> None:
    defaults = (Gateway("eth0", "192.168.1.1", 4),)
    assert ways_out(Gateway("eth0", None, 4), defaults) == defaults
    assert ways_out(None, defaults) == defaults


def test_name_servers_are_read() -> None:
    assert parse_resolvers("# nameserver 1\nnameserver 192.0.2.1\nsearch lan\nnameserver  fd00::53 \n") == (
        "192.0.2.1",
        "fd00::53",
    )
