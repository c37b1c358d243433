"""What others say of ways, and what it has the daemon do: nothing that was not theirs to say, and never without end."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from meshnet.core.identity import wireguard_public
from meshnet.core.plan import Way
from meshnet.core.probes import MAGIC, SIZE, Kind, Pair, Probe, tag_of
from meshnet.core.records import Offer, Signed, sign, text_of
from meshnet.daemon.known import TURNS_AT_ONCE
from meshnet.daemon.model import Model
from meshnet.daemon.paths import Paths
from meshnet.protocol.control import Meet
from support.daemons import PATIENCE, model_of
from support.meshes import seed
from support.situations import Household
from support.wire import FakeProbes, Wire

if sys.platform == "win32":
    pytest.skip("descriptors of sockets only can be waited for there", allow_module_level=True)

HERE, THERE, RELAY = "192.0.2.10:21000", "81.2.69.160:51820", "46.101.10.20:20000"


class Watched(FakeProbes):
    """The laptop's socket; all that it sends is seen, in the order in which it is sent."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.wire, HERE)
        self._scene = scene

    def send(self, endpoint: str, payload: bytes) -> bool:
        """Carry it."""
        probe = self._scene.pair.decode(payload)
        if probe is not None:
            self._scene.heard.append((endpoint, probe))
        self._scene.moved.set()
        return super().send(endpoint, payload)


class Scene:
    """A laptop's paths, and an attacker with the nas's keys who sees and sends what it likes."""

    def __init__(self, directory: Path) -> None:
        home = self.home = Household()
        self.wire = Wire()
        self.model: Model = model_of(directory, home)
        self.model.joined.coordinator_addresses = ["46.101.10.20"]
        self.model.connected = True
        self.paths = Paths(self.model, self._open, self._post, self._apply, self._observe)
        own = wireguard_public(self.model.state.wireguard_key)
        peer_secret = seed("wireguard nas")
        self.pair = Pair(peer_secret, wireguard_public(peer_secret), own)
        self.applied = self.offers = 0
        self.relay: str | None = None
        self.heard: list[tuple[str, Probe]] = []
        """What the laptop sent: where to, and what."""
        self.moved = asyncio.Event()

    def _open(self, _port: int, _magic: bytes) -> FakeProbes:
        self.wire.ends[HERE] = probes = Watched(self)
        return probes

    async def _post(self, _offer: Signed) -> str | None:
        self.offers += 1
        self.moved.set()
        return self.relay

    async def _observe(self) -> None:
        pass

    async def _apply(self) -> None:
        self.applied += 1
        self.moved.set()

    def say(self, source: str, probe: Probe) -> None:
        """A probe of the peer arrives from there."""
        self.wire.ends[HERE].take(source, self.pair.encode(probe))

    def offer(self, *candidates: str, relay: str | None = None, seq: int = 1) -> Meet:
        body = Offer(
            mesh=self.model.mesh.mesh_id,
            device=self.home.nas.id,
            peer=self.model.me,
            seq=seq,
            candidates=candidates,
        )
        return Meet(sign(text_of(body), self.home.nas.key), relay)

    def asked(self, endpoint: str) -> list[Probe]:
        return [probe for to, probe in self.heard if to == endpoint and probe.kind is Kind.ASK]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self.moved.clear()
                await self.moved.wait()

    async def answer(self, endpoint: str) -> None:
        """The peer is there: what is asked there is answered."""
        await self.until(lambda: bool(self.asked(endpoint)))
        self.say(endpoint, Probe(Kind.ANSWER, self.asked(endpoint)[-1].nonce, b"c" * 12))

    async def meet(self, endpoint: str = THERE) -> None:
        """A way of the pair, chosen by whoever is to choose."""
        self.paths.met(self.offer(endpoint))
        await self.answer(endpoint)
        if not self.chooses:
            await self.choose(endpoint)
        await self.until(lambda: self.way is not None and self.applied > 0)

    @property
    def chooses(self) -> bool:
        own = wireguard_public(self.model.state.wireguard_key)
        return own < self.model.mesh.devices[self.home.nas.id].wireguard

    async def choose(self, endpoint: str) -> None:
        self.say(endpoint, Probe(Kind.ASK, b"for a cookie"))
        await self.until(lambda: any(to == endpoint and said.kind is Kind.ANSWER for to, said in self.heard))
        cookie = next(said.cookie for to, said in self.heard if to == endpoint and said.kind is Kind.ANSWER)
        self.say(endpoint, Probe(Kind.CHOOSE, b"and a choice", cookie))

    @property
    def way(self) -> Way | None:
        return (self.paths.ways or {}).get(self.home.nas.id)


