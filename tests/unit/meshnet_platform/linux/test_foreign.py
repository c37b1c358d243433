from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest

from meshnet_platform.linux.foreign import (
    NEVER,
    UNKNOWN,
    Chain,
    Condition,
    Obstacle,
    Packet,
    Rule,
    Stranger,
    Table,
    Value,
    obstacles,
)

PEER = ipaddress.ip_network("100.64.0.2")
PACKET = Packet("forward", "ipv4", "meshnet0", "eth0", PEER, Stranger.STRANGER, "tcp", (443, 443), (32768, 60999))
FROM_MESH = Condition("iif", ("meshnet0",))


def table(*rules: Rule, policy: str = "accept", **chains: list[Rule]) -> Table:
    others = {name: Chain(name, rules=body) for name, body in chains.items()}
    return Table("inet", "filter", {"forward": Chain("forward", "forward", policy, list(rules)), **others})


def verdict(where: Table, packet: Packet = PACKET) -> str:
    found = list(obstacles([where], packet))
    return "passes" if not found else "drops" if found[0].is_certain else "may drop"


def test_a_policy_of_drop_drops_what_no_rule_accepts() -> None:
    assert verdict(table(policy="drop")) == "drops"
    assert verdict(table(Rule((FROM_MESH,), "accept"), policy="drop")) == "passes"
    assert verdict(table(Rule((Condition("iif", ("eth0",)),), "accept"), policy="drop")) == "drops"


def test_a_rule_that_drops_counts_where_nothing_accepts_before_it() -> None:
    assert verdict(table(Rule((), "drop"))) == "drops"
    assert verdict(table(Rule((FROM_MESH,), "accept"), Rule((), "drop"))) == "passes"
    assert verdict(table(Rule((), "drop"), Rule((FROM_MESH,), "accept"))) == "drops"


def test_what_cannot_be_judged_may_drop() -> None:
    assert verdict(table(Rule((UNKNOWN,), "drop"))) == "may drop"
    assert verdict(table(Rule((UNKNOWN,), "accept"), policy="drop")) == "may drop"
    assert verdict(table(Rule((UNKNOWN, FROM_MESH), "accept"), Rule((), "accept"), policy="drop")) == "passes"
    assert verdict(table(Rule((), "queue"))) == "may drop"


def test_a_condition_that_cannot_be_met_outweighs_one_that_cannot_be_judged() -> None:
    assert verdict(table(Rule((UNKNOWN, Condition("iif", ("eth0",))), "drop"))) == "passes"
    assert verdict(table(Rule((UNKNOWN, NEVER), "drop"))) == "passes"


def test_jumps_are_followed_and_come_back() -> None:
    to_side = Rule((), "jump", "side")
    assert verdict(table(to_side, Rule((), "accept"), policy="drop", side=[Rule((FROM_MESH,), "drop")])) == "drops"
    assert verdict(table(to_side, Rule((), "accept"), policy="drop", side=[Rule((), "return")])) == "passes"
    assert verdict(table(to_side, policy="drop", side=[Rule((FROM_MESH,), "accept")])) == "passes"


def test_a_goto_does_not_come_back() -> None:
    gone = Rule((), "goto", "side")
    assert verdict(table(gone, Rule((), "accept"), policy="drop", side=[])) == "drops"
    assert verdict(table(gone, Rule((), "drop"), policy="accept", side=[])) == "passes"


def test_a_jump_in_doubt_goes_both_ways() -> None:
    doubtful = Rule((UNKNOWN,), "jump", "side")
    assert verdict(table(doubtful, Rule((), "accept"), side=[Rule((), "drop")])) == "may drop"


def test_chains_that_call_one_another_in_a_ring_are_left() -> None:
    ring = Rule((), "jump", "ring")
    assert verdict(table(ring, ring=[ring])) == "passes"


def test_the_chain_that_drops_is_named() -> None:
    where = table(Rule((), "jump", "side"), side=[Rule((FROM_MESH,), "drop")])
    assert list(obstacles([where], PACKET)) == [Obstacle(where, "forward", "side", is_certain=True)]


def test_tables_of_the_other_family_and_chains_of_other_hooks_are_not_asked() -> None:
    other = Table("ip6", "filter", {"forward": Chain("forward", "forward", "drop")})
    assert verdict(other) == "passes"
    assert verdict(other, replace(PACKET, nfproto="ipv6")) == "drops"
    assert verdict(Table("ip", "filter", {"input": Chain("input", "input", "drop")})) == "passes"


@pytest.mark.parametrize(
    ("field", "value", "holds"),
    [
        ("iif", "meshnet0", True),
        ("iif", "mesh*", True),
        ("iif", "wg*", False),
        ("protocol", "udp", False),
        ("mark", 0, True),
        ("state", "new", True),
        ("status", "dnat", False),
        ("dport", (443, 443), True),
        ("dport", (80, 80), False),
        ("sport", (1024, 65535), True),
        ("sport", (40000, 65535), None),
        ("sport", (40000, 40000), False),
        ("saddr", ipaddress.ip_network("100.64.0.0/10"), True),
        ("saddr", ipaddress.ip_network("192.168.0.0/16"), False),
        ("saddr", ipaddress.ip_network("fd00::/8"), False),
        ("daddr", ipaddress.ip_network("0.0.0.0/0"), True),
        ("daddr", ipaddress.ip_network("10.0.0.0/8"), False),
        ("daddr", ipaddress.ip_network("45.9.148.3"), False),
        ("daddr", ipaddress.ip_network("45.0.0.0/8"), None),
        ("nothing known", "x", None),
    ],
)
def test_a_condition_holds_fails_or_cannot_be_known(field: str, value: Value, holds: bool | None) -> None:
    assert Condition(field, (value,)).holds(PACKET) is holds
    assert Condition(field, (value,), negated=True).holds(PACKET) is (None if holds is None else not holds)


def test_a_mark_is_compared_under_its_mask() -> None:
    marked = replace(PACKET, mark=0x20D53)
    assert Condition("mark", (0x40000,), mask=0xFF0000).holds(marked) is False
    assert Condition("mark", (0x20000,), mask=0xFF0000).holds(marked) is True


def test_a_network_of_peers_that_a_rule_splits_cannot_be_judged() -> None:
    peers = replace(PACKET, saddr=ipaddress.ip_network("100.64.0.0/10"))
    assert Condition("saddr", (ipaddress.ip_network("100.115.92.0/23"),)).holds(peers) is None


def test_a_stranger_may_be_on_a_list_of_countries_and_is_on_no_short_one() -> None:
    short = tuple(ipaddress.ip_network((45 << 24) + (number << 8)) for number in range(20))
    long = tuple(ipaddress.ip_network((45 << 24) + (number << 8)) for number in range(1001))
    assert Condition("daddr", short).holds(PACKET) is False
    assert Condition("daddr", long).holds(PACKET) is None
