"""Refusals in words for a window."""

from __future__ import annotations

import re
import sys

import pytest

from meshnet.errors import Code, MeshnetError
from meshnet.gui.models import reasons


@pytest.mark.parametrize("code", Code)
def test_every_code_has_its_meaning_and_cure_in_words_for_a_window(code: Code) -> None:
    message, cure = reasons.explain(MeshnetError(code))
    assert message.endswith(".")
    assert cure.endswith(".")
    # A window does not send anybody to a terminal for what it has a button for.
    assert not re.search(r"`|\bmeshnet [a-z]", message + cure)


def test_the_daemons_own_words_stand_where_they_say_more_than_the_code() -> None:
    error = MeshnetError(Code.NAME_TAKEN, "Another device is called nas.")
    assert reasons.explain(error)[0] == "Another device is called nas."


def test_in_another_language_they_stand_behind_the_translated_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    german = {"en": "de", "Another device of the mesh has that name.": "Der Name ist vergeben."}
    monkeypatch.setattr(reasons, "translate", lambda _, text, remark=None: german.get(text, text))
    error = MeshnetError(Code.NAME_TAKEN, "Another device is called nas.")
    assert reasons.explain(error)[0] == "Der Name ist vergeben. (Another device is called nas.)"
    assert reasons.explain(MeshnetError(Code.NAME_TAKEN))[0] == "Der Name ist vergeben."


def test_what_is_to_be_typed_stands_in_quotes_and_names_stay_in_their_line() -> None:
    error = MeshnetError(Code.NOT_SUPPORTED, "nas\u202e has its own name:\nrun `meshnet rename` there.")
    assert reasons.explain(error)[0] == "nas\ufffd has its own name: run “meshnet rename” there."


@pytest.mark.parametrize(("platform", "word"), [("linux", "systemctl"), ("darwin", "computer"), ("win32", "computer")])
def test_how_to_start_the_daemon_depends_on_the_system(
    platform: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert word in reasons.explain(MeshnetError(Code.DAEMON_UNREACHABLE))[1]
