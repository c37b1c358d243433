"""Routes, policy rules and addresses of a plan, and the lines for ip-batch(8) that bring them about. Pure.

A routed device follows rule 5300 into a table of its own: exceptions (`throw`), the tunnel, and always an unreachable
default behind it, so that a tunnel that vanishes never lets traffic fall through to the main table. There is no
`suppress_prefixlength` rule: with one, any more specific route that a hostile DHCP server hands out would win
(option 121, "TunnelVision", CVE-2024-3661).

Where the route is closed, a lookup that fails would end an answer before the firewall could send it back the way its
question came. So sockets that have an address already (rule 5299; the others follow the route's own table, 5298) find
the tunnel in one more table, and at its entrance the firewall, which refuses all but answers.

What comes out of the tunnel to be forwarded passes rule 5295 as well: a table of `prohibit` routes, a second layer
that is still there when somebody else flushes all of the firewall. Peers themselves (5280), answers for what is behind
a routed device (5290) and permitted local networks (5294) stand before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meshnet_platform.api import Hosting, SystemPlan
from meshnet_platform.linux import marks
from meshnet_platform.linux.ip_words import entries, with_length
from meshnet_platform.linux.nft_words import is_host

_TUNNEL_METRIC = 100
_END_METRIC = 20000
_OURS = marks.MESH_TABLE, marks.ROUTE_TABLE, marks.DENIED_TABLE, marks.ANSWERS_TABLE
_TABLES = {str(table): table for table in _OURS}
"""Our tables by what ip(8) calls them."""


@dataclass(frozen=True, slots=True)
class Routing:
    """What one family (4 or 6) has of ours."""

    addresses: frozenset[str] = frozenset()
    routes: frozenset[tuple[int, str]] = frozenset()
    """Table, and the route in the words of ip-route(8)."""
    rules: frozenset[tuple[int, str]] = frozenset()
    """Priority, and the rule in the words of ip-rule(8)."""


def wanted(plan: SystemPlan, family: int, ahead: int = 0) -> Routing:
    """What the plan asks for; the rules stand so far ahead of their usual priorities (see `precedence`)."""
    routes = frozenset((*_mesh_routes(plan, family), *_denied_routes(plan, family), *_route_routes(plan, family)))
    rules = frozenset((priority - ahead, words) for priority, words in _rules(plan, family))
    return Routing(frozenset(_addresses(plan, family)), routes, rules)


def lines(have: Routing, want: Routing, interface: str, link: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Batch lines that turn one into the other: first all that is added, then all that goes.

    The order within the additions is the law of the module: the end of a table stands before anything leads into it,
    and a rule comes last. Removals run the other way. `link` are the lines for the interface itself, which needs its
    addresses before and must be up for its routes.
    """
    added = (
        *(_address_line(address, interface) for address in sorted(want.addresses - have.addresses)),
        *link,
        *(f"route replace {words} table {table}" for table, words in sorted(want.routes - have.routes, key=_end_first)),
        *(f"rule add priority {priority} {words}" for priority, words in sorted(want.rules - have.rules)),
    )
    gone = (
        *(f"rule del priority {priority} {words}" for priority, words in sorted(have.rules - want.rules, reverse=True)),
        *(f"route del {words} table {table}" for table, words in _gone_routes(have, want)),
        *(f"addr del {address} dev {interface}" for address in sorted(have.addresses - want.addresses)),
    )
    return added + gone


def without_route(have: Routing) -> Routing:
    """The same without the rules that lead a device's traffic into the tunnel."""
    lasting = frozenset(rule for rule in have.rules if not _is_of_route(rule[1]))
    return have if lasting == have.rules else Routing(have.addresses, have.routes, lasting)


def _is_of_route(words: str) -> bool:
    is_for_peers = words.startswith("iif") and words.endswith("lookup main") and f"{marks.TO_LAN:#x}" not in words
    return is_for_peers or words.endswith((f"lookup {marks.ROUTE_TABLE}", f"lookup {marks.ANSWERS_TABLE}"))


