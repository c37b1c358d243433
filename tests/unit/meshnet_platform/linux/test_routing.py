from __future__ import annotations

import dataclasses
import json
from typing import Any

from syrupy.assertion import SnapshotAssertion

from meshnet_platform.api import Route, SystemPlan
from meshnet_platform.linux import routing
from meshnet_platform.linux.routing import Routing, lines, wanted, without_route
from support.plans import HOSTING, LAN_HOST, ROUTED, TUNNEL


def change(before: SystemPlan, after: SystemPlan, family: int = 4) -> tuple[str, ...]:
    return lines(wanted(before, family), wanted(after, family), "meshnet0")


def test_all_that_a_routed_device_has(snapshot: SnapshotAssertion) -> None:
    assert {family: change(SystemPlan(), ROUTED, family) for family in (4, 6)} == snapshot


def test_the_same_again_is_no_line() -> None:
    assert change(ROUTED, ROUTED) == ()


def test_the_end_of_the_table_stands_before_what_leads_into_it_and_the_rules_come_last() -> None:
    added = change(SystemPlan(TUNNEL), ROUTED)
    assert added[0] == "route replace unreachable default metric 20000 table 20854"
    assert [line.split()[0] for line in added] == ["route"] * 3 + ["rule"] * 2


def test_rules_go_before_the_routes_they_lead_to_and_the_end_of_the_table_goes_last() -> None:
    gone = change(ROUTED, SystemPlan(TUNNEL))
    assert [line.split()[0] for line in gone] == ["rule"] * 2 + ["route"] * 3
    assert gone[-1] == "route del unreachable default metric 20000 table 20854"


BLOCKED = dataclasses.replace(ROUTED, route=Route(False, local=("192.168.1.0/24",)))


def test_blocking_leaves_a_way_to_the_firewall_to_those_alone_who_have_an_address() -> None:
    assert change(ROUTED, BLOCKED) == (
        "route replace default dev meshnet0 table 20856",
        "route replace throw 192.168.1.0/24 table 20856",
        "rule add priority 5298 from 0.0.0.0/32 iif lo lookup 20854",
        "rule add priority 5299 iif lo lookup 20856",
        "route del default dev meshnet0 metric 100 table 20854",
    )
    assert change(BLOCKED, SystemPlan(TUNNEL))[0].startswith("rule del priority 5300")
    assert without_route(wanted(BLOCKED, 4)).rules == wanted(SystemPlan(TUNNEL), 4).rules


def test_without_a_tunnel_there_is_no_way_at_all() -> None:
    assert wanted(SystemPlan(route=Route(False)), 4).rules == {
        (5290, "fwmark 0x20d53 lookup main"),
        (5300, "not fwmark 0x20d53 lookup 20854"),
    }


def test_a_host_without_ipv6_leaves_ipv6_unreachable_but_for_answers() -> None:
    plan = dataclasses.replace(ROUTED, route=Route(True, ipv6=False, local=("192.168.1.0/24",)))
    added = change(SystemPlan(), plan, 6)
    assert "route replace unreachable default metric 20000 table 20854" in added
    assert [line for line in added if "default dev" in line] == ["route replace default dev meshnet0 table 20856"]
    assert {words for priority, words in wanted(plan, 6).rules if priority == 5299} == {
        "from ::/1 iif lo lookup 20856",
        "from 8000::/1 iif lo lookup 20856",
    }
    assert change(ROUTED, plan, 4) == ()


def test_no_rule_lets_more_specific_routes_of_the_network_win() -> None:
    assert not any("suppress_prefixlength" in line for line in change(SystemPlan(), ROUTED))


def test_a_route_that_changed_its_kind_is_replaced_and_not_deleted_too() -> None:
    have = Routing(routes=frozenset({(20853, "unreachable 100.64.0.2/32")}))
    want = Routing(routes=frozenset({(20853, "100.64.0.2/32 dev meshnet0")}))
    assert lines(have, want, "meshnet0") == ("route replace 100.64.0.2/32 dev meshnet0 table 20853",)


