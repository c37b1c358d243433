from __future__ import annotations

import os
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.linux.journal import Journal, ProcessIdentity, ResolvFile


def filled(state: Path) -> None:
    journal = Journal(state, "boot 1")
    journal.entries.interface = "mesh7"
    journal.entries.sysctls["net/ipv4/ip_forward"] = "0"
    journal.entries.process = ProcessIdentity(7, 1.5)
    journal.entries.resolv = ResolvFile("nameserver 192.0.2.1\n")
    journal.write()


def test_a_later_process_finds_what_was_written(tmp_path: Path) -> None:
    filled(tmp_path)
    entries = Journal(tmp_path, "boot 1").entries
    assert (entries.interface, entries.process) == ("mesh7", ProcessIdentity(7, 1.5))
    assert entries.sysctls == {"net/ipv4/ip_forward": "0"}


def test_a_start_of_the_machine_forgets_what_the_kernel_forgot_and_keeps_what_is_on_disk(tmp_path: Path) -> None:
    filled(tmp_path)
    entries = Journal(tmp_path, "boot 2").entries
    assert (entries.sysctls, entries.process) == ({}, None)
    assert entries.resolv is not None


def test_a_damaged_journal_counts_as_none(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "system-journal.json").write_text('{"interface": ')
    assert Journal(tmp_path, "boot 1").entries.interface == "meshnet0"


def test_nothing_left_to_undo_is_no_file(tmp_path: Path) -> None:
    filled(tmp_path)
    journal = Journal(tmp_path, "boot 1")
    journal.forget()
    journal.forget()
    assert list(tmp_path.iterdir()) == []


def cut(state: Path) -> list[bytes]:
    """What a power cut may make of the journal: cut off anywhere, zeros, zeros behind it."""
    whole = (state / "system-journal.json").read_bytes()
    return [whole[:length] for length in range(len(whole))] + [b"\0" * len(whole), whole + b"\0" * 9]


def test_a_journal_that_a_power_cut_spoilt_is_told_and_set_aside_not_written_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    filled(tmp_path)
    file = tmp_path / "system-journal.json"
    for spoilt in cut(tmp_path):
        file.write_bytes(spoilt)
        caplog.clear()
        journal = Journal(tmp_path, "boot 1")
        assert "cannot be used" in caplog.text
        assert file.read_bytes() == spoilt
        journal.write()
        assert (tmp_path / "system-journal.damaged").read_bytes() == spoilt
        assert Journal(tmp_path, "boot 1").entries == journal.entries


def test_a_journal_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "system-journal.json"
    file.write_bytes(b'{"v": 2, "sysctls": "told otherwise"}')
    with pytest.raises(PlatformError, match="newer Meshnet") as refused:
        Journal(tmp_path, "boot 1")
    assert "revert" in refused.value.cure
    assert b"told otherwise" in file.read_bytes()


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)


def test_on_a_full_disk_nothing_is_changed_that_could_not_be_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path)
    full_disk(monkeypatch)
    with pytest.raises(PlatformError, match="No space left") as refused:
        Journal(tmp_path, "boot 1").write()
    assert refused.value.cure
    assert Journal(tmp_path, "boot 1").entries.interface == "mesh7"
    assert [path.name for path in tmp_path.iterdir()] == ["system-journal.json"]


def test_on_a_full_disk_undoing_goes_on_and_what_was_noted_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    filled(tmp_path)
    full_disk(monkeypatch)
    journal = Journal(tmp_path, "boot 1")
    journal.entries.sysctls.clear()
    journal.write_if_possible()
    assert "No space left" in caplog.text
    assert Journal(tmp_path, "boot 1").entries.sysctls
    journal.forget()
    assert list(tmp_path.iterdir()) == []
