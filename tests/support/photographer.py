"""Takes pictures of the desktop app, scene after scene, in one look: a language, light or dark, a scale.

A process of its own for each look (`python -m support.photographer`), since Qt takes the scale at its start. Everything
is the real program over a real socket; only the daemon is make-believe, and the screen is none. A picture that cannot
be taken is told on standard error, the others are taken all the same, and the process ends with 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest import mock

from PySide6.QtCore import QEventLoop, QPoint, QRect, QSettings, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from meshnet.core.identity import encode
from meshnet.gui import icons
from meshnet.gui.link import DaemonLink
from meshnet.gui.memory import Memory
from meshnet.gui.models import names
from meshnet.gui.models.traffic import History, Sample
from meshnet.gui.program import Program
from meshnet.gui.views import theme
from meshnet.protocol import local
from support.scenes import HOME_PC, SCENES, ago
from support.stage import Stage, playing

MAIN = ("not-joined", "idle", "routed", "chain", "blocked-host-unreachable", "hosting", "external", "no-daemon")
"""The scenes that stand for the others in languages beside English, and at unusual scales."""
PATIENCE = 20.0
_TABS = {
    "yours": None,
    "external": ("idle", "external"),
    "this-device": ("idle", "routed", "hosting", "problems", "coordinator-away"),
}
"""The window's tabs, and the scenes in which each is worth a picture; None: all of them."""
_THUMBNAIL = 460
"""Width of a picture on the sheet, in pixels; the height is what it takes."""
_CAPTION = 26
_COLUMNS, _ON_A_SHEET = 4, 8
_KEY = encode(bytes(range(100, 132)))
_LINK = f"meshnet://join/mesh.example.net:8443/{_KEY}/{_KEY}/{_KEY}"
"""Opens nothing: its keys are nobody's."""


@dataclass(frozen=True)
class Look:
    """How the app looks, and where its pictures go."""

    language: str
    appearance: str
    scale: str
    out: Path

    @property
    def name(self) -> str:
        """As the folder is called."""
        return f"{self.language}-{self.appearance}-{self.scale}"


class Photographer:
    """Takes the pictures of one look, and lays them on a sheet for each group."""

    def __init__(self, look: Look, only: str) -> None:
        self._look = look
        self._only = only
        self._sheets: dict[str, list[tuple[str, QPixmap]]] = {}
        self.failed: list[str] = []
        (look.out / look.name).mkdir(parents=True, exist_ok=True)

    def take(self, group: str, name: str, make: Callable[[], QWidget]) -> None:
        """Take one picture of what `make` returns."""
        whole = f"{group}-{name}"
        if self._only not in whole:
            return
        try:
            picture = _still(make())
        except Exception:  # whatever is broken in one window, the others are to be seen
            self.failed.append(whole)
            print(f"{self._look.name}: {whole}:\n{traceback.format_exc()}", file=sys.stderr)
            return
        picture.save(str(self._look.out / self._look.name / f"{whole}.png"))
        self._sheets.setdefault(group, []).append((name, picture))

    def lay_sheets(self) -> None:
        """Write one picture of all pictures for each group."""
        for group, pictures in self._sheets.items():
            for begin in range(0, len(pictures), _ON_A_SHEET):
                name = f"{self._look.name}-{group}-{begin // _ON_A_SHEET + 1}.png"
                sheet(pictures[begin : begin + _ON_A_SHEET]).save(str(self._look.out / name))


def photograph(look: Look, scenes: Sequence[str], only: str) -> list[str]:
    """Take all pictures of these scenes, and those of the dialogs; returns what failed."""
    photographer = Photographer(look, only)
    for name in scenes:
        with _program(name, look.language) as program:
            _photograph_scene(photographer, name, program)
    with _program("not-joined", look.language) as program:
        _photograph_steps(photographer, program)
    with _program("problems", look.language) as program:
        _photograph_dialogs(photographer, program)
    photographer.lay_sheets()
    return photographer.failed


