from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError, Route, SystemPlan, Tunnel
from meshnet_platform.linux.network import Network
from meshnet_platform.runner import Result, Runner

PLAN = SystemPlan(Tunnel("meshnet0", "secret", 1, ("100.64.0.1/32", "fd00::1/128"), mtu=1280), route=Route(True))


class Recorder:
    def __init__(self, directory: Path) -> None:
        (directory / "ip").touch(mode=0o755)
        self.batches: list[tuple[str, str]] = []
        self.asked = 0
        self.answers: dict[str, Result] = {}
        self.runner = Runner(self._execute, [str(directory)])

    def _execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        if stdin is None:
            self.asked += 1
            for command, answer in self.answers.items():
                if command in " ".join(words):
                    return answer
            if words[-2:] == ("rule", "show"):
                return Result(0, '[{"priority":32766,"src":"all","table":"main"}]')
        else:
            self.batches.append((words[1], stdin))
        return Result(0, "")


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setattr("meshnet_platform.linux.network._families", lambda: (4, 6))
    return Recorder(tmp_path)


def test_each_family_is_one_process(recorder: Recorder) -> None:
    network = Network(recorder.runner)
    network.read("meshnet0", there=False)
    network.apply(PLAN, "meshnet0")
    assert [family for family, _ in recorder.batches] == ["-4", "-6"]


def test_the_interface_is_up_with_its_addresses_before_routes_lead_there(recorder: Recorder) -> None:
    network = Network(recorder.runner)
    network.apply(PLAN, "meshnet0")
    lines = recorder.batches[0][1].splitlines()
    assert lines[:2] == ["addr add 100.64.0.1/32 dev meshnet0", "link set dev meshnet0 mtu 1280 up"]


def test_a_setting_that_the_kernel_refuses_is_told_in_words(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "net/ipv6/conf/meshnet0/disable_ipv6"
    (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr("meshnet_platform.linux.network._SETTINGS", tmp_path)
    with pytest.raises(PlatformError, match=name) as caught:
        Network(recorder.runner).apply(PLAN, "meshnet0")
    assert "as root" in caught.value.cure


def test_what_is_known_is_not_read_again(recorder: Recorder) -> None:
    network = Network(recorder.runner)
    network.read("meshnet0", there=False)
    asked = recorder.asked
    network.read("meshnet0", there=False)
    assert recorder.asked == asked
    network.forget()
    network.read("meshnet0", there=False)
    assert recorder.asked == 2 * asked


def test_the_same_again_starts_nothing(recorder: Recorder) -> None:
    network = Network(recorder.runner)
    network.read("meshnet0", there=False)
    network.apply(PLAN, "meshnet0")
    recorder.batches.clear()
    network.apply(PLAN, "meshnet0")
    network.stop_routing("meshnet0")
    assert all(line.startswith("rule del") for _, text in recorder.batches for line in text.splitlines())


def test_what_others_changed_is_told_in_the_words_of_ip(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshnet_platform.linux.network._mtu", lambda interface: 1280)
    network = Network(recorder.runner)
    assert network.changes("meshnet0", False, True) == (), "nothing is known yet"
    network.read("meshnet0", there=False)
    network.apply(PLAN, "meshnet0")
    assert network.changes("meshnet0", False, True) == ("interface meshnet0",)
    # This system shows nothing of what it was told.
    changed = network.changes("meshnet0", True, True)
    assert "address 100.64.0.1/32" in changed
    assert "route default dev meshnet0 metric 100 of table 20854" in changed
    assert "mtu of meshnet0" not in changed
    network.apply(SystemPlan(), "meshnet0")
    assert network.changes("meshnet0", False, False) == ()


def test_an_interface_that_was_away_is_brought_up_again(recorder: Recorder) -> None:
    network = Network(recorder.runner)
    network.read("meshnet0", there=False)
    network.apply(PLAN, "meshnet0")
    network.apply(SystemPlan(route=Route(False)), "meshnet0")
    recorder.batches.clear()
    network.apply(PLAN, "meshnet0")
    assert "link set dev meshnet0 mtu 1280 up" in recorder.batches[0][1]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"rule show": Result(0, "")}, "no rules at all"),
        ({"rule show": Result(1, "", "broken")}, "broken"),
        ({"route show": Result(1, "", "broken")}, "broken"),
        ({"rule show": Result(0, "junk")}, "cannot read"),
    ],
)
def test_a_system_that_could_not_be_read_does_not_count_as_empty(
    recorder: Recorder, answers: dict[str, Result], words: str
) -> None:
    """Whoever believed that would leave rules and routes of ours behind, and say that nothing is left."""
    recorder.answers = answers
    with pytest.raises(PlatformError, match=words):
        Network(recorder.runner).read("meshnet0", there=False)


def test_a_table_that_was_never_used_is_empty(recorder: Recorder) -> None:
    recorder.answers = {"route show": Result(2, "", "Error: ipv4: FIB table does not exist.\nDump terminated")}
    network = Network(recorder.runner)
    network.read("meshnet0", there=False)
    network.apply(SystemPlan(), "meshnet0")
    assert recorder.batches == []
