"""A desktop to click in: an X server without a screen, a session bus, a window manager and a panel with a tray.

Everything is a process of its own that ends with the desktop. Programs run on it outside, or inside a machine of the
lab (the X server and the bus are reached through sockets in the file system, which network namespaces share).
Law: the desktop knows no program by name; it finds windows, icons and menus as any person sees them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from lab.net import Machine, Process, wait_until

TOOLS = ("Xvfb", "dbus-daemon", "openbox", "tint2", "xdotool", "xwininfo", "xprop", "import", "display")

_GLANCE = 0.03
_BACKGROUND = "gradient:#4b6580-#26333f"
_TREE_LINE = re.compile(
    r"""^(?P<indent>\ +)(?P<id>0x[0-9a-f]+)\ (?:"(?P<name>.*)"|\(has\ no\ name\)):\ \((?P<classes>.*)\)\ +
    (?P<width>\d+)x(?P<height>\d+)\S+\ +\+(?P<x>-?\d+)\+(?P<y>-?\d+)$""",
    re.MULTILINE | re.VERBOSE,
)
# Ends with this process; tied to the thread that starts the desktop, which is the main one in tests and programs.
_MORTAL = ["setpriv", "--pdeathsig", "KILL", "--"]
# As session.conf of dbus has it, without service files: nothing is started that nobody asked for.
_BUS = """<busconfig>
  <type>session</type>
  <listen>unix:path={directory}/bus</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"""
_PANEL = """rounded = 0
border_width = 0
background_color = #1d2731 100
border_color = #1d2731 100

rounded = 4
border_width = 0
background_color = #3f5266 100
border_color = #3f5266 100

panel_items = TSC
panel_monitor = all
panel_position = bottom center horizontal
panel_size = 100% 40
panel_margin = 0 0
panel_padding = 8 4 8
panel_dock = 0
panel_layer = top
panel_background_id = 1
wm_menu = 0
strut_policy = follow_size

taskbar_mode = single_desktop
taskbar_padding = 0 0 6
task_text = 1
task_icon = 1
task_centered = 0
task_maximum_size = 200 32
task_padding = 8 4 6
task_font = Sans 10
task_font_color = #ffffff 100
task_background_id = 0
task_active_background_id = 2

systray = 1
systray_padding = 8 6 8
systray_sort = left2right
systray_background_id = 0
systray_icon_size = 24

time1_format = %H:%M
time1_font = Sans 10
clock_font_color = #ffffff 100
clock_padding = 8 4
"""


def why_not() -> str | None:
    """Why there can be no desktop on this system, in words; None where there can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"the desktop needs {', '.join(missing)}" if missing else None


class Window(NamedTuple):
    """A window on the screen, with its rectangle in pixels from the upper left corner."""

    id: int
    name: str
    classes: str
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        """The point to click."""
        return self.x + self.width // 2, self.y + self.height // 2