def _photograph_scene(photographer: Photographer, name: str, program: Program) -> None:
    is_joined = program.mesh.now.connected and program.mesh.now.status.device is not None
    for tab, (group, scenes) in enumerate(_TABS.items()):
        if is_joined and (scenes is None or name in scenes):
            photographer.take(group, name, partial(_window, program, tab))
    if not is_joined:
        photographer.take("first-start", name, partial(_window, program, 0))
    photographer.take("menu", name, partial(_opened, program.tray.menu))


def _photograph_steps(photographer: Photographer, program: Program) -> None:
    for name, go in FIRST_STEPS.items():
        photographer.take("first-start", name, partial(go, program))


def _photograph_dialogs(photographer: Photographer, program: Program) -> None:
    for name, open_it in DIALOGS.items():
        photographer.take("dialogs", name, partial(open_it, program))


# --- what is opened -------------------------------------------------------------------------------------------------


def _window(program: Program, tab: int) -> QWidget:
    program.open_window()
    program.window.tabs.setCurrentIndex(tab)
    program.window.show_traffic(program.meter.history)
    return program.window


def _opened(menu: QMenu) -> QWidget:
    menu.popup(QPoint(0, 0))
    return menu


def _join(program: Program) -> QWidget:
    program.offer_link(_LINK)
    return program.window


def _create(program: Program) -> QWidget:
    program.window.first_start.choice.to_create.click()
    return program.window


def _created(program: Program) -> QWidget:
    program.window.first_start.show_created(None)
    return program.window


def _settings(tab: int, program: Program) -> QWidget:
    dialog = program.dialogs.open_settings()
    dialog.tabs.setCurrentIndex(tab)
    return dialog


def _doctor(program: Program) -> QWidget:
    return program.dialogs.open_doctor()


def _add_device(tab: int, program: Program) -> QWidget:
    dialog = program.dialogs.open_add_device()
    dialog.tabs.setCurrentIndex(tab)
    return dialog


def _invite(program: Program) -> QWidget:
    dialog = program.dialogs.open_add_device()
    dialog.show_invitation(local.Invitation(_LINK, ago(-24 * 60)))
    return dialog


def _phone(program: Program) -> QWidget:
    dialog = program.dialogs.open_add_device()
    dialog.tabs.setCurrentIndex(1)
    added = local.PhoneAdded(
        id="8" * 26,
        name="Pixel",
        address4="100.64.0.9",
        address6="fd7a:115c::9",
        host=HOME_PC.name,
        host_key="K" * 43 + "=",
        endpoint="198.51.100.20:41641",
        dns="100.64.0.2",
    )
    dialog.show_phone(added, _CONFIG)
    return dialog


_CONFIG = """[Interface]
PrivateKey = made/up/for/the/picture/and/no/key/at/all+=
Address = 100.64.0.9/32, fd7a:115c::9/128
DNS = 100.64.0.2

[Peer]
PublicKey = made/up/for/the/picture/and/no/key/at/all+=
AllowedIPs = 0.0.0.0/0, ::/0
Endpoint = 198.51.100.20:41641
PersistentKeepalive = 25
"""
FIRST_STEPS: dict[str, Callable[[Program], QWidget]] = {"join": _join, "create": _create, "created": _created}
DIALOGS: dict[str, Callable[[Program], QWidget]] = {
    "settings-general": partial(_settings, 0),
    "settings-routing": partial(_settings, 1),
    "settings-hosting": partial(_settings, 2),
    "doctor": _doctor,
    "add-computer": partial(_add_device, 0),
    "invite": _invite,
    "add-phone": partial(_add_device, 1),
    "phone": _phone,
}


# --- the program ----------------------------------------------------------------------------------------------------


@contextmanager
def _program(scene: str, language: str) -> Iterator[Program]:
    """The program, as soon as it shows the scene, with minutes of traffic behind it."""
    with tempfile.TemporaryDirectory(prefix="meshnet-") as directory, playing(scene, f"{directory}/s") as stage:
        link = DaemonLink(stage.path)
        settings = QSettings(f"{directory}/settings.ini", QSettings.Format.IniFormat)
        memory = Memory(settings)
        memory.favourites, memory.language = frozenset({HOME_PC.id}), language
        program = Program(link, settings)
        program.start(with_window=False)
        try:
            wait_until(lambda: _shows(program, stage), scene)
            program.meter.history = history(program.mesh.now.status)
            yield program
        finally:
            program.stop()
            program.deleteLater()
            link.deleteLater()


