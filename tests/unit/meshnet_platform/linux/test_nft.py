from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import pytest
from syrupy.assertion import SnapshotAssertion

from meshnet_platform.api import Control, Gateway, Hosting, Peer, Route, SystemPlan, Tunnel
from meshnet_platform.linux.nft import render
from meshnet_platform.linux.nft_words import destinations
from meshnet_platform.linux.ruleset import transaction

PEERS = (
    Peer(
        "A=",
        ("100.64.0.2/32", "fd00::2/128", "0.0.0.0/0", "::/0"),
        "203.0.113.5:20001",
        aliases=("198.51.100.2:51999", "[2001:db8::2]:51999"),
    ),
    Peer("B=", ("100.64.0.3/32", "fd00::3/128")),
    Peer("beacon=", ()),
)
TUNNEL = Tunnel("meshnet0", "secret", 51999, ("100.64.0.1/32", "fd00::1/128"), peers=PEERS)
ROUTE = Route(
    True,
    control=(Control("203.0.113.5", 8443),),
    local=("192.168.1.0/24", "fd12::/64", "fe80::/10"),
    local_resolvers=("192.168.1.1", "fe80::1%eth0"),
)
HOSTING = Hosting(
    routing=("100.64.0.2", "fd00::2", "100.64.0.3"),
    lan=("100.64.0.2",),
    lan_prefixes=("192.168.1.0/24", "fd12::/64"),
    lan_interfaces=("eth0", "wlan0"),
    denied=("10.0.0.0/8", "fc00::/7"),
    gateways=(Gateway("eth0", "192.168.1.254", 4), Gateway("ppp0", None, 6)),
    resolver_port=5300,
)
PLANS = {
    "a device of the mesh": SystemPlan(TUNNEL, incoming=("100.64.0.3", "fd00::3")),
    "routed": SystemPlan(TUNNEL, route=ROUTE),
    "blocked": SystemPlan(TUNNEL, route=dataclasses.replace(ROUTE, passing=False)),
    "blocked without a tunnel": SystemPlan(route=Route(False)),
    "routed without the kill switch": SystemPlan(TUNNEL, route=dataclasses.replace(ROUTE, guarded=False)),
    "host": SystemPlan(TUNNEL, hosting=HOSTING),
    "host through the tunnel": SystemPlan(
        TUNNEL, hosting=dataclasses.replace(HOSTING, through_tunnel=True), route=ROUTE
    ),
}


def text_of(plan: SystemPlan) -> str:
    ruleset = render(plan, frozenset({4, 6}))
    assert ruleset is not None
    return transaction(None, ruleset)


def chain_of(plan: SystemPlan, name: str) -> list[str]:
    lines = text_of(plan).split(f"  chain {name} {{\n")[1].split("  }\n")[0].splitlines()
    return [line.strip() for line in lines if not line.strip().startswith("type ")]


@pytest.mark.parametrize("name", PLANS)
def test_the_rules_of_each_state(name: str, snapshot: SnapshotAssertion) -> None:
    assert text_of(PLANS[name]) == snapshot


def test_the_empty_plan_has_no_table() -> None:
    assert render(SystemPlan()) is None


@pytest.mark.parametrize("name", PLANS)
def test_what_comes_from_the_mesh_ends_in_a_drop(name: str) -> None:
    for chain in ("input", "from_tunnel"):
        assert chain_of(PLANS[name], chain)[-1] == "drop"


@pytest.mark.parametrize("name", ["routed", "blocked", "blocked without a tunnel", "host through the tunnel"])
def test_the_kill_switch_ends_in_a_rejection_on_output_and_forward(name: str) -> None:
    for chain in ("guard", "forward"):
        assert chain_of(PLANS[name], chain)[-1] == "reject with icmpx admin-prohibited"


def test_names_are_refused_before_the_local_network_is_permitted_but_for_the_chosen_servers() -> None:
    for name in ("guard", "forward"):
        rules = chain_of(PLANS["routed"], name)
        order = [
            "ip daddr 192.168.1.1 meta l4proto { tcp, udp } th dport { 53, 853 } accept",
            "ip6 daddr fe80::1 meta l4proto { tcp, udp } th dport { 53, 853 } accept",
            "tcp dport { 53, 853 } reject with tcp reset",
            "udp dport { 53, 853 } reject with icmpx admin-prohibited",
            "ip daddr @mesh4 reject with icmpx admin-prohibited",
            "ip daddr 192.168.1.0/24 accept",
        ]
        assert [rule for rule in rules if rule in order] == order


def test_without_a_local_network_no_name_server_of_it_is_asked() -> None:
    route = Route(True, local_resolvers=("192.168.1.1",))
    assert not any("192.168.1.1" in rule for rule in chain_of(SystemPlan(TUNNEL, route=route), "guard"))


