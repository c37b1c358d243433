"""Reads `nft -j list ruleset` into the tables of others (libnftables-json(5)). Pure.

iptables-nft keeps its rules in nftables too, but with conditions of its own that this output only names ("xt"); such
tables are told by `families_with_extensions`, and are read from iptables-save(8) instead.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from typing import Any

from meshnet_platform.linux.foreign import NEVER, UNKNOWN, Chain, Condition, Rule, Table, Value

_FAMILIES = ("ip", "ip6", "inet")
_VERDICTS = {"accept": "accept", "drop": "drop", "reject": "drop", "return": "return", "queue": "queue"}
_INNOCENT = ("counter", "log", "mangle", "comment", "notrack", "flow", "ct helper", "ct timeout", "set", "map", "dup")
"""Statements that neither test nor end anything; `set` adds to one."""
_META = {
    "iifname": "iif",
    "iif": "iif",
    "oifname": "oif",
    "oif": "oif",
    "l4proto": "protocol",
    "nfproto": "nfproto",
    "mark": "mark",
    "pkttype": "pkttype",
}
_CT = {"state": "state", "status": "status", "direction": "direction"}
_OTHER_PROTOCOLS = ("icmp", "icmpv6", "sctp", "dccp", "udplite", "esp", "ah", "igmp")
_UNUSED = frozenset({"exthdr", "ip option", "sctp chunk", "dccp option"})
_WORDS = {"ip": "ipv4", "ip6": "ipv6", "1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp"}


def read_tables(text: str, ours: str) -> tuple[Table, ...]:
    """The tables of others with all their chains; ValueError where the text is not what nft prints."""
    entries: list[dict[str, Any]] = json.loads(text or '{"nftables": []}')["nftables"]
    tables: dict[tuple[str, str], Table] = {}
    sets: dict[tuple[str, str], dict[str, list[Any]]] = {}
    for entry in entries:
        for kind, body in entry.items():
            if kind == "table" and body["family"] in _FAMILIES and body["name"] != ours:
                tables[body["family"], body["name"]] = Table(body["family"], body["name"])
            elif kind in ("set", "map"):
                sets.setdefault(_table_of(body), {})[body["name"]] = body.get("elem", [])
    for entry in entries:
        body = entry.get("chain")
        if body and (table := tables.get(_table_of(body))):
            table.chains[body["name"]] = _chain(body)
    for entry in entries:
        body = entry.get("rule")
        if body and (table := tables.get(_table_of(body))):
            table.chains[body["chain"]].rules.extend(_rules(body.get("expr", []), sets.get(_table_of(body), {})))
    return tuple(tables.values())


def _table_of(body: dict[str, Any]) -> tuple[str, str]:
    return body["family"], body["table"]


def families_with_extensions(text: str) -> frozenset[str]:
    """The families ("ip", "ip6") whose table `filter` bears conditions of iptables."""
    entries: list[dict[str, Any]] = json.loads(text or '{"nftables": []}')["nftables"]
    rules = [body for entry in entries if (body := entry.get("rule")) and body["table"] == "filter"]
    return frozenset(str(rule["family"]) for rule in rules if any("xt" in one for one in rule.get("expr", [])))


def _chain(body: dict[str, Any]) -> Chain:
    hook = body.get("hook") if body.get("type", "filter") == "filter" else None
    return Chain(str(body["name"]), hook, str(body.get("policy", "accept")))


def _rules(expressions: list[dict[str, Any]], sets: dict[str, list[Any]]) -> Iterator[Rule]:
    conditions: list[Condition] = []
    for expression in expressions:
        ((kind, body),) = expression.items()
        if kind in _VERDICTS or kind in ("jump", "goto"):
            yield Rule(tuple(conditions), *_verdict(kind, body))
        elif kind == "vmap":
            yield from _mapped(tuple(conditions), body, sets)
        elif kind == "match":
            conditions += _conditions(body, sets)
        elif kind == "xt":
            yield from _extension(conditions, body)
        elif kind not in _INNOCENT:
            conditions.append(UNKNOWN)


def _verdict(kind: str, body: Any) -> tuple[str, str]:
    return (kind, str(body["target"])) if kind in ("jump", "goto") else (_VERDICTS[kind], "")


def _extension(conditions: list[Condition], body: Any) -> Iterator[Rule]:
    known = body if isinstance(body, dict) else {}
    if known.get("type") != "target":
        conditions.append(UNKNOWN)
    elif known.get("name") == "REJECT":
        yield Rule(tuple(conditions), "drop")


def _mapped(conditions: tuple[Condition, ...], body: dict[str, Any], sets: dict[str, list[Any]]) -> Iterator[Rule]:
    data = body["data"]
    pairs = sets.get(data[1:], []) if isinstance(data, str) else data.get("set", [])
    for key, verdict in pairs:
        ((kind, rest),) = verdict.items() if isinstance(verdict, dict) else ((verdict, None),)
        if kind in _VERDICTS or kind in ("jump", "goto"):
            match = {"op": "==", "left": body["key"], "right": key}
            yield Rule((*conditions, *(_conditions(match, sets) if key != "*" else ())), *_verdict(kind, rest))


def _conditions(match: dict[str, Any], sets: dict[str, list[Any]]) -> tuple[Condition, ...]:
    """One match as conditions: "tcp dport 22" asks for the protocol and for the port."""
    left, mask = match["left"], None
    if isinstance(left, dict) and "&" in left:
        left, mask = left["&"]
        if not isinstance(mask, int):
            return (UNKNOWN,)
    if isinstance(left, dict) and not _UNUSED.isdisjoint(left) and match["op"] != "!=":
        return (NEVER,)
    before, name = _field(left)
    values = _values(match["right"], name, sets)
    if name is None or values is None or match["op"] not in ("==", "!=", "in"):
        return (*before, UNKNOWN)
    return (*before, Condition(name, values, match["op"] == "!=", mask))


def _field(left: Any) -> tuple[tuple[Condition, ...], str | None]:
    """What must hold first for the field to be there at all, and our name for the field."""
    if not isinstance(left, dict):
        return (), None
    ((kind, body),) = left.items()
    if kind == "meta":
        return (), _META.get(body["key"], "nfproto" if body["key"] == "protocol" else None)
    if kind == "ct":
        return (), _CT.get(body["key"])
    if kind == "fib":
        return (), "daddr_type" if body == {"result": "type", "flags": ["daddr"]} else None
    if kind == "payload" and "protocol" in body:
        return _payload(body["protocol"], body["field"])
    return (), None


def _payload(protocol: str, name: str) -> tuple[tuple[Condition, ...], str | None]:
    if protocol in ("ip", "ip6"):
        ours = {"saddr": "saddr", "daddr": "daddr", "protocol": "protocol", "nexthdr": "protocol"}.get(name)
        return (Condition("nfproto", (_WORDS[protocol],)),), ours
    if protocol in ("tcp", "udp", "th"):
        of = (Condition("protocol", (protocol,)),) if protocol != "th" else ()
        return of, name if name in ("sport", "dport") else None
    return ((Condition("protocol", (protocol,)),) if protocol in _OTHER_PROTOCOLS else ()), None


def _values(right: Any, name: str | None, sets: dict[str, list[Any]]) -> tuple[Value, ...] | None:
    if name is None:
        return None
    if isinstance(right, str) and right.startswith("@"):
        right = sets.get(right[1:], [])
    elif isinstance(right, dict) and "set" in right:
        right = right["set"]
    found = [_value(one, name) for one in (right if isinstance(right, list) else [right])]
    known = tuple(one for one in found if one is not None)
    return known if len(known) == len(found) else None


def _value(one: Any, name: str) -> Value | None:
    if isinstance(one, dict) and "elem" in one:
        one = one["elem"]["val"]
    if name in ("saddr", "daddr"):
        return _network(one)
    if name in ("sport", "dport"):
        low, high = one["range"] if isinstance(one, dict) and "range" in one else (one, one)
        return (low, high) if isinstance(low, int) and isinstance(high, int) else None
    if name == "mark":
        return one if isinstance(one, int) else None
    return _WORDS.get(str(one), str(one)) if isinstance(one, str | int) else None


def _network(one: Any) -> Value | None:
    prefix = one.get("prefix") if isinstance(one, dict) else None
    text = f"{prefix['addr']}/{prefix['len']}" if prefix else one
    try:
        return ipaddress.ip_network(str(text), strict=False)
    except ValueError:
        return None