@contextlib.asynccontextmanager
async def scene_in(directory: Path) -> AsyncIterator[Scene]:
    scene = Scene(directory)
    scene.paths.sync(scene.home.nas.id)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(scene.paths.run())
        try:
            yield scene
        finally:
            running.cancel()
            scene.paths.close()


def play(directory: Path, scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        async with scene_in(directory) as scene:
            await scenario(scene)

    asyncio.run(run())


@pytest.mark.parametrize("relay", ["garbage", "", "127.0.0.1:20000", "192.168.1.1:53", "46.101.10.20:1", "[::1]:2"])
def test_what_is_no_relay_of_the_coordinator_is_neither_asked_nor_kept(tmp_path: Path, relay: str) -> None:
    async def scenario(scene: Scene) -> None:
        scene.model.joined.coordinator_port = 1
        await scene.meet()
        scene.paths.met(scene.offer(THERE, relay=relay, seq=2))
        scene.paths.met(scene.offer(THERE, relay=RELAY, seq=3))
        await scene.until(lambda: bool(scene.asked(RELAY)))
        assert not any(to == relay for _, to in scene.wire.carried)
        assert scene.way == Way(THERE, (RELAY,))

    play(tmp_path, scenario)


def test_a_relay_in_the_answer_to_an_offer_is_looked_at_as_well(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        scene.relay = "192.168.1.1:53"
        scene.model.online = {scene.home.nas.id}
        scene.paths.came(scene.home.nas.id)
        await scene.until(lambda: scene.offers > 0)
        await scene.meet()
        assert not any(to == scene.relay for _, to in scene.wire.carried)

    play(tmp_path, scenario)


def test_a_peer_that_flees_from_port_to_port_has_the_system_changed_now_and_then(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.meet()
        for port in range(1024, 1064):
            scene.say(f"81.2.69.160:{port}", Probe(Kind.ASK, port.to_bytes(12, "big")))
            await scene.answer(f"81.2.69.160:{port}")
        await scene.until(lambda: scene.applied > 2)
        assert scene.applied <= TURNS_AT_ONCE + PATIENCE

    play(tmp_path, scenario)


def test_garbage_with_our_magic_gets_no_answer_and_moves_nothing(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.meet()
        before, said, turned = scene.way, len(scene.heard), scene.applied
        good = scene.pair.encode(Probe(Kind.ASK, b"not yet said"))
        for datagram in (
            b"",
            MAGIC,
            MAGIC + bytes(60),
            bytes(SIZE),
            good[:-1],
            good + b"x",
            good[:-1] + b"\0",
            good * 8,
        ):
            scene.wire.ends[HERE].take("203.0.113.9:9", datagram)
            scene.wire.ends[HERE].take("203.0.113.9:9", MAGIC + bytes(4) + tag_of(good) + bytes(48))
        # What is authentic is answered, behind all of that.
        scene.wire.ends[HERE].take(THERE, good)
        await scene.until(lambda: (THERE, b"not yet said") in [(to, one.nonce) for to, one in scene.heard[said:]])
        assert not any(to == "203.0.113.9:9" for _, to in scene.wire.carried)
        assert (scene.way, scene.applied) == (before, turned)

    play(tmp_path, scenario)


def test_what_was_recorded_chooses_nothing_from_elsewhere_and_adds_no_way(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.meet()
        nonces = [probe.nonce for probe in scene.asked(THERE)]
        before, turned = scene.way, scene.applied
        for number in range(1, 100):
            victim = f"203.0.113.{number}:9"
            for kind in Kind:
                scene.say(victim, Probe(kind, nonces[0], b"c" * 12))
        scene.say(THERE, Probe(Kind.ASK, b"the last one"))
        await scene.until(lambda: (THERE, b"the last one") in [(to, one.nonce) for to, one in scene.heard])
        assert (scene.way, scene.applied) == (before, turned)
        assert not any(to.startswith("203.") and one.kind in (Kind.CHOOSE, Kind.CHOSEN) for to, one in scene.heard)

    play(tmp_path, scenario)
