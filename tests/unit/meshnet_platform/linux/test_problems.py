from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import Facts, Link, Peer, Tunnel
from meshnet_platform.linux.problems import find_problems
from meshnet_platform.runner import Result, Runner

COMPLETE = ("ip", "wg", "nft", "wireguard-go")
FORWARD = {"family": "ip", "table": "filter", "name": "FORWARD", "type": "filter", "hook": "forward", "policy": "drop"}
OTHERS = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "docker0"}}
EXTENSION = {"xt": {"type": "match", "name": "conntrack"}}


def system(directory: Path, *tools: str, says: dict[str, str] | None = None) -> Runner:
    """Tools that print what they are said to; nft prints no rules where nothing is said."""
    (directory / "bin").mkdir()
    for tool in (*tools, *(says or ())):
        (directory / "bin" / tool).touch(mode=0o755)

    def execute(words: Sequence[str], _stdin: str | None, _timeout: float) -> Result:
        name = Path(words[0]).name
        return Result(0, (says or {"nft": '{"nftables": []}'}).get(name, ""))

    return Runner(execute, directories=[str(directory / "bin")])


def ruleset(*expressions: Mapping[str, object]) -> str:
    rule = {"family": "ip", "table": "filter", "chain": "FORWARD", "expr": [*expressions, {"accept": None}]}
    return json.dumps({"nftables": [{"table": {"family": "ip", "name": "filter"}}, {"chain": FORWARD}, {"rule": rule}]})


def file(root: Path, name: str, text: str = "") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture(autouse=True)
def _root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)


def identities(runner: Runner, root: Path) -> list[str]:
    return [problem.id for problem in find_problems(runner, root=root)]


def test_a_complete_system_has_none(tmp_path: Path) -> None:
    file(tmp_path, "dev/net/tun")
    assert identities(system(tmp_path, *COMPLETE), tmp_path) == []


def test_a_kernel_with_wireguard_needs_neither_tun_nor_wireguard_go(tmp_path: Path) -> None:
    (tmp_path / "sys/module/wireguard").mkdir(parents=True)
    assert identities(system(tmp_path, "ip", "wg", "nft"), tmp_path) == []


def test_each_missing_tool_is_named_with_its_package(tmp_path: Path) -> None:
    problems = find_problems(system(tmp_path), root=tmp_path)
    cures = {problem.id: problem.cure for problem in problems}
    assert set(cures) == {"tool-missing-ip", "tool-missing-wg", "tool-missing-nft", "wireguard-missing"}
    assert "apt install wireguard-tools" in cures["tool-missing-wg"]
    assert all(problem.stops_hosting and problem.stops_routing for problem in problems)


def test_wireguard_go_needs_tun(tmp_path: Path) -> None:
    assert identities(system(tmp_path, "ip", "wg", "nft", "wireguard-go"), tmp_path) == ["tun-missing"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no root")
def test_the_rights_of_root_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sys/module/wireguard").mkdir(parents=True)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert identities(system(tmp_path, "ip", "wg", "nft"), tmp_path) == ["not-root"]


def test_another_firewall_is_judged(tmp_path: Path) -> None:
    file(tmp_path, "dev/net/tun")
    (problem,) = find_problems(system(tmp_path, *COMPLETE, says={"nft": ruleset(OTHERS)}), "mesh1", root=tmp_path)
    assert problem.id == "iptables-forwarding"
    assert "iptables -I FORWARD -i mesh1 -j ACCEPT" in problem.cure
    assert problem.stops_hosting
    assert not problem.stops_routing


def test_conditions_of_iptables_are_read_from_iptables_itself(tmp_path: Path) -> None:
    file(tmp_path, "dev/net/tun")
    saved = ":FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    says = {"nft": ruleset(EXTENSION), "iptables-nft-save": saved}
    (problem,) = find_problems(system(tmp_path, *COMPLETE, says=says), root=tmp_path)
    assert (problem.id, problem.severity) == ("iptables-forwarding", "error")


def test_without_iptables_its_conditions_are_a_doubt(tmp_path: Path) -> None:
    file(tmp_path, "dev/net/tun")
    (problem,) = find_problems(system(tmp_path, *COMPLETE, says={"nft": ruleset(EXTENSION)}), root=tmp_path)
    assert (problem.id, problem.severity) == ("iptables-forwarding", "warning")


def test_the_older_iptables_is_read_where_its_table_is_there(tmp_path: Path) -> None:
    file(tmp_path, "dev/net/tun")
    says = {"nft": "", "iptables-legacy-save": ":FORWARD DROP [0:0]\n"}
    runner = system(tmp_path, *COMPLETE, says=says)
    assert identities(runner, tmp_path) == []
    file(tmp_path, "proc/net/ip_tables_names", "nat\nfilter\n")
    (problem,) = find_problems(runner, root=tmp_path)
    assert "iptables-legacy -I FORWARD" in problem.cure


def test_rules_that_cannot_be_read_are_a_warning(tmp_path: Path) -> None:
    file(tmp_path, "dev/net/tun")
    (problem,) = find_problems(system(tmp_path, *COMPLETE, says={"nft": '{"nftables": [{"rule": 1}]}'}), root=tmp_path)
    assert (problem.id, problem.severity, problem.stops_hosting) == ("firewall-unread", "warning", False)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are another thing there")
def test_forwarding_that_is_off_and_cannot_be_turned_on_stops_hosting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file(tmp_path, "dev/net/tun")
    setting = file(tmp_path, "proc/sys/net/ipv4/ip_forward", "0\n")
    runner = system(tmp_path, *COMPLETE)
    assert identities(runner, tmp_path) == []
    # To root everything is writable but what is mounted read-only.
    monkeypatch.setattr("os.access", lambda path, mode: path != setting)
    (problem,) = find_problems(runner, root=tmp_path)
    assert (problem.id, problem.stops_hosting, problem.stops_routing) == ("forwarding-locked", True, False)
    setting.write_text("1\n")
    assert identities(runner, tmp_path) == []


def test_a_network_that_has_addresses_of_the_mesh_is_named(tmp_path: Path) -> None:
    file(tmp_path, "dev/net/tun")
    tunnel = Tunnel("meshnet0", "", 51820, ("100.64.0.1/32",), peers=(Peer("k", ("100.64.0.2/32", "0.0.0.0/0")),))
    facts = Facts((Link("wwan0", ("100.64.0.9/24",)), Link("eth0", ("192.168.1.2/24",))))
    (problem,) = find_problems(system(tmp_path, *COMPLETE), tunnel=tunnel, facts=facts, root=tmp_path)
    assert problem.id == "addresses-overlap"
    assert "100.64.0.0/24 at wwan0" in problem.message
    assert "100.64.0.2" in problem.message