class Desktop:
    """One desktop session; a context manager. Its files are in `directory`; programs run in `machine`, if given."""

    def __init__(self, directory: Path, machine: Machine | None = None, size: str = "1280x800") -> None:
        self.directory = directory
        self._machine = machine
        self._processes: list[Process] = []
        for name in ("log", "home", "runtime"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        (directory / "runtime").chmod(0o700)
        self.env = self._environment(machine)
        try:
            self._start(size)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Desktop:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the programs first, then the desktop under them."""
        for process in reversed(self._processes):
            process.stop()
        self._processes.clear()

    # --- programs ---

    def run_gui(self, argv: Iterable[str], env: Mapping[str, str] | None = None) -> Process:
        """Start a program on this desktop, inside the machine where there is one."""
        whole = {**self.env, **(env or {})}
        if self._machine is None:
            return self._spawn(list(argv), whole)
        process = self._machine.spawn(*argv, env=whole)
        self._processes.append(process)
        return process

    def logs(self) -> str:
        """The ends of the logs of everything that was started here."""
        return "\n".join(process.tail() for process in self._processes)

    # --- looking ---

    def screenshot(self, path: Path) -> Path:
        """The whole screen, as the kind of picture that the file's name says."""
        self._ask("import", "-window", "root", str(path))
        return path

    def windows(self) -> list[Window]:
        """The windows that programs show, from the lowest to the topmost; the panel is not among them."""
        stacking = [int(word, 16) for word in re.findall(r"0x[0-9a-f]+", self._root("_NET_CLIENT_LIST_STACKING"))]
        tree = {found.window.id: found.window for found in self._tree()}
        managed = [tree[number] for number in stacking if number in tree]
        return [window for window in managed if not _is_panel(window)]

    def wait_for_window(self, name: str, timeout: float = 10.0) -> Window:
        """The topmost window whose title or class contains `name`, in any case."""

        def look() -> Window | None:
            found = [window for window in self.windows() if name.lower() in f"{window.name}\n{window.classes}".lower()]
            return found[-1] if found else None

        return wait_until(look, f"window {name!r}", timeout, _GLANCE)

    def tray_icons(self) -> list[Window]:
        """The icons in the panel's tray, from left to right.

        A tray icon is a window of its program with _XEMBED_INFO that the panel has taken in (freedesktop.org: XEmbed
        Protocol, System Tray Protocol).
        """
        inside = [found.window for found in self._tree() if found.in_panel and found.window.width > 1]
        icons = [window for window in inside if "_XEMBED_INFO(" in self._property(window.id, "_XEMBED_INFO")]
        return sorted(icons, key=lambda window: window.x)

    def find_tray_icon(self, timeout: float = 10.0, *, position: int = 0) -> tuple[int, int]:
        """Where to click the tray icon; of several, the one at `position` from the left."""
        icons = self._settled(
            lambda: found if len(found := self.tray_icons()) > position else None, "tray icon", timeout
        )
        return icons[position].middle

    def popups(self) -> list[Window]:
        """The open menus, from the lowest to the topmost: windows that the window manager does not place (EWMH)."""
        own = [found.window for found in self._tree() if found.depth == 1 and found.window.width > 1]
        return [window for window in reversed(own) if self._is_open_menu(window.id)]

    def popup_geometry(self, timeout: float = 10.0) -> Window:
        """The topmost open menu, once it is there."""
        return self._settled(self.popups, "open menu", timeout)[-1]

    def wait_for_no_popup(self, timeout: float = 10.0) -> None:
        """Return when no menu is open any more."""
        wait_until(lambda: not self.popups(), "end of the open menu", timeout, _GLANCE)

    # --- acting ---

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move the pointer there and click: 1 is the left button, 3 the right one."""
        self._ask("xdotool", "mousemove", str(x), str(y), "click", str(button))

    def move(self, x: int, y: int) -> None:
        """Move the pointer there."""
        self._ask("xdotool", "mousemove", "--sync", str(x), str(y))

    def key(self, *keys: str) -> None:
        """Press keys, by the names of X: "Return", "Down", "ctrl+q"."""
        self._ask("xdotool", "key", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._ask("xdotool", "type", "--", text)

    # --- inside ---

    def _environment(self, machine: Machine | None) -> dict[str, str]:
        home = self.directory / "home"
        own = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
        }
        return {
            **(machine.environment if machine else own),
            "XDG_RUNTIME_DIR": str(self.directory / "runtime"),
            "XDG_CURRENT_DESKTOP": "openbox",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.directory}/bus",
            "QT_QPA_PLATFORM": "xcb",
            "NO_AT_BRIDGE": "1",
        }

    def _start(self, size: str) -> None:
        # -displayfd takes the first free number; the option needs no descriptor but standard output.
        screen = ["-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset", "-displayfd", "1"]
        server = self._spawn(["Xvfb", *screen], self.env)
        self.env["DISPLAY"] = ":" + wait_until(lambda: _number(server), "X server", tick=_GLANCE)
        self._write("bus.conf", _BUS.format(directory=self.directory))
        bus = ["dbus-daemon", f"--config-file={self.directory}/bus.conf", "--nofork", "--print-address"]
        self._spawn(bus, self.env).wait_for_line("unix:path=")
        self._spawn(["openbox", "--sm-disable"], self.env)
        wait_until(lambda: "window id" in self._root("_NET_SUPPORTING_WM_CHECK"), "window manager", tick=_GLANCE)
        self._spawn(["tint2", "-c", self._write("tint2rc", _PANEL)], self.env)
        wait_until(self._has_panel, "panel", tick=_GLANCE)
        # display(1) paints the root window and then ends with 1, always.
        self._ask("display", "-size", size, "-window", "root", _BACKGROUND, check=False)

    def _spawn(self, argv: list[str], env: Mapping[str, str]) -> Process:
        process = Process(argv, _MORTAL, self.directory / "log", env)
        self._processes.append(process)
        return process

    def _write(self, name: str, text: str) -> str:
        path = self.directory / name
        path.write_text(text)
        return str(path)

    def _has_panel(self) -> bool:
        return any(_is_panel(found.window) and found.window.width > 1 for found in self._tree())

    def _root(self, name: str) -> str:
        return self._ask("xprop", "-root", name, check=False)

    def _property(self, window: int, name: str) -> str:
        return self._ask("xprop", "-id", str(window), name, check=False)

    def _is_open_menu(self, window: int) -> bool:
        state = self._ask("xwininfo", "-id", str(window), check=False)
        shown = "IsViewable" in state and "Override Redirect State: yes" in state
        return shown and "_MENU" in self._property(window, "_NET_WM_WINDOW_TYPE")

    def _settled(self, look: Callable[[], list[Window] | None], what: str, timeout: float) -> list[Window]:
        """What two glances in a row saw alike: a click into what still moves would miss it."""
        last: list[Window] | None = None

        def glance() -> list[Window] | None:
            nonlocal last
            before, last = last, look()
            return last if last == before else None

        return wait_until(glance, what, timeout, _GLANCE)

    def _tree(self) -> list[_Found]:
        # A window that goes away while xwininfo walks the tree ends it with an error; the next look is whole.
        return wait_until(self._whole_tree, "whole tree of windows", tick=_GLANCE)

    def _whole_tree(self) -> list[_Found] | None:
        done = self._run("xwininfo", "-root", "-tree")
        return list(_read_tree(done.stdout)) if done.returncode == 0 else None

    def _ask(self, *argv: str, check: bool = True) -> str:
        done = self._run(*argv)
        if check:
            done.check_returncode()
        return done.stdout

    def _run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False, timeout=20)


def _number(server: Process) -> str | None:
    return next((line for line in server.lines() if line.isdigit()), None)


def _is_panel(window: Window) -> bool:
    return "tint2" in window.classes.lower()


class _Found(NamedTuple):
    """A window in the tree of xwininfo(1)."""

    window: Window
    depth: int
    """1: a child of the root window."""
    in_panel: bool


def _read_tree(text: str) -> Iterator[_Found]:
    """The windows in the order of `xwininfo -root -tree`: topmost first, each followed by what is in it."""
    panel_depth = 0
    for line in _TREE_LINE.finditer(text):
        depth = (len(line["indent"]) - 2) // 3
        x, y, width, height = (int(line[key]) for key in ("x", "y", "width", "height"))
        window = Window(int(line["id"], 16), line["name"] or "", line["classes"], x, y, width, height)
        if panel_depth and depth <= panel_depth:
            panel_depth = 0
        yield _Found(window, depth, in_panel=panel_depth > 0)
        if _is_panel(window):
            panel_depth = depth
