from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.linux.journal import Journal, ProcessIdentity
from meshnet_platform.linux.tunnel import ProcessWatcher, TunnelInterface, end
from meshnet_platform.runner import Runner, Spawned

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through pidfd_open(2)")


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)


def test_the_end_of_a_process_is_told() -> None:
    ended = threading.Event()
    with sleeper() as process:
        ProcessWatcher(process.pid, ended.set)
        process.communicate()
    assert ended.wait(5)


def test_the_end_is_not_told_after_the_watch_is_over() -> None:
    ended = threading.Event()
    with sleeper() as process:
        watcher = ProcessWatcher(process.pid, ended.set)
        watcher.cancel()
        watcher.cancel()
        process.communicate()
    assert not ended.wait(0.1)


def test_a_process_counts_as_ended_though_nobody_reaps_it() -> None:
    with sleeper() as process:
        end(psutil.Process(process.pid))
        assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE


def test_a_process_that_ended_before_needs_no_ending() -> None:
    with sleeper() as process:
        known = psutil.Process(process.pid)
        process.communicate()
    end(known)


def test_an_interface_went_with_its_process_when_that_ends_just_after_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    tunnel = TunnelInterface(Runner(), journal, tmp_path / "log")
    assert not tunnel.went_with_process("no-such-0"), "nothing is noted"
    with sleeper() as process:
        known = psutil.Process(process.pid)
        journal.entries.process = ProcessIdentity(known.pid, known.create_time())
        assert not tunnel.went_with_process("no-such-0"), "it runs: the interface was given another name"
        assert not tunnel.went_with_process("lo")
        ending = threading.Timer(0.05, process.kill)
        ending.start()
        assert tunnel.went_with_process("no-such-0")
        ending.join()
        process.communicate()
    assert tunnel.has_died()


class Spawning(Runner):
    """Starts a program that ends at once, and remembers how talkative it was asked to be."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[str] = []

    def find(self, tool: str) -> str | None:
        return sys.executable

    def spawn(self, *words: str, log: Path, environment: Mapping[str, str] | None = None) -> Spawned:
        self.levels.append((environment or {})["LOG_LEVEL"])
        said = "no TUN here" if self.levels[-1] == "error" else ""
        log.write_text(said)
        process = subprocess.Popen([sys.executable, "-c", ""])
        return Spawned(process)


def test_the_tunnels_process_is_silent_but_when_it_does_not_start(tmp_path: Path) -> None:
    runner = Spawning()
    tunnel = TunnelInterface(runner, Journal(tmp_path), tmp_path / "log")
    with pytest.raises(PlatformError, match="no TUN here"):
        tunnel._start("no-such-0")
    assert runner.levels == ["silent", "error"]
