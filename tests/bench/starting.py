"""What it costs to start the command line, beside the bare interpreter, and which imports that is."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass

from bench import inside
from bench.page import Aim, Of, Row, Samples, Section, Unit, table
from lab.household import Household
from lab.world import program

AIM = Aim("less than 100 ms over it", Of.DIFFERENCE, most=0.1)
_BARE, _VERSION, _STATUS = "`python -c pass`", "`meshnet --version`", "`meshnet status`"
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Starts:
    """The times, and what the imports cost (package, seconds), the dearest first."""

    bare: Samples
    version: Samples
    status: Samples
    imports: tuple[tuple[str, float], ...]

    @property
    def section(self) -> Section:
        """For the page."""
        rows = (
            Row(_STATUS, self.status, self.bare, aim=AIM, why=self._why),
            Row(_VERSION, self.version, self.bare),
        )
        words = (
            "A person's command: start the interpreter, import, ask the daemon over its socket, print. The reference is"
            " the same interpreter with nothing to do, in turns, on the laptop of the lab."
        )
        cells = [(f"`{name}`", Unit.MILLISECONDS.show(seconds)) for name, seconds in self.imports]
        after = "What `meshnet status` imports, by package, as `python -X importtime` tells (which slows it down):\n\n"
        return Section("Asking for the status", words, _BARE, rows, after + table(("package", "its own time"), cells))

    @property
    def _why(self) -> str:
        dearest = ", ".join(f"{name} ({Unit.MILLISECONDS.show(seconds)})" for name, seconds in self.imports[:4])
        return f"The dearest imports: {dearest}. It would take importing them later, or not at all."


def measure(household: Household, rounds: int) -> Starts:
    """Start each program `rounds` times, in turns."""
    python, meshnet = sys.executable, program("meshnet")
    programs = {_BARE: [python, "-c", "pass"], _VERSION: [meshnet, "--version"], _STATUS: [meshnet, "status"]}
    laptop = household.world.laptop
    taken = inside.ask(laptop, "starts", programs=programs, rounds=rounds)
    samples = [Samples(tuple(taken[name])) for name in (_BARE, _VERSION, _STATUS)]
    done = laptop.run(python, "-X", "importtime", meshnet, "status", env=inside.environment())
    return Starts(samples[0], samples[1], samples[2], imports(done.stderr))


def imports(told: str) -> tuple[tuple[str, float], ...]:
    """The dearest packages in what `-X importtime` printed; their own time, without what they import in turn."""
    costs: Counter[str] = Counter()
    for microseconds, name in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", told, re.MULTILINE):
        package = name.split(".")[0]
        costs["the standard library" if package in sys.stdlib_module_names else package] += int(microseconds)
    return tuple((name, micro / 1e6) for name, micro in costs.most_common(_SHOWN))
