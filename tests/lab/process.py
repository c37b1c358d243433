"""Programs that run beside a test, and waiting for what they do. Law: no waiting without a deadline."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeVar

_TICK = 0.01
_TAIL = 40
# By number: Windows has no such name, and this module imports there too.
_SIGKILL = 9

T = TypeVar("T")


class LabError(Exception):
    """Something in the lab did not do what it was told; the message carries what it said."""


def wait_until(look: Callable[[], T | None], what: str, timeout: float = 10.0, tick: float = _TICK) -> T:
    """The first result of `look` that is true; LabError, naming `what`, after `timeout` seconds without one."""
    deadline = time.monotonic() + timeout
    while not (found := look()):
        if time.monotonic() > deadline:
            raise LabError(f"no {what} within {timeout:g} s")
        time.sleep(tick)
    return found


class Process:
    """A program that runs beside the test, in a machine or outside; its output goes to NAME.out and NAME.err."""

    def __init__(
        self, argv: list[str], prefix: list[str], logs: Path, env: Mapping[str, str], name: str | None = None
    ) -> None:
        self.argv = argv
        self.out, self.err = _log_files(logs, name or Path(argv[0]).name)
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self._popen = subprocess.Popen(
                [*prefix, *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=dict(env)
            )
        # nsenter forks, because only a child of its own can be in another namespace of process ids.
        self._pid = None if "nsenter" in prefix else self._popen.pid

    @property
    def pid(self) -> int:
        """The process id as seen from outside the machine; of a program that has ended, the one it had."""
        if self._pid is None and self._find() is None:
            raise self._end()
        assert self._pid is not None
        return self._pid

    @cached_property
    def pid_inside(self) -> int:
        """The process id as seen inside the machine: the last of NSpid (proc(5))."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("NSpid:")).split()[-1])

    @property
    def returncode(self) -> int | None:
        """The exit status; None while it runs."""
        return self._popen.poll()

    def lines(self) -> Iterator[str]:
        """What it has printed so far, standard output first."""
        for log in (self.out, self.err):
            yield from log.read_text(errors="replace").splitlines()

    def wait_for_line(self, text: str, timeout: float = 10.0, *, exact: bool = False) -> str:
        """The first line of its output that contains `text`, or is it; LabError when it ends or time is up first."""

        def look() -> str | None:
            # Asked first, so that what it printed last is not missed.
            ended = self.returncode is not None
            for line in self.lines():
                if line == text if exact else text in line:
                    return line
            if ended:
                raise self._end()
            return None

        return wait_until(look, f"line {text!r} from {' '.join(self.argv)}", timeout)

    def wait(self, timeout: float = 10.0) -> int:
        """Wait for its end; the exit status."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"{' '.join(self.argv)} still runs after {timeout:g} s\n{self.tail()}") from None

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        kill(self._find(), number)

    def stop(self, timeout: float = 5.0) -> int:
        """End it by SIGTERM, after `timeout` seconds by SIGKILL; the exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it by SIGKILL; the exit status."""
        self.signal(_SIGKILL)
        return self.wait()

    def tail(self) -> str:
        """The last lines of both logs."""
        return "\n".join(
            "\n".join([f"--- {log}", *log.read_text(errors="replace").splitlines()[-_TAIL:]])
            for log in (self.out, self.err)
        )

    def _find(self) -> int | None:
        """The process id as seen from outside, as soon as there is one; None once it has ended."""

        def look() -> bool:
            self._pid = self._pid or first_child(self._popen.pid)
            return self._pid is not None or self.returncode is not None

        wait_until(look, f"start of {self.argv[0]}", tick=0.001)
        return self._pid if self.returncode is None else None

    def _end(self) -> LabError:
        return LabError(f"{' '.join(self.argv)} ended with {self.returncode}\n{self.tail()}")


def first_child(pid: int) -> int | None:
    """The first child of a process (proc(5): /proc/PID/task/TID/children)."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return None
    return int(children[0]) if children else None


def kill(pid: int | None, number: int = _SIGKILL) -> None:
    """Send a signal to a process, if there is one."""
    if pid is None:
        return
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _log_files(logs: Path, name: str) -> tuple[Path, Path]:
    number = len(list(logs.glob("*.out"))) + 1
    stem = f"{number:02}-{name}"
    return logs / f"{stem}.out", logs / f"{stem}.err"
