from __future__ import annotations

import stat
from pathlib import Path

import pytest

from meshnet import keys
from meshnet.core.identity import SigningKey, encode
from meshnet.errors import Code, MeshnetError
from support.keyrings import FakeKeyring, keyring_for
from support.meshes import seed

SEED = seed("mesh")
MESH = SigningKey(SEED).id


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeKeyring:
    return keyring_for(monkeypatch, tmp_path, is_there=True)


@pytest.fixture
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keyring_for(monkeypatch, tmp_path, is_there=False)


def file_of(home: Path) -> Path:
    return next(home.rglob("*.key"))


def test_a_key_is_kept_in_the_keyring_where_there_is_one(ring: FakeKeyring, tmp_path: Path) -> None:
    assert keys.store(SEED) is None
    assert ring.kept == {("meshnet", MESH): encode(SEED)}
    found = keys.load(MESH)
    assert found is not None
    assert found.id == MESH
    assert list(tmp_path.rglob("*.key")) == []
    keys.forget(MESH)
    keys.forget(MESH)
    assert keys.load(MESH) is None


def test_a_keyring_that_does_not_keep_is_not_trusted(ring: FakeKeyring) -> None:
    ring.is_forgetful = True
    assert keys.store(SEED) is not None
    assert keys.load(MESH) is not None


@pytest.mark.usefixtures("_nowhere")
def test_without_a_keyring_a_file_that_only_the_person_reads_keeps_it_and_that_is_said(tmp_path: Path) -> None:
    path = keys.store(SEED)
    assert path is not None
    assert path == file_of(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    found = keys.load(MESH)
    assert found is not None
    assert found.id == MESH
    keys.forget(MESH)
    assert not path.exists()


@pytest.mark.usefixtures("_nowhere")
@pytest.mark.parametrize("text", ["", "junk", encode(seed("another mesh"))])
def test_a_file_that_holds_no_key_of_this_mesh_is_no_key(tmp_path: Path, text: str) -> None:
    keys.store(SEED)
    file_of(tmp_path).write_text(text)
    assert keys.load(MESH) is None


@pytest.mark.usefixtures("_nowhere")
@pytest.mark.parametrize("mesh", ["", "../../etc/shadow", "A" * 26, "a" * 26])
def test_a_mesh_that_this_person_does_not_hold_has_no_key(mesh: str) -> None:
    assert keys.load(mesh) is None


def test_every_new_key_is_another() -> None:
    assert len({keys.new_seed() for _ in range(3)}) == 3


@pytest.mark.parametrize(
    ("code", "is_needless"),
    [
        (Code.CREATE_NOT_ALLOWED, True),
        (Code.SYSTEM_ERROR, True),
        (Code.TIMEOUT, False),
        (Code.DAEMON_UNREACHABLE, False),
        (Code.VERSION_MISMATCH, False),
    ],
)
def test_a_key_is_needless_where_the_mesh_was_refused_and_not_where_nobody_knows(code: Code, is_needless: bool) -> None:
    assert keys.is_needless_after(MeshnetError(code)) is is_needless
