"""`meshnet-gui`: the command line of the desktop app, and its event loop."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from meshnet import __version__

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

SCHEME = "meshnet://"
DEFAULT_SOCKET = "/run/meshnet/meshnetd.sock"


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; exits 2 on wrong usage, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="meshnet-gui", description="Meshnet's tray icon and window: route your traffic through your own devices."
    )
    parser.add_argument(
        "--socket",
        metavar="PATH",
        default=os.environ.get("MESHNET_SOCKET") or DEFAULT_SOCKET,
        help="the daemon's socket (default: $MESHNET_SOCKET, or %(default)s)",
    )
    parser.add_argument(
        "link",
        metavar="LINK",
        nargs="?",
        type=_link,
        help="an invite link (meshnet://join/...), as the desktop hands it over",
    )
    parser.add_argument("--window", action="store_true", help="open the window too")
    parser.add_argument("--version", action="version", version=f"meshnet-gui {__version__}")
    return parser.parse_args(words)


def _link(text: str) -> str:
    if not text.startswith(SCHEME):
        raise argparse.ArgumentTypeError(f"a link begins with {SCHEME}")
    return text


def has_screen() -> bool:
    """Whether there is a desktop to show anything on; Qt itself would abort the process."""
    chosen = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform != "linux" or any(os.environ.get(name) for name in chosen)


def main() -> int:
    """Run until the person quits."""
    given = arguments()
    if not has_screen():
        print("meshnet-gui: there is no desktop here to show anything on. Use `meshnet` instead.", file=sys.stderr)
        return 1
    # The default action: Python's own would wait until the event loop gives it a turn, and nothing here needs tidying.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _run(given.socket, given.window, given.link)


def _application() -> QApplication:
    from PySide6.QtWidgets import QApplication

    from meshnet.gui import icons

    app = QApplication(sys.argv[:1])
    app.setApplicationName("meshnet")
    app.setOrganizationName("meshnet")
    app.setApplicationDisplayName("Meshnet")
    app.setDesktopFileName("meshnet")
    app.setQuitOnLastWindowClosed(False)
    app.setWindowIcon(icons.app_icon())
    return app


def _run(socket: str, with_window: bool, link: str | None) -> int:
    # Qt takes a moment to load, which --help and --version need not wait for.
    from PySide6.QtCore import QSettings

    from meshnet.gui.instance import Instance
    from meshnet.gui.link import DaemonLink
    from meshnet.gui.memory import Memory
    from meshnet.gui.program import Program
    from meshnet.gui.views import theme

    app = _application()
    instance = Instance(socket, parent=app)
    if not instance.first([link] if link else ["open"]):
        return 0
    settings = QSettings()
    theme.begin(app, Memory(settings).appearance)
    program = Program(DaemonLink(socket, parent=app), settings)
    instance.open_wanted.connect(program.open_window)
    instance.link_given.connect(program.offer_link)
    program.start(with_window)
    if link:
        program.offer_link(link)
    status = app.exec()
    program.stop()
    return status
