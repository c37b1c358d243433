from __future__ import annotations

import ipaddress

import pytest

from meshnet_platform.linux.foreign import NEVER, UNKNOWN, Condition, Rule
from meshnet_platform.linux.foreign_iptables import read_table


def rules(*lines: str) -> list[Rule]:
    head = "*filter\n:FORWARD DROP [0:0]\n:side - [0:0]\n"
    return (
        read_table(head + "".join(f"-A FORWARD {line}\n" for line in lines), "ip", "iptables-nft")
        .chains["FORWARD"]
        .rules
    )


def test_chains_have_their_hook_and_policy() -> None:
    table = read_table(":INPUT ACCEPT [1:2]\n:FORWARD DROP [0:0]\n:side - [0:0]\n", "ip6", "iptables-legacy")
    assert {chain.name: (chain.hook, chain.policy) for chain in table.chains.values()} == {
        "INPUT": ("input", "accept"),
        "FORWARD": ("forward", "drop"),
        "side": (None, "accept"),
    }
    assert (table.family, table.program) == ("ip6", "iptables-legacy")


@pytest.mark.parametrize(
    ("words", "conditions"),
    [
        ("-i eth0", (Condition("iif", ("eth0",)),)),
        ("! -o veth+", (Condition("oif", ("veth*",), negated=True),)),
        ("-s 10.0.0.0/8", (Condition("saddr", (ipaddress.ip_network("10.0.0.0/8"),)),)),
        ("-p tcp -m tcp --dport 8000:8080", (Condition("protocol", ("tcp",)), Condition("dport", ((8000, 8080),)))),
        (
            "-p udp -m multiport --dports 53,67",
            (Condition("protocol", ("udp",)), Condition("dport", ((53, 53), (67, 67)))),
        ),
        ("-m conntrack --ctstate RELATED,ESTABLISHED", (Condition("state", ("related", "established")),)),
        ("-m mark --mark 0x40000/0xff0000", (Condition("mark", (0x40000,), mask=0xFF0000),)),
        ("-m addrtype --dst-type LOCAL", (Condition("daddr_type", ("local",)),)),
        ('-m comment --comment "all of it"', ()),
        ("-p icmp -m icmp --icmp-type 8", (Condition("protocol", ("icmp",)), NEVER)),
        ("-m limit --limit 3/min --limit-burst 10", (UNKNOWN, UNKNOWN)),
        ("-m set --match-set bad src", (UNKNOWN, UNKNOWN)),
    ],
)
def test_conditions(words: str, conditions: tuple[Condition, ...]) -> None:
    assert rules(f"{words} -j ACCEPT")[0].conditions == conditions


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("-j REJECT --reject-with icmp-port-unreachable", Rule((), "drop")),
        ("-j NFQUEUE --queue-num 0", Rule((), "queue")),
        ("-j side", Rule((), "jump", "side")),
        ("-g side", Rule((), "goto", "side")),
        ("-j RETURN", Rule((), "return")),
    ],
)
def test_verdicts(words: str, rule: Rule) -> None:
    assert rules(words) == [rule]


def test_what_only_notes_or_marks_ends_nothing() -> None:
    assert rules("-j LOG --log-prefix x", "-i tailscale0 -j MARK --set-xmark 0x40000/0xff0000", "-m comment") == []
