"""`meshnet-gui`: the command line of the desktop app, and its event loop."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from meshnet import __version__

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
    parser.add_argument("--window", action="store_true", help="open the window too")
    parser.add_argument("--version", action="version", version=f"meshnet-gui {__version__}")
    return parser.parse_args(words)


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
    return _run(given.socket, given.window)


def _run(socket: str, with_window: bool) -> int:
    # Qt takes a moment to load, which --help and --version need not wait for.
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from meshnet.gui import icons
    from meshnet.gui.link import DaemonLink
    from meshnet.gui.program import Program

    app = QApplication(sys.argv[:1])
    app.setApplicationName("meshnet")
    app.setOrganizationName("meshnet")
    app.setApplicationDisplayName("Meshnet")
    app.setDesktopFileName("meshnet")
    app.setQuitOnLastWindowClosed(False)
    app.setWindowIcon(icons.icon("idle"))
    program = Program(DaemonLink(socket, parent=app), QSettings())
    program.start(with_window)
    status = app.exec()
    program.stop()
    return status
