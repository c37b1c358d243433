"""The windows that open for one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, QSettings
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import FakeDaemon, device

from meshnet.errors import Code, MeshnetError
from meshnet.gui import autostart
from meshnet.gui.dialogs import Dialogs
from meshnet.gui.link import DaemonLink
from meshnet.gui.program import Program
from meshnet.protocol import local

HOME = device("home-pc")


@pytest.fixture
def program(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, settings: QSettings) -> Iterator[Program]:
    daemon.devices = (HOME,)
    daemon.listen()
    made = Program(link, settings)
    made.start(with_window=True)
    qtbot.waitUntil(lambda: HOME.id in made.mesh.now.devices and bool(made.mesh.now.settings))
    yield made
    made.stop()
    made.window.deleteLater()
    made.tray.menu.deleteLater()


@pytest.fixture
def dialogs(program: Program) -> Dialogs:
    return program.dialogs


def question(program: Program) -> QMessageBox:
    boxes: list[QMessageBox] = program.window.findChildren(QMessageBox)
    assert len(boxes) == 1
    return boxes[0]


def button(box: QMessageBox, text: str) -> QPushButton:
    return next(one for one in box.findChildren(QPushButton) if one.text() == text)


def test_the_doctor_looks_when_it_is_opened_and_when_it_is_asked_to(
    qtbot: QtBot, daemon: FakeDaemon, dialogs: Dialogs
) -> None:
    daemon.answers[local.Doctor] = lambda _: local.Findings(())
    doctor = dialogs.open_doctor()
    qtbot.waitUntil(doctor.again.isEnabled)
    doctor.again.click()
    qtbot.waitUntil(lambda: daemon.actions() == [local.Doctor(), local.Doctor()])


def test_what_is_shown_once_stays_although_the_dialog_is_wanted_again(dialogs: Dialogs) -> None:
    shown = dialogs.open_add_device()
    assert dialogs.open_add_device() is shown
    shown.close()
    assert dialogs.open_add_device() is not shown


def test_a_refused_setting_is_told_in_the_dialog(qtbot: QtBot, daemon: FakeDaemon, dialogs: Dialogs) -> None:
    daemon.answers[local.SetSetting] = lambda _: MeshnetError(Code.SYSTEM_ERROR, "The disk is full.")
    settings = dialogs.open_settings()
    settings.set_wanted.emit("kill-switch", "off")
    qtbot.waitUntil(settings.trouble.isVisible)
    assert "The disk is full." in settings.trouble.accessibleName()


def test_an_autostart_that_cannot_be_written_is_told_in_the_dialog(
    dialogs: Dialogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: bool) -> None:
        raise MeshnetError(Code.SYSTEM_ERROR, "No room there.")

    monkeypatch.setattr(autostart, "set_on", refuse)
    settings = dialogs.open_settings()
    settings.autostart_wanted.emit(True)
    assert settings.trouble.isVisible()


def test_a_device_is_removed_only_after_the_question(
    program: Program, dialogs: Dialogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[str] = []
    monkeypatch.setattr(program.errands, "remove", removed.append)
    dialogs.ask_to_remove(HOME.id)
    assert "home-pc" in question(program).text()
    button(question(program), "Cancel").click()
    assert removed == []
    dialogs.ask_to_remove(HOME.id)
    boxes: list[QMessageBox] = program.window.findChildren(QMessageBox)
    button(boxes[-1], "Remove").click()
    assert removed == [HOME.id]


def test_a_device_that_is_gone_meanwhile_is_not_asked_about(program: Program, dialogs: Dialogs) -> None:
    dialogs.ask_to_remove("z" * 26)
    assert not program.window.findChildren(QMessageBox)


@pytest.mark.parametrize(("answer", "expected"), [("Leave", 1), ("Cancel", 0)])
def test_the_mesh_is_left_only_after_the_question(
    program: Program, dialogs: Dialogs, monkeypatch: pytest.MonkeyPatch, answer: str, expected: int
) -> None:
    left: list[None] = []
    monkeypatch.setattr(program.errands, "leave", lambda: left.append(None))
    dialogs.ask_to_leave()
    button(question(program), answer).click()
    assert len(left) == expected


@pytest.mark.parametrize("what", ["invite", "phone"])
def test_an_invite_that_fails_is_told_where_it_was_wanted(program: Program, dialogs: Dialogs, what: str) -> None:
    add = dialogs.open_add_device()
    program.errands.failed.emit(what, MeshnetError(Code.NO_MESH_KEY))
    assert add.failure.isVisible()


@pytest.mark.parametrize(
    ("what", "place"),
    [
        ("join", lambda program: program.window.first_start.join_form.isVisible()),
        ("rename", lambda program: "taken" in program.mesh.now.notice),
    ],
)
def test_what_else_fails_is_told_in_the_window(
    qtbot: QtBot, program: Program, what: str, place: Callable[[Program], bool], daemon: FakeDaemon
) -> None:
    if what == "join":
        daemon.tell(local.Status("not-joined"))
        qtbot.waitUntil(lambda: program.mesh.now.status.device is None)
        program.offer_link("meshnet://join/x")
    program.errands.failed.emit(what, MeshnetError(Code.NAME_TAKEN, "That name is taken."))
    assert place(program)


def test_what_the_doctor_found_does_not_outlive_the_daemon(
    qtbot: QtBot, daemon: FakeDaemon, program: Program, dialogs: Dialogs
) -> None:
    daemon.answers[local.Doctor] = lambda _: local.Findings(())
    doctor = dialogs.open_doctor()
    qtbot.waitUntil(lambda: "well" in doctor.summary.text())
    daemon.die()
    qtbot.waitUntil(lambda: not program.mesh.now.connected)
    assert "well" not in doctor.summary.text()


def test_nothing_flashes_on_the_screen_beside_what_is_opened(program: Program, qapp: QApplication) -> None:
    shown: list[str] = []

    class Spy(QObject):
        def eventFilter(self, what: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(what, QWidget) and what.isWindow():
                shown.append(what.objectName())
            return False

    spy = Spy()
    qapp.installEventFilter(spy)
    program.speak("en")
    program.dialogs.open_settings()
    program.dialogs.open_doctor()
    program.dialogs.open_add_device()
    qapp.removeEventFilter(spy)
    assert shown == ["meshnetWindow", "settingsDialog", "doctorDialog", "addDevice"]