def _shows(program: Program, stage: Stage) -> bool:
    now = program.mesh.now
    if stage.scene.refusal is not None or not stage.scene.is_there:
        return now.code is not None
    return now.status == stage.scene.status and len(now.devices) == len(stage.scene.devices) and bool(now.settings)


def history(status: local.Status) -> History:
    """Five minutes of traffic before this status."""
    made = History()
    if status.route is None:
        return made
    key = f"{status.route.host_id} {status.route.since}"
    made = History(key=key)
    now, rx, tx = time.monotonic(), status.rx_bytes, status.tx_bytes
    counts = []
    for step in range(60):
        counts.append(Sample(now - 5 * step, rx, tx))
        wave = 1 + (step * 7 % 11) + (20 if 18 < step < 32 else 0)
        rx, tx = max(rx - wave * 900_000, 0), max(tx - wave * 90_000, 0)
    for sample in reversed(counts):
        made = made.added(sample)
    return made


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Let the program work until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was never shown")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def _still(widget: QWidget) -> QPixmap:
    """Its picture, once two in a row are the same; then it is closed."""
    before = QImage()
    for _ in range(50):
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        picture = widget.grab()
        if picture.toImage() == before:
            break
        before = picture.toImage()
    if not widget.isWindow() or widget.objectName() != "meshnetWindow":
        widget.hide()
    return picture


# --- the sheet ------------------------------------------------------------------------------------------------------


def sheet(pictures: Sequence[tuple[str, QPixmap]]) -> QImage:
    """All pictures side by side, each with its name, none larger than it is."""
    small = [(name, _thumbnail(picture)) for name, picture in pictures]
    rows = [small[begin : begin + _COLUMNS] for begin in range(0, len(small), _COLUMNS)]
    heights = [max(picture.height() for _, picture in row) + _CAPTION for row in rows]
    made = QImage((_THUMBNAIL + 12) * min(_COLUMNS, len(small)), sum(heights), QImage.Format.Format_RGB32)
    made.fill(QColor("#808890"))
    painter = QPainter(made)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for column, (name, picture) in enumerate(row):
            left = column * (_THUMBNAIL + 12) + 6
            painter.drawText(QRect(left, top, _THUMBNAIL, _CAPTION), Qt.AlignmentFlag.AlignVCenter, name)
            painter.drawPixmap(left, top + _CAPTION, picture)
        top += height
    painter.end()
    return made


def _thumbnail(picture: QPixmap) -> QPixmap:
    flat = QPixmap(picture)
    flat.setDevicePixelRatio(1)
    if flat.width() > _THUMBNAIL:
        flat = flat.scaledToWidth(_THUMBNAIL, Qt.TransformationMode.SmoothTransformation)
    return flat


def _quiet(_kind: QtMsgType, _context: object, message: str) -> None:
    # The platform without a screen says at every window what it cannot do.
    if not any(words in message for words in ("plugin does not support", "systemTrayWindowChanged")):
        print(message, file=sys.stderr)


def main() -> int:
    """Take the pictures of one look."""
    parser = argparse.ArgumentParser(prog="python -m support.photographer", description=__doc__)
    for name in ("language", "appearance", "scale"):
        parser.add_argument(name)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--main", action="store_true", help="the main scenes alone")
    given = parser.parse_args()
    qInstallMessageHandler(_quiet)
    app = QApplication(sys.argv[:1])
    app.setApplicationDisplayName("Meshnet")
    app.setQuitOnLastWindowClosed(False)
    app.setWindowIcon(icons.app_icon())
    theme.begin(app, given.appearance)
    look = Look(given.language, given.appearance, given.scale, given.out)
    # Not the name of the computer that takes the pictures.
    with mock.patch.object(names, "own", return_value="laptop"):
        failed = photograph(look, MAIN if given.main else tuple(SCENES), given.only)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
