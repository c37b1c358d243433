from __future__ import annotations

from meshnet_platform.api import Peer, SystemPlan, Tunnel
from meshnet_platform.linux.nft import render
from meshnet_platform.linux.nft_paths import alias_members, alias_rules
from meshnet_platform.linux.ruleset import MAPS, transaction

RELAY, HOME, LAN = "203.0.113.5:20001", "198.51.100.2:51999", "192.168.1.20:51999"


def plan(*peers: Peer) -> SystemPlan:
    return SystemPlan(Tunnel("meshnet0", "secret", 51999, (), peers=peers))


def peer(endpoint: str | None, *aliases: str, key: str = "A=") -> Peer:
    return Peer(key, (), endpoint, aliases=aliases)


def addresses(*peers: Peer) -> set[str]:
    members = alias_members(plan(*peers))
    return {*members["alias_address4"], *members["alias_address6"]}


def test_without_aliases_the_rules_are_there_and_have_nothing_to_do() -> None:
    assert list(alias_rules(plan())) == list(alias_rules(plan(peer(RELAY, HOME))))
    assert alias_members(plan(peer(RELAY))) == dict.fromkeys(MAPS, frozenset())


def test_without_a_tunnel_nothing_comes_from_a_peer() -> None:
    assert list(alias_rules(SystemPlan())) == []
    assert alias_members(SystemPlan()) == dict.fromkeys(MAPS, frozenset())


def test_probes_keep_their_source() -> None:
    rules = list(alias_rules(plan()))
    first = next(number for number, rule in enumerate(rules) if "saddr set" in rule)
    assert "@th,64,32 0x4d6e5031 accept" in rules[:first]


def test_address_and_port_are_those_of_the_endpoint() -> None:
    members = alias_members(plan(peer(RELAY, HOME, LAN)))
    assert members == {
        "alias_port4": {"198.51.100.2 . 51999 : 0x00004e21", "192.168.1.20 . 51999 : 0x00004e21"},
        "alias_port6": frozenset(),
        "alias_address4": {"198.51.100.2 . 51999 : 203.0.113.5", "192.168.1.20 . 51999 : 203.0.113.5"},
        "alias_address6": frozenset(),
        "alias_ports": {"0x00004e21 : 20001"},
    }


def test_each_family_has_its_own() -> None:
    assert addresses(peer("[2001:db8::5]:1", HOME, "[2001:DB8:0::2]:51999")) == {
        "2001:db8::2 . 51999 : 2001:db8::5",
    }


def test_two_peers_behind_one_address_are_told_apart_by_their_ports() -> None:
    first = peer("203.0.113.5:1", "198.51.100.2:1")
    second = peer("203.0.113.5:2", "198.51.100.2:2", key="B=")
    members = alias_members(plan(first, second))
    assert members["alias_port4"] == {"198.51.100.2 . 1 : 0x00000001", "198.51.100.2 . 2 : 0x00000002"}


def test_what_two_peers_claim_stands_for_neither() -> None:
    assert addresses(peer(RELAY, LAN), peer("203.0.113.5:20003", LAN, key="B=")) == set()
    assert addresses(peer(RELAY, LAN, HOME), peer(LAN, key="B=")) == {"198.51.100.2 . 51999 : 203.0.113.5"}
    assert addresses(peer(RELAY, LAN), peer(None, LAN, key="B=")) == set()


def test_what_is_no_other_endpoint_is_passed_over() -> None:
    odd = ("junk", "198.51.100.2:0", "198.51.100.2:65536", "[fe80::1%eth0]:1", "[::ffff:198.51.100.2]:1")
    assert addresses(peer(RELAY, *odd, RELAY)) == set()
    assert addresses(peer("[2001:db8::5]:1", *odd)) == set()
    assert addresses(peer(None, HOME)) == set()


def test_another_path_of_one_peer_is_a_few_elements() -> None:
    others = tuple(peer(f"203.0.113.5:{20003 + n}", f"198.51.100.{n}:1", key=f"{n}=") for n in range(3, 100))
    before, after = (render(plan(one, *others)) for one in (peer(RELAY, HOME), peer(HOME, RELAY)))
    assert before is not None
    assert after is not None
    assert transaction(before, after).splitlines() == [
        "delete element inet meshnet alias_port4 { 198.51.100.2 . 51999 : 0x00004e21 }",
        "add element inet meshnet alias_port4 { 203.0.113.5 . 20001 : 0x0000cb1f }",
        "delete element inet meshnet alias_address4 { 198.51.100.2 . 51999 : 203.0.113.5 }",
        "add element inet meshnet alias_address4 { 203.0.113.5 . 20001 : 198.51.100.2 }",
        "delete element inet meshnet alias_ports { 0x00004e21 : 20001 }",
        "add element inet meshnet alias_ports { 0x0000cb1f : 51999 }",
    ]