def differences(have: Routing, found: Routing) -> tuple[str, ...]:
    """What stands in one of them only, in words."""
    return (
        *(f"address {address}" for address in sorted(have.addresses ^ found.addresses)),
        *(f"route {words} of table {table}" for table, words in sorted(have.routes ^ found.routes)),
        *(f"rule {priority} {words}" for priority, words in sorted(have.rules ^ found.rules)),
    )


def parse_addresses(text: str, family: int) -> frozenset[str]:
    """Read `ip -j addr show dev NAME`; link-local addresses are the kernel's own business."""
    found = (
        f"{info['local']}/{info['prefixlen']}"
        for link in entries(text)
        for info in link.get("addr_info", ())
        if info.get("scope") != "link" and info.get("family") == ("inet" if family == 4 else "inet6")
    )
    return frozenset(found)


def parse_routes(text: str) -> frozenset[tuple[int, str]]:
    """Read the routes of our tables in `ip -j route show table all`, which names no table for those of `main`."""
    found = ((str(route.get("table", "")), route) for route in entries(text))
    return frozenset((_TABLES[table], _route_words(route)) for table, route in found if table in _TABLES)


def _addresses(plan: SystemPlan, family: int) -> Iterator[str]:
    yield from _of_family(plan.tunnel.addresses if plan.tunnel else (), family)


def _mesh_routes(plan: SystemPlan, family: int) -> Iterator[tuple[int, str]]:
    if plan.tunnel is None:
        return
    for peer in plan.tunnel.peers:
        for prefix in _of_family(peer.allowed, family):
            if is_host(prefix):
                yield marks.MESH_TABLE, f"{prefix} dev {plan.tunnel.interface}"
    for prefix in _of_family(plan.tunnel.unreachable, family):
        yield marks.MESH_TABLE, f"unreachable {prefix}"


def _denied_routes(plan: SystemPlan, family: int) -> Iterator[tuple[int, str]]:
    if plan.tunnel is None:
        return
    hosting = plan.hosting
    if hosting is None or not any(_of_family(hosting.routing, family)) or not _leads_out(hosting, family):
        yield marks.DENIED_TABLE, "prohibit default"
        return
    for prefix in _of_family(hosting.denied, family):
        yield marks.DENIED_TABLE, f"prohibit {prefix}"


def _leads_out(hosting: Hosting, family: int) -> bool:
    """Whether peers may leave in this family: not where a VPN carries the other one only, or has dropped."""
    return hosting.through_tunnel or any(gateway.family == family for gateway in hosting.gateways)


def _route_routes(plan: SystemPlan, family: int) -> Iterator[tuple[int, str]]:
    route = plan.route
    if route is None:
        return
    yield marks.ROUTE_TABLE, f"unreachable default metric {_END_METRIC}"
    for prefix in _of_family(route.local, family):
        yield marks.ROUTE_TABLE, f"throw {prefix}"
    if plan.tunnel is None:
        return
    if route.carries(family):
        yield marks.ROUTE_TABLE, f"default dev {plan.tunnel.interface} metric {_TUNNEL_METRIC}"
        return
    for prefix in _of_family(route.local, family):
        yield marks.ANSWERS_TABLE, f"throw {prefix}"
    yield marks.ANSWERS_TABLE, f"default dev {plan.tunnel.interface}"


