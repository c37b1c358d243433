"""How long a route takes to stand: by the command, by hand, and by a client that is already running."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import byhand, inside
from bench.page import Aim, Of, Row, Samples, Section, Unit
from bench.processes import Action, Processes
from bench.starting import Starts
from lab.household import Household
from lab.world import program

AIM = Aim("under 200 ms", Of.MEASURED, most=0.2)
_PAUSE = 0.3
"""Seconds between two switches, so that what the first one still causes is not in the second."""

Times = dict[str, Samples]


@dataclass(frozen=True, slots=True)
class Switches:
    """Times to the first byte by the other way, and to the end of the command; keys like `command on`."""

    first_byte: Times
    ended: Times

    def section(self, starts: Starts, processes: Processes) -> Section:
        """For the page; what is missed is explained by what else was measured."""
        on, off = processes.of("meshnet route home-pc"), processes.of("meshnet route --off")
        rows = (
            self._row("`meshnet route home-pc`", "command on", AIM, self._why("on", starts, on)),
            self._row("`meshnet route --off`", "command off", AIM, self._why("off", starts, off)),
            self._row("the daemon alone, to route", "daemon on"),
            self._row("the daemon alone, to stop", "daemon off"),
            Row("until `meshnet route home-pc` has ended", self.ended["command on"], self.ended["hand on"]),
            Row("until `meshnet route --off` has ended", self.ended["command off"], self.ended["hand off"]),
        )
        return Section("Switching a route on and off", _words(), "by hand", rows, _parts(self, starts, on, off))

    def _row(self, what: str, key: str, aim: Aim | None = None, why: str = "") -> Row:
        reference = self.first_byte[f"hand {key.split()[1]}"]
        return Row(f"{what}, until the first byte", self.first_byte[key], reference, aim=aim, why=why)

    def _why(self, way: str, starts: Starts, action: Action) -> str:
        show = Unit.MILLISECONDS.show
        return (
            f"About {show(starts.version.median)} go by before the command asks the daemon (the bare interpreter:"
            f" {show(starts.bare.median)}). From then on it takes"
            f" {show(self.first_byte[f'daemon {way}'].median)} to the first byte where nothing else runs; the daemon"
            f" answers after {show(self.ended[f'daemon {way}'].median)}, of which {show(action.seconds.median)} pass in"
            f" {action.here.median:.0f} processes. The rest is the machine's, which this measurement keeps busy with"
            " connections. What would shorten it: fewer imports at the start of the command; fewer processes, or"
            " netlink instead of them. A click in the tray starts no interpreter: it costs what the daemon alone costs."
        )


def _words() -> str:
    return (
        "From the start of the switch until the first byte of an HTTP answer arrives that the web server sent to the"
        " other public address (home's after switching on, the café's after switching off). A program on the laptop"
        f" opens a new connection every {inside.TRY_EVERY * 1000:.0f} ms all the while, so that is the resolution; the"
        " handshake with the host was made before. By hand is a shell script on the same tunnel: AllowedIPs with `wg`,"
        " a table and a rule for both families with `ip -batch`, a guard of a few rules with `nft`, `resolv.conf`."
        " Unlike the daemon it does not ask whether the host answers before it switches, keeps no journal to undo what"
        " a crash would leave, and flushes nothing to the disk. “The daemon alone” is asked by a client that was"
        " started and connected before, as the tray is."
    )


def _parts(switches: Switches, starts: Starts, on: Action, off: Action) -> str:
    show = Unit.MILLISECONDS.show
    lines = [
        "Where the time of the command goes (medians):",
        "",
        f"- the interpreter alone, `python -c pass`: {show(starts.bare.median)}",
        f"- up to the end of `meshnet --version`, which asks nobody: {show(starts.version.median)}",
        f"- the daemon's answer to a client that is already running: {show(switches.ended['daemon on'].median)} on,"
        f" {show(switches.ended['daemon off'].median)} off",
        f"- of that, in the tools it starts: {show(on.seconds.median)} on ({on.here.median:.0f} processes),"
        f" {show(off.seconds.median)} off ({off.here.median:.0f} processes)",
    ]
    return "\n".join(lines) + "\n"


def measure(household: Household, rounds: int, say: Callable[[str], None]) -> Switches:
    """Switch on and off by every way, `rounds` times, in turns; begins and ends without a route."""
    ways = _ways(household)
    first: dict[str, list[float]] = {key: [] for key in ways}
    ended: dict[str, list[float]] = {key: [] for key in ways}
    for number in range(rounds):
        for key in _order(number):
            time.sleep(_PAUSE)
            taken = inside.ask(household.world.laptop, "switch", **ways[key])
            first[key].append(taken["first_byte"])
            ended[key].append(taken["ended"])
        say(f"    {number + 1} of {rounds}")
    return Switches(_samples(first), _samples(ended))


def _ways(household: Household) -> dict[str, dict[str, Any]]:
    world = household.world
    hand, meshnet = byhand.Switch(world), program("meshnet")
    on, off = (
        {"web": world.web4, "expected": world.home_public4},
        {"web": world.web4, "expected": world.cafe_public4},
    )
    return {
        "command on": {**on, "argv": [meshnet, "route", "home-pc"]},
        "command off": {**off, "argv": [meshnet, "route", "--off"]},
        "hand on": {**on, "argv": hand.on},
        "hand off": {**off, "argv": hand.off},
        "daemon on": {**on, "device": "home-pc"},
        "daemon off": off,
    }


def _order(number: int) -> list[str]:
    """Another way first in every round, so that none always follows the same one."""
    ways = ["command", "hand", "daemon"]
    turned = ways[number % 3 :] + ways[: number % 3]
    return [f"{way} {direction}" for way in turned for direction in ("on", "off")]


def _samples(taken: dict[str, list[float]]) -> Times:
    return {key: Samples(tuple(values)) for key, values in taken.items()}
