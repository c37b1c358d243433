from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import Hosting, SystemPlan
from meshnet_platform.linux.firewall import Firewall
from meshnet_platform.runner import Result, Runner

HOST = SystemPlan(incoming=("100.64.0.3",), hosting=Hosting(("100.64.0.2", "fd00::2")))


class Recorder:
    def __init__(self, directory: Path, *tools: str) -> None:
        for tool in tools:
            (directory / tool).touch(mode=0o755)
        self.commands: list[str] = []
        self.runner = Runner(self._execute, [str(directory)])

    def _execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        self.commands.append(" ".join((Path(words[0]).name, *words[1:])))
        return Result(0, "table" if "list" in words else "")


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path, "nft", "conntrack")


def test_the_flows_of_who_lost_a_permission_are_ended_in_both_directions(recorder: Recorder) -> None:
    Firewall(recorder.runner).cut(HOST, SystemPlan(incoming=("100.64.0.3",), hosting=Hosting(("fd00::2",))))
    assert recorder.commands == [
        "conntrack -D -f ipv4 --orig-src 100.64.0.2",
        "conntrack -D -f ipv4 --orig-dst 100.64.0.2",
    ]


def test_a_grant_ends_nothing(recorder: Recorder) -> None:
    Firewall(recorder.runner).cut(SystemPlan(), HOST)
    assert recorder.commands == []


def test_without_the_tool_the_rules_alone_must_do(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "nft")
    Firewall(recorder.runner).cut(HOST, SystemPlan())
    assert recorder.commands == []


def test_a_plan_that_wants_no_table_has_it_taken_away(recorder: Recorder) -> None:
    Firewall(recorder.runner).apply(SystemPlan(), ())
    assert recorder.commands == ["nft --terse list table inet meshnet", "nft -f -"]


def test_where_the_tool_is_missing_there_is_no_table_to_take_away(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    Firewall(recorder.runner).remove()
    assert recorder.commands == []
