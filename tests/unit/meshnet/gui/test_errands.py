"""What takes several calls: in the steps of the command line, and with no signature but the one that was asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import FakeDaemon, device, joined

from meshnet.core.identity import SigningKey, fingerprint, is_wireguard_key
from meshnet.core.records import Confirmation, Removal, body_of, signed_by, text_of
from meshnet.errors import Code, MeshnetError
from meshnet.gui.errands import Errands
from meshnet.gui.link import DaemonLink
from meshnet.gui.models.mesh import Mesh
from meshnet.gui.session import Session
from meshnet.protocol import local
from support.meshes import FakeDevice, FakeMesh, seed

MESH, LAPTOP = FakeMesh(), FakeDevice("laptop")
LINK = "meshnet://join/x"
EXPIRES = int(time.time()) + 600
INVITE = MESH.invite(seed("invite"), EXPIRES).body
NAS = device("nas")
REMOVAL = text_of(Removal(mesh=MESH.id, device=NAS.id))
ADDED = local.PhoneAdded("p" * 26, "phone", "100.64.0.9", "fd00::9", "nas", "H" * 43 + "=", "192.0.2.1:1", "100.64.0.2")
OWN = msgspec.structs.replace(ADDED, is_own_host=True)


class Person:
    """Where this person's mesh keys are, and what the errands told."""

    def __init__(self) -> None:
        self.keys: dict[str, SigningKey] = {MESH.id: MESH.key}
        self.broken = ""
        self.told: list[tuple[object, ...]] = []

    def load(self, mesh: str) -> SigningKey | None:
        self._fail("load")
        return self.keys.get(mesh)

    def store(self, secret: bytes) -> Path | None:
        self._fail("store")
        key = SigningKey(secret)
        self.keys[key.id] = key
        return Path("/home/ada/x.key")

    def forget(self, mesh: str) -> None:
        self._fail("forget")
        del self.keys[mesh]

    def _fail(self, step: str) -> None:
        if step == self.broken:
            raise PermissionError(13, "Permission denied")

    def failure(self) -> tuple[str, Code, str]:
        """The one that was told."""
        ((what, error),) = self.told
        assert isinstance(what, str)
        assert isinstance(error, MeshnetError)
        return what, error.code, error.message


def at_once(work: Callable[[], None]) -> None:
    work()


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def errands(qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, person: Person) -> Errands:
    """Of a device in a mesh whose key the person holds."""
    daemon.status = joined(mesh=MESH.id)
    daemon.answers[local.PrepareInvite] = lambda _: local.Statements((INVITE,), LINK)
    daemon.answers[local.PrepareRemove] = lambda _: local.Statements((REMOVAL,))
    daemon.answers[local.AddPhone] = lambda _: ADDED
    daemon.listen()
    mesh = Mesh(link)
    Session(link, mesh, link)
    made = Errands(link, mesh, person.load, person.store, person.forget, at_once, parent=link)
    for signal in (made.created, made.joined, made.invited, made.phone_added, made.done, made.failed):
        signal.connect(lambda *values: person.told.append(values))
    with qtbot.waitSignal(link.updated):
        link.start()
    return made


def kinds(daemon: FakeDaemon) -> list[str]:
    return [type(request).__name__ for request in daemon.actions()]


def told(qtbot: QtBot, person: Person) -> tuple[object, ...]:
    qtbot.waitUntil(lambda: bool(person.told))
    return person.told[-1]


def founding(request: local.Request) -> local.Statements:
    """What a daemon wants signed for the mesh of the key that it is given."""
    assert isinstance(request, local.PrepareCreate)
    mesh = FakeMesh()
    mesh.id = fingerprint(request.mesh_key)
    return local.Statements((mesh.founding().body, mesh.membership(LAPTOP, "100.64.0.1").body))


# --- creating and joining -------------------------------------------------------------------------------------------


