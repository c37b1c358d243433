from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform import files
from meshnet_platform.api import PlatformError, Route
from meshnet_platform.linux.boot import AT_BOOT, AT_START, BootGuard, rules, stands
from meshnet_platform.runner import Result, Runner

if sys.platform == "win32":
    pytest.skip("files of Linux, with modes and directories that are synced", allow_module_level=True)

ON, ALWAYS, OFF = Route(True), Route(True, at_boot=True), Route(True, guarded=False)
LISTED = """table inet meshnet {
\tset mesh4 {
\t\ttype ipv4_addr
\t}

\tchain guard {
\t\ttype filter hook output priority filter - 10; policy accept;
\t\toifname "lo" accept
\t\tip6 hoplimit 255 icmpv6 type { nd-router-solicit, nd-neighbor-solicit } accept
\t\treject with icmpx admin-prohibited
\t}

\tchain forward {
\t\treject
\t}
}
"""


class Kernel:
    """nft, with a table of ours or without one."""

    def __init__(self, directory: Path, listed: str = "") -> None:
        self.listed = listed
        self.loaded: list[str] = []
        (directory / "bin").mkdir()
        (directory / "bin/nft").touch(mode=0o755)
        self.runner = Runner(self._execute, [str(directory / "bin")])

    def _execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        if stdin is None:
            return Result(0, self.listed) if self.listed else Result(1)
        self.loaded.append(stdin)
        return Result(0)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


@pytest.fixture
def guard(kernel: Kernel, tmp_path: Path) -> BootGuard:
    return BootGuard(kernel.runner, tmp_path)


def noted(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.is_file())


@pytest.mark.parametrize(("route", "names"), [(ON, [AT_START]), (ALWAYS, [AT_BOOT]), (OFF, [])])
def test_what_is_kept_says_when_it_closes(guard: BootGuard, tmp_path: Path, route: Route, names: list[str]) -> None:
    guard.note(route)
    assert noted(tmp_path) == names


def test_it_is_for_root_alone_and_blocks_all(guard: BootGuard, tmp_path: Path) -> None:
    guard.note(ALWAYS)
    file = tmp_path / AT_BOOT
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == rules()
    assert "reject with icmpx admin-prohibited" in rules()
    # The table is emptied and filled in one go: whatever stands there before is replaced without a gap.
    assert "delete table" not in rules()
    assert "flush table inet meshnet" in rules()


def test_another_setting_is_another_file_and_the_new_one_comes_first(
    guard: BootGuard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard.note(ON)
    guard.note(ALWAYS)
    assert noted(tmp_path) == [AT_BOOT]
    monkeypatch.setattr(files, "write_whole", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(PlatformError, match="No space left"):
        guard.note(ON)
    assert noted(tmp_path) == [AT_BOOT]


def test_what_is_there_already_needs_no_disk(guard: BootGuard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guard.note(ON)
    monkeypatch.setattr(files, "write_whole", lambda *_: pytest.fail("written again"))
    guard.note(Route(False, control=()))
    assert noted(tmp_path) == [AT_START]


def test_nothing_is_left_of_a_route_that_ended(guard: BootGuard, tmp_path: Path) -> None:
    for route in (ON, ALWAYS):
        guard.note(route)
        guard.forget()
        guard.forget()
        assert noted(tmp_path) == []


def test_a_file_that_cannot_go_is_told(guard: BootGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "remove", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only file system")))
    with pytest.raises(PlatformError, match="Read-only"):
        guard.forget()


@pytest.mark.parametrize("content", ["", "half of a ru", None])
def test_what_was_closed_is_closed_again_whatever_became_of_the_file(
    guard: BootGuard, kernel: Kernel, tmp_path: Path, content: str | None
) -> None:
    guard.note(ALWAYS)
    if content is not None:
        (tmp_path / AT_BOOT).write_text(content)
    assert guard.hold()
    assert kernel.loaded == [rules()]


def test_with_no_note_nothing_is_closed(guard: BootGuard, kernel: Kernel) -> None:
    assert not guard.hold()
    assert kernel.loaded == []


def test_a_disk_that_cannot_be_read_counts_as_a_note(
    guard: BootGuard, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda self: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    assert guard.hold()
    assert kernel.loaded == [rules()]


def test_rules_that_stand_are_left_alone(guard: BootGuard, kernel: Kernel) -> None:
    guard.note(ON)
    kernel.listed = LISTED
    assert guard.hold()
    assert kernel.loaded == []


def test_they_also_say_what_is_wanted_where_the_note_is_lost(guard: BootGuard, kernel: Kernel) -> None:
    kernel.listed = LISTED
    assert guard.hold()


@pytest.mark.parametrize(
    "listed",
    [
        "",
        "table inet meshnet {\n}\n",
        LISTED.replace("\tset", "\tflags dormant\n\tset", 1),
        LISTED.replace("\t\treject with icmpx admin-prohibited\n", ""),
        LISTED.replace("\t\treject", '\t\toifname "meshnet0" reject').replace(
            "prohibited\n", "prohibited\n\t\taccept\n"
        ),
    ],
    ids=["none", "empty", "asleep", "no kill switch", "no kill switch, tunnel closed"],
)
def test_a_table_that_rejects_nothing_does_not_count(listed: str) -> None:
    assert stands(LISTED)
    assert not stands(listed)
