"""Has the Linux backend work with tools that do not, in a lab machine.

PYTHONPATH=tests python tools_driver.py STATE_DIR PLANS.json      prints a JSON line for each case, then `done`

PLANS.json holds a `Trial`. The tools are wrappers that behave as a file of modes says, or are the real ones. A tool
that hangs is given less time than usual here, so that all of it takes minutes and not hours.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from lab import kill_driver
from meshnet_platform.api import PlatformError, SystemPlan
from meshnet_platform.linux.backend import LinuxBackend
from meshnet_platform.linux.events import Part
from meshnet_platform.runner import Result, Runner, execute_process

TOOLS = ("ip", "nft", "wg", "wireguard-go")
MODES = ("hang", "fail", "lie", "junk", "flood", "killed", "missing")
_HANGS_FOR = 0.4
_WRAPPER = """#!/bin/sh
case "$(cat {mode})" in
hang) sleep 1000 & wait ;;
fail) echo 'it is broken' >&2; exit 1 ;;
lie) exit 0 ;;
junk) head -c 3000 /dev/urandom; exit 0 ;;
flood) yes '[{{"flood": 1}}, ' | head -c 10000000; exit 0 ;;
killed) kill -9 $$ ;;
esac
exec {real} "$@"
"""


class Trial(msgspec.Struct):
    """The plans that are in force, and come into force, with tools that do not work."""

    routed: SystemPlan
    blocked: SystemPlan
    member: SystemPlan
    every: int = 1
    """Do one case of so many."""


class Tools:
    """Wrappers around the real tools, and how they behave."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "tools"
        self.directory.mkdir()
        self.runner = Runner(self._execute, [str(self.directory)])
        for tool in TOOLS:
            mode = self.directory / f"{tool}.mode"
            mode.write_text("")
            self._wrapper(tool).write_text(_WRAPPER.format(mode=mode, real=shutil.which(tool)))
            self._wrapper(tool).chmod(0o755)

    def behave(self, tool: str, mode: str) -> None:
        """From now on this tool does so; nothing: as it should."""
        (self.directory / f"{tool}.mode").write_text(mode)
        self._wrapper(tool).chmod(0o644 if mode == "missing" else 0o755)

    def hanging(self) -> str:
        """What still runs of tools that hung."""
        return subprocess.run(["pgrep", "-fa", "sleep 1000"], capture_output=True, text=True, check=False).stdout

    def _wrapper(self, tool: str) -> Path:
        return self.directory / tool

    def _execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        mode = (self.directory / f"{Path(words[0]).name}.mode").read_text()
        return execute_process(words, stdin, _HANGS_FOR if mode == "hang" else timeout)


class Trials:
    """Carries out a trial."""

    def __init__(self, state_dir: Path, trial: Trial) -> None:
        self._state_dir = state_dir
        self._trial = trial
        self._tools = Tools(state_dir.parent)
        self._tap = kill_driver.Tap()
        self._clean = kill_driver.snapshot(state_dir)
        self._backend = self._new()
        self._backend.apply(trial.routed)
        self._routed = kill_driver.snapshot(state_dir)
        self._deeds: dict[str, Callable[[], object]] = {
            "block": lambda: self._backend.apply(trial.blocked),
            "adopt": self._adopt,
            "stop": lambda: self._backend.apply(trial.member),
            "restore": self._undo,
            "look": lambda: (self._backend.facts(), self._backend.problems(), self._backend.observe()),
            "repair": self._repair,
        }

    def run(self) -> None:
        """Every tool, behaving in every way, while everything is done that uses it."""
        cases = [(tool, mode, deed) for deed in self._deeds for tool in TOOLS for mode in MODES]
        for tool, mode, deed in cases[:: self._trial.every]:
            problems = self._try(tool, mode, deed)
            print(json.dumps({"case": f"{tool} {mode}, {deed}", "problems": problems}), flush=True)
        self._backend.restore()
        left = kill_driver.differences(self._clean, kill_driver.snapshot(self._state_dir))
        print(json.dumps({"case": "the end", "problems": left}), flush=True)

    def _try(self, tool: str, mode: str, deed: str) -> list[str]:
        self._tools.behave(tool, mode)
        problems, said = [], ""
        try:
            self._deeds[deed]()
        except PlatformError as error:
            said = error.message
        except Exception:
            problems.append(traceback.format_exc())
        if deed in ("block", "adopt", "repair"):
            problems += [f"leak: {one}" for one in self._tap.leaks()]
        self._tools.behave(tool, "")
        if not said and deed == "restore":
            problems += self._left("it says that all was undone: ")
        if said and "hang" in mode and "did not end" not in said:
            problems.append(f"no word of the time it took: {said}")
        if self._tools.hanging():
            problems.append(f"still hangs: {self._tools.hanging()}")
        return problems + self._recover()

    def _recover(self) -> list[str]:
        """With the right tools all is as it should be: by the same backend, which compares and is asked again."""
        self._backend._check(Part.OURS)
        with contextlib.suppress(PlatformError):
            self._backend.apply(self._trial.routed)
        self._backend.apply(self._trial.routed)
        self._backend._check(Part.OURS)
        found = kill_driver.snapshot(self._state_dir)
        return [f"not recovered: {line}" for line in kill_driver.differences(self._routed, found)]

    def _left(self, words: str) -> list[str]:
        return [words + one for one in kill_driver.differences(self._clean, kill_driver.snapshot(self._state_dir))]

    def _undo(self) -> None:
        self._backend.restore()

    def _adopt(self) -> None:
        """What a daemon does that finds the work of an earlier one."""
        self._backend.close()
        self._backend = self._new()
        self._backend.apply(self._trial.routed)

    def _repair(self) -> None:
        """The rules are gone, and it is noticed; then a look at all of it."""
        subprocess.run(["ip", "rule", "del", "priority", "5300"], check=True)
        self._backend._check(Part.NETWORK)
        self._backend._check(Part.OURS)

    def _new(self) -> LinuxBackend:
        return LinuxBackend(self._state_dir, runner=self._tools.runner)


def main() -> None:
    """The trial that is asked for."""
    if not kill_driver.Tap().leaks():
        sys.exit("the tap sees nothing, with nothing in force")
    trial = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=Trial)
    Trials(Path(sys.argv[1]), trial).run()
    assert threading.active_count() <= 2, threading.enumerate()
    print("done", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
