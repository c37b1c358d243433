"""Where our policy rules stand among those of others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from meshnet_platform.api import Route, SystemPlan
from meshnet_platform.linux.precedence import distance_ahead, parse_rules
from meshnet_platform.linux.routing import lines, wanted
from support.plans import LAN_HOST, ROUTED, TUNNEL

OURS: list[dict[str, Any]] = [
    {"priority": 0, "src": "all", "table": "local"},
    {"priority": 5280, "src": "all", "table": "20853"},
    {"priority": 5290, "src": "all", "fwmark": "0x20d53", "table": "main"},
    {"priority": 5295, "src": "all", "iif": "meshnet0", "table": "20855"},
    {"priority": 32766, "src": "all", "table": "main"},
]
WG_QUICK: list[dict[str, Any]] = [
    {"priority": 5278, "src": "all", "table": "main", "suppress_prefixlen": 0},
    {"priority": 5279, "not": None, "src": "all", "fwmark": "0xca6c", "table": "51820"},
]


def distance(*others: dict[str, Any]) -> int:
    return distance_ahead(json.dumps([*OURS, *others]), "meshnet0")


def test_rules_of_others_are_passed_over() -> None:
    printed = [
        {"priority": 0, "src": "all", "table": "local"},
        {"priority": 5280, "src": "all", "table": "20853"},
        {"priority": 5290, "src": "all", "fwmark": "0x20d53", "table": "main"},
        {"priority": 5290, "src": "all", "fwmark": "0x20d54", "iif": "meshnet0", "table": "main"},
        {"priority": 5295, "src": "all", "iif": "meshnet0", "table": "20855"},
        {"priority": 5300, "not": None, "src": "all", "fwmark": "0x20d53", "table": "20854"},
    ]
    assert parse_rules(json.dumps(printed), "meshnet0") == wanted(ROUTED, 4).rules


def test_rules_for_local_networks_are_read_back() -> None:
    printed = [
        {"priority": 5280, "src": "all", "table": "20853"},
        {"priority": 5290, "src": "all", "fwmark": "0x20d53", "table": "main"},
        {"priority": 5294, "src": "all", "fwmark": "0x20d58", "iif": "meshnet0", "table": "main"},
        {"priority": 5295, "src": "all", "iif": "meshnet0", "iif_detached": None, "table": "20855"},
    ]
    assert parse_rules(json.dumps(printed), "meshnet0") == wanted(LAN_HOST, 4).rules


@pytest.mark.parametrize("family", [4, 6])
def test_rules_for_answers_are_read_back(family: int) -> None:
    printed: list[dict[str, Any]] = [
        {"priority": 5280, "src": "all", "table": "20853"},
        {"priority": 5290, "src": "all", "fwmark": "0x20d53", "table": "main"},
        {"priority": 5290, "src": "all", "fwmark": "0x20d54", "iif": "meshnet0", "table": "main"},
        {"priority": 5295, "src": "all", "iif": "meshnet0", "table": "20855"},
        {"priority": 5300, "not": None, "src": "all", "fwmark": "0x20d53", "table": "20854"},
    ]
    if family == 4:
        printed.append({"priority": 5298, "src": "0.0.0.0", "iif": "lo", "table": "20854"})
        printed.append({"priority": 5299, "src": "all", "iif": "lo", "table": "20856"})
    else:
        printed += [
            {"priority": 5299, "src": half, "srclen": 1, "iif": "lo", "table": "20856"} for half in ("::", "8000::")
        ]
    blocked = replace(ROUTED, route=Route(False))
    assert parse_rules(json.dumps(printed), "meshnet0") == wanted(blocked, family).rules


def test_our_rules_stand_at_their_usual_place_among_those_who_chose_theirs() -> None:
    tailscale = {"priority": 5270, "src": "all", "table": "52"}
    netbird = {"priority": 110, "not": None, "src": "all", "fwmark": "0x1bd00", "table": "7120"}
    assert distance() == distance(tailscale) == 0
    assert distance(netbird) > 0


def test_a_vpn_that_was_started_after_us_is_overtaken() -> None:
    moved = {priority for priority, _ in wanted(ROUTED, 4, distance(*WG_QUICK)).rules}
    assert max(moved) < min(rule["priority"] for rule in WG_QUICK)
    assert min(moved) > 0


def test_a_vpn_that_was_started_twice_is_overtaken_twice() -> None:
    again = [{**rule, "priority": rule["priority"] - distance(*WG_QUICK)} for rule in WG_QUICK]
    assert distance(*again) > distance(*WG_QUICK)


def test_rules_that_were_moved_are_read_as_ours_and_move_back() -> None:
    ahead = distance(*WG_QUICK)
    moved = wanted(SystemPlan(TUNNEL), 4, ahead)
    printed = [
        {**rule, "priority": rule["priority"] - ahead} if 5000 < rule["priority"] < 6000 else rule for rule in OURS
    ]
    assert parse_rules(json.dumps([*printed, *WG_QUICK]), "meshnet0") == moved.rules
    back = lines(moved, wanted(SystemPlan(TUNNEL), 4), "meshnet0")
    added = [line for line in back if line.startswith("rule add")]
    assert added[0] == "rule add priority 5280 lookup 20853"
    assert len(added) == len(moved.rules) == len([line for line in back if line.startswith("rule del")])


@pytest.mark.parametrize(
    "some",
    [
        {"src": "10.0.0.5", "table": "100"},
        {"src": "all", "fwmark": "0x1", "table": "100"},
        {"src": "all", "dst": "10.0.0.0", "dstlen": 8, "table": "100"},
        {"src": "all", "iif": "virbr0", "table": "100"},
        {"src": "all", "uid_start": 1000, "uid_end": 1000, "table": "100"},
        {"src": "all", "l3mdev": None},
    ],
)
def test_rules_for_some_traffic_only_stay_ahead(some: dict[str, Any]) -> None:
    assert distance({"priority": 1000, **some}) == 0


def test_there_is_always_room_before_the_first_rule() -> None:
    assert distance({"priority": 1, "src": "all", "table": "51820"}) == 5279
