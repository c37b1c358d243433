"""The product's app as a person uses it: they see what is on the screen, and have a mouse and a keyboard.

Where things are is asked as a screen reader asks it; what is done is done by xdotool. Every click and key is counted.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from lab.desktop import Desktop
from lab.menu import TrayMenu
from lab.net import LabError, Machine, Process, wait_until
from lab.screen_reader import ScreenReader, Thing
from lab.world import SOCKET, World, product_environment, program

ICON = "Meshnet"
"""What the person calls the icon in the tray."""
_TO_CLICK = ("push button", "check box", "page tab", "text", "combo box")
_BESIDE = ("push button", "check box", "text", "combo box", "label")
_MOST_STOPS = 60
_TESTS = Path(__file__).parents[1]
_SOLID = (*_BESIDE, "graphic")
_ROOM = 24
"""Pixels around what is in a picture."""
_TICK = 0.05
_PATIENCE = 20.0


class App:
    """The app on a machine's own desktop, and the person in front of it; a context manager."""

    def __init__(self, world: World, machine: Machine, directory: Path, size: str = "1600x900") -> None:
        self.deeds: list[str] = []
        """What was clicked and pressed so far, by the names of the things."""
        self._stack = ExitStack()
        self.desktop = self._stack.enter_context(Desktop(directory, machine, size))
        self._reader = self._stack.enter_context(ScreenReader(directory / "bus"))
        self.desktop.env.update(self._reader.environment)
        self._menu = TrayMenu(self.desktop, world, machine)
        self._copied: Process | None = None
        self.process = self._menu.start()

    def __enter__(self) -> App:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    # --- looking ---

    def await_text(self, text: str, timeout: float = _PATIENCE) -> Thing:
        """What says this text, as soon as something does."""
        return self._await(lambda thing: text in thing.name, f"text {text!r}", timeout)

    def await_thing(self, name: str, timeout: float = _PATIENCE) -> Thing:
        """What is called so and can be used, as soon as it stands still: a click into what moves would miss it."""
        seen: list[Thing] = []

        def look(thing: Thing) -> bool:
            if thing.name != name or thing.kind not in _TO_CLICK or not thing.is_enabled:
                return False
            seen.append(thing)
            return len(seen) > 1 and seen[-2].middle == thing.middle

        return self._await(look, f"{name!r} to click", timeout)

    def await_tick(self, name: str, ticked: bool) -> None:
        """Return when the checkbox is ticked, or not."""
        self._await(lambda thing: thing.name == name and thing.is_checked is ticked, f"{name!r} ticked: {ticked}")

    def await_keyboard_on(self, name: str) -> None:
        """Return when what is typed goes to what is called so."""
        self._await(
            lambda thing: thing.name == name and thing.has_keyboard and thing.kind in _BESIDE, f"keyboard on {name!r}"
        )

    def copied(self) -> str:
        """What is on the clipboard."""
        process = self._run_clipboard()
        process.wait(20.0)
        return "\n".join(process.lines())

    def photograph(self, path: Path) -> None:
        """The topmost window."""
        self._photograph(path, "-window", str(self.desktop.windows()[-1].id))

    def photograph_page(self, path: Path) -> None:
        """The topmost window without the empty room around what is in it."""
        window, things = self.desktop.windows()[-1], [thing for thing in self._reader.things() if thing.kind in _SOLID]
        left, top = min(thing.x for thing in things) - _ROOM, min(thing.y for thing in things) - _ROOM
        right, bottom = (
            max(thing.x + thing.width for thing in things) + _ROOM,
            max(thing.y + thing.height for thing in things) + _ROOM,
        )
        size = f"{right - left}x{bottom - top}+{left - window.x}+{top - window.y}"
        self._photograph(path, "-window", str(window.id), "-crop", size, "+repage")

    def photograph_corner(self, path: Path, width: int, height: int) -> None:
        """The lower right corner of the screen, where the tray is."""
        self._photograph(path, "-window", "root", "-gravity", "southeast", "-crop", f"{width}x{height}+0+0", "+repage")

    # --- acting ---

    def open_window(self) -> None:
        """Click the icon in the tray."""
        self.desktop.click(*self.desktop.find_tray_icon())
        self.desktop.wait_for_window("Meshnet")
        self.deeds.append(ICON)

    def start_again(self) -> None:
        """Start the app a second time, as from the desktop's own menu: the one that runs opens its window."""
        process = self.desktop.run_gui([program("meshnet-gui"), "--socket", SOCKET], product_environment())
        process.wait(_PATIENCE)
        self.desktop.wait_for_window("Meshnet")

    def open_menu(self) -> None:
        """Click the icon with the right button."""
        self._menu.open()
        self.deeds.append(ICON)

    def choose_host(self, name: str) -> None:
        """Click the host in the open menu."""
        self._menu.click_host(name)
        self.deeds.append(name)

    def press(self, name: str) -> None:
        """Click what is called so."""
        self.desktop.click(*self.await_thing(name).middle)
        self.deeds.append(name)

    def key(self, *keys: str) -> None:
        """Press keys, by the names of X."""
        self.desktop.key(*keys)
        self.deeds.extend(keys)

    def tab_to(self, name: str) -> None:
        """Press Tab until the keyboard is on what is called so."""
        for _ in range(_MOST_STOPS):
            before = self._await_keyboard()
            if before.name == name:
                return
            self.key("Tab")
            self._await_keyboard(other_than=before)
        raise LabError(f"Tab does not lead to {name!r}")

    def take_along(self, text: str) -> None:
        """Have this on the clipboard, as after copying it in a terminal or a message."""
        if self._copied is not None:
            self._copied.stop()
        self._copied = self._run_clipboard(text)
        self._copied.wait_for_line("ready", exact=True)

    # --- inside ---

    def _await(self, is_it: Callable[[Thing], bool], what: str, timeout: float = _PATIENCE) -> Thing:
        def look() -> Thing | None:
            return next((thing for thing in self._reader.things() if is_it(thing)), None)

        try:
            return wait_until(look, what, timeout, _TICK)
        except LabError as error:
            shown = "\n".join(f"{thing.kind}: {thing.name}" for thing in self._reader.things() if thing.name)
            raise LabError(f"{error}; on the screen:\n{shown}") from None

    def _await_keyboard(self, other_than: Thing | None = None) -> Thing:
        """Where the keyboard is. What is around it says that it has it too, and so does a tab that is shown."""

        def look() -> Thing | None:
            there = [thing for thing in self._reader.things() if thing.has_keyboard]
            inner = [thing for thing in there if thing.kind in _BESIDE] or there
            moved = inner and (
                other_than is None or inner[0][:2] != other_than[:2] or inner[0].middle != other_than.middle
            )
            return inner[0] if moved else None

        return wait_until(look, "place of the keyboard", _PATIENCE, _TICK)

    def _run_clipboard(self, *text: str) -> Process:
        argv = [sys.executable, "-m", "lab.clipboard", *text]
        # No screen reader is to hear of it, but of the app alone.
        silence = dict.fromkeys(self._reader.environment, "")
        return self.desktop.run_gui(argv, {"PYTHONPATH": str(_TESTS), **silence})

    def _photograph(self, path: Path, *options: str) -> None:
        before = b""

        def stands_still() -> bool:
            nonlocal before
            last, before = before, self._picture(*options)
            return last == before

        wait_until(stands_still, f"still picture for {path.name}", tick=0.2)
        path.write_bytes(before)

    def _picture(self, *options: str) -> bytes:
        argv = ["import", *options, "-strip", "+dither", "-colors", "200", "png8:-"]
        return subprocess.run(argv, env=self.desktop.env, capture_output=True, check=True, timeout=_PATIENCE).stdout
