from __future__ import annotations

from pathlib import Path

import pytest

from meshnet.coordinator.files import StateDirectory
from meshnet.coordinator.lasting import NAME, Kept, LastingPorts
from meshnet.errors import Code, MeshnetError

PAIRS = [
    Kept(20000, ("a", "b"), "203.0.113.80", ("192.0.2.1", "192.0.2.2")),
    Kept(20004, ("a", "c"), "2001:db8::80"),
]


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    file = LastingPorts(StateDirectory(tmp_path))
    assert file.load() == []
    file.save(PAIRS)
    assert LastingPorts(StateDirectory(tmp_path)).load() == PAIRS
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    file.save([])
    assert file.load() == []


@pytest.mark.parametrize("text", ["", "{", '{"v":1,"pairs":[{"port":"x"}]}', '{"v":2,"pairs":[]}', "\xff"])
def test_a_file_that_is_damaged_or_newer_is_refused_in_words_and_left(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text, encoding="latin-1")
    with pytest.raises(MeshnetError, match=NAME) as refused:
        LastingPorts(StateDirectory(tmp_path)).load()
    assert refused.value.code is Code.SYSTEM_ERROR
    assert (tmp_path / NAME).read_text(encoding="latin-1") == text


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(MeshnetError, match="cannot be written"):
        LastingPorts(StateDirectory(tmp_path)).save(PAIRS)


def test_without_a_directory_nothing_is_remembered() -> None:
    file = LastingPorts()
    file.save(PAIRS)
    assert file.load() == []
