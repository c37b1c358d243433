"""Reads what iptables-save(8) prints of the table `filter` (iptables(8), iptables-extensions(8)). Pure."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterator

from meshnet_platform.linux.foreign import NEVER, UNKNOWN, Chain, Condition, Rule, Table, Value

_HOOKS = {"INPUT": "input", "FORWARD": "forward", "OUTPUT": "output"}
_VERDICTS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return", "NFQUEUE": "queue"}
_FIELDS = {
    "-i": "iif",
    "-o": "oif",
    "-s": "saddr",
    "-d": "daddr",
    "-p": "protocol",
    "--dport": "dport",
    "--sport": "sport",
    "--dports": "dport",
    "--sports": "sport",
    "--ctstate": "state",
    "--state": "state",
    "--ctstatus": "status",
    "--ctdir": "direction",
    "--dst-type": "daddr_type",
    "--pkt-type": "pkttype",
}
_PASSED_OVER = ("-m", "--comment")
_NEVER = ("--rt-type", "--icmp-type", "--icmpv6-type")


def read_table(text: str, family: str, program: str) -> Table:
    """The table, its chains in the order of the text; `family` is "ip" or "ip6"."""
    table = Table(family, "filter", program=program)
    for line in text.splitlines():
        if line.startswith(":"):
            name, policy = line[1:].split()[:2]
            table.chains[name] = Chain(name, _HOOKS.get(name), "drop" if policy == "DROP" else "accept")
        elif line.startswith("-A "):
            words = shlex.split(line)
            if words[1] in table.chains:
                table.chains[words[1]].rules.extend(_rule(words[2:], table))
    return table


def _rule(words: list[str], table: Table) -> Iterator[Rule]:
    conditions: list[Condition] = []
    negated, at = False, 0
    while at < len(words):
        word, value = words[at], words[at + 1] if at + 1 < len(words) else ""
        if word in ("-j", "-g"):
            yield from _end(tuple(conditions), word, value, table)
            return
        if word == "!":
            negated, at = True, at + 1
            continue
        at += 2 if value and value != "!" and not value.startswith("-") else 1
        conditions += _conditions(word, value, negated)
        negated = False


def _end(conditions: tuple[Condition, ...], word: str, target: str, table: Table) -> Iterator[Rule]:
    if target in _VERDICTS:
        yield Rule(conditions, _VERDICTS[target])
    elif target in table.chains:
        yield Rule(conditions, "jump" if word == "-j" else "goto", target)


def _conditions(word: str, value: str, negated: bool) -> tuple[Condition, ...]:
    if word in _PASSED_OVER:
        return ()
    if word in _NEVER and not negated:
        return (NEVER,)
    if word == "--mark":
        number, _, mask = value.partition("/")
        return (Condition("mark", (int(number, 0),), negated, int(mask, 0) if mask else None),)
    values = _values(_FIELDS[word], value) if word in _FIELDS else None
    return (Condition(_FIELDS[word], values, negated),) if values else (UNKNOWN,)


def _values(field: str, text: str) -> tuple[Value, ...] | None:
    try:
        if field in ("saddr", "daddr"):
            return (ipaddress.ip_network(text, strict=False),)
        if field in ("dport", "sport"):
            return tuple(_ports(one) for one in text.split(","))
    except ValueError:
        return None
    if field in ("iif", "oif"):
        return (text[:-1] + "*" if text.endswith("+") else text,)
    return tuple(text.lower().split(","))


def _ports(text: str) -> tuple[int, int]:
    low, _, high = text.partition(":")
    return int(low or 0), int(high or (low if ":" not in text else 65535))
