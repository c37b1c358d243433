"""`./dev bench`: measures in the lab, and writes docs/benchmarks.md.

Small internets of network namespaces, the installed programs in some of them; everything is removed afterwards.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import (
    beacons,
    chains,
    computer,
    crowds,
    desktop,
    grants,
    handover,
    idle,
    meeting,
    processes,
    recovery,
    relaying,
    starting,
    switching,
    throughput,
)
from bench.page import Page, Section, render, spliced
from lab import desktop as desktops
from lab import net
from lab.household import Household
from lab.net import Lab, LabError
from lab.world import World

PATH = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each thing is measured."""

    starts: int
    switches: int
    downloads: int
    seconds: float
    grants: int
    crowds: int
    chains: int
    counts: int
    faults: int
    handovers: int
    beacons: int
    relays: int
    meetings: int
    desktops: int
    windows: int
    window: float
    """Seconds of each of the windows in which idle daemons are watched."""


FULL = Effort(
    starts=20,
    switches=12,
    downloads=12,
    seconds=1.5,
    grants=8,
    crowds=10,
    chains=3,
    counts=3,
    faults=3,
    handovers=5,
    beacons=3,
    relays=3,
    meetings=3,
    desktops=10,
    windows=5,
    window=60.0,
)
QUICK = Effort(
    starts=5,
    switches=2,
    downloads=2,
    seconds=1.5,
    grants=2,
    crowds=2,
    chains=1,
    counts=1,
    faults=1,
    handovers=1,
    beacons=1,
    relays=1,
    meetings=1,
    desktops=2,
    windows=2,
    window=1.0,
)


def say(text: str) -> None:
    """Tell the person what goes on."""
    print(text, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    say(f"  {text} …")
    started = time.monotonic()
    yield
    say(f"    done in {time.monotonic() - started:.1f} s")


def measure(household: Household, effort: Effort, is_quick: bool) -> Page:
    """All measurements, one after the other: two at once would disturb each other."""
    load = computer.load()
    with step("starting the command line"):
        starts = starting.measure(household, effort.starts)
    with step("switching a route on and off, by command, by hand, by a running client"):
        switches = switching.measure(household, effort.switches, say)
    with step("giving and taking a permission"):
        permissions = grants.measure(household, effort.grants, say)
    with step("downloading through the route, and through one laid by hand"):
        through = throughput.measure(household, effort.downloads, effort.seconds, say)
    with step("downloading through one, two and three hosts, and through chains laid by hand"):
        rows = chains.measure(household, effort.chains, effort.seconds, say)
    with step("going from one host to another while packets flow"):
        handovers = handover.measure(household, effort.handovers, say)
    with step("watching the idle daemons"):
        idles = idle.measure(effort.windows, effort.window, say)
    with step("counting processes"):
        counts = processes.measure(household, effort.counts)
    with step("giving and taking a permission where many have one"):
        among_many = crowds.measure(effort.crowds, say)
    paths = measure_paths(effort)
    shown = measure_desktop(effort)
    with step("letting things break"):
        recoveries = recovery.measure(effort.faults, say)
    first = (switches.section(starts, counts), handovers.section, recoveries, through.section, rows.section)
    sections = (*first, starts.section, idles.section, counts.section, permissions, among_many, *paths, *shown)
    return Page(computer.describe(through.implementation, load), sections, is_quick)


def measure_paths(effort: Effort) -> tuple[Section, ...]:
    """How devices meet, what the beacon costs, and what the relay does."""
    with step("showing a crowd to the beacon"):
        seen = beacons.measure(effort.beacons, say)
    with step("downloading through the relay, and directly"):
        relayed = relaying.measure(effort.relays, effort.seconds, say)
    with step("meeting behind routers, and changing over"):
        met = meeting.measure(effort.meetings, effort.window, say)
    return seen, relayed, met


def measure_desktop(effort: Effort) -> tuple[Section, ...]:
    """What the desktop app costs."""
    with step("starting the desktop app, opening its menu, watching it"):
        return (desktop.measure(effort.desktops, min(effort.windows, 3), effort.window, say),)


def main() -> int:
    """Measure and write the page; 0 also where an aim was missed, for that is a result."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few runs of everything, for trying")
    parser.add_argument("--paths", action="store_true", help="only how devices meet; the rest of the page stays")
    parser.add_argument("--desktop", action="store_true", help="only the desktop app; the rest of the page stays")
    parser.add_argument("--output", type=Path, default=PATH, help="where the page goes (%(default)s)")
    given = parser.parse_args()
    whole = not (given.paths or given.desktop)
    reason = (net.why_not() if whole or given.paths else None) or (
        desktops.why_not() if whole or given.desktop else None
    )
    if reason is not None:
        print(f"Nothing can be measured here: {reason}", file=sys.stderr)
        return 1
    try:
        effort = QUICK if given.quick else FULL
        parts = [measure_paths] * given.paths + [measure_desktop] * given.desktop
        if parts:
            sections = [section for measure_part in parts for section in measure_part(effort)]
            text = spliced(given.output.read_text(encoding="utf-8"), sections)
        else:
            text = render(_run(effort, given.quick))
    except LabError as error:
        print(f"\nThe measurements failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted; everything was removed, and the page is as it was.")
        return 130
    given.output.write_text(text, encoding="utf-8", newline="\n")
    say(f"Wrote {given.output}")
    return 0


def _run(effort: Effort, is_quick: bool) -> Page:
    started = time.monotonic()
    with Lab() as lab:
        with step("building an internet, and a mesh in it"):
            household = Household(World(lab))
        page = measure(household, effort, is_quick)
    say(f"All in {time.monotonic() - started:.0f} s.")
    return page


if __name__ == "__main__":
    sys.exit(main())
