"""The app as a whole, with a daemon at the other end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import FakeDaemon, device, joined, route

from meshnet.errors import Code, MeshnetError
from meshnet.gui.link import DaemonLink
from meshnet.gui.program import Program
from meshnet.protocol import local

HOME = device("home-pc")


@pytest.fixture
def program(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, settings: QSettings) -> Iterator[Program]:
    daemon.devices = (HOME,)
    made = Program(link, settings)
    yield made
    made.stop()
    made.window.deleteLater()
    made.tray.menu.deleteLater()


def started(qtbot: QtBot, daemon: FakeDaemon, program: Program) -> None:
    daemon.listen()
    program.start(with_window=True)
    qtbot.waitUntil(lambda: program.mesh.now.own_devices != "" and HOME.id in program.mesh.now.devices)


def action(program: Program, text: str) -> QAction:
    return next(action for action in program.tray.menu.actions() if action.text() == text)


def test_a_click_on_a_host_routes_and_tray_and_window_follow(
    qtbot: QtBot, daemon: FakeDaemon, program: Program
) -> None:
    started(qtbot, daemon, program)
    action(program, "home-pc").trigger()
    qtbot.waitUntil(lambda: daemon.actions() == [local.StartRoute(HOME.id)])
    daemon.tell(joined("routing", route=route(HOME)))
    qtbot.waitUntil(lambda: action(program, "home-pc").isChecked())
    assert program.tray.icon.toolTip() == program.window.header.state.text() == "Through home-pc, direct, 23 ms"


def test_a_refused_checkbox_goes_back_and_the_window_says_why(
    qtbot: QtBot, daemon: FakeDaemon, program: Program
) -> None:
    daemon.answers[local.Allow] = lambda _: MeshnetError(Code.SYSTEM_ERROR, "nft refused.")
    started(qtbot, daemon, program)
    box = program.window.yours.row(HOME.id).routing
    box.click()
    assert box.isChecked()
    qtbot.waitUntil(lambda: not box.isChecked())
    assert program.window.notice.isVisible()


def test_it_says_that_the_daemon_is_gone_and_comes_back_by_itself(
    qtbot: QtBot, daemon: FakeDaemon, program: Program
) -> None:
    started(qtbot, daemon, program)
    daemon.die()
    qtbot.waitUntil(lambda: program.tray.icon.toolTip() == "The daemon does not answer on its socket")
    assert not any(entry.text() == "home-pc" for entry in program.tray.menu.actions())
    daemon.listen()
    qtbot.waitUntil(lambda: any(entry.text() == "home-pc" for entry in program.tray.menu.actions()))


@pytest.mark.parametrize(
    ("tray", "with_window", "opens"), [(True, False, False), (True, True, True), (False, False, True)]
)
def test_the_window_opens_on_request_or_where_there_is_no_tray(
    program: Program, monkeypatch: pytest.MonkeyPatch, tray: bool, with_window: bool, opens: bool
) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: tray)
    program.start(with_window)
    assert program.window.isVisible() is opens


@pytest.mark.parametrize(("tray", "quits"), [(True, False), (False, True)])
def test_closing_the_window_ends_the_program_only_where_there_is_no_tray(
    program: Program, monkeypatch: pytest.MonkeyPatch, tray: bool, quits: bool
) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: tray)
    monkeypatch.setattr(QCoreApplication, "quit", lambda: ended.append(True))
    program.start(with_window=True)
    program.window.close()
    assert bool(ended) is quits


def test_a_failure_is_a_notification_where_the_window_is_not_in_front(
    qtbot: QtBot, daemon: FakeDaemon, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(program.tray, "warn", lambda message, cure: told.append(f"{message} {cure}"))
    daemon.answers[local.StartRoute] = lambda _: MeshnetError(Code.WOULD_LOOP, "A loop: home-pc → laptop.")
    started(qtbot, daemon, program)
    program.window.hide()
    action(program, "home-pc").trigger()
    qtbot.waitUntil(lambda: bool(told))
    assert told[0].startswith("A loop: home-pc → laptop. Choose another host")
