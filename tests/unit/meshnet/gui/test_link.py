"""The line to the daemon."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import FakeDaemon, device, joined

from meshnet.errors import Code, MeshnetError
from meshnet.gui.link import DaemonLink
from meshnet.protocol import local


class Caller:
    """Keeps what a call came to."""

    def __init__(self, link: DaemonLink, request: local.Request, kind: type[object] = local.Status) -> None:
        self.replies: list[object] = []
        self.errors: list[MeshnetError] = []
        link.call(request, kind, self.replies.append, self.errors.append)


def connect(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink) -> None:
    daemon.listen()
    with qtbot.waitSignal(link.updated):
        link.start()


def test_it_watches_as_soon_as_it_is_connected(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink) -> None:
    daemon.devices = (device("home-pc"),)
    daemon.listen()
    with qtbot.waitSignals([link.watching, link.updated], order="strict"):
        link.start()
    assert daemon.asked == [local.Watch()]


def test_each_call_gets_its_own_answer_whatever_the_order(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink) -> None:
    connect(qtbot, daemon, link)
    daemon.answers[local.StartRoute] = lambda _: None
    slow = Caller(link, local.StartRoute("x"))
    quick = Caller(link, local.GetSettings(), local.SettingValues)
    qtbot.waitUntil(lambda: quick.replies == [local.SettingValues(daemon.settings)])
    assert slow.replies == []
    daemon.answer_last(joined("routing"))
    qtbot.waitUntil(lambda: slow.replies == [joined("routing")])


def test_a_refusal_comes_with_its_code_and_its_words(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink) -> None:
    connect(qtbot, daemon, link)
    daemon.answers[local.StartRoute] = lambda _: MeshnetError(Code.WOULD_LOOP, "nas routes through this device.")
    caller = Caller(link, local.StartRoute("x"))
    qtbot.waitUntil(lambda: bool(caller.errors))
    assert (caller.errors[0].code, caller.errors[0].message) == (Code.WOULD_LOOP, "nas routes through this device.")


def test_a_call_without_a_daemon_fails_at_once(link: DaemonLink) -> None:
    assert [error.code for error in Caller(link, local.StopRoute()).errors] == [Code.DAEMON_UNREACHABLE]


def test_a_daemon_that_dies_fails_those_who_wait_and_is_found_again_when_it_is_back(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink
) -> None:
    connect(qtbot, daemon, link)
    daemon.answers[local.StartRoute] = lambda _: None
    with qtbot.waitSignal(daemon.called):
        caller = Caller(link, local.StartRoute("x"))
    with qtbot.waitSignal(link.lost) as lost:
        daemon.die()
    assert lost.args is not None
    assert lost.args[0].code is Code.DAEMON_UNREACHABLE
    assert [error.code for error in caller.errors] == [Code.DAEMON_UNREACHABLE]
    with qtbot.waitSignal(link.watching):
        daemon.listen()


def test_it_finds_a_daemon_that_starts_later(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink) -> None:
    with qtbot.waitSignals([link.lost, link.lost]):
        link.start()
    with qtbot.waitSignal(link.watching):
        daemon.listen()


def test_a_daemon_of_somebody_else_is_told_nothing(qtbot: QtBot, daemon: FakeDaemon) -> None:
    def refuse(_: int) -> None:
        raise MeshnetError(Code.NOT_PERMITTED, "It belongs to user number 1234.")

    daemon.listen()
    link = DaemonLink(daemon.path, refuse, first_pause=10)
    lost: list[MeshnetError] = []
    link.lost.connect(lost.append)
    link.start()
    qtbot.waitUntil(lambda: len(lost) == 2)
    link.stop()
    assert daemon.asked == []
    assert "1234" in lost[0].message


def test_a_daemon_that_does_not_let_this_user_watch_says_so(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink) -> None:
    daemon.answers[local.Watch] = lambda _: MeshnetError(Code.NOT_PERMITTED, "Only ada may.")
    daemon.listen()
    with qtbot.waitSignal(link.lost) as lost:
        link.start()
    assert lost.args is not None
    assert (lost.args[0].code, lost.args[0].message) == (Code.NOT_PERMITTED, "Only ada may.")


@pytest.mark.parametrize("line", [b"hello\n", b'{"kind":"song"}\n', b"[" * 70_000])
def test_what_is_no_message_ends_the_connection(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, line: bytes
) -> None:
    connect(qtbot, daemon, link)
    with qtbot.waitSignals([link.lost, link.watching], order="strict"):
        daemon.say(line)


def test_an_answer_of_another_kind_is_a_failure(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink) -> None:
    connect(qtbot, daemon, link)
    daemon.answers[local.StopRoute] = lambda _: local.SettingValues({})
    caller = Caller(link, local.StopRoute())
    qtbot.waitUntil(lambda: [error.code for error in caller.errors] == [Code.VERSION_MISMATCH])


def test_an_answer_to_nobody_is_let_pass(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink) -> None:
    connect(qtbot, daemon, link)
    with qtbot.waitSignal(link.updated):
        daemon.say(local.to_line(local.reply(99, joined())) + local.to_line(local.Failure(98, Code.TIMEOUT, "late")))
        daemon.tell(joined("routing"))


def test_a_daemon_that_takes_connections_and_never_says_a_word_is_given_up_and_tried_again(
    qtbot: QtBot, daemon: FakeDaemon
) -> None:
    daemon.answers[local.Watch] = lambda _: None
    daemon.listen()
    link = DaemonLink(daemon.path, first_pause=10, answer_within=50)
    with qtbot.waitSignal(link.lost) as lost:
        link.start()
    assert lost.args[0].code is Code.DAEMON_UNREACHABLE
    del daemon.answers[local.Watch]
    with qtbot.waitSignal(link.watching):
        pass
    link.stop()


def test_after_it_has_hung_up_nothing_can_be_asked(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink) -> None:
    daemon.listen()
    with qtbot.waitSignal(link.watching):
        link.start()
    link.stop()
    failures: list[MeshnetError] = []
    link.call(local.GetStatus(), local.Status, lambda _: None, failures.append)
    assert [error.code for error in failures] == [Code.DAEMON_UNREACHABLE]
