from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.runner import Result, Runner

posix = pytest.mark.skipif(sys.platform == "win32", reason="runs shell scripts")


def tool(directory: Path, name: str, script: str) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@posix
def test_a_tool_is_given_text_and_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIL", "1")
    tool(tmp_path, "show", 'cat; echo "$LC_ALL $EVIL $1"')
    assert Runner(directories=[str(tmp_path)]).run("show", "a b", stdin="in\n") == "in\nC  a b\n"


@posix
def test_the_words_of_a_tool_that_fails_are_in_the_error_and_what_it_was_given_is_not(tmp_path: Path) -> None:
    tool(tmp_path, "fail", "echo it broke >&2; exit 3")
    with pytest.raises(PlatformError, match=r"`fail now` failed with status 3; it said: it broke") as caught:
        Runner(directories=[str(tmp_path)]).run("fail", "now", stdin="secret")
    assert "secret" not in caught.value.message


@posix
def test_a_question_without_an_answer_is_no_error(tmp_path: Path) -> None:
    tool(tmp_path, "fail", "echo half an answer; exit 2")
    assert Runner(directories=[str(tmp_path)]).ask("fail") == ""


@posix
def test_a_tool_that_does_not_end_is_an_error(tmp_path: Path) -> None:
    tool(tmp_path, "hang", "exec sleep 60")
    with pytest.raises(PlatformError, match="did not end within"):
        Runner(directories=[str(tmp_path)]).run("hang", timeout=0.05)


def test_a_missing_tool_is_named_with_its_cure(tmp_path: Path) -> None:
    runner = Runner(directories=[str(tmp_path)])
    assert runner.find("nft") is None
    with pytest.raises(PlatformError, match="`nft` is not installed") as caught:
        runner.run("nft", "-f", "-")
    assert "Install" in caught.value.cure


@posix
def test_a_tool_that_is_installed_later_is_found(tmp_path: Path) -> None:
    runner = Runner(directories=[str(tmp_path)])
    assert runner.find("late") is None
    tool(tmp_path, "late", "")
    assert runner.find("late") == str(tmp_path / "late")


@posix
def test_the_search_path_of_the_caller_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(tmp_path, "planted", "")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert Runner().find("planted") is None


@posix
def test_commands_can_be_recorded_instead_of_run(tmp_path: Path) -> None:
    tool(tmp_path, "ip", "exit 1")
    seen: list[tuple[Sequence[str], str | None]] = []

    def record(words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        seen.append((words, stdin))
        return Result(0, "answer")

    assert Runner(record, [str(tmp_path)]).run("ip", "link", stdin="x") == "answer"
    assert seen == [((str(tmp_path / "ip"), "link"), "x")]


@posix
def test_a_spawned_program_goes_on_and_its_words_are_in_the_log(tmp_path: Path) -> None:
    tool(tmp_path, "stay", 'echo "$WORD"; exit 4')
    spawned = Runner(directories=[str(tmp_path)]).spawn("stay", log=tmp_path / "log", environment={"WORD": "hello"})
    deadline = time.monotonic() + 5
    while spawned.reap() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    assert spawned.reap() == 4
    assert (tmp_path / "log").read_text() == "hello\n"


@posix
def test_what_a_tool_that_hangs_has_started_ends_with_it(tmp_path: Path) -> None:
    """A pipe that its child holds open tells when that child has ended too."""
    held, holding = os.pipe()
    os.set_inheritable(holding, True)
    tool(tmp_path, "hang", f"sleep 1000 >/proc/{os.getpid()}/fd/{holding} & wait")
    with pytest.raises(PlatformError, match="did not end within"):
        Runner(directories=[str(tmp_path)]).run("hang", timeout=0.3)
    os.close(holding)
    assert os.read(held, 1) == b""
    os.close(held)


@posix
def test_much_that_a_tool_prints_is_read_and_little_of_it_is_told(tmp_path: Path) -> None:
    tool(tmp_path, "flood", "head -c 10000000 /dev/zero | tr '\\0' x; exit $1")
    runner = Runner(directories=[str(tmp_path)])
    assert len(runner.run("flood", "0")) == 10_000_000
    with pytest.raises(PlatformError) as refused:
        runner.run("flood", "1")
    assert len(refused.value.message) < 1000


@posix
def test_a_program_that_cannot_be_started_is_told_in_words(tmp_path: Path) -> None:
    tool(tmp_path, "daemon", "true")
    with pytest.raises(PlatformError, match="could not be started"):
        Runner(directories=[str(tmp_path)]).spawn("daemon", log=tmp_path / "no such directory" / "log")
