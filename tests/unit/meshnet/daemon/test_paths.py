"""The daemon's end of paths: peers are met, the tunnel follows, and what is not a peer's word moves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from meshnet.core.plan import Way
from meshnet.core.records import STOCK, Signed, offer_of, sign
from meshnet.daemon import views
from meshnet.daemon.model import Model
from meshnet.daemon.paths import Paths
from meshnet.errors import Code, MeshnetError
from meshnet.protocol.control import Meet
from meshnet_platform.api import PeerSight
from support.coordinators import becomes
from support.daemons import PATIENCE, model_of
from support.meshes import NOW, FakeDevice, key
from support.situations import Household
from support.wire import FakeProbes, Wire

if sys.platform == "win32":
    pytest.skip("descriptors of sockets only can be waited for there", allow_module_level=True)

LAPTOP, NAS = "192.0.2.10:21000", "192.0.2.20:21000"


@dataclass
class End:
    """One daemon's paths, and what it had the tunnel do."""

    model: Model
    paths: Paths
    device: FakeDevice
    turned: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self.turned.clear()
                await self.turned.wait()


@dataclass
class Bench:
    """The laptop and the nas of a household, the network between them, and the coordinator's mailbox."""

    wire: Wire
    laptop: End
    nas: End
    offers: list[Signed] = field(default_factory=list)
    relay: str | None = None
    is_away: bool = False

    async def post(self, sender: str, offer: Signed) -> str | None:
        if self.is_away:
            raise MeshnetError(Code.COORDINATOR_UNREACHABLE, "away")
        self.offers.append(offer)
        reader = self.nas if sender == self.laptop.device.id else self.laptop
        reader.paths.met(Meet(offer, self.relay))
        return self.relay


@contextlib.asynccontextmanager
async def bench(directory: Path, *, online: bool = True) -> AsyncIterator[Bench]:
    home, wire = Household(), Wire()

    def end(device: FakeDevice, peer: FakeDevice, endpoint: str) -> End:
        model = model_of(directory / device.name, home, device)
        model.connected = online
        model.online = {peer.id}
        model.state.settings = replace(model.state.settings, endpoint=endpoint)

        def open_probes(port: int, magic: bytes) -> FakeProbes:
            return wire.open(endpoint)

        async def post(offer: Signed) -> str | None:
            return await made.post(device.id, offer)

        async def observe() -> None:
            pass

        async def apply() -> None:
            one.turned.set()

        one = End(model, Paths(model, open_probes, post, apply, observe), device)
        return one

    made = Bench(wire, end(home.laptop, home.nas, LAPTOP), end(home.nas, home.laptop, NAS))
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(one.paths.run()) for one in (made.laptop, made.nas)]
            yield made
            for task in running:
                task.cancel()
    finally:
        for one in (made.laptop, made.nas):
            one.paths.close()


def play(tmp_path: Path, scenario: Callable[[Bench], Awaitable[None]], *, online: bool = True) -> None:
    async def run() -> None:
        async with bench(tmp_path, online=online) as made:
            await scenario(made)

    asyncio.run(run())


def way(one: End, peer: End) -> Way | None:
    return (one.paths.ways or {}).get(peer.device.id)


def test_two_that_hear_of_each_other_find_a_way_and_the_tunnel_follows(tmp_path: Path) -> None:
    async def scenario(made: Bench) -> None:
        for one in (made.laptop, made.nas):
            one.paths.sync(None)
        await made.laptop.until(lambda: way(made.laptop, made.nas) == Way(NAS))
        await made.nas.until(lambda: way(made.nas, made.laptop) == Way(LAPTOP))
        assert made.laptop.paths.kind(made.nas.device.id) == "direct"
        assert made.offers
        assert offer_of(made.offers[0].body).candidates

    play(tmp_path, scenario)


def test_what_is_known_from_before_is_asked_while_the_coordinator_is_away(tmp_path: Path) -> None:
    async def scenario(made: Bench) -> None:
        known = made.laptop.model.mesh.devices[made.nas.device.id].candidates[0]
        asked = asyncio.Event()
        made.wire.on_carried = lambda _, to: asked.set() if to == known else None
        made.laptop.paths.sync(None)
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
        assert made.offers == []

    play(tmp_path, scenario, online=False)


