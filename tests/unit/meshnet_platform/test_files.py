from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from meshnet_platform import files

if sys.platform == "win32":
    pytest.skip("files of Linux, with modes and directories that are synced", allow_module_level=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kept.json"
    files.write_whole(path, b"old")
    return path


def test_what_is_written_replaces_the_old_and_only_its_owner_reads_it(file: Path) -> None:
    files.write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    files.write_whole(file, b"for all", 0o644)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("failing", ["fsync", "open", "chmod"])
def test_a_full_disk_leaves_the_old_one_and_nothing_beside_it(
    file: Path, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, full)
        with pytest.raises(OSError, match="No space left"):
            files.write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


def test_what_a_power_cut_left_half_written_is_written_over_or_removed(file: Path) -> None:
    files.beside(file).write_bytes(b"ne")
    files.write_whole(file, b"new")
    assert list(file.parent.iterdir()) == [file]
    files.beside(file).write_bytes(b"ne")
    files.remove(file)
    assert list(file.parent.iterdir()) == []
    files.remove(file)


def test_what_cannot_be_read_is_empty_and_all_bytes_can(file: Path) -> None:
    file.write_bytes(bytes(range(256)))
    assert files.text_of(file).encode("latin-1") == bytes(range(256))
    assert files.text_of(file.parent) == ""
    assert files.text_of(file / "below") == ""
