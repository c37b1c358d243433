from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from meshnet.daemon import main as program
from meshnet.daemon.store import State, Store, new_state
from meshnet_platform.api import PlatformError

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)

BLOCKED = "Traffic stays blocked"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The directory of a daemon that ran before."""
    Store(tmp_path).save_state(new_state())
    return tmp_path


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """The program runs within the tests here, and takes the signals over."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def closes(monkeypatch: pytest.MonkeyPatch, answer: bool | PlatformError) -> list[Path]:
    """Have the first act end like this; where it was done."""
    asked: list[Path] = []

    def hold(state_dir: Path, dry_run: bool) -> bool:
        asked.append(state_dir)
        if isinstance(answer, PlatformError):
            raise answer
        return answer

    monkeypatch.setattr(program, "hold", hold)
    return asked


def run(state: Path, command: str = "run") -> Result:
    options = ["--dry-run", "--socket", str(state / "s")] if command == "run" else []
    return CliRunner().invoke(program.main, [command, "--state-dir", str(state), *options])


def damaged(state: Path) -> None:
    (state / "state.json").write_text('{"v": 1, "device_')


def newer(state: Path) -> None:
    (state / "state.json").write_text('{"v": 99}')


def lost(state: Path) -> None:
    (state / "state.json").unlink()


@pytest.mark.parametrize(("spoil", "words"), [(damaged, "is damaged"), (newer, "newer Meshnet"), (lost, "is gone")])
def test_a_state_that_cannot_be_used_is_refused_and_what_is_closed_stays_so(
    state: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(state)
    closes(monkeypatch, True)
    result = run(state)
    assert result.exit_code == 1
    assert words in result.stderr
    assert BLOCKED in result.stderr
    assert (state / "state.json").exists() == (spoil is not lost)


@pytest.mark.parametrize("left", ["map.json", "system-journal.json"])
def test_a_daemon_that_lost_its_state_is_not_taken_for_a_new_one(
    state: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    lost(state)
    (state / left).touch()
    closes(monkeypatch, False)
    result = run(state)
    assert result.exit_code == 1
    assert "is gone" in result.stderr
    assert BLOCKED not in result.stderr
    assert not (state / "state.json").exists()


def test_where_it_cannot_be_closed_yet_the_daemon_says_so_and_goes_on(
    state: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    newer(state)
    closes(monkeypatch, PlatformError("nft is not installed."))
    caplog.set_level("INFO")
    result = run(state)
    assert "newer Meshnet" in result.stderr
    assert "nft is not installed" in caplog.text
    assert BLOCKED not in result.stderr, "nobody knows that"
    assert "nothing leaves" not in caplog.text


def test_closing_comes_before_the_state_is_read(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = closes(monkeypatch, False)
    read: list[int] = []
    load = Store.load_state

    def noting(store: Store) -> State:
        read.append(len(asked))
        return load(store)

    monkeypatch.setattr(Store, "load_state", noting)
    newer(state)
    run(state)
    assert read == [1]


def test_whoever_does_not_hold_the_directory_touches_nothing(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = closes(monkeypatch, True)
    with program._locked(state):
        assert "Another meshnetd" in run(state).stderr
        assert "meshnet route --off" in run(state, "revert").stderr
    assert asked == []


def test_a_read_only_directory_can_still_be_held(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with program._locked(state):
        pass
    opened = Path.open

    def read_only(self: Path, mode: str = "r") -> object:
        if mode != "r":
            raise OSError(30, "Read-only file system")
        return opened(self, mode)

    monkeypatch.setattr(Path, "open", read_only)
    with program._locked(state):
        assert True


def test_the_service_manager_hears_of_start_status_life_and_end(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "n"))
        manager.settimeout(20)
        argv = ["-c", "from meshnet.daemon.main import main; main()", "run", "--dry-run"]
        daemon = subprocess.Popen(
            [sys.executable, *argv, "--state-dir", str(tmp_path / "state"), "--socket", str(tmp_path / "s")],
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "300000"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with daemon:
            try:
                heard = [manager.recv(1000).decode() for _ in range(4)]
                daemon.terminate()
                while "STOPPING=1" not in heard[-1]:
                    heard.append(manager.recv(1000).decode())
                assert daemon.wait(20) == 0
            finally:
                daemon.kill()
    assert {"READY=1", "WATCHDOG=1\nSTATUS=not-joined", "WATCHDOG=1"} <= set(heard)


def test_an_end_that_is_asked_for_too_early_is_one_in_order() -> None:
    ended: list[str] = []

    async def service() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("in order")

    asyncio.run(program._until_signal(service(), [signal.SIGTERM]))
    assert ended == ["in order"]
