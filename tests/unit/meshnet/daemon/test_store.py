from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meshnet.core.grants import Choice
from meshnet.core.settings import Settings
from meshnet.daemon.store import Joined, MeshMap, State, Store, new_state
from meshnet.errors import Code, MeshnetError
from support.meshes import COORDINATOR, FakeDevice, FakeMesh, key, seed

RECORDS = list(FakeMesh().found(FakeDevice("laptop"), "100.64.0.1"))


def full_state() -> State:
    joined = Joined(key("mesh").public, "mesh.example", 443, COORDINATOR.public, "Ноутбук", 1000, ["81.2.69.160"])
    return State(
        seed("device"),
        seed("wireguard"),
        21000,
        settings=Settings(own_devices=("routing", "lan"), dns="9.9.9.9"),
        choices={"a" * 26: Choice(routing=True)},
        joined=joined,
        route="a" * 26,
        outbox=RECORDS[2:],
    )


def state_file(directory: Path) -> Path:
    return directory / "state.json"


def test_a_new_device_has_fresh_keys_and_keeps_them(tmp_path: Path) -> None:
    first = Store(tmp_path).load_state()
    assert Store(tmp_path).load_state() == first
    assert first.device_seed != new_state().device_seed
    assert first.joined is None
    assert 20000 <= first.listen_port < 32000


def test_state_and_map_read_back_as_they_were_written(tmp_path: Path) -> None:
    store, state, mesh_map = Store(tmp_path), full_state(), MeshMap(7, RECORDS)
    store.save_state(state)
    store.save_map(mesh_map)
    assert Store(tmp_path).load_state() == state
    assert Store(tmp_path).load_map() == mesh_map
    store.forget_map()
    assert Store(tmp_path).load_map() == MeshMap()
    store.forget_map()


def test_only_root_may_read_the_keys(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Store(tmp_path).save_state(full_state())
        Store(tmp_path).save_map(MeshMap(7, RECORDS))
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_file_cut_off_at_any_byte_is_damaged_and_left_as_it_is(tmp_path: Path) -> None:
    Store(tmp_path).save_state(full_state())
    whole = state_file(tmp_path).read_bytes()
    for length in range(len(whole)):
        state_file(tmp_path).write_bytes(whole[:length])
        with pytest.raises(MeshnetError, match="is damaged") as refused:
            Store(tmp_path).load_state()
        assert refused.value.code is Code.SYSTEM_ERROR
        assert str(state_file(tmp_path)) in refused.value.message
        assert state_file(tmp_path).read_bytes() == whole[:length]


def test_a_map_cut_off_at_any_byte_is_damaged_and_left_as_it_is(tmp_path: Path) -> None:
    Store(tmp_path).save_map(MeshMap(7, RECORDS[:1]))
    path = tmp_path / "map.json"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(MeshnetError, match="is damaged"):
            Store(tmp_path).load_map()
        assert path.read_bytes() == whole[:length]


def _edited(**changes: Any) -> bytes:
    return json.dumps(json.loads(msgspec.json.encode(full_state())) | changes).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 4096,
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        _edited(v="one"),
        _edited(device_seed="c2hvcnQ="),
        _edited(wireguard_key=""),
        _edited(listen_port=0),
        _edited(listen_port=70_000),
        _edited(joined={"mesh_key": "x"}),
        _edited(
            joined={
                "mesh_key": "no key",
                "coordinator_host": "h",
                "coordinator_port": 1,
                "coordinator_key": COORDINATOR.public,
                "name": "n",
                "owner": 0,
            }
        ),
    ],
)
def test_a_file_with_junk_in_it_is_damaged_and_left_as_it_is(tmp_path: Path, data: bytes) -> None:
    state_file(tmp_path).write_bytes(data)
    with pytest.raises(MeshnetError, match="is damaged"):
        Store(tmp_path).load_state()
    assert state_file(tmp_path).read_bytes() == data