def test_without_the_route_the_mesh_stays() -> None:
    assert without_route(wanted(ROUTED, 4)).rules == wanted(SystemPlan(TUNNEL), 4).rules


def test_what_ip_prints_reads_as_what_was_wanted() -> None:
    printed: list[dict[str, Any]] = [
        {"dst": "default", "dev": "meshnet0", "scope": "link", "metric": 100, "flags": []},
        {"type": "unreachable", "dst": "default", "metric": 20000, "flags": []},
        {"type": "throw", "dst": "192.168.1.0/24", "flags": []},
    ]
    others = [{"dst": "default", "dev": "meshnet0", "metric": 100}, *in_table(printed, 52)]
    read = routing.parse_routes(json.dumps(others + in_table(printed, 20854)))
    assert read == frozenset(route for route in wanted(ROUTED, 4).routes if route[0] == 20854)
    mesh = [
        {"dst": "fd00::2", "dev": "meshnet0", "metric": 1024},
        {"type": "unreachable", "dst": "fd00::/64", "dev": "lo", "metric": 1024},
    ]
    denied = [{"type": "prohibit", "dst": "default", "dev": "lo", "metric": 1024}]
    read = routing.parse_routes(json.dumps(in_table(mesh, 20853) + in_table(denied, 20855)))
    assert read == wanted(SystemPlan(TUNNEL), 6).routes


def in_table(routes: list[dict[str, Any]], table: int) -> list[dict[str, Any]]:
    return [route | {"table": str(table)} for route in routes]


def test_link_local_addresses_are_the_kernels() -> None:
    infos = [
        {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"},
        {"family": "inet6", "local": "fd00::1", "prefixlen": 128, "scope": "global"},
        {"family": "inet", "local": "100.64.0.1", "prefixlen": 32, "scope": "global"},
    ]
    assert routing.parse_addresses(json.dumps([{"addr_info": infos}]), 6) == {"fd00::1/128"}
    assert routing.parse_addresses("", 4) == frozenset()


def denied_routes(plan: SystemPlan, family: int) -> set[str]:
    return {words for table, words in wanted(plan, family).routes if table == 20855}


def test_what_peers_may_not_reach_has_no_route_for_them_either() -> None:
    assert denied_routes(LAN_HOST, 4) == {"prohibit 10.0.0.0/8", "prohibit 192.168.0.0/16"}
    assert denied_routes(LAN_HOST, 6) == {"prohibit fc00::/7"}
    assert (5295, "iif meshnet0 lookup 20855") in wanted(LAN_HOST, 6).rules
    assert (5294, "iif meshnet0 fwmark 0x20d58 lookup main") in wanted(LAN_HOST, 4).rules
    assert not any(priority == 5294 for priority, _ in wanted(LAN_HOST, 6).rules)


def test_where_nobody_may_route_nothing_from_the_tunnel_has_a_way() -> None:
    only4 = dataclasses.replace(LAN_HOST, hosting=dataclasses.replace(HOSTING, routing=("100.64.0.2",)))
    assert denied_routes(SystemPlan(TUNNEL), 4) == denied_routes(only4, 6) == {"prohibit default"}
    lost = dataclasses.replace(LAN_HOST, hosting=dataclasses.replace(HOSTING, gateways=HOSTING.gateways[:1]))
    assert denied_routes(lost, 4) == denied_routes(LAN_HOST, 4)
    assert denied_routes(lost, 6) == {"prohibit default"}
    assert "route replace prohibit default table 20855" in change(LAN_HOST, SystemPlan(TUNNEL))
    assert change(SystemPlan(TUNNEL), LAN_HOST)[-1] == "route del prohibit default table 20855"


def test_one_grant_more_changes_no_route() -> None:
    more = dataclasses.replace(
        LAN_HOST, hosting=dataclasses.replace(HOSTING, routing=("100.64.0.2", "100.64.0.3", "fd00::2"))
    )
    assert change(LAN_HOST, more) == ()
