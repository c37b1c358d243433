from __future__ import annotations

from pathlib import Path

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
