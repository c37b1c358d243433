from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from meshnet.coordinator.files import StateDirectory
from meshnet.errors import MeshnetError

if sys.platform == "win32":
    pytest.skip("modes and advisory locks of Unix", allow_module_level=True)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_is_for_its_user_alone(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "state")
    state.prepare()
    state.lock()
    state.identity()
    state.publish_address("a line")
    assert mode(state.path) == 0o700
    assert {mode(path) for path in state.path.iterdir()} == {0o600}
    state.unlock()


def test_a_directory_that_holds_other_things_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    tmp_path.chmod(0o755)
    StateDirectory(tmp_path).prepare()
    assert mode(tmp_path) == 0o755


def test_the_identity_stays_the_same_and_a_damaged_one_is_not_replaced(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    assert state.identity().id == state.identity().id
    (tmp_path / "identity.key").write_text("rubbish")
    with pytest.raises(MeshnetError, match="damaged"):
        state.identity()
    assert (tmp_path / "identity.key").read_text() == "rubbish"


def test_a_second_coordinator_is_kept_off(tmp_path: Path) -> None:
    first = StateDirectory(tmp_path)
    first.lock()
    with pytest.raises(MeshnetError, match="Another coordinator"):
        StateDirectory(tmp_path).lock()
    first.unlock()


def test_the_address_is_told_only_while_a_coordinator_has_the_directory(tmp_path: Path) -> None:
    serving, asking = StateDirectory(tmp_path), StateDirectory(tmp_path)
    assert asking.running_address() is None
    serving.lock()
    assert asking.running_address() is None
    serving.publish_address("a line")
    assert asking.running_address() == "a line"
    serving.unlock()
    assert asking.running_address() is None


def test_the_line_of_a_coordinator_that_was_killed_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    (tmp_path / "address").write_text("an old line")
    assert StateDirectory(tmp_path).running_address() is None