def test_an_offer_that_the_coordinator_did_not_get_is_made_when_it_is_back(tmp_path: Path) -> None:
    async def scenario(made: Bench) -> None:
        asked, offered = asyncio.Event(), asyncio.Event()

        def on_carried(_source: str, _to: str) -> None:
            asked.set()
            if made.offers:
                offered.set()

        made.wire.on_carried = on_carried
        for one in (made.laptop, made.nas):
            one.paths.sync(None)
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
        for _ in range(10):
            # The other one begins, too, although it knows nobody to ask.
            await asyncio.sleep(0)
        assert made.offers == []
        # The one with the lower key, who does not wait for the other to begin.
        keys = made.laptop.model.mesh.devices
        one = min((made.laptop, made.nas), key=lambda end: keys[end.device.id].wireguard)
        one.model.connected = True
        one.paths.connected()
        async with asyncio.timeout(PATIENCE):
            await offered.wait()

    play(tmp_path, scenario, online=False)


def test_offers_that_are_forged_old_or_for_others_are_passed_over(tmp_path: Path) -> None:
    async def scenario(made: Bench) -> None:
        made.nas.model.online.clear()
        made.laptop.paths.sync(None)
        made.nas.paths.sync(None)
        made.laptop.paths.came(made.nas.device.id)
        await made.laptop.until(lambda: bool(made.offers) and way(made.laptop, made.nas) is not None)
        offer, asked = made.offers[0], len(made.wire.carried)
        forged = sign(
            offer.body.replace(NAS, "203.0.113.9:9").replace(LAPTOP, "203.0.113.9:9"), key("nobody of this mesh")
        )
        made.nas.paths.met(Meet(forged))
        made.nas.paths.met(Meet(offer))
        made.laptop.paths.met(Meet(offer))
        assert not any(to == "203.0.113.9:9" for _, to in made.wire.carried[asked:])

    play(tmp_path, scenario)


def test_a_device_that_permits_nothing_and_is_permitted_nothing_is_not_asked(tmp_path: Path) -> None:
    async def scenario(made: Bench) -> None:
        guest = next(one for one in made.laptop.model.mesh.active() if one.name == "guest")
        made.laptop.paths.sync(None)
        assert made.laptop.paths.kind(guest.device) is None
        made.laptop.paths.sync(guest.device)
        assert made.laptop.paths.kind(guest.device) == "none", "but a host that is wanted is"

    play(tmp_path, scenario)


def test_what_left_the_mesh_is_forgotten(tmp_path: Path) -> None:
    async def scenario(made: Bench) -> None:
        made.laptop.paths.sync(None)
        made.laptop.model.leave()
        made.laptop.paths.sync(None)
        assert made.laptop.paths.ways == {}

    play(tmp_path, scenario)


APP_AT_RELAY = "46.101.10.20:20001"


def test_the_relay_of_an_app_is_asked_for_and_kept_warm_though_the_app_never_connects(tmp_path: Path) -> None:
    async def scenario(made: Bench) -> None:
        app = with_app(made)
        made.relay = APP_AT_RELAY
        made.wire.open(APP_AT_RELAY)
        asked = asyncio.Event()
        made.wire.on_carried = lambda _, to: asked.set() if to == APP_AT_RELAY else None
        made.laptop.paths.sync(None)
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
        assert any(offer_of(offer.body).peer == app.id for offer in made.offers)
        assert made.laptop.paths.relay_of(app.id) == APP_AT_RELAY
        assert made.laptop.paths.kind(app.id) is None
        assert app.id not in (made.laptop.paths.ways or {})
        model, device = made.laptop.model, made.laptop.model.mesh.devices[app.id]
        for endpoint, heard, path in (
            (APP_AT_RELAY, NOW, "relay"),
            ("198.51.100.9:4711", NOW, "direct"),
            (APP_AT_RELAY, NOW - 600, "none"),
            (APP_AT_RELAY, 0, "none"),
        ):
            model.sights = {app.wireguard: PeerSight(app.wireguard, endpoint, heard, 0, 0)}
            assert views.path_of(model, made.laptop.paths, device) == path

    play(tmp_path, scenario)


def test_when_the_coordinator_is_back_the_relay_of_an_app_is_asked_for_at_once(tmp_path: Path) -> None:
    async def scenario(made: Bench) -> None:
        app = with_app(made)
        made.laptop.model.connected = False
        made.laptop.paths.sync(None)
        made.laptop.paths.connected()
        await asyncio.sleep(0)
        assert made.offers == []
        made.laptop.model.connected = True
        made.relay = APP_AT_RELAY
        made.laptop.paths.connected()
        await becomes(lambda: made.laptop.paths.relay_of(app.id) == APP_AT_RELAY)

    play(tmp_path, scenario)


def with_app(made: Bench) -> FakeDevice:
    """The household's phone, as a stock WireGuard app."""
    home = Household()
    record = home.mesh.device(home.phone, platform=STOCK)
    for one in (made.laptop, made.nas):
        one.model.mesh.accept(record)
    return home.phone