def _rules(plan: SystemPlan, family: int) -> Iterator[tuple[int, str]]:
    if plan.tunnel is not None:
        yield marks.MESH_PRIORITY, f"lookup {marks.MESH_TABLE}"
        yield from _denied_rules(plan, plan.tunnel.interface, family)
    if plan.tunnel is not None and plan.route is not None:
        # By the interface as well as the mark: the reverse path filter's look-up for what is delivered here names no
        # such interface, and so still finds that what comes out of the tunnel is also sent there.
        answers = f"iif {plan.tunnel.interface} fwmark {marks.LEFT_BY_TUNNEL:#x}"
        yield marks.BESIDE_PRIORITY, f"{answers} lookup main"
        if plan.hosting is not None and not plan.hosting.through_tunnel:
            yield marks.PEERS_PRIORITY, f"iif {plan.tunnel.interface} lookup main"
    if plan.tunnel is not None or plan.route is not None:
        # Also beside a VPN that this device is on: the mesh needs the line itself, where others can reach it.
        yield marks.BESIDE_PRIORITY, f"fwmark {marks.PACKET_MARK:#x} lookup main"
    if plan.tunnel is not None and plan.route is not None and not plan.route.carries(family):
        yield from _answer_rules(family)
    if plan.route is not None:
        yield marks.ROUTE_PRIORITY, f"not fwmark {marks.PACKET_MARK:#x} lookup {marks.ROUTE_TABLE}"


def _answer_rules(family: int) -> Iterator[tuple[int, str]]:
    """For what this device sends itself, from an address that is chosen already: `iif lo` (ip-rule(8))."""
    if family == 4:
        yield marks.UNBOUND_PRIORITY, f"from 0.0.0.0/32 iif lo lookup {marks.ROUTE_TABLE}"
        yield marks.ANSWERS_PRIORITY, f"iif lo lookup {marks.ANSWERS_TABLE}"
        return
    # In IPv6 no prefix holds for a packet without an address.
    for half in ("::/1", "8000::/1"):
        yield marks.ANSWERS_PRIORITY, f"from {half} iif lo lookup {marks.ANSWERS_TABLE}"


def _denied_rules(plan: SystemPlan, interface: str, family: int) -> Iterator[tuple[int, str]]:
    # A second layer under the firewall, for whatever is not an answer to this device or to what is behind it.
    yield marks.DENIED_PRIORITY, f"iif {interface} lookup {marks.DENIED_TABLE}"
    if plan.hosting is not None and plan.hosting.lan and any(_of_family(plan.hosting.lan_prefixes, family)):
        # To the main table and not only past the denied ones: a host that is routed itself would send it on.
        yield marks.LAN_PRIORITY, f"iif {interface} fwmark {marks.TO_LAN:#x} lookup main"


def _of_family(prefixes: tuple[str, ...], family: int) -> Iterator[str]:
    return (prefix for prefix in prefixes if (":" in prefix) == (family == 6))


def _address_line(address: str, interface: str) -> str:
    # Nobody on a WireGuard link could have the same address: its key would not fit. So none looks for duplicates.
    return f"addr add {address} dev {interface}{' nodad' if ':' in address else ''}"


def _end_first(entry: tuple[int, str]) -> tuple[bool, int, str]:
    return "unreachable default" not in entry[1], entry[0], entry[1]


def _gone_routes(have: Routing, want: Routing) -> list[tuple[int, str]]:
    gone = sorted(have.routes - want.routes, key=_end_first, reverse=True)
    if not gone:
        return []
    # `replace` has put the new kind of route to the same place already; deleting the old words would then fail.
    kept = {(table, _place(words)) for table, words in want.routes}
    return [entry for entry in gone if (entry[0], _place(entry[1])) not in kept]


def _place(words: str) -> tuple[str, str]:
    parts = [word for word in words.split() if word not in ("unreachable", "throw", "prohibit")]
    return parts[0], parts[parts.index("metric") + 1] if "metric" in parts else ""


def _route_words(route: dict[str, Any]) -> str:
    kind = route.get("type", "unicast")
    target = with_length(str(route["dst"]))
    words = [target] if kind == "unicast" else [kind, target]
    if kind == "unicast" and "dev" in route:
        words += ["dev", str(route["dev"])]
    # The kernel gives every IPv6 route without a metric this one.
    if route.get("metric", 0) not in (0, 1024):
        words += ["metric", str(route["metric"])]
    return " ".join(words)
