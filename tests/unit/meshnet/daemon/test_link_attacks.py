"""What a coordinator can have a device do by what it tells it: little, however often it says it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from meshnet.core.records import sign
from meshnet.daemon import link as module
from meshnet.daemon.link import RENEWALS_AT_ONCE, SETTLES_AT_ONCE, Link
from meshnet.daemon.model import Model
from meshnet.errors import Code, MeshnetError
from meshnet.protocol.control import Beacon, Change, Record, Seen, Synced, Welcome
from support.daemons import PATIENCE, model_of
from support.situations import Household

KEYS = "A" * 42 + "E=", "B" * 42 + "E="


class Coordinator:
    """Stands in for the client of one: tells what it is given, and then nothing."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._changes = list(changes)
        self.told_all = asyncio.Event()

    async def login(self, key: object) -> None:
        """At once."""

    async def post(self, records: object) -> None:
        """At once."""

    async def changes(self, _since: int) -> AsyncIterator[Change]:
        for change in self._changes:
            yield change
            await asyncio.sleep(0)
        self.told_all.set()
        await asyncio.Event().wait()


class Scene:
    """A device's link, its coordinator, and how often the system was settled."""

    def __init__(self, directory: Path, changes: Iterable[Change]) -> None:
        self.home = Household()
        self.model: Model = model_of(directory, self.home)
        self.coordinator = Coordinator(changes)
        self.settled = 0
        self.turned = asyncio.Event()
        self.link = Link(self.model, None, self._settle)
        self.link.talk = self._talk  # type: ignore[assignment,method-assign]  # the one thing that needs a network

    async def _settle(self) -> None:
        self.settled += 1
        self.turned.set()

    @contextlib.asynccontextmanager
    async def _talk(self, _address: object) -> AsyncIterator[Coordinator]:
        yield self.coordinator

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self.turned.clear()
                await self.turned.wait()


def play(directory: Path, changes: Iterable[Change], check: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        scene = Scene(directory, changes)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(scene.link.run())
            async with asyncio.timeout(PATIENCE):
                await scene.coordinator.told_all.wait()
            await check(scene)
            running.cancel()

    asyncio.run(run())


def test_one_sighting_is_followed(tmp_path: Path) -> None:
    async def check(scene: Scene) -> None:
        await scene.until(lambda: scene.settled >= 2)
        assert scene.model.whereabouts.sights == ("81.2.69.10:1",) * 2

    play(tmp_path, [Welcome("81.2.69.10"), Synced(1), Seen(("81.2.69.10:1",) * 2)], check)


def test_sightings_that_change_all_the_time_change_the_system_now_and_then(tmp_path: Path) -> None:
    many = [Seen((f"81.2.69.10:{port}",) * 2) for port in range(1, 3000)]

    async def check(scene: Scene) -> None:
        assert scene.model.whereabouts.sights == ("81.2.69.10:2999",) * 2, "what it said last"
        await scene.until(lambda: scene.settled >= 2)
        assert scene.settled <= SETTLES_AT_ONCE + 1 + PATIENCE

    play(tmp_path, [Welcome("81.2.69.10"), Synced(1), *many], check)


def test_records_that_come_all_the_time_change_the_system_now_and_then(tmp_path: Path) -> None:
    home = Household()
    many = [Record(number, home.mesh.grants(home.nas, home.laptop, routing=bool(number % 2))) for number in range(300)]

    async def check(scene: Scene) -> None:
        assert scene.model.mesh.grants[(home.nas.id, home.laptop.id)].routing, "what it said last"
        await scene.until(lambda: scene.settled >= 2)
        assert scene.settled <= SETTLES_AT_ONCE + 1 + PATIENCE

    play(tmp_path, [Welcome("81.2.69.10"), Synced(1), *many], check)


def test_a_record_is_followed_though_the_coordinator_goes_away_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Household()
    last = Record(1, home.mesh.grants(home.nas, home.laptop, routing=True))

    async def gone(self: Coordinator, _since: int) -> AsyncIterator[Change]:
        for change in (Welcome("81.2.69.10"), Synced(0), last):
            yield change
        self.told_all.set()

    monkeypatch.setattr(Coordinator, "changes", gone)

    async def check(scene: Scene) -> None:
        await scene.until(lambda: scene.settled >= 2)
        assert scene.model.mesh.grants[(home.nas.id, home.laptop.id)].routing

    play(tmp_path, [], check)


def test_a_coordinator_introduces_itself_once_in_a_connection(tmp_path: Path) -> None:
    first, other = (Beacon(KEYS[0], 8443),), (Beacon(KEYS[1], 9999),)

    async def check(scene: Scene) -> None:
        assert scene.model.whereabouts.beacons == first
        assert scene.settled == 1

    again: list[Change] = [Welcome("81.2.69.11", other), Synced(1)]
    play(tmp_path, [Welcome("81.2.69.10", first), Synced(1), *again * 50], check)


def test_a_coordinator_that_hangs_up_at_once_is_called_less_and_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_FIRST", 0.001)
    monkeypatch.setattr(module, "RETRY_MOST", 0.2)
    called: list[float] = []

    async def hung_up(self: Coordinator, _since: int) -> AsyncIterator[Change]:
        called.append(asyncio.get_running_loop().time())
        if len(called) == 12:
            self.told_all.set()
        yield Welcome("81.2.69.10")

    monkeypatch.setattr(Coordinator, "changes", hung_up)

    async def check(_scene: Scene) -> None:
        # 0.001 s × 1.6, and so on for eleven pauses; eleven times the first would be 0.011 s.
        assert called[11] - called[0] > 0.3

    play(tmp_path, [], check)


def test_offers_that_never_get_through_end_few_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[float] = []

    async def stays(self: Coordinator, _since: int) -> AsyncIterator[Change]:
        called.append(asyncio.get_running_loop().time())
        yield Welcome("81.2.69.10")
        yield Synced(1)
        self.told_all.set()
        await asyncio.Event().wait()

    async def fails(_self: Coordinator, _offer: object) -> None:
        raise MeshnetError(Code.COORDINATOR_UNREACHABLE, "gone")

    monkeypatch.setattr(Coordinator, "changes", stays)
    monkeypatch.setattr(Coordinator, "meet", fails, raising=False)

    async def check(scene: Scene) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(called) < 2:
                await _offer(scene)
        for _ in range(200):
            await _offer(scene)
        assert len(called) <= RENEWALS_AT_ONCE + 2

    play(tmp_path, [], check)


async def _offer(scene: Scene) -> None:
    with contextlib.suppress(MeshnetError):
        await scene.link.meet(sign("{}", scene.model.key))
    await asyncio.sleep(0)
