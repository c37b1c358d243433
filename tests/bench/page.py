"""The page of measurements: numbers as values, and how they are written down. Pure; the numbers come from elsewhere."""

from __future__ import annotations

import re
import statistics
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Samples:
    """The same thing measured several times: seconds, bits per second, or a number."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one; nan where nothing was measured."""
        return statistics.median(self.values) if self.values else float("nan")


class Unit(Enum):
    """How a number is shown: factor, decimals, word."""

    MILLISECONDS = (1000.0, 0, " ms")
    MEGABITS = (1e-6, 0, " Mbit/s")
    NUMBER = (1.0, 0, "")
    MEGABYTES = (1e-6, 0, " MB")
    PERCENT = (100.0, 1, " %")

    def show(self, value: float) -> str:
        """With its unit."""
        return f"{self.bare(value)}{self.value[2]}"

    def bare(self, value: float) -> str:
        """Without; small numbers get a decimal more."""
        factor, decimals, _ = self.value
        scaled = value * factor
        return f"{scaled:.{decimals + int(self is not Unit.NUMBER and abs(scaled) < 10)}f}"


class Of(Enum):
    """What an aim is about."""

    MEASURED = "measured"
    RATIO = "ratio"
    """Measured divided by reference, of the medians."""
    DIFFERENCE = "difference"
    """Measured less reference, of the medians."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What is wanted, in words and as bounds."""

    words: str
    of: Of
    most: float = float("inf")
    least: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured, beside the same thing done another way."""

    what: str
    measured: Samples
    reference: Samples | None = None
    unit: Unit = Unit.MILLISECONDS
    aim: Aim | None = None
    why: str = ""
    """Why the aim is missed, and what it would take; shown only where it is."""

    @property
    def ratio(self) -> float | None:
        """Of the medians; None without a reference, or beside nothing."""
        if self.reference is None or self.reference.median == 0:
            return None
        return self.measured.median / self.reference.median

    @property
    def is_missed(self) -> bool:
        """Whether there is an aim and it is not met."""
        if self.aim is None:
            return False
        return not self.aim.least <= self._judged(self.aim) <= self.aim.most

    @property
    def verdict(self) -> str:
        """The miss in one sentence."""
        words = self.aim.words if self.aim else ""
        beside = f" beside {self.unit.show(self.reference.median)}" if self.reference else ""
        return f"**{self.what}**: the aim is {words}; measured were {self.unit.show(self.measured.median)}{beside}."

    def _judged(self, aim: Aim) -> float:
        if aim.of is Of.RATIO:
            return self.ratio or float("nan")
        reference = self.reference.median if self.reference and aim.of is Of.DIFFERENCE else 0.0
        return self.measured.median - reference


@dataclass(frozen=True, slots=True)
class Section:
    """One subject: what was done, the rows, and what else there is to say."""

    title: str
    words: str
    reference: str = "reference"
    """What the reference is, as the head of its column."""
    rows: tuple[Row, ...] = ()
    after: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """All of a run."""

    machine: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    is_quick: bool = False


_HEAD = """\
# Benchmarks

<!-- Written by `./dev bench`. The numbers of a section come from one run of it; nothing here is edited by hand. -->

How long a switch takes, what a route costs, what the idle daemon costs, and what the same would cost without Meshnet.
`./dev bench` builds small internets of network namespaces: in some the installed programs make a mesh and a laptop in a
café routes through a computer at home, in others the same way is laid by hand with `wg`, `ip` and `nft`. Every number
of ours that has a reference stands beside it, taken in the same run, in turns or at the same time, so that a busy
moment of the machine meets both.
A cell gives the median, the least and the most, and the number of runs. The wires of the lab have no delay: over a
real one, add a round trip for each question that crosses it.
"""
_WIDTH = 120
_QUICK = "\n**This was a quick run, for trying: few runs of everything. Do not quote it.**\n"
_ALL_MET = "Nothing: every aim on this page was met."
_MISSED = "\n## What was missed, and why\n\n"


def render(page: Page) -> str:
    """The page as Markdown."""
    parts = [_HEAD, _QUICK if page.is_quick else "", "\n", table(("machine", ""), page.machine)]
    parts += [_section(section) for section in page.sections]
    missed = [row for section in page.sections for row in section.rows if row.is_missed]
    parts += [_MISSED, "\n".join(_miss(row) for row in missed) or _ALL_MET, "\n"]
    return "".join(parts)


def spliced(text: str, sections: Iterable[Section]) -> str:
    """A rendered page with these sections in the place of those by the same titles, or behind all others."""
    for section in sections:
        head, _, misses = text.partition(_MISSED)
        before, found, rest = head.partition(f"\n## {section.title}\n")
        behind = rest.partition("\n## ") if found else ("", "", "")
        head = before + _section(section) + behind[1] + behind[2]
        names = tuple(f"- **{row.what}**:" for row in section.rows)
        kept = [miss for miss in _bullets(misses) if not miss.startswith((*names, "Nothing:"))]
        kept += [_miss(row) for row in section.rows if row.is_missed]
        text = head + _MISSED + ("\n".join(kept) or _ALL_MET) + "\n"
    return text


def _bullets(text: str) -> list[str]:
    return [part.rstrip("\n") for part in re.split(r"(?m)^(?=- )", text) if part.strip()]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(samples: Samples, unit: Unit) -> str:
    """Median, spread and number of runs."""
    if not samples.values:
        return "not measured"
    least, most = unit.bare(min(samples.values)), unit.bare(max(samples.values))
    return f"{unit.show(samples.median)} ({least} … {most}; {len(samples.values)})"


def wrap(text: str, indent: str = "") -> str:
    """A paragraph in lines of the usual length."""
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _section(section: Section) -> str:
    text = f"\n## {section.title}\n\n{wrap(section.words)}\n"
    if section.rows:
        head = ("", "aim", "measured", section.reference, "ratio")
        text += "\n" + table(head, (_cells(row) for row in section.rows))
    return text + (f"\n{section.after}" if section.after else "")


def _cells(row: Row) -> tuple[str, ...]:
    aim = f"{row.aim.words}: {'**missed**' if row.is_missed else 'met'}" if row.aim else "–"
    reference = cell(row.reference, row.unit) if row.reference else "–"
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else "–"
    return row.what, aim, cell(row.measured, row.unit), reference, ratio


def _miss(row: Row) -> str:
    return wrap(f"- {row.verdict} {row.why}".rstrip(), "  ")