def test_a_mesh_is_created_with_a_key_that_is_kept_first(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    daemon.answers[local.PrepareCreate] = founding
    errands.create("meshnet://create/x", "My laptop")
    assert told(qtbot, person) == (Path("/home/ada/x.key"),)
    prepare, create = daemon.actions()
    assert isinstance(prepare, local.PrepareCreate)
    assert isinstance(create, local.Create)
    assert (create.coordinator, create.name) == ("meshnet://create/x", "My laptop")
    assert all(signed_by(record, prepare.mesh_key) for record in create.records)
    assert prepare.mesh_key in {key.public for key in person.keys.values()}


def test_a_name_that_was_left_empty_is_the_daemons_choice(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    errands.join(LINK, "")
    told(qtbot, person)
    assert daemon.actions() == [local.Join(LINK, None)]


@pytest.mark.parametrize(
    ("code", "is_kept"),
    [(Code.CREATE_NOT_ALLOWED, False), (Code.TIMEOUT, True), (Code.DAEMON_UNREACHABLE, True)],
)
def test_the_key_goes_where_the_mesh_is_refused_and_stays_where_nobody_knows(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person, code: Code, is_kept: bool
) -> None:
    daemon.answers[local.PrepareCreate] = founding
    daemon.answers[local.Create] = lambda _: MeshnetError(code)
    errands.create("meshnet://create/x", "laptop")
    told(qtbot, person)
    assert person.failure()[:2] == ("create", code)
    assert (len(person.keys) == 2) is is_kept


def test_a_founding_of_something_else_is_not_signed_and_leaves_no_key(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    daemon.answers[local.PrepareCreate] = lambda _: local.Statements((REMOVAL,))
    errands.create("meshnet://create/x", "laptop")
    told(qtbot, person)
    assert "nothing is signed" in person.failure()[2]
    assert kinds(daemon) == ["PrepareCreate"]
    assert list(person.keys) == [MESH.id]


def test_where_the_key_cannot_be_kept_no_mesh_is_created(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    daemon.answers[local.PrepareCreate] = founding
    person.broken = "store"
    errands.create("meshnet://create/x", "laptop")
    told(qtbot, person)
    assert person.failure()[:2] == ("create", Code.SYSTEM_ERROR)
    assert "Permission denied" in person.failure()[2]
    assert kinds(daemon) == ["PrepareCreate"]


def test_joining_carries_what_is_allowed_from_the_start(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    errands.join(LINK, "laptop", ("routing",))
    assert told(qtbot, person) == ()
    assert daemon.actions() == [local.Join(LINK, "laptop", ("routing",))]


def test_a_refused_link_is_told_with_its_reason(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    daemon.answers[local.Join] = lambda _: MeshnetError(Code.INVITE_USED)
    errands.join(LINK, "laptop")
    told(qtbot, person)
    assert person.failure()[:2] == ("join", Code.INVITE_USED)


# --- inviting -------------------------------------------------------------------------------------------------------


def test_an_invite_is_signed_posted_and_told_with_its_expiry(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    errands.invite(86_400)
    assert told(qtbot, person) == (local.Invitation(LINK, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EXPIRES))),)
    prepare, post = daemon.actions()
    assert prepare == local.PrepareInvite(86_400)
    assert isinstance(post, local.PostInvite)
    assert signed_by(post.records[0], MESH.key.public)


@pytest.mark.parametrize("wish", ["invite", "phone"])
def test_an_invite_that_holds_longer_than_was_asked_for_is_not_signed(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person, wish: str
) -> None:
    longer = MESH.invite(seed("invite"), EXPIRES + 3600).body
    daemon.answers[local.PrepareInvite] = lambda _: local.Statements((longer,), LINK)
    errands.invite(600) if wish == "invite" else errands.add_phone("phone", NAS.id)
    told(qtbot, person)
    assert person.failure()[0] == wish
    assert "nothing is signed" in person.failure()[2]
    assert kinds(daemon) == ["PrepareInvite"]


def test_who_does_not_hold_the_mesh_key_is_told_so(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    person.keys.clear()
    errands.invite(3600)
    told(qtbot, person)
    assert person.failure()[:2] == ("invite", Code.NO_MESH_KEY)
    assert kinds(daemon) == ["PrepareInvite"]


@pytest.mark.parametrize("wish", ["invite", "phone", "remove"])
def test_a_daemon_that_was_broken_into_gets_no_other_signature(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person, wish: str
) -> None:
    trick = text_of(Confirmation(mesh=MESH.id, device="x" * 26))
    other = text_of(Removal(mesh=MESH.id, device="x" * 26))
    daemon.answers[local.PrepareInvite] = lambda _: local.Statements((INVITE, trick), LINK)
    daemon.answers[local.PrepareRemove] = lambda _: local.Statements((other,))
    wishes: dict[str, Callable[[], None]] = {
        "invite": lambda: errands.invite(3600),
        "phone": lambda: errands.add_phone("phone", NAS.id),
        "remove": lambda: errands.remove(NAS.id),
    }
    wishes[wish]()
    told(qtbot, person)
    assert person.failure()[0] == wish
    assert "nothing is signed" in person.failure()[2]
    assert len(daemon.actions()) == 1


# --- phones ---------------------------------------------------------------------------------------------------------


def test_a_phone_gets_a_configuration_whose_secret_the_daemon_never_sees(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    errands.add_phone("my phone", NAS.id)
    added, config = told(qtbot, person)
    assert added == ADDED
    secret = re.search(r"^PrivateKey = (\S{43}=)$", str(config), re.MULTILINE)
    assert secret is not None
    assert kinds(daemon) == ["PrepareInvite", "PostInvite", "AddPhone"]
    request = daemon.actions()[-1]
    assert isinstance(request, local.AddPhone)
    assert (request.link, request.name, request.via) == (LINK, "my phone", NAS.id)
    assert is_wireguard_key(request.wireguard)
    assert secret[1] not in repr(daemon.asked)


def test_on_its_own_host_the_phone_is_allowed_to_route_by_its_id(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    daemon.answers[local.AddPhone] = lambda _: OWN
    errands.add_phone("my phone", "a" * 26)
    qtbot.waitUntil(lambda: local.Allow(ADDED.id, ("routing",)) in daemon.asked)


def test_what_fails_after_the_phone_is_there_does_not_cost_its_configuration(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    daemon.answers[local.AddPhone] = lambda _: OWN
    daemon.answers[local.Allow] = lambda _: MeshnetError(Code.SYSTEM_ERROR)
    errands.add_phone("my phone", "a" * 26)
    qtbot.waitUntil(lambda: len(person.told) == 2)
    assert person.told[0][0] == OWN
    assert person.told[1][0] == "phone"


# --- the others -----------------------------------------------------------------------------------------------------


def test_the_device_that_was_meant_is_removed(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    errands.remove(NAS.id)
    assert told(qtbot, person) == ("remove",)
    prepare, post = daemon.actions()
    assert prepare == local.PrepareRemove(NAS.id)
    assert isinstance(post, local.PostSigned)
    assert body_of(post.records[0].body) == Removal(mesh=MESH.id, device=NAS.id)


def test_leaving_keeps_the_mesh_key(qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person) -> None:
    errands.leave()
    assert told(qtbot, person) == ("leave",)
    assert daemon.actions() == [local.Leave()]
    assert MESH.id in person.keys


def test_this_device_is_renamed_by_its_id(qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person) -> None:
    errands.rename("desk")
    assert told(qtbot, person) == ("rename",)
    assert daemon.actions() == [local.Rename("a" * 26, "desk")]


def test_what_is_being_done_is_not_begun_again(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    daemon.answers[local.PrepareInvite] = lambda _: None
    errands.invite(3600)
    errands.invite(3600)
    qtbot.waitUntil(lambda: kinds(daemon) == ["PrepareInvite"])
    daemon.answer_last(local.Statements((INVITE,), LINK))
    told(qtbot, person)
    assert kinds(daemon) == ["PrepareInvite", "PostInvite"]
    del daemon.answers[local.PrepareInvite]
    errands.invite(3600)
    qtbot.waitUntil(lambda: kinds(daemon).count("PrepareInvite") == 2)


def test_a_daemon_that_goes_away_in_the_middle_ends_the_errand(
    qtbot: QtBot, daemon: FakeDaemon, errands: Errands, person: Person
) -> None:
    daemon.answers[local.PostInvite] = lambda _: None
    errands.invite(3600)
    qtbot.waitUntil(lambda: "PostInvite" in kinds(daemon))
    daemon.die()
    told(qtbot, person)
    assert person.failure()[:2] == ("invite", Code.DAEMON_UNREACHABLE)


def test_the_key_is_read_in_a_thread_and_what_follows_happens_on_this_one(
    qtbot: QtBot, daemon: FakeDaemon, link: DaemonLink, errands: Errands
) -> None:
    threads: list[QThread] = []

    def load(_: str) -> SigningKey | None:
        threads.append(QThread.currentThread())
        return MESH.key

    mesh = Mesh(link)
    mesh.begin(daemon.status)
    made = Errands(link, mesh, load, parent=link)
    made.invited.connect(lambda _: threads.append(QThread.currentThread()))
    with qtbot.waitSignal(made.invited):
        made.invite(3600)
    assert threads[0] is not threads[1]
    assert threads[1] == link.thread()
