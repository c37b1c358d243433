"""The thread is driven by a glance that a test answers; what the kernel says is tried in the lab."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from meshnet_platform.linux import watch
from meshnet_platform.linux.events import Part
from meshnet_platform.linux.watch import Burst, Pace, Watcher

DEADLINE = 10.0


def test_five_answers_may_follow_each_other_and_then_one_in_three_seconds() -> None:
    pace = Pace()
    for moment in (100.0, 100.1, 100.2, 100.3, 100.4):
        assert pace.free_at() <= moment
        pace.take(moment)
    assert pace.free_at() == 103.4
    pace.take(103.4)
    assert pace.free_at() == 106.4


def test_after_a_rest_answers_come_at_once_again() -> None:
    pace = Pace()
    for moment in (100.0, 101.0, 102.0, 103.0, 109.9):
        pace.take(moment)
    assert pace.free_at() == 110.0


def test_a_burst_is_told_once_it_is_over() -> None:
    burst = Burst()
    assert burst.due_at() is None
    burst.add(Part.NOTHING, 9.0)
    assert burst.due_at() is None
    burst.add(Part.NETWORK, 10.0)
    burst.add(Part.FIREWALL, 10.04)
    assert burst.due_at() == 10.04 + watch.QUIET
    assert burst.take() == Part.NETWORK | Part.FIREWALL
    assert burst.due_at() is None


def test_a_burst_without_end_is_told_after_a_while() -> None:
    burst = Burst()
    for hundredths in range(1000, 1100):
        burst.add(Part.FACTS, hundredths / 100)
    assert burst.due_at() == 10.0 + watch.PATIENCE


def test_who_was_answered_too_often_waits() -> None:
    burst = Burst()
    for moment in range(5):
        burst.pace.take(100.0 + moment / 10)
    burst.add(Part.FIREWALL, 101.0)
    assert burst.due_at() == burst.pace.free_at() == 100.4 + watch.THEN_EVERY


class Bell:
    """Answers the glances of a watcher, and keeps what it calls."""

    def __init__(self) -> None:
        self.found: queue.SimpleQueue[Part] = queue.SimpleQueue()
        self.checked: queue.SimpleQueue[Part] = queue.SimpleQueue()
        self.news = threading.Event()
        self.failing = self.dazzled = False

    def check(self, parts: Part) -> bool:
        self.checked.put(parts)
        if self.failing:
            self.failing = False
            raise ValueError("junk")
        return True

    def glance(self) -> Part:
        if self.dazzled:
            self.dazzled = False
            raise OSError(5, "Input/output error")
        return Part.NOTHING if self.found.empty() else self.found.get()


@pytest.fixture
def bell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bell]:
    monkeypatch.setattr(watch, "_listen", lambda protocol, groups: None)
    monkeypatch.setattr(watch, "GLANCE_EVERY", 0.01)
    bell = Bell()
    watcher = Watcher("meshnet0", bell.check, bell.news.set, bell.glance, lambda: True, lambda _: False)
    yield bell
    watcher.close()


def test_what_is_ours_is_checked_and_what_is_not_is_news(bell: Bell) -> None:
    bell.found.put(Part.RESOLVERS | Part.FACTS)
    assert bell.checked.get(timeout=DEADLINE) == Part.RESOLVERS
    assert bell.news.wait(DEADLINE)
    assert bell.checked.empty()


def test_a_check_that_fails_is_made_again(bell: Bell, caplog: pytest.LogCaptureFixture) -> None:
    bell.failing = True
    bell.found.put(Part.FIREWALL)
    assert [bell.checked.get(timeout=DEADLINE) for _ in range(2)] == [Part.FIREWALL] * 2
    assert "looking after the system failed" in caplog.text


def test_a_glance_that_fails_is_not_the_last(bell: Bell, caplog: pytest.LogCaptureFixture) -> None:
    bell.dazzled = True
    bell.found.put(Part.FIREWALL)
    assert bell.checked.get(timeout=DEADLINE) == Part.FIREWALL
    assert not bell.dazzled
    assert "a look at the system failed" in caplog.text


@pytest.fixture
def quiet_bell(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bell, Watcher]]:
    """One whose system tells nothing by itself."""
    monkeypatch.setattr(watch, "_listen", lambda protocol, groups: None)
    monkeypatch.setattr(watch, "SOON", 0.01)
    bell = Bell()
    watcher = Watcher("meshnet0", bell.check, bell.news.set, bell.glance, lambda: False, lambda _: False)
    yield bell, watcher
    watcher.close()


def test_after_a_change_of_ours_everything_is_compared_once(quiet_bell: tuple[Bell, Watcher]) -> None:
    bell, watcher = quiet_bell
    watcher.wake()
    watcher.wake()
    assert bell.checked.get(timeout=DEADLINE) == Part.OURS
    assert bell.checked.empty()


def test_everything_is_compared_from_time_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_listen", lambda protocol, groups: None)
    monkeypatch.setattr(watch, "CHECK_EVERY", 0.01)
    bell = Bell()
    watcher = Watcher("meshnet0", bell.check, bell.news.set, bell.glance, lambda: False, lambda _: False)
    assert [bell.checked.get(timeout=DEADLINE) for _ in range(2)] == [Part.OURS, Part.OURS]
    watcher.close()
