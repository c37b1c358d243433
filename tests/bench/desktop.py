"""What the desktop app costs: start, menu, updates, memory, processor time. Beside the least that such a program is.

The real `meshnet-gui` on a real X server with a panel; the daemon is make-believe, so that nothing of it is counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.idle import Idle, Watched
from bench.page import Aim, Of, Row, Samples, Section, Unit, table
from bench.starting import imports
from lab.desktop import Desktop
from lab.net import LabError, wait_until
from lab.process import Process
from lab.world import program
from support.stage import Stage, playing

SOON = Aim("within 1 s", Of.MEASURED, most=1.0)
SMOOTH = Aim("under 50 ms", Of.MEASURED, most=0.05)
SMALL = Aim("under 120 MB", Of.MEASURED, most=120e6)
QUIET = Aim("under 0.2 %", Of.MEASURED, most=0.002)
FEW, MANY = "external", "thousand"
"""Scenes: with ten devices, and with a thousand."""
_EVERY = 5.0
"""Seconds between two updates of a daemon that routes."""
_TICK = 0.002
_SETTLED = 3.0
_APART = 0.7
"""Seconds between clicks; two quick ones would be a double click."""
_BARE = [sys.executable, str(Path(__file__).with_name("bare_tray.py"))]
_IMPORTED = "import PySide6.QtWidgets; import meshnet.gui.program, meshnet.gui.icons"
CLOSED, ROUTING, BARE = "window closed, nothing happens", "window open, routing", "bare"


@dataclass(frozen=True, slots=True)
class Cost:
    """All that was measured."""

    start: Samples
    bare_start: Samples
    menus: dict[str, Samples]
    """By scene; "bare": of the bare program."""
    updates: dict[str, Samples]
    """By whether the window is open, with a thousand devices."""
    idle: dict[str, Idle]
    imports: tuple[tuple[str, float], ...]
    windows: int
    seconds: float

    @property
    def section(self) -> Section:
        """For the page."""
        rows = (*self._rows_of_time(), *self._rows_of_idleness())
        cells = [(f"`{name}`", Unit.MILLISECONDS.show(seconds)) for name, seconds in self.imports]
        after = "What the app imports until its icon is there, by package, as `python -X importtime` tells (which slows"
        after += " it down):\n\n" + table(("package", "its own time"), cells)
        return Section("The desktop app", self._words, "a bare tray program", rows, after)

    @property
    def _words(self) -> str:
        return (
            "`meshnet-gui` on an X server without a screen, with a window manager and a panel, in turns with the least"
            " that such a program can be: PySide6, one icon, one menu of ten lines. The daemon is make-believe and"
            " answers at once. From the start of the process until its icon is in the panel; from a click until the"
            " menu's window is on the screen (both with the time that `xdotool` and `xwininfo` take to click and to"
            " look). An update tells that one of 1,000 devices has changed, and is over when the window is painted"
            " (off screen, in the app's own process). Memory is what is resident (RSS), and with shared pages divided"
            f" among those who share them (PSS); that and processor time over {self.windows} windows of"
            f" {self.seconds:g} s each, while nothing happens, and while traffic flows that the daemon tells of every"
            f" {_EVERY:g} s with the window open."
        )

    def _rows_of_time(self) -> tuple[Row, ...]:
        menu = self.menus[BARE]
        return (
            Row("start, until the icon is in the panel", self.start, self.bare_start, aim=SOON, why=self._why_start),
            Row("menu, from click to window, 10 devices", self.menus[FEW], menu),
            Row("menu, from click to window, 1,000 devices", self.menus[MANY], menu),
            Row("update, 1,000 devices, window open", self.updates["open"], aim=SMOOTH, why=_WHY_UPDATE),
            Row("update, 1,000 devices, window closed", self.updates["closed"]),
        )

    def _rows_of_idleness(self) -> Iterator[Row]:
        bare = self.idle[BARE]
        for state, aim in ((CLOSED, QUIET), (ROUTING, None)):
            idle = self.idle[state]
            yield Row(f"{state}: memory (RSS)", idle.resident, bare.resident, Unit.MEGABYTES, SMALL, _WHY_MEMORY)
            yield Row(f"{state}: memory (PSS)", idle.proportional, bare.proportional, Unit.MEGABYTES)
            yield Row(f"{state}: processor time", idle.processor, bare.processor, Unit.PERCENT, aim)
            yield Row(f"{state}: wake-ups per minute", idle.wakeups, bare.wakeups, Unit.NUMBER)

    @property
    def _why_start(self) -> str:
        dearest = ", ".join(f"{name} ({Unit.MILLISECONDS.show(seconds)})" for name, seconds in self.imports[:4])
        return f"The dearest imports: {dearest}."


_WHY_UPDATE = "Every row and the menu look at what they show, and find that it is the same."
_WHY_MEMORY = "The bare program shows what of it are Qt and the interpreter."


def measure(rounds: int, windows: int, seconds: float, say: Callable[[str], None]) -> Section:
    """Measure all of it; `rounds` starts and menus, and `windows` of so many seconds in which it is watched."""
    with tempfile.TemporaryDirectory(prefix="meshnet-bench-") as directory:
        with Desktop(Path(directory) / "desktop") as desktop:
            bench = _Bench(desktop, Path(directory))
            start, bare_start = bench.starts(rounds)
            say("    starts")
            menus = bench.menus(rounds)
            say("    menus")
            idle = bench.idle(windows, seconds)
            say("    idle")
        updates = {state: Samples(tuple(taken)) for state, taken in _updates(max(20, rounds)).items()}
    return Cost(start, bare_start, menus, updates, idle, _imports(), windows, seconds).section


class _Bench:
    """Starts programs on a desktop, clicks, and looks at the clock."""

    def __init__(self, desktop: Desktop, directory: Path) -> None:
        self._desktop = desktop
        self._directory = directory
        self._number = 0

    def starts(self, rounds: int) -> tuple[Samples, Samples]:
        """Of the app and of the bare program, in turns; the first of each only warms the caches."""
        ours, bare = [], []
        for _ in range(rounds + 1):
            with self._stage(FEW) as stage:
                ours.append(self._start_of(self._app(stage)))
            bare.append(self._start_of([*_BARE, "10"]))
        return Samples(tuple(ours[1:])), Samples(tuple(bare[1:]))

    def menus(self, rounds: int) -> dict[str, Samples]:
        """From click to menu, with few devices, with many, and of the bare program."""
        taken = {BARE: self._menu_of([*_BARE, "10"], rounds)}
        for scene in (FEW, MANY):
            with self._stage(scene) as stage:
                taken[scene] = self._menu_of(self._app(stage), rounds)
        return taken

    def idle(self, windows: int, seconds: float) -> dict[str, Idle]:
        """What a closed app costs, an open one that routes, and the bare program: one after the other."""
        with self._stage(FEW) as stage:
            closed = self._watch(self._app(stage), windows, seconds, lambda: None)
        with self._stage("routed") as stage:
            argv = [*self._app(stage), "--window"]
            routing = self._watch(argv, windows, seconds, lambda: stage.flow(_EVERY))
        bare = self._watch([*_BARE, "10"], windows, seconds, lambda: None)
        return {CLOSED: closed, ROUTING: routing, BARE: bare}

    @contextmanager
    def _stage(self, scene: str) -> Iterator[Stage]:
        self._number += 1
        with playing(scene, str(self._directory / f"{self._number}.sock")) as stage:
            yield stage

    @staticmethod
    def _app(stage: Stage) -> list[str]:
        return [program("meshnet-gui"), "--socket", stage.path]

    @contextmanager
    def _running(self, argv: list[str]) -> Iterator[Process]:
        process = self._desktop.run_gui(argv)

        def look() -> bool:
            if process.returncode is not None:
                raise LabError(f"{argv[0]} ended\n{process.tail()}")
            return bool(self._desktop.tray_icons())

        try:
            wait_until(look, f"icon of {argv[0]}", 30.0, _TICK)
            yield process
        finally:
            process.stop()
            wait_until(lambda: not self._desktop.tray_icons(), "end of the icon", 10.0)

    def _start_of(self, argv: list[str]) -> float:
        begun = time.monotonic()
        with self._running(argv):
            return time.monotonic() - begun

    def _menu_of(self, argv: list[str], rounds: int) -> Samples:
        taken = []
        with self._running(argv):
            time.sleep(_SETTLED)
            where = self._desktop.find_tray_icon()
            for _ in range(rounds + 1):
                taken.append(self._open_menu(where))
                time.sleep(_APART)
        return Samples(tuple(taken[1:]))

    def _open_menu(self, where: tuple[int, int]) -> float:
        begun = time.monotonic()
        self._desktop.click(*where, button=3)
        wait_until(self._desktop.popups, "menu", 10.0, _TICK)
        taken = time.monotonic() - begun
        self._desktop.key("Escape")
        self._desktop.wait_for_no_popup()
        return taken

    def _watch(self, argv: list[str], windows: int, seconds: float, act: Callable[[], None]) -> Idle:
        with self._running(argv) as process:
            time.sleep(_SETTLED)
            watched = Watched(process.pid)
            for _ in range(windows):
                _pass(seconds, act)
                watched.look()
            return watched.idle()


def _pass(seconds: float, act: Callable[[], None]) -> None:
    """Let so much time pass, and something happen now and then."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _EVERY))
        act()


def _updates(rounds: int) -> dict[str, list[float]]:
    words = [sys.executable, "-m", "bench.updating", MANY, str(rounds)]
    done = subprocess.run(words, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(words)}: {done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _imports() -> tuple[tuple[str, float], ...]:
    words = [sys.executable, "-X", "importtime", "-c", _IMPORTED]
    return imports(subprocess.run(words, env=_environment(), capture_output=True, text=True, check=True).stderr)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
