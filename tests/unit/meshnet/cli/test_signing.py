"""What the person's key signs: what was asked for, and nothing else that a daemon may put before it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from meshnet import keys
from meshnet.cli.main import main
from meshnet.cli.signing import sign_statements
from meshnet.core.identity import fingerprint
from meshnet.core.records import Body, Removal, signed_by
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from support.fake_daemon import JOINED, NAS, Answer, fake_daemon
from support.keyrings import keyring_for
from support.meshes import FakeDevice, FakeMesh, seed

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)

MESH, PHONE = FakeMesh(), FakeDevice("phone")
REMOVAL, CONFIRMATION = MESH.removal(PHONE).body, MESH.confirmation(PHONE).body
SIGNED = local.PostSigned | local.PostInvite | local.Create
STATUS = local.Status(state="idle", mesh=MESH.id, device=JOINED.device)


@pytest.fixture(autouse=True)
def _person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keyring_for(monkeypatch, tmp_path, is_there=False)
    keys.store(seed("mesh home"))


def is_removal(body: Body) -> bool:
    return isinstance(body, Removal)


def test_what_was_asked_for_is_signed_with_the_mesh_key() -> None:
    (record,) = sign_statements(MESH.id, (REMOVAL,), is_removal)
    assert record.body == REMOVAL
    assert signed_by(record, MESH.key.public)


@pytest.mark.parametrize(
    "bodies",
    [(CONFIRMATION,), (REMOVAL, CONFIRMATION), (FakeMesh("elsewhere").removal(PHONE).body,)],
    ids=["another kind", "another kind behind the right one", "another mesh"],
)
def test_nothing_is_signed_where_one_statement_is_of_another_kind(bodies: tuple[str, ...]) -> None:
    with pytest.raises(MeshnetError, match="nothing is signed"):
        sign_statements(MESH.id, bodies, is_removal)


def test_junk_for_a_statement_is_refused_in_words() -> None:
    with pytest.raises(MeshnetError, match="nothing is signed"):
        sign_statements(MESH.id, ("junk",), is_removal)


def test_who_does_not_hold_the_key_is_told_so() -> None:
    with pytest.raises(MeshnetError) as refused:
        sign_statements(FakeMesh("elsewhere").id, (REMOVAL,), is_removal)
    assert refused.value.code is Code.NO_MESH_KEY


def _lying(request: local.Request) -> Answer:
    """A daemon that puts a removal of the phone before every signature."""
    if isinstance(request, local.GetDevices):
        return local.DeviceList((NAS,))
    is_preparing = type(request).__name__.startswith("Prepare")
    return local.Statements((REMOVAL,), "meshnet://join/x") if is_preparing else STATUS


@pytest.mark.parametrize("words", [("invite",), ("remove", "nas"), ("create", "meshnet://create/x")], ids=" ".join)
def test_a_daemon_that_was_broken_into_gets_no_other_signature_out_of_a_command(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with fake_daemon(tmp_path / "s", _lying) as fake:
        result = CliRunner().invoke(main, ["--socket", fake.path, *words, "--json"])
    assert [request for request in fake.asked if isinstance(request, SIGNED)] == []
    assert result.exit_code == 1
    assert "nothing is signed" in json.loads(result.stdout)["error"]["message"]


def test_the_device_that_was_named_is_removed(tmp_path: Path) -> None:
    phone = msgspec.structs.replace(NAS, id=PHONE.id, name="Phone")

    def answer(request: local.Request) -> Answer:
        if isinstance(request, local.GetDevices):
            return local.DeviceList((NAS, phone))
        return local.Statements((REMOVAL,)) if isinstance(request, local.PrepareRemove) else STATUS

    with fake_daemon(tmp_path / "s", answer) as fake:
        result = CliRunner().invoke(main, ["--socket", fake.path, "remove", "phone"])
    posted = [request for request in fake.asked if isinstance(request, local.PostSigned)]
    assert (result.exit_code, [record.body for record in posted[0].records]) == (0, [REMOVAL])


def test_only_those_who_wait_are_confirmed(tmp_path: Path) -> None:
    waiting = local.Status(state="idle", mesh=MESH.id, device=JOINED.device, unconfirmed=("z" * 26,))

    def answer(request: local.Request) -> Answer:
        return local.Statements((CONFIRMATION,)) if isinstance(request, local.PrepareConfirm) else waiting

    with fake_daemon(tmp_path / "s", answer) as fake:
        result = CliRunner().invoke(main, ["--socket", fake.path, "status"])
    assert result.exit_code == 0, "the command itself was done"
    assert "could not be confirmed" in result.stderr
    assert not any(isinstance(request, local.PostSigned) for request in fake.asked)


def test_a_device_that_waits_is_confirmed_in_passing(tmp_path: Path) -> None:
    waiting = local.Status(state="idle", mesh=MESH.id, device=JOINED.device, unconfirmed=(PHONE.id,))

    def answer(request: local.Request) -> Answer:
        return local.Statements((CONFIRMATION,)) if isinstance(request, local.PrepareConfirm) else waiting

    with fake_daemon(tmp_path / "s", answer) as fake:
        result = CliRunner().invoke(main, ["--socket", fake.path, "status"])
    posted = [request for request in fake.asked if isinstance(request, local.PostSigned)]
    assert (result.exit_code, len(posted)) == (0, 1)
    assert posted[0].records[0].body == CONFIRMATION


def test_an_invite_prints_the_link_alone(tmp_path: Path) -> None:
    expires = int(time.time()) + 1800
    link, body = "meshnet://join/x", MESH.invite(seed("x"), expires).body

    def answer(request: local.Request) -> Answer:
        return local.Statements((body,), link) if isinstance(request, local.PrepareInvite) else STATUS

    with fake_daemon(tmp_path / "s", answer) as fake:
        plain = CliRunner().invoke(main, ["--socket", fake.path, "invite", "--expires", "30m"])
        as_json = CliRunner().invoke(main, ["--socket", fake.path, "invite", "--json"])
    assert plain.stdout == link + "\n"
    assert json.loads(as_json.stdout) == {
        "link": link,
        "expires": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires)),
    }
    assert local.PrepareInvite(1800) in fake.asked


def test_an_invite_that_holds_longer_than_was_asked_for_is_not_signed(tmp_path: Path) -> None:
    longer = MESH.invite(seed("x"), int(time.time()) + 7200).body

    def answer(request: local.Request) -> Answer:
        return local.Statements((longer,), "meshnet://join/x") if isinstance(request, local.PrepareInvite) else STATUS

    with fake_daemon(tmp_path / "s", answer) as fake:
        result = CliRunner().invoke(main, ["--socket", fake.path, "invite", "--expires", "1h"])
    assert "nothing is signed" in result.stderr
    assert not any(isinstance(request, local.PostInvite) for request in fake.asked)


def _founding(request: local.PrepareCreate) -> local.Statements:
    """What a daemon wants signed for the mesh of the key that it is given."""
    mesh = FakeMesh()
    mesh.id = fingerprint(request.mesh_key)
    return local.Statements((mesh.founding().body, mesh.membership(PHONE, "100.64.0.1").body))


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [
        (MeshnetError(Code.CREATE_NOT_ALLOWED), False),
        (MeshnetError(Code.TIMEOUT), True),
        (b"", True),
        (STATUS, True),
    ],
    ids=["refused", "no answer in time", "the daemon went away", "created"],
)
def test_the_key_goes_where_the_mesh_is_refused_and_stays_where_it_is_or_may_be(
    tmp_path: Path, answer: Answer, is_kept: bool
) -> None:
    def answering(request: local.Request) -> Answer:
        return _founding(request) if isinstance(request, local.PrepareCreate) else answer

    with fake_daemon(tmp_path / "s", answering) as fake:
        result = CliRunner().invoke(main, ["--socket", fake.path, "create", "meshnet://create/x"])
    assert any(isinstance(request, local.Create) for request in fake.asked), result.stderr
    found = list((tmp_path / "config").rglob("*.key"))
    assert len(found) == (2 if is_kept else 1)
    assert ("is kept in the file" in result.stderr) is (answer is STATUS)


def test_a_founding_of_another_mesh_is_not_signed_and_leaves_no_key_behind(tmp_path: Path) -> None:
    founding = local.Statements((MESH.founding().body, MESH.membership(PHONE, "100.64.0.1").body))
    with fake_daemon(tmp_path / "s", lambda _: founding) as fake:
        result = CliRunner().invoke(main, ["--socket", fake.path, "create", "meshnet://create/x"])
    assert "nothing is signed" in result.stderr
    assert len(list((tmp_path / "config").rglob("*.key"))) == 1