def test_who_opens_a_connection_answers_nobody() -> None:
    for name in ("guard", "forward"):
        rules = chain_of(PLANS["routed"], name)
        answered = next(i for i, rule in enumerate(rules) if rule.startswith("ct mark 0x20d55") and "accept" in rule)
        assert any("tcp flags & (syn | ack) == syn reject" in rule for rule in rules[:answered])


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(
    ("closed", "protocols"), [(Route(False), ["ipv4", "ipv6"]), (Route(True, ipv6=False), ["ipv6"]), (Route(True), [])]
)
def test_what_the_host_does_not_carry_is_kept_out_of_the_tunnel(
    closed: Route, protocols: list[str], guarded: bool
) -> None:
    rules = chain_of(SystemPlan(TUNNEL, route=dataclasses.replace(closed, guarded=guarded)), "guard")
    kept_out = 'oifname "meshnet0" meta nfproto '
    refused = [rule.removeprefix(kept_out).split()[0] for rule in rules if rule.startswith(kept_out)]
    assert refused == [protocol for protocol in protocols for _ in range(2)]
    assert ('oifname "meshnet0" accept' in rules) == (closed.passing and (guarded or bool(protocols)))


@pytest.mark.parametrize("name", PLANS)
def test_no_set_holds_prefixes_and_every_chain_is_always_there(name: str) -> None:
    text = text_of(PLANS[name])
    assert "interval" not in text
    assert text.count("  chain ") == 14
    assert "secret" not in text


def test_permission_is_asked_before_anything_about_running_flows() -> None:
    rules = chain_of(PLANS["host"], "from_tunnel")
    assert not any("established" in rule for rule in rules)
    passing = [i for i, rule in enumerate(rules) if rule.endswith("accept") or "goto" in rule]
    assert rules.index("ip saddr != @routing4 drop") < min(passing)


def test_a_flow_known_as_public_still_asks_for_the_gateway_with_every_packet() -> None:
    rules = chain_of(PLANS["host"], "from_tunnel")
    (known,) = [rule for rule in rules if rule.startswith("ct mark 0x20d57")]
    assert known.endswith("goto to_internet")
    assert (
        rules.index(known) < rules.index("ip daddr & 255.0.0.0 { 10.0.0.0 } drop") < rules.index("ct mark set 0x20d57")
    )
    assert chain_of(PLANS["host"], "to_internet")[-1] == "drop"


def test_a_gateway_without_an_address_is_known_by_its_interface_alone() -> None:
    rules = chain_of(PLANS["host"], "to_internet")
    assert 'meta nfproto ipv6 oifname "ppp0" accept' in rules
    assert 'meta nfproto ipv4 oifname "eth0" rt ip nexthop 192.168.1.254 accept' in rules


def test_grants_change_members_and_not_rules() -> None:
    before = render(PLANS["host"])
    after = render(dataclasses.replace(PLANS["host"], hosting=dataclasses.replace(HOSTING, routing=("100.64.0.2",))))
    assert before is not None
    assert after is not None
    assert before.rules == after.rules
    assert before.members != after.members


def test_without_a_grant_nothing_is_forwarded_from_the_mesh() -> None:
    plan = dataclasses.replace(PLANS["host"], hosting=dataclasses.replace(HOSTING, routing=()))
    assert not any(rule.endswith("accept") for rule in chain_of(plan, "from_tunnel"))


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="asks nft itself, in a network namespace")
@pytest.mark.parametrize("name", PLANS)
def test_nft_understands_the_rules(name: str) -> None:
    done = subprocess.run(
        ["unshare", "--net", "nft", "--check", "--file", "-"],
        input=text_of(PLANS[name]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("port", "ports"), [(21820, "32768-65535"), (40000, "40001-65535"), (51820, "32768-51819"), (65535, "32768-65534")]
)
def test_peers_never_get_the_port_that_wireguard_listens_at(port: int, ports: str) -> None:
    plan = dataclasses.replace(PLANS["host"], tunnel=dataclasses.replace(TUNNEL, listen_port=port))
    assert f"masquerade to :{ports} fully-random" in text_of(plan)


def test_the_local_network_is_reached_by_its_own_interfaces_only() -> None:
    rules = chain_of(PLANS["host"], "from_tunnel")
    assert any(rule.startswith('oifname { "eth0", "wlan0" } ip saddr @lan4') for rule in rules)
    nowhere = dataclasses.replace(HOSTING, lan_interfaces=())
    assert not any("@lan" in rule for rule in chain_of(SystemPlan(TUNNEL, hosting=nowhere), "from_tunnel"))


def test_denied_prefixes_are_one_rule_for_each_length() -> None:
    prefixes = ("10.0.0.0/8", "127.0.0.0/8", "192.168.1.0/24", "81.2.69.10/32", "fc00::/7", "2a00::/56", "2a01::/56")
    assert list(destinations(prefixes)) == [
        "ip daddr & 255.0.0.0 { 10.0.0.0, 127.0.0.0 }",
        "ip daddr & 255.255.255.0 { 192.168.1.0 }",
        "ip daddr { 81.2.69.10 }",
        "ip6 daddr & fe00:: { fc00:: }",
        "ip6 daddr & ffff:ffff:ffff:ff00:: { 2a00::, 2a01:: }",
    ]
