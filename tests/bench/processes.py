"""What a switch starts: every program that the two daemons run for one command, and how long those take."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench import inside
from bench.counted import Note, Started, Took, read_notes
from bench.page import Samples, Section, Unit, table
from lab.household import Household
from lab.net import Machine, Process, wait_until
from lab.world import HOME_PORT, SOCKET, World

_QUIET = 0.6
"""Seconds after a command in which what it caused elsewhere has come to its end."""
_READY_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Action:
    """One command: programs on the device that was asked, those on the other, and which."""

    name: str
    here: Samples
    there: Samples
    seconds: Samples
    """In the programs of the device that was asked."""
    tools: str


@dataclass(frozen=True, slots=True)
class Processes:
    """All commands."""

    actions: tuple[Action, ...]

    def of(self, name: str) -> Action:
        """The action of this name."""
        return next(action for action in self.actions if action.name == name)

    @property
    def section(self) -> Section:
        """For the page."""
        words = (
            "Processes that the daemons start for one command, counted by the interpreter's own audit event for it;"
            " the command's own process is not among them. The daemon's regular look at the tunnel (`wg show`) may have"
            " fallen into a run and add one. The last column is of one run."
        )
        head = ("command", "on the device that is asked", "time in them", "on the other device", "the tools")
        return Section("What a switch starts", words, after=table(head, (_cells(action) for action in self.actions)))


def _cells(action: Action) -> tuple[str, ...]:
    here, there = (Unit.NUMBER.show(samples.median) for samples in (action.here, action.there))
    return f"`{action.name}`", here, Unit.MILLISECONDS.show(action.seconds.median), there, action.tools


class Counted:
    """The household's two daemons, started anew under a counter."""

    def __init__(self, household: Household) -> None:
        self.world = household.world
        for machine in (self.world.laptop, self.world.home):
            household.daemons[machine].stop()
        self.daemons = {machine: self._start(machine) for machine in (self.world.home, self.world.laptop)}
        wait_until(lambda: household.status()["coordinator"]["connected"], "the coordinator")
        wait_until(lambda: household.status(self.world.home)["coordinator"]["connected"], "the coordinator")

    def count(self, asked: Machine, *command: str) -> tuple[list[Note], list[Note]]:
        """What one command starts on the device that is asked, and on the other."""
        other = self.world.home if asked is self.world.laptop else self.world.laptop
        time.sleep(_QUIET)
        before = {machine: len(read_notes(log_of(machine))) for machine in (asked, other)}
        self.world.meshnet(asked, *command)
        time.sleep(_QUIET)
        return read_notes(log_of(asked), before[asked]), read_notes(log_of(other), before[other])

    def stop(self) -> None:
        """End both daemons."""
        for process in self.daemons.values():
            process.stop()

    def _start(self, machine: Machine) -> Process:
        port = ("--listen-port", str(HOME_PORT)) if machine is self.world.home else ()
        return start_counted(machine, self.world.daemon_state(machine), *port)


def start_counted(machine: Machine, state: Path, *options: str) -> Process:
    """A daemon under the counter, once it is ready."""
    argv = (str(log_of(machine)), "run", "--state-dir", str(state), "--socket", SOCKET, *options)
    process = machine.spawn(
        sys.executable, "-m", "bench.counted", *argv, env=inside.environment(), name="counted-meshnetd"
    )
    process.wait_for_line("ready", _READY_WITHIN, exact=True)
    return process


def log_of(machine: Machine) -> Path:
    """Where the counter of this machine's daemon writes."""
    path = machine.directory / "started.jsonl"
    path.touch()
    return path


def measure(household: Household, rounds: int) -> Processes:
    """Restarts the daemons of the household, and leaves them stopped."""
    counted = Counted(household)
    world: World = household.world
    world.meshnet(world.laptop, "status")
    commands: dict[str, tuple[Machine, tuple[str, ...]]] = {
        "meshnet route home-pc": (world.laptop, ("route", "home-pc")),
        "meshnet route --off": (world.laptop, ("route", "--off")),
        "meshnet deny laptop routing": (world.home, ("deny", "laptop", "routing")),
        "meshnet allow laptop routing": (world.home, ("allow", "laptop", "routing")),
        "meshnet status": (world.laptop, ("status",)),
    }
    seen: dict[str, list[tuple[list[Note], list[Note]]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (machine, words) in commands.items():
            seen[name].append(counted.count(machine, *words))
    counted.stop()
    return Processes(tuple(_action(name, found) for name, found in seen.items()))


def _action(name: str, found: list[tuple[list[Note], list[Note]]]) -> Action:
    here = Samples(tuple(float(len(words_of(notes))) for notes, _ in found))
    there = Samples(tuple(float(len(words_of(notes))) for _, notes in found))
    seconds = tuple(sum(note.seconds for note in notes if isinstance(note, Took)) for notes, _ in found)
    return Action(name, here, there, Samples(seconds), tools(words_of(found[-1][0])))


def words_of(notes: list[Note]) -> list[tuple[str, ...]]:
    """The commands that were started."""
    return [note.words for note in notes if isinstance(note, Started)]


def tools(commands: list[tuple[str, ...]]) -> str:
    """Each tool with what it does, and how often."""
    names = [" ".join([Path(words[0]).name, *_subject(words)]) for words in commands]
    return ", ".join(f"`{name}`" + (f" × {count}" if count > 1 else "") for name, count in Counter(names).items())


def _subject(words: tuple[str, ...]) -> list[str]:
    """The word or two that say what a tool does; keys and addresses are of no interest."""
    return [word for word in words[1:3] if word.isalpha() or word in ("-4", "-6", "-batch", "-D", "-f", "-j")]
