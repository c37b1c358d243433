"""What the person does, and what comes of it."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import FakeDaemon, device, joined, route

from meshnet.errors import Code, MeshnetError
from meshnet.gui.link import DaemonLink
from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Mesh
from meshnet.gui.models.reasons import explain
from meshnet.gui.session import Session
from meshnet.protocol import local

HOME, NAS = device("home-pc", 2), device("nas", 3)
REFUSAL = MeshnetError(Code.SYSTEM_ERROR, "nft refused.")


@pytest.fixture
def mesh() -> Mesh:
    return Mesh()


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def session(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, mesh: Mesh, clock: list[float]) -> Session:
    daemon.devices = (HOME, NAS)
    daemon.listen()
    made = Session(link, mesh, clock=lambda: clock[0])
    link.start()
    qtbot.waitUntil(lambda: len(mesh.now.devices) == 2 and mesh.now.own_devices != "")
    return made


def test_the_mesh_is_known_as_soon_as_the_daemon_answers(session: Session, mesh: Mesh) -> None:
    assert mesh.now.connected
    assert mesh.now.own_devices == "none"


def test_who_joins_or_leaves_hears_what_became_of_the_settings(
    qtbot: QtBot, session: Session, mesh: Mesh, daemon: FakeDaemon
) -> None:
    daemon.tell(local.Status("not-joined"), gone=(HOME.id, NAS.id))
    qtbot.waitUntil(lambda: mesh.now.status.device is None)
    daemon.settings["own-devices"] = "routing"
    daemon.tell(joined())
    qtbot.waitUntil(lambda: mesh.now.own_devices == "routing")
    assert session


def test_choosing_a_host_routes_and_choosing_it_twice_routes_once(
    qtbot: QtBot, session: Session, daemon: FakeDaemon
) -> None:
    daemon.answers[local.StartRoute] = lambda _: None
    session.choose(Choice(Verb.ROUTE, HOME.id))
    session.choose(Choice(Verb.ROUTE, HOME.id))
    session.choose(Choice(Verb.STOP))
    qtbot.waitUntil(lambda: local.StopRoute() in daemon.asked)
    assert daemon.actions() == [local.StartRoute(HOME.id), local.StopRoute()]


def test_a_host_can_be_chosen_again_after_its_route_ended(qtbot: QtBot, session: Session, daemon: FakeDaemon) -> None:
    daemon.answers[local.StartRoute] = lambda _: REFUSAL
    for _ in range(2):
        with qtbot.waitSignal(session.failed):
            session.choose(Choice(Verb.ROUTE, HOME.id))
    assert daemon.actions() == [local.StartRoute(HOME.id)] * 2


def test_a_failure_is_told_with_its_cure_until_it_is_dismissed(
    qtbot: QtBot, session: Session, daemon: FakeDaemon, mesh: Mesh
) -> None:
    daemon.answers[local.StartRoute] = lambda _: MeshnetError(Code.DEVICE_OFFLINE, "home-pc is offline.")
    with qtbot.waitSignal(session.failed) as failed:
        session.route(HOME.id)
    assert failed.args == ["home-pc is offline.", explain(MeshnetError(Code.DEVICE_OFFLINE))[1]]
    assert mesh.now.notice.startswith("home-pc is offline. Switch it on")
    session.dismiss()
    assert mesh.now.notice == ""


def test_the_failure_of_a_route_that_was_replaced_is_no_news(
    qtbot: QtBot, session: Session, daemon: FakeDaemon, mesh: Mesh
) -> None:
    daemon.answers[local.StartRoute] = lambda _: None
    session.route(HOME.id)
    session.route(NAS.id)
    qtbot.waitUntil(lambda: len(daemon.actions()) == 2)
    daemon.answer_last(REFUSAL)
    daemon.answer_last(joined("routing", route=route(NAS)))
    daemon.tell(joined("routing", route=route(NAS)))
    qtbot.waitUntil(lambda: mesh.now.status.state == "routing")
    assert mesh.now.notice == ""


def test_ticking_allows_and_unticking_denies(qtbot: QtBot, session: Session, daemon: FakeDaemon, mesh: Mesh) -> None:
    session.grant(HOME.id, "routing", True)
    session.grant(HOME.id, "lan", True)
    session.grant(HOME.id, "routing", False)
    qtbot.waitUntil(lambda: not mesh.now.asked)
    assert daemon.actions() == [
        local.Allow(HOME.id, ("routing",)),
        local.Allow(HOME.id, ("lan",)),
        local.Deny(HOME.id, ("routing",)),
    ]
    assert mesh.now.devices[HOME.id].grants == local.Permissions(incoming=True, lan=True)


def test_a_refused_tick_goes_back_and_the_reason_is_told(
    qtbot: QtBot, session: Session, daemon: FakeDaemon, mesh: Mesh
) -> None:
    daemon.answers[local.Allow] = lambda _: REFUSAL
    with qtbot.waitSignal(session.failed):
        session.grant(HOME.id, "routing", True)
    assert mesh.now.asked == {}
    assert not mesh.now.devices[HOME.id].grants.routing
    assert mesh.now.notice.startswith("nft refused.")


def test_sharing_sets_own_devices_and_back(qtbot: QtBot, session: Session, daemon: FakeDaemon, mesh: Mesh) -> None:
    session.choose(Choice(Verb.SHARE))
    qtbot.waitUntil(lambda: mesh.now.own_devices == "routing")
    session.choose(Choice(Verb.UNSHARE))
    qtbot.waitUntil(lambda: mesh.now.own_devices == "none")
    expected = [local.SetSetting("own-devices", value) for value in ("routing", "none")]
    qtbot.waitUntil(lambda: daemon.actions() == expected)


def test_settings_that_another_front_end_changed_are_read_anew(
    qtbot: QtBot, session: Session, daemon: FakeDaemon, mesh: Mesh
) -> None:
    daemon.settings["own-devices"] = "routing,lan"
    session.refresh_settings()
    qtbot.waitUntil(lambda: mesh.now.own_devices == "routing,lan")


def test_a_daemon_that_goes_away_under_a_wish_is_not_told_twice(
    qtbot: QtBot, session: Session, daemon: FakeDaemon, mesh: Mesh
) -> None:
    daemon.answers[local.Allow] = lambda _: None
    session.grant(HOME.id, "routing", True)
    qtbot.waitUntil(lambda: bool(daemon.actions()))
    daemon.die()
    qtbot.waitUntil(lambda: not mesh.now.connected)
    assert mesh.now.trouble == "The daemon does not answer"
    assert (mesh.now.notice, mesh.now.asked) == ("", {})
    daemon.listen()
    qtbot.waitUntil(lambda: mesh.now.connected and len(mesh.now.devices) == 2)


def test_opening_and_quitting_are_passed_on(qtbot: QtBot, session: Session) -> None:
    with qtbot.waitSignals([session.open_wanted, session.quit_wanted]):
        session.choose(Choice(Verb.OPEN))
        session.choose(Choice(Verb.QUIT))


def test_a_setting_shows_at_once_and_goes_back_when_it_is_refused(
    qtbot: QtBot, session: Session, daemon: FakeDaemon, mesh: Mesh
) -> None:
    daemon.answers[local.SetSetting] = lambda _: MeshnetError(Code.SYSTEM_ERROR, "The disk is full.")
    qtbot.waitUntil(lambda: mesh.now.own_devices == "none")
    with qtbot.waitSignal(session.refused):
        session.share(True)
        assert mesh.now.own_devices == "routing"
    assert mesh.now.own_devices == "none"
    assert "The disk is full." in mesh.now.notice


def test_a_pause_is_of_ten_minutes_and_can_be_ended(qtbot: QtBot, session: Session, daemon: FakeDaemon) -> None:
    session.choose(Choice(Verb.PAUSE))
    session.choose(Choice(Verb.RESUME))
    qtbot.waitUntil(lambda: daemon.actions() == [local.PauseRoute(600), local.ResumeRoute()])


def test_a_client_is_stopped_for_ten_minutes_and_can_go_on(qtbot: QtBot, session: Session, daemon: FakeDaemon) -> None:
    session.stop_client(HOME.id, True)
    session.stop_client(HOME.id, False)
    expected = [local.StopClient(HOME.id, 600), local.StopClient(HOME.id, 0)]
    qtbot.waitUntil(lambda: daemon.actions() == expected)


def test_what_comes_of_a_click_is_no_news_until_some_seconds_after_the_answer(
    qtbot: QtBot, session: Session, daemon: FakeDaemon, clock: list[float]
) -> None:
    assert not session.is_acting
    daemon.answers[local.StartRoute] = lambda _: REFUSAL
    with qtbot.waitSignal(session.failed):
        session.choose(Choice(Verb.ROUTE, HOME.id))
        clock[0] += 60
        assert session.is_acting
    clock[0] += 60
    assert not session.is_acting
    daemon.answers[local.StartRoute] = lambda _: daemon.status
    session.choose(Choice(Verb.ROUTE, HOME.id))
    clock[0] += 60
    # The answer comes before the update that tells of it.
    session.choose(Choice(Verb.OPEN))
    qtbot.waitUntil(lambda: len(daemon.actions()) == 2)
    assert session.is_acting
