"""How long the app takes for one update of the daemon, until it is painted; runs in a process of its own, off screen.

`python -m bench.updating SCENE ROUNDS` prints, as JSON, the seconds of each update with the window open and closed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import msgspec
from PySide6.QtCore import QEvent, QObject, QSettings
from PySide6.QtWidgets import QApplication, QWidget

from meshnet.gui.link import DaemonLink
from meshnet.gui.program import Program
from meshnet.gui.views import theme
from meshnet.protocol import local
from support.stage import Stage, playing

_PATIENCE = 60.0
_SETTLED = 0.5


class Painted(QObject):
    """Counts what is painted in a window."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See QObject."""
        if event.type() is QEvent.Type.Paint and isinstance(watched, QWidget):
            self.count += 1
        return False


def measure(scene: str, rounds: int) -> dict[str, list[float]]:
    """Seconds by whether the window is open."""
    app = QApplication(sys.argv[:1])
    theme.begin(app, "light")
    painted = Painted()
    app.installEventFilter(painted)
    with tempfile.TemporaryDirectory() as directory, playing(scene, f"{directory}/s") as stage:
        link = DaemonLink(stage.path)
        program = Program(link, QSettings(f"{directory}/x.ini", QSettings.Format.IniFormat))
        # Not the program itself: with no place for an icon, it would open its window.
        link.start()
        _work_until_shown(program, stage)
        taken = {"closed": _updates(program, rounds, None)}
        program.open_window()
        taken["open"] = _updates(program, rounds, painted)
        program.stop()
    return taken


def _updates(program: Program, rounds: int, painted: Painted | None) -> list[float]:
    """One device, the first in the list of the window, goes on and off again and again."""
    _settle()
    taken = []
    for _ in range(rounds):
        device = min(program.mesh.now.devices.values(), key=lambda one: one.name.casefold())
        changed = msgspec.structs.replace(device, online=not device.online)
        before = painted.count if painted else 0
        begun = time.perf_counter()
        program.mesh.update(local.Update(program.mesh.now.status, (changed,)))
        QApplication.processEvents()
        taken.append(time.perf_counter() - begun)
        if painted and painted.count == before:
            raise SystemExit("the update was not painted")
        _settle()
    return taken


def _work_until_shown(program: Program, stage: Stage) -> None:
    deadline = time.monotonic() + _PATIENCE
    while len(program.mesh.now.devices) < len(stage.scene.devices) or not program.mesh.now.settings:
        QApplication.processEvents()
        if time.monotonic() > deadline:
            raise SystemExit("the scene was never shown")


def _settle() -> None:
    """Whatever was put off is done, so that it is not counted as part of the next update."""
    end = time.monotonic() + _SETTLED
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
