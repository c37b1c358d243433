"""What the daemon costs while nothing happens: memory, processor time, wake-ups, and the processes that it starts.

Read from outside, in proc(5), of the daemon that does nothing but wait; in the same time a bare Python that sleeps in
asyncio is read likewise. Nobody asks the daemons anything meanwhile, for who asks is what wakes them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.counted import read_notes
from bench.page import Aim, Of, Row, Samples, Section, Unit, table
from bench.processes import Counted, log_of, tools, words_of
from lab.household import Household
from lab.net import Lab, Machine
from lab.world import World

SMALL = Aim("under 55 MB", Of.MEASURED, most=55e6)
QUIET = Aim("under 0.2 %", Of.MEASURED, most=0.002)
JOINED, ROUTED, HOSTING = "joined, not routed", "routed, idle", "hosting one idle client"
_STATES = (JOINED, ROUTED, HOSTING)
_SETTLED = 5.0
"""Seconds after a change in which what it caused has come to its end."""
_SLEEPER = "import asyncio; print('ready', flush=True); asyncio.run(asyncio.sleep(1e6))"
_SWITCHES = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a process, all its threads included."""

    at: float
    processor: float
    """Seconds of processor time, those of its ended children included."""
    wakeups: int
    """How often a thread went on after it had waited for something."""
    switches: int
    """How often a thread left a processor, of itself or not."""
    started: int
    """Processes that it started."""


@dataclass(frozen=True, slots=True)
class Idle:
    """What one process cost, window by window."""

    resident: Samples
    proportional: Samples
    """Of memory shared with other processes only its part; what other Pythons share with it is the machine's matter."""
    processor: Samples
    """As a part of one processor."""
    wakeups: Samples
    """Per minute, as the following ones."""
    switches: Samples
    started: Samples
    tools: str = ""


class Watched:
    """A process that is read again and again; `log` is where its counter writes, if it has one."""

    def __init__(self, pid: int, log: Path | None = None) -> None:
        self._process = psutil.Process(pid)
        self._proc = Path(f"/proc/{pid}")
        self._log = log
        self._begun = self._noted()
        self._readings = [self._read()]
        self._memory: list[tuple[int, int]] = []

    def look(self) -> None:
        """A window has ended."""
        self._readings.append(self._read())
        self._memory.append((self._kilobytes("Rss"), self._kilobytes("Pss")))

    def idle(self) -> Idle:
        """What it cost in all windows."""
        pairs = list(zip(self._readings, self._readings[1:], strict=False))

        def per_minute(name: str) -> Samples:
            grown = ((getattr(end, name) - getattr(begin, name)) * 60 / (end.at - begin.at) for begin, end in pairs)
            return Samples(tuple(grown))

        return Idle(
            Samples(tuple(1024.0 * resident for resident, _ in self._memory)),
            Samples(tuple(1024.0 * proportional for _, proportional in self._memory)),
            Samples(tuple(value / 60 for value in per_minute("processor").values)),
            per_minute("wakeups"),
            per_minute("switches"),
            per_minute("started"),
            tools(words_of(read_notes(self._log, self._begun))) if self._log else "",
        )

    def _noted(self) -> int:
        return len(read_notes(self._log)) if self._log else 0

    def _read(self) -> Reading:
        started = len(words_of(read_notes(self._log))) if self._log else 0
        counts = [self._switches(thread) for thread in (self._proc / "task").iterdir()]
        of_itself, in_all = (sum(counts) for counts in zip(*counts, strict=True))
        return Reading(time.monotonic(), self._processor(), of_itself, in_all, started)

    def _processor(self) -> float:
        """In user mode and in the kernel, of the process and of its ended children."""
        return float(sum(self._process.cpu_times()[:4]))

    @staticmethod
    def _switches(thread: Path) -> tuple[int, int]:
        lines = dict(line.split(":", 1) for line in (thread / "status").read_text().splitlines())
        voluntary, forced = (int(lines[name]) for name in _SWITCHES)
        return voluntary, voluntary + forced

    def _kilobytes(self, name: str) -> int:
        lines = (self._proc / "smaps_rollup").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


