"""What a process costs is read rightly: of one that sleeps, one that works, and one whose children work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from bench.idle import Idle, Watched
from lab.process import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="read in Linux's /proc")

READY = "print('ready', flush=True)\n"
PATIENCE = 30.0
LITTLE = 0.02
"""Of a processor."""


@pytest.fixture
def start() -> Iterator[Callable[[str], Watched]]:
    with ExitStack() as stack:

        def begin(program: str) -> Watched:
            argv = [sys.executable, "-c", READY + program]
            process = stack.enter_context(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            return Watched(process.pid)

        yield begin


def watch_until(watched: Watched, is_seen: Callable[[Idle], bool]) -> Idle:
    """What it cost in the windows until this is seen."""

    def look() -> Idle | None:
        watched.look()
        found = watched.idle()
        return found if is_seen(found) else None

    return wait_until(look, "sight of it", PATIENCE, 0.05)


def test_one_that_sleeps_costs_memory_only(start: Callable[[str], Watched]) -> None:
    idle = watch_until(start("import time; time.sleep(100)"), lambda idle: len(idle.resident.values) > 5)
    assert 1e6 < idle.proportional.median <= idle.resident.median < 50e6
    assert idle.processor.median < LITTLE
    assert idle.wakeups.median == 0


def test_one_that_works_uses_the_processor(start: Callable[[str], Watched]) -> None:
    watch_until(start("while True: pass"), lambda idle: max(idle.processor.values) > LITTLE)


def test_work_of_ended_children_counts(start: Callable[[str], Watched]) -> None:
    child = "import subprocess, sys; [subprocess.run([sys.executable, '-c', 'pass']) for _ in range(1000)]"
    watch_until(start(child), lambda idle: max(idle.processor.values) > LITTLE)


def test_each_wait_that_ends_is_a_wake_up_in_every_thread(start: Callable[[str], Watched]) -> None:
    ticks = "import threading, time\ndef tick():\n    while True: time.sleep(0.01)\n"
    threads = "threading.Thread(target=tick, daemon=True).start(); time.sleep(100)"
    idle = watch_until(start(ticks + threads), lambda idle: max(idle.wakeups.values) > 100)
    assert idle.switches.median >= idle.wakeups.median
