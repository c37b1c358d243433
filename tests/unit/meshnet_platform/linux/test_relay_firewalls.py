from __future__ import annotations

from pathlib import Path

import pytest

from meshnet_platform.linux.foreign import Chain, Condition, Rule, Table
from meshnet_platform.linux.marks import RELAYED
from meshnet_platform.linux.relay_firewalls import Way, judge, obstacle
from meshnet_platform.runner import Result, Runner

WAYS = tuple(Way(family, "eth0", range(20000, 30000)) for family in (4, 6))


def table(name: str, *rules: Rule, family: str = "inet", policy: str = "drop", **chains: Chain) -> Table:
    chain = "FORWARD" if name == "filter" else "forward"
    return Table(family, name, {chain: Chain(chain, "forward", policy, list(rules)), **chains})


def test_a_machine_without_other_firewalls_has_no_obstacle() -> None:
    assert judge((), WAYS) is None
    assert judge((table("tidy", policy="accept"),), WAYS) is None


def test_a_chain_that_forwards_nothing_is_an_error_and_the_cure_lets_the_mark_pass() -> None:
    strict = table("strict")
    found = judge((strict,), WAYS)
    assert found is not None
    assert found.severity == "error"
    assert f"`nft insert rule inet strict forward meta mark {RELAYED:#x} accept`" in found.cure
    strict.chains["forward"].rules.insert(0, Rule((Condition("mark", (RELAYED,)),), "accept"))
    assert judge((strict,), WAYS) is None


def test_answers_alone_are_not_enough_for_what_is_not_tracked() -> None:
    answers = Rule((Condition("state", ("established", "related")),), "accept")
    found = judge((table("strict", answers),), WAYS)
    assert found is not None
    assert found.severity == "error"


def test_what_drops_invalid_packets_lets_untracked_ones_pass() -> None:
    invalid = Rule((Condition("state", ("invalid",)),), "drop")
    assert judge((table("tidy", invalid, policy="accept"),), WAYS) is None


def test_what_cannot_be_known_is_a_warning() -> None:
    unknown = Rule((Condition("unknown", ()),), "drop")
    found = judge((table("odd", unknown, policy="accept"),), WAYS)
    assert found is not None
    assert (found.id, found.severity) == ("nft-relay", "warning")
    assert "may drop" in found.message


@pytest.mark.parametrize(
    ("program", "chains", "cure"),
    [
        ("iptables-nft", {}, f"iptables -I FORWARD -m mark --mark {RELAYED:#x} -j ACCEPT"),
        ("iptables-legacy", {}, f"iptables-legacy -I FORWARD -m mark --mark {RELAYED:#x} -j ACCEPT"),
        ("iptables-nft", {"DOCKER-USER": Chain("DOCKER-USER")}, "iptables -I DOCKER-USER -m mark"),
        ("iptables-nft", {"ufw-x": Chain("ufw-x")}, "ufw route allow proto udp from any port 20000:29999"),
    ],
)
def test_each_kind_of_firewall_has_its_own_cure(program: str, chains: dict[str, Chain], cure: str) -> None:
    strict = Table("ip", "filter", {"FORWARD": Chain("FORWARD", "forward", "drop"), **chains}, program)
    found = judge((strict,), WAYS)
    assert found is not None
    assert cure in found.cure


def test_firewalld_is_told_by_its_own_command() -> None:
    found = judge((table("firewalld"),), WAYS)
    assert found is not None
    assert "--zone=$(firewall-cmd --get-zone-of-interface=eth0) --add-forward" in found.cure


def test_one_that_drops_for_certain_is_told_before_one_that_may() -> None:
    unknown = Rule((Condition("unknown", ()),), "drop")
    found = judge((table("odd", unknown, policy="accept"), table("strict", family="ip6")), WAYS)
    assert found is not None
    assert "IPv6" in found.message
    assert "strict" in found.message


def test_rules_that_cannot_be_read_are_a_warning(tmp_path: Path) -> None:
    (tmp_path / "nft").touch(mode=0o755)
    runner = Runner(lambda *_: Result(0, "neither here nor there"), [str(tmp_path)])
    found = obstacle(runner, WAYS, tmp_path)
    assert found is not None
    assert found.severity == "warning"