@dataclass(frozen=True, slots=True)
class Idles:
    """By state of the daemon."""

    states: dict[str, Idle]
    bare: dict[str, Idle]
    """The sleeping Python beside each of them."""
    windows: int
    seconds: float

    @property
    def section(self) -> Section:
        """For the page."""
        rows = [row for state in _STATES for row in self._rows(state)]
        cells = [
            (state, Unit.NUMBER.show(self.states[state].started.median), self.states[state].tools) for state in _STATES
        ]
        after = "What the daemon starts while nothing happens (the tools are of the whole time):\n\n"
        after += table(("state", "processes per minute", "the tools"), cells)
        return Section("The idle daemon", self._words, "a Python that sleeps", tuple(rows), after)

    @property
    def _words(self) -> str:
        return (
            f"Over {self.windows} windows of {self.seconds:g} s each, in which nobody asks the daemon anything and no"
            " client sends anything. Memory is what is resident (RSS), and with shared pages divided among those who"
            " share them (PSS); here some Pythons of the lab share theirs. Processor time is that of the daemon and of"
            " the tools it starts, as a part of one processor; that of WireGuard is not in it. A wake-up is a thread"
            " that goes on after it has waited; a context switch, whenever a thread leaves a processor. The reference,"
            " in the same time, is the same interpreter with `asyncio` imported and asleep."
        )

    def _rows(self, state: str) -> tuple[Row, ...]:
        idle, bare = self.states[state], self.bare[state]
        return (
            Row(f"{state}: memory (RSS)", idle.resident, bare.resident, Unit.MEGABYTES, SMALL, _WHY_MEMORY),
            Row(f"{state}: memory (PSS)", idle.proportional, bare.proportional, Unit.MEGABYTES),
            Row(f"{state}: processor time", idle.processor, bare.processor, Unit.PERCENT, QUIET, self._why(idle)),
            Row(f"{state}: wake-ups per minute", idle.wakeups, bare.wakeups, Unit.NUMBER),
            Row(f"{state}: context switches per minute", idle.switches, bare.switches, Unit.NUMBER),
        )

    @staticmethod
    def _why(idle: Idle) -> str:
        return f"The daemon starts {Unit.NUMBER.show(idle.started.median)} processes per minute: {idle.tools}."


_WHY_MEMORY = "Nearly all of it are imported modules: the interpreter with asyncio, TLS, the HTTP client, names."


def measure(windows: int, seconds: float, say: Callable[[str], None]) -> Idles:
    """Watch a laptop and its host in a world of their own, where nobody else has anything to say."""
    with Lab() as lab:
        household = Household(World(lab))
        counted = Counted(household)
        laptop, home = household.world.laptop, household.world.home
        joined = _watch(counted, (laptop,), windows, seconds)
        say(f"    {JOINED}")
        household.route()
        routed = _watch(counted, (laptop, home), windows, seconds)
        say(f"    {ROUTED}; {HOSTING}")
    states = {JOINED: joined[laptop], ROUTED: routed[laptop], HOSTING: routed[home]}
    bare = {JOINED: joined[None], ROUTED: routed[None], HOSTING: routed[None]}
    return Idles(states, bare, windows, seconds)


def _watch(counted: Counted, machines: tuple[Machine, ...], windows: int, seconds: float) -> dict[Machine | None, Idle]:
    """What the daemons of these machines cost; under None the sleeping Python."""
    sleeper = machines[0].spawn(sys.executable, "-c", _SLEEPER, name="sleeper")
    sleeper.wait_for_line("ready", exact=True)
    time.sleep(_SETTLED)
    watched: dict[Machine | None, Watched] = {None: Watched(sleeper.pid)}
    for machine in machines:
        watched[machine] = Watched(counted.daemons[machine].pid, log_of(machine))
    for _ in range(windows):
        time.sleep(seconds)
        for one in watched.values():
            one.look()
    sleeper.stop()
    return {machine: one.idle() for machine, one in watched.items()}
