from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshnet.daemon import notify

if sys.platform == "win32":
    pytest.skip("there is no such service manager", allow_module_level=True)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager's end of the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "n"))
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))
        yield listening


def test_each_line_is_told(manager: socket.socket) -> None:
    notify.tell(notify.READY, "STATUS=idle")
    assert manager.recv(1000) == b"READY=1\nSTATUS=idle"


def test_where_nobody_listens_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notify.tell(notify.READY)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify.tell(notify.READY)


def test_signs_of_life_come_often_enough_and_the_status_when_it_changed(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    words = ["idle"]

    async def scenario() -> list[bytes]:
        living = asyncio.ensure_future(notify.live(lambda: words[0]))
        told = [await asyncio.to_thread(manager.recv, 1000) for _ in range(2)]
        words[0] = "routing through nas"
        while b"nas" not in told[-1]:
            told.append(await asyncio.to_thread(manager.recv, 1000))
        living.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await living
        return told

    told = asyncio.run(scenario())
    assert told[:2] == [b"WATCHDOG=1\nSTATUS=idle", b"WATCHDOG=1"]
    assert told[-1] == b"WATCHDOG=1\nSTATUS=routing through nas"


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [("30000000", "", 10.0), ("3000000", "", 1.0), ("3000000", "1", 10.0), ("junk", "", 10.0), ("0", "", 10.0)],
)
def test_a_third_of_the_watchdogs_patience_passes_between_them(
    monkeypatch: pytest.MonkeyPatch, usec: str, pid: str, seconds: float
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert notify.pause() == seconds


def test_without_a_manager_it_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    asyncio.run(notify.live(lambda: pytest.fail("asked")))
