from __future__ import annotations

import itertools
import os
import socket
import sys
from pathlib import Path

import pytest

from meshnet.daemon import access
from meshnet.daemon.access import Caller, active_seat, caller_of, may_talk, mesh_group

ROOT, DAEMON, OWNER, SEAT, OTHER, GROUP = 0, 900, 1000, 1001, 1002, 500


@pytest.mark.parametrize(
    ("uid", "in_group", "owned", "may"),
    [
        (ROOT, False, False, True),
        (ROOT, False, True, True),
        (DAEMON, False, False, True),
        (DAEMON, False, True, True),
        (OWNER, False, True, True),
        (OWNER, False, False, False),
        (SEAT, False, False, True),
        (SEAT, False, True, False),
        (SEAT, True, True, True),
        (OTHER, False, False, False),
        (OTHER, False, True, False),
        (OTHER, True, False, True),
        (OTHER, True, True, True),
    ],
)
def test_who_may_talk_before_and_after_there_is_an_owner(uid: int, in_group: bool, owned: bool, may: bool) -> None:
    caller = Caller(uid, frozenset({uid, GROUP} if in_group else {uid}))
    owner = OWNER if owned else None
    assert may_talk(caller, owner=owner, daemon=DAEMON, group=GROUP, seat=SEAT) is may


def test_where_there_is_no_group_nobody_is_in_it() -> None:
    for owner, seat in itertools.product((OWNER, None), (SEAT, None)):
        assert not may_talk(Caller(OTHER, frozenset({OTHER, GROUP})), owner=owner, daemon=DAEMON, group=None, seat=seat)


def test_a_root_owner_lets_nobody_else_in() -> None:
    assert not may_talk(Caller(SEAT), owner=ROOT, daemon=ROOT, group=None, seat=SEAT)


@pytest.mark.skipif(sys.platform != "linux", reason="SO_PEERCRED is Linux's")
def test_the_kernel_says_who_calls() -> None:
    if sys.platform != "linux":
        return
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        caller = caller_of(one)
    assert caller is not None
    assert caller.uid == os.geteuid()
    assert caller.groups >= {os.getegid(), *os.getgroups()}


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        ("IS_ACTIVE=1\nACTIVE=c2\nACTIVE_UID=1000\n", 1000),
        ("ACTIVE=\nACTIVE_UID=\n", None),
        ("ACTIVE_UID=-1\n", None),
        ("ACTIVE_UID=root", None),
        ("junk\n\n=\n", None),
        ("", None),
    ],
)
def test_who_sits_in_front_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, uid: int | None
) -> None:
    (tmp_path / "seat0").write_text(text)
    monkeypatch.setattr(access, "_SEAT", tmp_path / "seat0")
    assert active_seat() == uid


def test_nobody_sits_where_no_seat_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_SEAT", tmp_path / "none")
    assert active_seat() is None


def test_a_group_that_does_not_exist_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "GROUP", "no-such-group-here")
    assert mesh_group() is None
