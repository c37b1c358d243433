"""Where our policy rules stand among those of others. Pure.

A rule that is added without a priority goes before all but the first (fib_default_rule_pref in the kernel): wg-quick
started after us takes all traffic ahead of our rules, and with it the tunnel's own packets and those for peers. Ours
then move ahead of such a rule, all by the same distance, and back when it is gone. Programs that choose their priority
with us in mind keep it, and rules for some traffic only stay where they are.
"""

from __future__ import annotations

from typing import Any

from meshnet_platform.linux import marks
from meshnet_platform.linux.ip_words import entries, with_length

_TAILSCALE = "52"
"""A table that holds the addresses of that mesh, and everything only where the person wants its exit."""
_SELECTORS = frozenset({"dst", "iif", "oif", "tos", "uid_start", "ipproto", "sport", "dport", "tun_id", "l3mdev"})
_TABLES = frozenset(str(table) for table in range(marks.MESH_TABLE, marks.ANSWERS_TABLE + 1))
_MARKS = frozenset(f"{mark:#x}" for mark in (marks.PACKET_MARK, marks.LEFT_BY_TUNNEL, marks.TO_LAN))


def parse_rules(text: str, interface: str) -> frozenset[tuple[int, str]]:
    """Read our rules out of `ip -j rule show`; everybody else's are passed over."""
    ours = (rule for rule in entries(text) if _is_ours(rule, interface))
    return frozenset((int(rule["priority"]), _words(rule)) for rule in ours)


def distance_ahead(text: str, interface: str) -> int:
    """How far ahead of their usual priorities our rules must stand, with these rules of others beside them."""
    others = (int(rule["priority"]) for rule in entries(text) if _takes_all(rule) and not _is_ours(rule, interface))
    first = min(others, default=marks.ROUTE_PRIORITY + 1)
    return min(max(0, marks.ROUTE_PRIORITY + 1 - first), marks.MESH_PRIORITY - 1)


def _is_ours(rule: dict[str, Any], interface: str) -> bool:
    names_ours = rule.get("iif") == interface or rule.get("fwmark") in _MARKS
    return rule.get("table") in _TABLES or (names_ours and rule.get("table") == "main")


def _takes_all(rule: dict[str, Any]) -> bool:
    if rule["priority"] == 0 or rule.get("src", "all") != "all" or _SELECTORS & rule.keys():
        return False
    if rule.get("table") == _TAILSCALE:
        return False
    return "fwmark" not in rule or "not" in rule


def _words(rule: dict[str, Any]) -> str:
    mark = f"fwmark {rule['fwmark']} " if "fwmark" in rule else ""
    interface = f"iif {rule['iif']} " if "iif" in rule else ""
    source = f"from {with_length(rule['src'], rule.get('srclen'))} " if rule.get("src", "all") != "all" else ""
    target = f"to {with_length(rule['dst'], rule.get('dstlen'))} " if "dst" in rule else ""
    return f"{'not ' if 'not' in rule else ''}{source}{target}{interface}{mark}lookup {rule.get('table', '')}"