def test_no_secret_is_in_the_words_about_a_damaged_file(tmp_path: Path) -> None:
    secret = json.loads(_edited())["device_seed"]
    state_file(tmp_path).write_bytes(_edited(device_seed=secret[:-8]))
    with pytest.raises(MeshnetError) as refused:
        Store(tmp_path).load_state()
    assert secret[:20] not in refused.value.message


def test_a_file_of_a_newer_meshnet_is_left_alone(tmp_path: Path) -> None:
    state_file(tmp_path).write_bytes(b'{"v": 2, "device_seed": {"kept": "elsewhere"}}')
    with pytest.raises(MeshnetError, match="newer Meshnet") as refused:
        Store(tmp_path).load_state()
    assert refused.value.code is Code.VERSION_MISMATCH
    assert b"elsewhere" in state_file(tmp_path).read_bytes()


def test_a_file_that_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    state_file(tmp_path).mkdir()
    with pytest.raises(MeshnetError, match="cannot be read") as refused:
        Store(tmp_path).load_state()
    assert refused.value.code is Code.SYSTEM_ERROR


def test_a_power_cut_while_writing_leaves_the_state_of_before(tmp_path: Path) -> None:
    store, state = Store(tmp_path), full_state()
    store.save_state(state)
    (tmp_path / ".state.json.q1w2e3").write_bytes(b'{"device_seed": "AA')
    assert Store(tmp_path).load_state() == state


def test_a_full_disk_leaves_the_state_of_before_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, state = Store(tmp_path), full_state()
    store.save_state(state)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(MeshnetError, match="cannot be written: No space left") as refused:
        store.save_state(new_state())
    assert refused.value.code is Code.SYSTEM_ERROR
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert Store(tmp_path).load_state() == state


def test_what_a_power_cut_left_half_written_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".state.json.x1y2").write_bytes(b"half of a secret")
    Store(tmp_path).load_state()
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    state = store.load_state()

    def no_room(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(MeshnetError, match="No space left"):
        store.save_state(state)
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("name", ["state.json", "map.json"])
def test_what_a_power_cut_fills_with_zeros_is_damaged_and_the_words_say_what_to_do(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path)
    store.save_state(full_state())
    store.save_map(MeshMap(7, RECORDS))
    path = tmp_path / name
    whole = path.read_bytes()
    for spoilt in (b"\0" * len(whole), whole + b"\0", whole + b"\0" * 4096, whole[: len(whole) // 2] + b"\0" * 100):
        path.write_bytes(spoilt)
        with pytest.raises(MeshnetError, match="good copy in its place") as refused:
            store.load_map() if name == "map.json" else store.load_state()
        assert "\0" not in refused.value.message
        assert path.read_bytes() == spoilt


def test_a_power_cut_at_any_byte_of_a_write_leaves_the_state_of_before_or_the_new_one(tmp_path: Path) -> None:
    """The new file is whole before it has the name; a cut before that leaves a part of it, or zeros, beside the old."""
    old, new = full_state(), new_state()
    Store(tmp_path).save_state(old)
    written = msgspec.json.encode(new)
    half = tmp_path / ".state.json.a1b2c3"
    for part in [written[:length] for length in range(len(written) + 1)] + [b"\0" * len(written)]:
        half.write_bytes(part)
        assert Store(tmp_path).load_state() == old
        assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    half.write_bytes(written)
    half.replace(state_file(tmp_path))
    assert Store(tmp_path).load_state() == new


def test_the_directory_is_synced_after_the_name_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without that a power cut may bring the old name back after the person was told that it is kept."""
    synced: list[tuple[bool, bool]] = []

    def sync(handle: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(handle).st_mode), state_file(tmp_path).exists()))

    monkeypatch.setattr(os, "fsync", sync)
    Store(tmp_path).save_state(full_state())
    assert synced == ([(False, False), (True, True)] if os.name == "posix" else [(False, False)])
