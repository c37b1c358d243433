"""The one door to other programs: nothing else in the project starts a process.

Programs are given as words, never as a line for a shell; tools are found once, in the system's own directories, and
run by absolute path in a clean environment with LC_ALL=C, so that what they print can be parsed. What a tool prints
goes into the error; what it is given on standard input (private keys, rules) never does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from meshnet_platform.api import PlatformError

TOOL_DIRECTORIES = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
_ENVIRONMENT = {"PATH": ":".join(TOOL_DIRECTORIES), "LC_ALL": "C", "HOME": "/"}
_OUTPUT_IN_ERRORS = 500
_TIMEOUT = 15.0
_STARTED_MAX = 64


@dataclass(frozen=True, slots=True)
class Result:
    """How a program ended: its exit status and what it printed."""

    status: int
    out: str = ""
    err: str = ""


Execute = Callable[[Sequence[str], str | None, float], Result]
"""Runs words with a text on standard input and a limit in seconds. Tests put a recorder here."""


class Spawned:
    """A program that goes on running by itself, also beyond the end of this process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def reap(self) -> int | None:
        """Exit status of the ended program, so that no zombie is left; None while it runs."""
        return self._process.poll()


class Runner:
    """Runs the system's tools."""

    def __init__(self, execute: Execute | None = None, directories: Iterable[str] = TOOL_DIRECTORIES) -> None:
        self.started: deque[int] = deque(maxlen=_STARTED_MAX)
        """Process ids of the programs that were started last."""
        self._execute = execute or partial(execute_process, on_start=self.started.append)
        self._directories = tuple(directories)
        self._found: dict[str, str] = {}

    def find(self, tool: str) -> str | None:
        """Absolute path of a tool, or None where it is not installed."""
        if tool not in self._found:
            places = (Path(directory) / tool for directory in self._directories)
            path = next((place for place in places if os.access(place, os.X_OK) and place.is_file()), None)
            if path is None:
                return None
            self._found[tool] = str(path)
        return self._found[tool]

    def result(self, *words: str, stdin: str | None = None, timeout: float = _TIMEOUT) -> Result:
        """Run a tool and tell how it ended; PlatformError only where it is missing or does not end in time."""
        return self._execute((self._path(words[0]), *words[1:]), stdin, timeout)

    def run(self, *words: str, stdin: str | None = None, timeout: float = _TIMEOUT) -> str:
        """Run a tool and return what it printed; PlatformError with its words where it fails."""
        result = self.result(*words, stdin=stdin, timeout=timeout)
        if result.status != 0:
            said = (result.err or result.out).strip()[:_OUTPUT_IN_ERRORS] or "nothing"
            command = " ".join(words)[:_OUTPUT_IN_ERRORS]
            raise PlatformError(f"`{command}` failed with status {result.status}; it said: {said}")
        return result.out

    def ask(self, *words: str) -> str:
        """What a tool prints, or nothing where it fails or is missing: for questions that may have no answer."""
        if self.find(words[0]) is None:
            return ""
        result = self.result(*words)
        return result.out if result.status == 0 else ""

    def spawn(self, *words: str, log: Path, environment: Mapping[str, str] | None = None) -> Spawned:
        """Start a program that stays; what it prints replaces the content of `log`.

        It gets a session of its own: a daemon that is killed must not take the tunnel with it.
        """
        path = self._path(words[0])
        try:
            with log.open("wb") as output:
                process = subprocess.Popen(
                    (path, *words[1:]),
                    env={**_ENVIRONMENT, **(environment or {})},
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
        except OSError as error:
            raise PlatformError(f"`{path}` could not be started: {error.strerror}.") from error
        return Spawned(process)

    def _path(self, tool: str) -> str:
        path = self.find(tool)
        if path is None:
            raise PlatformError(f"The tool `{tool}` is not installed.", f"Install the package that brings `{tool}`.")
        return path


def execute_process(
    words: Sequence[str], stdin: str | None, timeout: float, on_start: Callable[[int], None] = lambda _: None
) -> Result:
    """Run a process to its end (the real `Execute`); PlatformError where it cannot start or outlives `timeout`."""
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd="/" if os.name == "posix" else None,
            env=_ENVIRONMENT if os.name == "posix" else None,
            # A group of its own, so that what a tool has started ends with it.
            process_group=0 if os.name == "posix" else None,
        )
    except OSError as error:
        raise PlatformError(f"`{words[0]}` could not be started: {error.strerror}.") from error
    with process:
        on_start(process.pid)
        try:
            out, err = process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired as error:
            raise PlatformError(f"`{words[0]}` did not end within {timeout:g} seconds.", "Try again.") from error
        finally:
            # Of no effect on one that has ended; one that hangs must not keep us waiting for it.
            _kill(process)
    return Result(process.returncode, out, err)


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process that still runs, and with it whatever it has started."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
