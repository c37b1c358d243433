"""The front end signs for the person, and for nothing that the person would not have signed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import FakeDaemon, joined

from meshnet.core import records
from meshnet.core.identity import SigningKey
from meshnet.errors import Code, MeshnetError
from meshnet.gui import signing
from meshnet.gui.link import DaemonLink
from meshnet.gui.signing import Confirmer
from meshnet.protocol import local

KEY = SigningKey(bytes(range(32)))
PHONE, TABLET = "p" * 26, "t" * 26


def confirmation(device: str, mesh: str = KEY.id) -> str:
    return records.text_of(records.Confirmation(mesh=mesh, device=device))


def at_once(work: Callable[[], None]) -> None:
    work()


def waiting(*devices: str) -> local.Status:
    return joined(mesh=KEY.id, unconfirmed=devices)


@pytest.fixture
def loads() -> list[str]:
    """The meshes whose key was looked for."""
    return []


@pytest.fixture
def confirmer(daemon: FakeDaemon, link: DaemonLink, loads: list[str]) -> Confirmer:
    def load(mesh: str) -> SigningKey | None:
        loads.append(mesh)
        return KEY if mesh == KEY.id else None

    daemon.answers[local.PrepareConfirm] = lambda _: local.Statements(
        tuple(confirmation(device) for device in daemon.status.unconfirmed)
    )
    daemon.listen()
    return Confirmer(link, load, at_once)


def posted(daemon: FakeDaemon) -> list[local.PostSigned]:
    return [request for request in daemon.asked if isinstance(request, local.PostSigned)]


def test_those_who_wait_are_confirmed_with_the_mesh_key(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, confirmer: Confirmer
) -> None:
    daemon.status = waiting(PHONE, TABLET)
    link.start()
    qtbot.waitUntil(lambda: bool(posted(daemon)))
    (post,) = posted(daemon)
    assert [record.body for record in post.records] == [confirmation(PHONE), confirmation(TABLET)]
    assert all(records.signed_by(record, KEY.public) for record in post.records)


def test_each_set_of_devices_is_tried_once(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, confirmer: Confirmer, loads: list[str]
) -> None:
    daemon.status = waiting(PHONE)
    daemon.answers[local.PostSigned] = lambda _: MeshnetError(Code.COORDINATOR_UNREACHABLE)
    link.start()
    qtbot.waitUntil(lambda: len(posted(daemon)) == 1)
    with qtbot.waitSignal(link.updated):
        daemon.tell(waiting(PHONE))
    assert loads == [KEY.id]
    daemon.tell(waiting(PHONE, TABLET))
    qtbot.waitUntil(lambda: len(posted(daemon)) == 2)


def test_a_daemon_that_is_back_is_tried_again(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, confirmer: Confirmer
) -> None:
    daemon.status = waiting(PHONE)
    link.start()
    qtbot.waitUntil(lambda: len(posted(daemon)) == 1)
    daemon.die()
    daemon.listen()
    qtbot.waitUntil(lambda: len(posted(daemon)) == 2)


def test_without_the_mesh_key_nothing_is_asked_for(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, confirmer: Confirmer, loads: list[str]
) -> None:
    daemon.status = joined(mesh="o" * 26, unconfirmed=(PHONE,))
    with qtbot.waitSignal(link.updated):
        link.start()
    assert loads == ["o" * 26]
    assert daemon.actions() == []


def test_with_nobody_waiting_the_key_is_left_alone(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, confirmer: Confirmer, loads: list[str]
) -> None:
    with qtbot.waitSignal(link.updated):
        link.start()
    assert loads == []


def test_a_trick_of_the_daemon_ends_in_silence(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, confirmer: Confirmer, caplog: pytest.LogCaptureFixture
) -> None:
    daemon.answers[local.PrepareConfirm] = lambda _: local.Statements((confirmation(TABLET),))
    daemon.status = waiting(PHONE)
    link.start()
    qtbot.waitUntil(lambda: "not signed" in caplog.text)
    assert posted(daemon) == []


def test_the_key_is_read_in_a_thread_and_comes_back_on_this_one(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink
) -> None:
    daemon.answers[local.PrepareConfirm] = lambda _: local.Statements((confirmation(PHONE),))
    daemon.status = waiting(PHONE)
    daemon.listen()
    confirmer = Confirmer(link, lambda _: KEY, signing.in_thread)
    link.start()
    qtbot.waitUntil(lambda: bool(posted(daemon)))
    assert confirmer.thread() is link.thread()
