"""`./dev demo`: a laptop in a café gets the public address of home, by a click in its tray.

Builds a small internet of network namespaces, runs the real programs in it, clicks the real menu, and says what the
web server at the far end saw. Removes everything afterwards, also when interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from lab import desktop as desktops
from lab import net
from lab.desktop import Desktop
from lab.household import Household
from lab.menu import TrayMenu
from lab.net import Lab, LabError, wait_until
from lab.world import SOCKET, World, product_environment, program

PICTURES = Path("build/demo")
SIZE = "1040x680"
"""Of the laptop's desktop, in pixels: readable in a README."""
HOME = "home-pc"


def say(text: str) -> None:
    """Tell the person what goes on."""
    print(text, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    print(f"  {text} … ", end="", flush=True)
    started = time.monotonic()
    yield
    print(f"{time.monotonic() - started:.1f} s", flush=True)


class Demo:
    """The story, scene by scene."""

    def __init__(self, world: World, household: Household, menu: TrayMenu, pictures: Path) -> None:
        self.world = world
        self.household = household
        self.menu = menu
        self.pictures = pictures
        self.rows: list[tuple[str, str, str, str]] = []
        self._last_picture = b""

    def play(self) -> None:
        """Click on, look, click off, look."""
        self._note("before", "")
        with step("clicking home-pc under “Devices in Meshnet”"):
            seconds = self._click(lambda: self.menu.click_host(HOME), self.world.home_public4)
        self._note("routed through home-pc", f"{seconds * 1000:.0f} ms")
        self.menu.open()
        self._photograph("tray-menu-routed.png")
        with step("clicking “Stop routing”"):
            seconds = self._click(self.menu.click_stop, self.world.cafe_public4, is_open=True)
        self._note("stopped", f"{seconds * 1000:.0f} ms")

    def open_first(self) -> None:
        """The menu before anything is routed, for the picture."""
        self.menu.open()
        self._photograph("tray-menu.png")
        self.menu.desktop.key("Escape")
        self.menu.desktop.wait_for_no_popup()

    def photograph_all(self) -> None:
        """The window and the menu together, while routed."""
        self.menu.open()
        self.menu.click_host(HOME)
        self.household.await_state("routing")
        desktop = self.menu.desktop
        desktop.click(*desktop.find_tray_icon())
        desktop.wait_for_window("Meshnet")
        # Nobody is told when a window has been painted for the last time: it has when two pictures are the same.
        wait_until(self._stands_still, "the window to stand still", tick=0.3)
        self._photograph("window.png")
        self.menu.open()
        wait_until(self._stands_still, "the menu to stand still", tick=0.3)
        self._photograph("desktop.png")
        self.household.stop()

    def _stands_still(self) -> bool:
        before, self._last_picture = self._last_picture, self._photograph("moving.png").read_bytes()
        (self.pictures / "moving.png").unlink()
        return before == self._last_picture

    def table(self) -> list[str]:
        """What the far end saw."""
        head = ("", "public IPv4", "public IPv6", "from click to first answer")
        rows = [head, *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]

    def _click(self, click: Callable[[], None], expected: str, *, is_open: bool = False) -> float:
        if not is_open:
            self.menu.open()
        started = time.monotonic()
        click()
        wait_until(lambda: self.world.public_address(self.world.laptop) == expected, f"the address {expected}")
        return time.monotonic() - started

    def _note(self, when: str, took: str) -> None:
        seen = [self.world.public_address(self.world.laptop, family) or "none" for family in (4, 6)]
        self.rows.append((when, seen[0], seen[1], took))

    def _photograph(self, name: str) -> Path:
        self.pictures.mkdir(parents=True, exist_ok=True)
        return self.menu.desktop.screenshot(self.pictures / name)


def main() -> int:
    """Run the demo; 0 when the laptop had the address of home while routed, and its own before and after."""
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="leave it running until Ctrl+C, with the window open")
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="where the screenshots go (%(default)s)")
    given = parser.parse_args()
    reason = net.why_not() or desktops.why_not()
    if reason is not None:
        print(f"The demo cannot run here: {reason}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(given.pictures, given.stay)
    except KeyboardInterrupt:
        say("\nInterrupted; everything was removed.")
        return 130
    except LabError as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(pictures: Path, stay: bool) -> int:
    say("Meshnet demo: a laptop in a café, a computer at home. All of it runs in network namespaces of this machine.\n")
    with tempfile.TemporaryDirectory(prefix="meshnet-demo-") as directory, Lab() as lab:
        with step("building an internet: a home, a café, a rented server, a web server"):
            world = World(lab)
        with step(
            "starting the coordinator and three devices; the laptop makes a mesh, home-pc joins and allows routing"
        ):
            household = Household(world)
            household.start(world.server)
            household.bring_in(world.server, "berlin-server")
        with Desktop(Path(directory), world.laptop, SIZE) as desktop:
            menu = TrayMenu(desktop, world)
            with step("starting the laptop's tray on a desktop of its own"):
                menu.start()
            demo = Demo(world, household, menu, pictures)
            demo.open_first()
            demo.play()
            demo.photograph_all()
            say("\nWhat a web server on the other side saw of the laptop:\n")
            say("\n".join(f"  {line}" for line in demo.table()))
            say(f"\nPictures of the tray menu and of the window: {pictures.resolve()}")
            if stay:
                _stay(world, household)
    say("Everything was removed again.")
    return 0 if _is_as_promised(world, demo.rows) else 1


def _is_as_promised(world: World, rows: list[tuple[str, str, str, str]]) -> bool:
    cafe, home = (world.cafe_public4, world.laptop6), (world.home_public4, world.home6)
    return [row[1:3] for row in rows] == [cafe, home, cafe]


def _stay(world: World, household: Household) -> None:
    """Leave it to the person, until Ctrl+C."""
    own = {name: os.environ[name] for name in ("DISPLAY", "XAUTHORITY") if name in os.environ}
    if own:
        say("The laptop's window opens on your display. Ctrl+C ends everything.")
        world.laptop.spawn(program("meshnet-gui"), "--socket", SOCKET, "--window", env={**product_environment(), **own})
    else:
        shell = " ".join(world.laptop.namespace_shell)
        say(f"No display here. A shell on the laptop (`meshnet --socket {SOCKET} status`):\n  {shell} bash")
        say("Ctrl+C ends everything.")
    household.coordinator.wait(timeout=float(365 * 86400))


if __name__ == "__main__":
    sys.exit(main())
