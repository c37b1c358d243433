from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from meshnet_platform.linux.foreign import NEVER, UNKNOWN, Condition, Rule
from meshnet_platform.linux.foreign_nft import families_with_extensions, read_tables

FORWARD = {
    "chain": {
        "family": "inet", "table": "filter", "name": "forward", "type": "filter", "hook": "forward", "policy": "drop",
    }
}  # fmt: skip


def ruleset(*entries: dict[str, Any]) -> str:
    table = {"table": {"family": "inet", "name": "filter"}}
    return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6"}}, table, FORWARD, *entries]})


def rule(*expressions: dict[str, Any]) -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": "filter", "chain": "forward", "expr": list(expressions)}}


def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def rules(*expressions: dict[str, Any], more: tuple[dict[str, Any], ...] = ()) -> list[Rule]:
    (table,) = read_tables(ruleset(*more, rule(*expressions)), "meshnet")
    return table.chains["forward"].rules


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


ACCEPT: dict[str, Any] = {"accept": None}
TCP = Condition("protocol", ("tcp",))
IPV4 = Condition("nfproto", ("ipv4",))


def test_nothing_is_read_of_an_empty_rule_set() -> None:
    assert read_tables("", "meshnet") == ()


def test_our_own_table_and_other_families_are_left_out() -> None:
    entries = [{"table": {"family": family, "name": name}} for family, name in (("inet", "meshnet"), ("bridge", "x"))]
    entries.append({"chain": {"family": "inet", "table": "meshnet", "name": "input", "hook": "input"}})
    assert read_tables(json.dumps({"nftables": entries}), "meshnet") == ()


def test_a_base_chain_has_its_hook_and_policy_and_one_for_translation_counts_for_nothing() -> None:
    nat = {"chain": {"family": "inet", "table": "filter", "name": "out", "type": "nat", "hook": "output"}}
    (table,) = read_tables(ruleset(nat), "meshnet")
    chains = {chain.name: (chain.hook, chain.policy) for chain in table.chains.values()}
    assert chains == {"forward": ("forward", "drop"), "out": (None, "accept")}


@pytest.mark.parametrize(
    ("condition", "conditions"),
    [
        (match({"meta": {"key": "iifname"}}, "mesh*"), (Condition("iif", ("mesh*",)),)),
        (match({"meta": {"key": "oif"}}, "eth0", "!="), (Condition("oif", ("eth0",), negated=True),)),
        (match({"meta": {"key": "l4proto"}}, {"set": ["tcp", 17]}), (Condition("protocol", ("tcp", "udp")),)),
        (match(payload("tcp", "dport"), 22), (TCP, Condition("dport", ((22, 22),)))),
        (match(payload("tcp", "dport"), {"range": [1, 9]}), (TCP, Condition("dport", ((1, 9),)))),
        (
            match(payload("ip", "saddr"), {"prefix": {"addr": "10.0.0.0", "len": 8}}),
            (IPV4, Condition("saddr", (ipaddress.ip_network("10.0.0.0/8"),))),
        ),
        (match({"ct": {"key": "state"}}, ["new", "related"], "in"), (Condition("state", ("new", "related")),)),
        (match({"ct": {"key": "status"}}, "dnat", "in"), (Condition("status", ("dnat",)),)),
        (match({"&": [{"meta": {"key": "mark"}}, 0xFF0000]}, 0x40000), (Condition("mark", (0x40000,), mask=0xFF0000),)),
        (match({"fib": {"result": "type", "flags": ["daddr"]}}, "local"), (Condition("daddr_type", ("local",)),)),
        (match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False), (UNKNOWN,)),
        (match({"exthdr": {"name": "rt"}}, True), (NEVER,)),
        (match(payload("icmp", "type"), "echo-request"), (Condition("protocol", ("icmp",)), UNKNOWN)),
        (match(payload("tcp", "dport"), 1024, "<"), (TCP, UNKNOWN)),
        (match({"concat": [payload("ip", "saddr")]}, "@pairs"), (UNKNOWN,)),
        ({"limit": {"rate": 3, "per": "minute"}}, (UNKNOWN,)),
        ({"counter": {"packets": 0, "bytes": 0}}, ()),
    ],
)  # fmt: skip
def test_conditions(condition: dict[str, Any], conditions: tuple[Condition, ...]) -> None:
    assert rules(condition, ACCEPT) == [Rule(conditions, "accept")]


def test_a_named_set_is_read_as_it_is_now() -> None:
    blocked = {"set": {"family": "inet", "table": "filter", "name": "b", "elem": [{"elem": {"val": "45.9.148.3"}}]}}
    found = rules(match(payload("ip", "saddr"), "@b"), {"drop": None}, more=(blocked,))
    assert found == [Rule((IPV4, Condition("saddr", (ipaddress.ip_network("45.9.148.3"),))), "drop")]


def test_a_verdict_map_is_a_rule_for_each_of_its_keys() -> None:
    pairs = [["established", {"accept": None}], ["invalid", {"drop": None}], ["new", {"jump": {"target": "side"}}]]
    found = rules({"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": pairs}}})
    assert found == [
        Rule((Condition("state", ("established",)),), "accept"),
        Rule((Condition("state", ("invalid",)),), "drop"),
        Rule((Condition("state", ("new",)),), "jump", "side"),
    ]


def test_a_rule_that_only_counts_ends_nothing() -> None:
    assert rules({"counter": {"packets": 0, "bytes": 0}}, {"log": {"prefix": "x"}}) == []


def test_extensions_of_iptables_are_told_and_their_conditions_not_guessed() -> None:
    conntrack, reject = {"xt": {"type": "match", "name": "conntrack"}}, {"xt": {"type": "target", "name": "REJECT"}}
    assert rules(conntrack, ACCEPT) == [Rule((UNKNOWN,), "accept")]
    assert rules(reject) == [Rule((), "drop")]
    assert rules({"xt": {"type": "target", "name": "LOG"}}) == []
    assert families_with_extensions(ruleset(rule(conntrack, ACCEPT))) == {"inet"}
    assert families_with_extensions(ruleset(rule(ACCEPT))) == frozenset()
