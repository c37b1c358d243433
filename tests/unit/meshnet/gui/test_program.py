"""The app as a whole, with a daemon at the other end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import FakeDaemon, device, joined, route

from meshnet.errors import Code, MeshnetError
from meshnet.gui.link import DaemonLink
from meshnet.gui.models.news import Kind
from meshnet.gui.program import Program
from meshnet.protocol import local

HOME = device("home-pc")


@pytest.fixture
def program(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, settings: QSettings) -> Iterator[Program]:
    daemon.devices = (HOME,)
    made = Program(link, settings, patience=10)
    yield made
    made.stop()
    made.window.deleteLater()
    made.tray.menu.deleteLater()


def started(qtbot: QtBot, daemon: FakeDaemon, program: Program) -> None:
    daemon.listen()
    program.start(with_window=True)
    qtbot.waitUntil(lambda: program.mesh.now.own_devices != "" and HOME.id in program.mesh.now.devices)


def action(program: Program, text: str) -> QAction:
    return next(action for action in program.tray.menu.actions() if action.text().split("   ")[0] == text)


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
    qtbot.waitUntil(lambda: program.tray.icon.toolTip() == "The daemon does not answer")
    assert not any("home-pc" in entry.text() for entry in program.tray.menu.actions())
    daemon.listen()
    qtbot.waitUntil(lambda: any("home-pc" in entry.text() for entry in program.tray.menu.actions()))


@pytest.mark.parametrize(
    ("tray", "with_window", "opens"), [(True, False, False), (True, True, True), (False, False, True)]
)
def test_the_window_opens_on_request_or_where_there_is_no_tray(
    qtbot: QtBot, program: Program, monkeypatch: pytest.MonkeyPatch, tray: bool, with_window: bool, opens: bool
) -> None:
    monkeypatch.setattr(program.tray, "is_available", lambda: tray)
    program.start(with_window)
    if opens:
        qtbot.waitUntil(program.window.isVisible)
    else:
        qtbot.wait(50)
        assert not program.window.isVisible()


def test_a_panel_that_comes_up_a_little_later_is_waited_for(
    qtbot: QtBot, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def is_available() -> bool:
        asked.append(True)
        return len(asked) > 1

    monkeypatch.setattr(program.tray, "is_available", is_available)
    program.start(with_window=False)
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert not program.window.isVisible()


@pytest.mark.parametrize(("tray", "quits"), [(True, False), (False, True)])
def test_closing_the_window_ends_the_program_only_where_there_is_no_tray(
    program: Program, monkeypatch: pytest.MonkeyPatch, tray: bool, quits: bool
) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(program.tray, "is_available", lambda: tray)
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


def notices(program: Program, monkeypatch: pytest.MonkeyPatch) -> list[Kind]:
    told: list[Kind] = []
    monkeypatch.setattr(program.tray, "tell", lambda notice: told.append(notice.kind))
    return told


def test_a_route_that_is_lost_is_told_once(
    qtbot: QtBot, daemon: FakeDaemon, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = notices(program, monkeypatch)
    daemon.status = joined("routing", route=route(HOME))
    started(qtbot, daemon, program)
    daemon.tell(joined("blocked", reason="host-unreachable", route=route(HOME, path="none")))
    qtbot.waitUntil(lambda: told == [Kind.ROUTE_LOST])
    daemon.tell(joined("blocked", reason="host-unreachable", route=route(HOME, path="none"), rx_bytes=1))
    qtbot.waitUntil(lambda: program.mesh.now.status.rx_bytes == 1)
    assert told == [Kind.ROUTE_LOST]


def test_what_the_person_just_did_is_no_news(
    qtbot: QtBot, daemon: FakeDaemon, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = notices(program, monkeypatch)
    daemon.status = joined("blocked", reason="host-unreachable", route=route(HOME, path="none"))
    started(qtbot, daemon, program)
    action(program, "Try again").trigger()
    qtbot.waitUntil(lambda: daemon.actions() == [local.StartRoute(HOME.id)])
    daemon.tell(joined("routing", route=route(HOME)))
    qtbot.waitUntil(lambda: program.mesh.now.status.state == "routing")
    assert told == []


@pytest.mark.parametrize(("wanted", "expected"), [(True, [Kind.CLIENT_CAME]), (False, [])])
def test_that_somebody_routes_through_this_device_is_told_unless_it_is_turned_off(
    qtbot: QtBot,
    daemon: FakeDaemon,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    wanted: bool,
    expected: list[Kind],
) -> None:
    program.memory.tells_of_clients = wanted
    told = notices(program, monkeypatch)
    started(qtbot, daemon, program)
    client = local.HostedClient(HOME.id, "home-pc", "2026-01-01T00:00:00Z", 0, 0)
    daemon.tell(joined(clients=("home-pc",), hosting=(client,)))
    qtbot.waitUntil(lambda: program.mesh.now.status.clients == ("home-pc",))
    assert told == expected


def test_the_host_in_use_is_remembered_and_one_that_only_stands_in_is_not(
    qtbot: QtBot, daemon: FakeDaemon, program: Program
) -> None:
    started(qtbot, daemon, program)
    daemon.tell(joined("routing", route=replace(route(device("vps", 3)), instead_of="home-pc")))
    qtbot.waitUntil(lambda: program.mesh.now.status.state == "routing")
    assert not program.memory.recent
    for state in ("connecting", "routing"):
        daemon.tell(joined(state, route=route(HOME)))
    qtbot.waitUntil(lambda: program.mesh.now.recent == (HOME.id,))
    assert program.memory.recent == (HOME.id,)


def test_a_host_that_the_person_likes_best_stays_so(qtbot: QtBot, daemon: FakeDaemon, program: Program) -> None:
    started(qtbot, daemon, program)
    program.window.yours.favoured.emit(HOME.id, True)
    assert program.mesh.now.favourites == program.memory.favourites == {HOME.id}
    program.window.yours.favoured.emit(HOME.id, False)
    assert program.mesh.now.favourites == program.memory.favourites == frozenset()


def test_another_language_is_spoken_at_once(qtbot: QtBot, daemon: FakeDaemon, program: Program) -> None:
    started(qtbot, daemon, program)
    before = program.window
    try:
        program.dialogs.language_chosen.emit("de")
        assert program.window is not before
        assert program.window.isVisible()
        assert program.window.tabs.tabText(0) == "Deine Geräte"
        assert action(program, "Geräte in Meshnet")
    finally:
        program.speak("en")
    assert program.window.tabs.tabText(0) == "Your devices"


def test_a_link_from_outside_is_filled_in_and_nothing_is_done_with_it(
    qtbot: QtBot, daemon: FakeDaemon, program: Program
) -> None:
    daemon.status = local.Status("not-joined")
    daemon.listen()
    program.start(with_window=False)
    qtbot.waitUntil(lambda: program.mesh.now.connected)
    program.offer_link("meshnet://join/mesh.example.net:8443/abc")
    assert program.window.isVisible()
    assert program.window.first_start.join_form.isVisible()
    assert daemon.actions() == []


@pytest.mark.parametrize("answers_first", [True, False])
def test_a_link_for_a_device_that_is_in_a_mesh_already_is_answered_in_words(
    qtbot: QtBot, daemon: FakeDaemon, program: Program, answers_first: bool
) -> None:
    if answers_first:
        started(qtbot, daemon, program)
    program.offer_link("meshnet://join/mesh.example.net:8443/abc")
    if not answers_first:
        started(qtbot, daemon, program)
    assert program.mesh.now.notice.startswith("This device is in a mesh already.")
    assert program.window.notice.isVisible()


def test_who_changes_the_language_in_the_settings_goes_on_there(
    qtbot: QtBot, daemon: FakeDaemon, program: Program
) -> None:
    started(qtbot, daemon, program)
    before = program.dialogs.open_settings()
    try:
        program.dialogs.language_chosen.emit("de")
        assert program.dialogs.shows_settings
        assert program.dialogs.open_settings() is not before
    finally:
        program.speak("en")


def test_the_window_is_not_made_before_it_is_wanted(
    qtbot: QtBot, daemon: FakeDaemon, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program.tray, "is_available", lambda: True)
    daemon.listen()
    program.start(with_window=False)
    qtbot.waitUntil(lambda: program.mesh.now.connected)
    assert not [widget for widget in QApplication.topLevelWidgets() if widget.objectName() == "meshnetWindow"]
