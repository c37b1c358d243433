"""What is wrong with the daemon, and with a line that was pasted."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshnet.core.links import CoordinatorAddress, CreateLink, JoinLink
from meshnet.errors import Code, MeshnetError
from meshnet.gui.models import first_start, reasons
from meshnet.gui.models.first_start import trouble
from meshnet.gui.models.mesh import Snapshot
from support.meshes import COORDINATOR, FakeMesh, seed

AT = CoordinatorAddress("mesh.example", 8443, COORDINATOR.public)
INVITE = str(JoinLink(AT, FakeMesh().key.public, seed("invite")))
LINE = str(CreateLink(AT, seed("token")))


def lost(code: Code, message: str = "") -> Snapshot:
    said, cure = reasons.explain(MeshnetError(code, message))
    return Snapshot(connected=False, trouble=said.rstrip("."), cure=cure, code=code)


@pytest.mark.parametrize(
    ("code", "command"),
    [
        (Code.DAEMON_UNREACHABLE, "systemctl start meshnetd"),
        (Code.NOT_PERMITTED, 'sudo usermod -aG meshnet "$USER"'),
        (Code.VERSION_MISMATCH, "systemctl restart meshnetd"),
    ],
)
def test_each_trouble_has_its_own_command(code: Code, command: str) -> None:
    found = trouble(lost(code), "linux")
    assert found is not None
    assert found.command == command
    assert found.title
    assert found.text.endswith(":"), "the command follows"


def test_where_somebody_else_answers_no_group_is_the_cure() -> None:
    found = trouble(lost(Code.NOT_PERMITTED, "What answers belongs to user number 7."), "linux")
    assert found is not None
    assert "user number 7" in found.title
    assert found.command == ""


def test_on_other_systems_the_words_of_the_reason_stand() -> None:
    found = trouble(lost(Code.DAEMON_UNREACHABLE), "darwin")
    assert found is not None
    assert found.title == "The daemon does not answer"
    assert found.command == ""


def test_before_the_first_attempt_it_is_being_looked_for() -> None:
    found = trouble(Snapshot(), "linux")
    assert found is not None
    assert found.title == "Looking for the daemon…"
    assert trouble(Snapshot(connected=True), "linux") is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (INVITE, ""),
        (f"  {INVITE}\n", ""),
        ("", ""),
        ("meshnet:", ""),
        ("hello", "no invite link"),
        ("https://example.org", "no invite link"),
        (LINE, "coordinator's line"),
        (INVITE[:-1], "missing or damaged"),
        (INVITE.replace(":8443", ":99999"), "missing or damaged"),
        ("meshnet://join/a/b", "missing or damaged"),
    ],
)
def test_an_invite_link_is_read_as_it_is_typed(text: str, complaint: str) -> None:
    found = first_start.join_complaint(text)
    assert complaint in found
    assert bool(found) is bool(complaint)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (LINE, ""),
        ("meshnet://cr", ""),
        ("mesh.example:8443", "no coordinator's line"),
        (INVITE, "invite link"),
        (LINE + "x", "missing or damaged"),
    ],
)
def test_a_coordinators_line_is_read_as_it_is_typed(text: str, complaint: str) -> None:
    found = first_start.create_complaint(text)
    assert complaint in found
    assert bool(found) is bool(complaint)


def test_only_whole_lines_are_good_enough() -> None:
    assert first_start.is_invite(f" {INVITE} ")
    assert first_start.is_coordinator(LINE)
    assert not any(map(first_start.is_invite, ("", "meshnet://join/", INVITE[:-3], LINE)))
    assert not any(map(first_start.is_coordinator, ("", "meshnet://create/", LINE[:-3], INVITE)))


def test_where_the_key_is_kept_is_told_in_the_persons_words() -> None:
    assert "in your keyring" in first_start.key_place(None)
    assert "in the file /home/ada/x.key." in first_start.key_place(Path("/home/ada/x.key"))
