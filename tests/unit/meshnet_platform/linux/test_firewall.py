from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import Hosting, Peer, PlatformError, SystemPlan, Tunnel
from meshnet_platform.linux.firewall import Firewall
from meshnet_platform.linux.ruleset import MAPS
from meshnet_platform.runner import Result, Runner

HOST = SystemPlan(incoming=("100.64.0.3",), hosting=Hosting(("100.64.0.2", "fd00::2")))


class Recorder:
    def __init__(self, directory: Path, *tools: str) -> None:
        for tool in tools:
            (directory / tool).touch(mode=0o755)
        self.commands: list[str] = []
        self.is_gone = self.is_lying = False
        self.runner = Runner(self._execute, [str(directory)])

    def _execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        self.commands.append(" ".join((Path(words[0]).name, *words[1:])))
        if stdin is not None and "delete table" in stdin:
            self.is_gone = not self.is_lying
        if "list" in words and self.is_gone:
            return Result(1, "", "Error: No such file or directory")
        return Result(0, "table" if "list" in words else "")


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path, "nft", "conntrack")


def test_the_flows_of_who_lost_a_permission_to_pass_are_ended(recorder: Recorder) -> None:
    Firewall(recorder.runner).cut(HOST, SystemPlan(incoming=("100.64.0.3",), hosting=Hosting(("fd00::2",))))
    assert recorder.commands == [
        "conntrack -D -f ipv4 --orig-src 100.64.0.2",
    ]


def test_a_grant_ends_nothing(recorder: Recorder) -> None:
    Firewall(recorder.runner).cut(SystemPlan(), HOST)
    assert recorder.commands == []


def test_without_the_tool_the_rules_alone_must_do(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "nft")
    Firewall(recorder.runner).cut(HOST, SystemPlan())
    assert recorder.commands == []


def test_a_plan_that_wants_no_table_has_it_taken_away(recorder: Recorder) -> None:
    Firewall(recorder.runner).apply(SystemPlan(), frozenset())
    look = "nft --terse list table inet meshnet"
    assert recorder.commands == [look, "nft -f -", look]


def test_a_table_that_is_still_there_is_not_called_taken_away(recorder: Recorder) -> None:
    recorder.is_lying = True
    with pytest.raises(PlatformError, match="does not say that it is gone") as refused:
        Firewall(recorder.runner).remove()
    assert "nft delete table inet meshnet" in refused.value.cure


def test_where_the_tool_is_missing_there_is_no_table_to_take_away(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    Firewall(recorder.runner).remove()
    assert recorder.commands == []


MEMBER = SystemPlan(Tunnel("meshnet0", "secret", 1, (), peers=(Peer("key", ("100.64.0.2/32", "fd00::2/128")),)))


class Kernel:
    """Lists the table that it was given last."""

    def __init__(self, directory: Path) -> None:
        (directory / "nft").touch(mode=0o755)
        self.given: list[str] = []
        self.table = ""
        self.runner = Runner(self._execute, [str(directory)])

    def _execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        if stdin is not None:
            self.given.append(stdin)
            added = re.findall(r"add element inet meshnet (\w+) \{ (.*) \}", stdin)
            listed = (
                f"\t{'map' if name in MAPS else 'set'} {name} {{\n\t\ttype x\n\t\telements = {{ {members} }}\n\t}}\n"
                for name, members in added
            )
            self.table = "table inet meshnet {\n" + "".join(listed).replace(", ", ",\n\t\t\t     ") + stdin
        return Result(0, self.table)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def test_what_was_put_there_stands_until_somebody_changes_it(kernel: Kernel) -> None:
    firewall = Firewall(kernel.runner)
    assert firewall.stands(), "nothing is known yet"
    firewall.apply(MEMBER, frozenset())
    assert firewall.stands()
    for changed in ("", kernel.table.replace("drop", "accept"), kernel.table.replace("100.64.0.2", "100.64.0.3")):
        whole, kernel.table = kernel.table, changed
        assert not firewall.stands()
        kernel.table = whole
    assert firewall.stands()


ALIASED = Peer("key", ("100.64.0.2/32", "fd00::2/128"), "203.0.113.5:1", aliases=("198.51.100.2:1", "198.51.100.3:1"))


def test_aliases_are_looked_after_too(kernel: Kernel) -> None:
    tunnel = Tunnel("meshnet0", "secret", 1, (), peers=(ALIASED,))
    firewall = Firewall(kernel.runner)
    firewall.apply(SystemPlan(tunnel), frozenset())
    assert firewall.stands()
    kernel.table = kernel.table.replace("198.51.100.3 . 1 : 203.0.113.5", "198.51.100.3 . 1 : 192.0.2.1")
    assert not firewall.stands()


def test_aliases_are_no_permission_that_is_withdrawn(kernel: Kernel) -> None:
    tunnel = Tunnel("meshnet0", "secret", 1, (), peers=(ALIASED,))
    firewall = Firewall(kernel.runner)
    firewall.apply(SystemPlan(tunnel, incoming=("100.64.0.2",)), frozenset())
    firewall.withdraw(SystemPlan(dataclasses.replace(tunnel, peers=())))
    assert "incoming4" in kernel.given[-1]
    assert "alias" not in kernel.given[-1]


def test_a_repair_assumes_nothing_of_what_is_there(kernel: Kernel) -> None:
    firewall = Firewall(kernel.runner)
    firewall.apply(MEMBER, frozenset())
    kernel.table = ""
    firewall.repair()
    assert firewall.stands()
    assert kernel.given[0] == kernel.given[1]
    assert "flush table inet meshnet" in kernel.given[1]


def test_flows_from_while_the_rules_were_gone_are_ended_but_for_who_may_have_opened_them(recorder: Recorder) -> None:
    hosting = Hosting(("100.64.0.2", "fd00::2"), lan=("fd00::2",))
    Firewall(recorder.runner).cut_unseen(dataclasses.replace(MEMBER, hosting=hosting))
    assert recorder.commands == ["conntrack -D -f ipv4 --orig-src 100.64.0.2 --mark 0"]
    Firewall(recorder.runner).cut_unseen(MEMBER)
    assert len(recorder.commands) == 1, "nothing was forwarded"
