from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import msgspec
import pytest

from meshnet.coordinator.beacons import Beacons, pauses
from meshnet.coordinator.changes import Hub, Stream
from meshnet.coordinator.roster import Roster
from meshnet.coordinator.store import Member
from meshnet.protocol.control import Change, Seen
from meshnet_platform.api import PlatformError
from meshnet_platform.fake import FakeBeacon
from support.meshes import seed

KEYS = (seed("beacon 1"), seed("beacon 2"))


class Counting(FakeBeacon):
    """Notes how many devices each call names."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, int]] = []

    def admit(self, public_keys: Iterable[str]) -> None:
        keys = set(public_keys)
        self.calls.append(("admit", len(keys)))
        super().admit(keys)

    def dismiss(self, public_keys: Iterable[str]) -> None:
        keys = set(public_keys)
        self.calls.append(("dismiss", len(keys)))
        super().dismiss(keys)

    def see_all(self, seen: dict[str, str]) -> None:
        self._seen = (seen, {})


class Scene:
    def __init__(self) -> None:
        self.beacon, self.roster, self.hub = Counting(), Roster(), Hub()
        self.beacons = Beacons(self.beacon, KEYS, (1, 2), self.roster, self.hub, lambda: 0.0)
        self.moved: list[str] = []
        self.beacons.on_moved = self.moved.append

    def connect(self, device: str, mesh: str = "home") -> Stream:
        stream = Stream(Member(device, "", mesh), lambda: None)
        self.hub.join(stream)
        stream.take(0)
        return stream


def sightings_in(stream: Stream) -> list[Change]:
    changes = [msgspec.json.decode(line, type=Change) for line in stream.take(0)[1]]
    return [change for change in changes if isinstance(change, Seen)]


def play(scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        scene = Scene()
        await scenario(scene)
        await scene.beacons.stop()

    asyncio.run(run())


def test_it_looks_often_while_somebody_is_about_and_never_without_a_pause() -> None:
    assert pauses(0.0, lively=True) == (0.1, 1.0)
    assert pauses(0.0, lively=False) == (0.1, 5.0)
    assert pauses(1.0, lively=True) == (4.0, 4.0)
    assert pauses(2.0, lively=False) == (8.0, 8.0)


def test_of_ten_thousand_devices_only_what_changes_is_told() -> None:
    async def scenario(scene: Scene) -> None:
        seen = {f"key {number}": f"192.0.2.1:{number + 1}" for number in range(10_000)}
        for number, key in enumerate(seen):
            scene.roster.put("home", f"device {number}", key)
        scene.beacon.see_all(seen)
        await scene.beacons.start()
        await scene.beacons.look()
        assert scene.beacon.calls == [("admit", 10_000)]
        assert len(scene.moved) == 10_000
        scene.moved.clear()
        await scene.beacons.look()
        assert scene.moved == []
        stream, other = scene.connect("device 7"), scene.connect("device 8")
        scene.beacon.see_all({**seen, "key 7": "192.0.2.2:1"})
        scene.roster.remove("device 9")
        await scene.beacons.look()
        assert scene.moved == ["device 7"]
        assert scene.beacon.calls == [("admit", 10_000), ("dismiss", 1)]
        assert sightings_in(stream) == [Seen(("192.0.2.2:1", ""))]
        assert sightings_in(other) == []
        assert scene.beacons.seen("device 9") == ()

    play(scenario)


def test_only_the_newest_sighting_waits_for_a_device_that_does_not_read() -> None:
    async def scenario(scene: Scene) -> None:
        scene.roster.put("home", "a", "key")
        await scene.beacons.start()
        stream = scene.connect("a")
        for port in (1, 2, 3):
            scene.beacon.see("key", f"192.0.2.1:{port}", "")
            await scene.beacons.look()
        assert sightings_in(stream) == [Seen(("192.0.2.1:3", ""))]

    play(scenario)


def test_a_key_that_goes_from_one_device_to_another_brings_its_sighting_along() -> None:
    async def scenario(scene: Scene) -> None:
        scene.roster.put("home", "a", "key")
        scene.beacon.see("key", "192.0.2.1:1", "192.0.2.1:1")
        await scene.beacons.start()
        await scene.beacons.look()
        scene.roster.remove("a")
        scene.roster.put("home", "b", "key")
        await scene.beacons.look()
        assert scene.beacons.seen("a") == ()
        assert scene.beacons.seen("b") == ("192.0.2.1:1", "192.0.2.1:1")
        assert scene.beacon.admitted == {"key"}

    play(scenario)


def test_an_endpoint_that_means_nothing_elsewhere_is_not_told() -> None:
    async def scenario(scene: Scene) -> None:
        scene.roster.put("home", "a", "key")
        scene.beacon.see("key", "[fe80::1%eth0]:1", "192.0.2.1:1")
        await scene.beacons.start()
        await scene.beacons.look()
        assert scene.beacons.seen("a") == ("", "192.0.2.1:1")

    play(scenario)


def test_after_a_failure_all_are_admitted_again_and_what_nobody_sees_is_told_so() -> None:
    async def scenario(scene: Scene) -> None:
        scene.roster.put("home", "a", "key")
        scene.beacon.see("key", "192.0.2.1:1", "")
        await scene.beacons.start()
        await scene.beacons.look()
        scene.beacon.failure = PlatformError("gone")
        scene.roster.put("home", "b", "other key")
        with pytest.raises(PlatformError):
            await scene.beacons.look()
        scene.beacon.failure = None
        scene.beacon.see("key", "", "")
        await scene.beacons.look()
        assert scene.beacon.admitted == {"key", "other key"}
        assert scene.beacons.seen("a") == ()
        assert scene.moved == ["a", "a"]

    play(scenario)


def test_without_a_beacon_nothing_runs() -> None:
    async def run() -> None:
        beacons = Beacons(None, (), (), Roster(), Hub(), lambda: 0.0)
        await beacons.start()
        await beacons.run()
        await beacons.stop()
        assert beacons.named == ()

    asyncio.run(run())
