"""A disk with no room: what closes is in force at once, what opens is refused, and nothing old is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from unit.meshnet.daemon.test_service import Home, play, until

from meshnet.core.settings import changed
from meshnet.daemon import store as store_module
from meshnet.daemon.model import Model
from meshnet.daemon.store import Joined, Store, new_state
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from support.daemons import model_of
from support.meshes import COORDINATOR, NOW, seed
from support.routes import HERE, Bench, hurry
from support.situations import Household


class Disk:
    """The disk under all state files."""

    def __init__(self) -> None:
        self.is_full = False
        self._write = store_module._write

    def write(self, path: Path, data: bytes) -> None:
        if self.is_full:
            raise MeshnetError(Code.SYSTEM_ERROR, f"{path} cannot be written: No space left on device.")
        self._write(path, data)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(store_module, "_write", disk.write)
    return disk


@pytest.fixture
def home() -> Household:
    return Household()


@pytest.fixture
def model(tmp_path: Path, home: Household, disk: Disk) -> Model:
    """A laptop that permits the nas to route, and then has no room left."""
    model = model_of(tmp_path, home)
    model.choose(home.nas.id, ("routing",), True)
    disk.is_full = True
    return model


def after_restart(tmp_path: Path) -> Model:
    return Model(Store(tmp_path), "fake", clock=lambda: NOW)


def test_a_permission_that_cannot_be_kept_is_refused_and_not_in_force(model: Model, home: Household) -> None:
    with pytest.raises(MeshnetError, match="No space left"):
        model.choose(home.phone.id, ("routing", "lan"), True)
    assert not model.permitted(home.phone.id).routing
    assert model.permitted(home.nas.id).routing


def test_a_permission_taken_away_is_away_and_the_person_is_told_what_is_not_kept(
    model: Model, home: Household, tmp_path: Path, disk: Disk
) -> None:
    told = model.choose(home.nas.id, ("routing",), False)
    assert told is not None
    assert "in force now" in told.message
    assert "No space left" in told.message
    assert not model.permitted(home.nas.id).routing
    assert after_restart(tmp_path).permitted(home.nas.id).routing, "as the person was told"
    disk.is_full = False
    model.catch_up()
    assert not after_restart(tmp_path).permitted(home.nas.id).routing


@pytest.mark.parametrize(
    ("before", "key", "value"),
    [
        ("off", "kill-switch", "on"),
        ("on", "kill-switch", "always"),
        ("routing,lan", "own-devices", "routing"),
        ("routing", "own-devices", "none"),
        ("on", "local-network", "off"),
    ],
)
def test_a_setting_that_only_closes_is_in_force(tmp_path: Path, disk: Disk, before: str, key: str, value: str) -> None:
    model = model_of(tmp_path, Household())
    model.choose_settings(changed(model.state.settings, key, before))
    disk.is_full = True
    wanted = changed(model.state.settings, key, value)
    assert model.choose_settings(wanted) is not None
    assert model.state.settings == wanted


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kill-switch", "off"),
        ("own-devices", "routing"),
        ("local-network", "on"),
        ("dns", "system"),
        ("endpoint", "5.6.7.8"),
    ],
)
def test_a_setting_that_opens_something_is_refused(model: Model, key: str, value: str) -> None:
    before = model.state.settings
    with pytest.raises(MeshnetError, match="No space left"):
        model.choose_settings(changed(before, key, value))
    assert model.state.settings == before


def test_a_name_that_cannot_be_kept_is_refused(model: Model) -> None:
    before = model.joined.name
    with pytest.raises(MeshnetError, match="No space left"):
        model.call_myself("another")
    assert model.joined.name == before


def test_what_the_daemon_notes_for_itself_stops_nothing_and_is_kept_later(
    model: Model, home: Household, tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        model.see_address(f"81.2.69.{number}")
    assert model.announce()
    model.keep_map()
    assert caplog.text.count("No space left") == 2, "once for the state, once for the records"
    disk.is_full = False
    model.catch_up()
    assert after_restart(tmp_path).state.seen_addresses[0] == "81.2.69.2"
    assert after_restart(tmp_path).mesh.grants[home.laptop.id, home.nas.id].routing


def test_a_device_that_cannot_keep_it_does_not_join(tmp_path: Path, home: Household, disk: Disk) -> None:
    store = Store(tmp_path)
    store.save_state(new_state())
    model = Model(store, "fake")
    key = home.mesh.key.public
    joined = Joined(key, "127.0.0.1", 1, COORDINATOR.public, "laptop", owner=0)
    fails_at = iter((False, True))

    def second_file_fails(path: Path, data: bytes) -> None:
        disk.is_full = next(fails_at)
        disk.write(path, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "_write", second_file_fails)
        with pytest.raises(MeshnetError, match="No space left"):
            model.join(joined, home.ledger.records())
    assert model.ledger is None
    assert model.state.joined is None
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_leaving_needs_no_room(model: Model, tmp_path: Path, disk: Disk) -> None:
    model.leave()
    assert model.state.joined is None
    assert model.state.device_seed != seed("device laptop")
    disk.is_full = False
    model.catch_up()
    assert after_restart(tmp_path).state.joined is None


def test_the_system_follows_a_denial_at_once_and_a_grant_not_at_all(tmp_path: Path, disk: Disk) -> None:
    async def scenario(home: Home) -> None:
        await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
        assert home.nas_system.plan.hosting is not None
        disk.is_full = True
        with pytest.raises(MeshnetError, match="in force now"):
            await home.nas.ask(local.Deny("laptop", ("routing",)), local.Status)
        assert home.nas_system.plan.hosting is None
        await until(home, "laptop", lambda _, devices: not devices["nas"].granted.routing)
        with pytest.raises(MeshnetError, match="No space left"):
            await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
        assert home.nas_system.plan.hosting is None
        disk.is_full = False

    play(tmp_path, scenario)


def test_a_route_that_cannot_be_kept_is_refused_and_leaves_everything_as_it_was(tmp_path: Path, disk: Disk) -> None:
    async def scenario(home: Home) -> None:
        await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
        await until(home, "laptop", lambda _, devices: devices["nas"].granted.routing)
        disk.is_full = True
        with pytest.raises(MeshnetError, match="No space left"):
            await home.laptop.ask(local.StartRoute("nas"), local.Status)
        assert (await home.laptop.status()).state == "idle"
        assert home.laptop_system.plan.route is None
        disk.is_full = False

    play(tmp_path, scenario)


def test_the_end_of_a_route_that_was_not_kept_is_told_once(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)

    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        disk.is_full = True
        told = await bench.routing.stop()
        assert told is not None
        assert "in force now" in told.message
        disk.is_full = False
        bench.model.catch_up()
        assert await bench.routing.stop() is None

    asyncio.run(scenario(Bench(tmp_path)))
