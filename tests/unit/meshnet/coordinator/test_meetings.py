"""Offers, sightings and relay ports as devices get them from a real coordinator, its beacon and relay in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from meshnet.coordinator.machine import Place
from meshnet.coordinator.udp import Udp
from meshnet.core.identity import wireguard_private, wireguard_public
from meshnet.core.records import STOCK, Offer, Signed, sign, text_of
from meshnet.protocol.control import Beacon, Change, Join, LastingCall, Meet, MeetCall, Post, Seen, Welcome
from meshnet_platform.api import PlatformError
from meshnet_platform.fake import FakeBeacon, FakeRelay
from support.coordinators import Caller, Running, becomes, calling, offer_to, until, until_synced
from support.meshes import FakeDevice, FakeMesh, seed

SECRET = seed("an invite")
KEYS = (seed("beacon 1"), seed("beacon 2"))
RELAY4 = "203.0.113.80"


def by_id(one: FakeDevice, other: FakeDevice) -> tuple[FakeDevice, FakeDevice]:
    return (one, other) if one.id < other.id else (other, one)


LOW, HIGH = by_id(FakeDevice("laptop"), FakeDevice("phone"))


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshnet.coordinator.beacons._LIVELY_PAUSE", 0.1)


@dataclass
class Ground:
    """What the coordinator finds on its machine."""

    beacon: FakeBeacon = field(default_factory=FakeBeacon)
    relay: FakeRelay = field(default_factory=FakeRelay)
    places: tuple[Place, ...] = (Place(RELAY4, "10.0.0.80"),)

    @property
    def udp(self) -> Udp:
        own = frozenset({"10.0.0.80", "192.168.9.1"})
        return Udp(self.beacon, KEYS, self.relay, range(20000, 20010), self.places, lambda: own)

    def see(self, device: FakeDevice, *addresses: str) -> None:
        first, second = addresses * (2 // len(addresses))
        self.beacon.see(device.wireguard, *(f"{one}:51820" if one else "" for one in (first, second)))


class Home:
    """A mesh of two devices, `LOW` who founded it and `HIGH`."""

    def __init__(self, running: Running, caller: Caller, ground: Ground) -> None:
        self.running = running
        self.caller = caller
        self.ground = ground
        self.mesh, self.low, self.high = FakeMesh(), *by_id(FakeDevice("laptop"), FakeDevice("phone"))
        self.tokens: dict[str, str] = {}

    async def found(self) -> Home:
        self.tokens[self.low.id] = await self.caller.found(self.mesh, self.low)
        await self.admit(self.high, SECRET)
        return self

    async def admit(self, device: FakeDevice, secret: bytes) -> None:
        assert await self.post(self.low, self.mesh.invite(secret)) == ""
        assert await self.caller.join(self.mesh, device, secret) == ""
        self.tokens[device.id] = await self.caller.login(device)

    async def post(self, device: FakeDevice, *records: Signed) -> str:
        return await self.caller.code("records", Post(records), self.tokens[device.id])

    async def meet(self, device: FakeDevice, peer: FakeDevice) -> tuple[str | None, Signed]:
        """Offer; the endpoint that stands for the peer at the relay, and the offer."""
        offer = offer_to(self.mesh, device, peer)
        status, met = await self.caller.call("meet", MeetCall(offer), self.tokens[device.id])
        assert status == 200, met
        return met["relay"], offer

    async def refusal(self, device: FakeDevice, offer: Signed) -> str:
        return await self.caller.code("meet", MeetCall(offer), self.tokens[device.id])

    @contextlib.asynccontextmanager
    async def connected(self, device: FakeDevice) -> AsyncIterator[Callable[[], Awaitable[Change | None]]]:
        async with self.caller.changes(self.tokens[device.id]) as following:
            await until_synced(following)
            yield following

    async def both_seen(self, low: str = "192.0.2.1", high: str = "198.51.100.2") -> None:
        """The two are connected for a moment, and heard where they are seen."""
        self.ground.see(self.low, low)
        self.ground.see(self.high, high)
        for device in (self.low, self.high):
            async with self.caller.changes(self.tokens[device.id]) as following:
                await until(following, Seen)


def play(directory: Path, scenario: Callable[[Home], Awaitable[None]], ground: Ground | None = None) -> None:
    async def run() -> None:
        found = ground or Ground()
        async with calling(directory, udp=found.udp) as (running, caller):
            await scenario(await Home(running, caller, found).found())

    asyncio.run(run())


# --- offers ---------------------------------------------------------------------------------------------------------


def test_an_offer_reaches_the_peer_to_the_letter(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        async with home.connected(home.high) as following:
            relay, offer = await home.meet(home.low, home.high)
            assert await until(following, Meet) == Meet(offer)
            assert relay is None

    play(tmp_path, scenario)


def test_an_offer_to_a_device_that_is_not_connected_is_refused(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        assert await home.refusal(home.low, offer_to(home.mesh, home.low, home.high)) == "device-offline"

    play(tmp_path, scenario)


def test_an_offer_that_is_not_the_callers_or_to_nobody_of_the_mesh_is_refused(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        stranger, other = FakeDevice("stranger"), FakeMesh("other")
        good = offer_to(home.mesh, home.low, home.high)
        body = Offer(mesh=home.mesh.id, device=home.low.id, peer=home.high.id, seq=9, candidates=())
        many = tuple(f"192.0.2.1:{port}" for port in range(1, 10))
        async with home.connected(home.high) as following:
            assert await home.refusal(home.high, good) == "not-permitted"
            assert await home.refusal(home.low, sign(text_of(body), stranger.key)) == "invalid-message"
            assert await home.refusal(home.low, Signed(good.body + " ", good.signatures)) == "invalid-message"
            assert await home.refusal(home.low, Signed(good.body, good.signatures * 2)) == "invalid-message"
            assert await home.refusal(home.low, Signed(good.body + " " * 4096, good.signatures)) == "invalid-message"
            assert await home.refusal(home.low, home.mesh.device(home.low)) == "invalid-message"
            assert await home.refusal(home.low, offer_to(other, home.low, home.high)) == "invalid-message"
            assert await home.refusal(home.low, offer_to(home.mesh, home.low, stranger)) == "unknown-device"
            crowd = offer_to(home.mesh, home.low, home.high, candidates=many)
            assert await home.refusal(home.low, crowd) == "invalid-message"
            reflector = offer_to(home.mesh, home.low, home.high, candidates=("127.0.0.1:1",))
            assert await home.refusal(home.low, reflector) == "invalid-message"
            assert await home.caller.code("meet", MeetCall(good)) == "not-permitted"
            assert await home.refusal(home.low, good) == ""
            assert await until(following, Meet) == Meet(good)

    play(tmp_path, scenario)


def test_a_device_of_another_mesh_is_not_met(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        stranger, other = FakeDevice("stranger"), FakeMesh("other")
        home.tokens[stranger.id] = await home.caller.found(other, stranger)
        async with home.connected(home.high) as following:
            for mesh in (home.mesh, other):
                assert await home.refusal(stranger, offer_to(mesh, stranger, home.high)) != ""
            _, offer = await home.meet(home.low, home.high)
            assert await until(following, Meet) == Meet(offer)

    play(tmp_path, scenario)


def test_a_removed_device_neither_meets_nor_is_met(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        async with home.connected(home.high), home.connected(home.low):
            await home.meet(home.low, home.high)
            assert await home.post(home.low, home.mesh.removal(home.high)) == ""
            assert await home.refusal(home.low, offer_to(home.mesh, home.low, home.high)) == "unknown-device"
            assert await home.refusal(home.high, offer_to(home.mesh, home.high, home.low)) == "not-permitted"

    play(tmp_path, scenario)


def test_one_device_cannot_drive_another_with_offers(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        async with home.connected(home.high), home.connected(home.low):
            offers = [offer_to(home.mesh, home.low, home.high) for _ in range(20)]
            refusals = [await home.refusal(home.low, offer) for offer in offers]
            assert refusals[:10] == [""] * 10
            assert "timeout" in refusals[10:]
            await home.meet(home.high, home.low)

    play(tmp_path, scenario)


# --- beacons --------------------------------------------------------------------------------------------------------


def test_the_beacons_are_named_and_have_the_port_of_https_and_the_next(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        port = home.running.address.port
        async with home.caller.changes(home.tokens[home.low.id]) as following:
            welcome = await until(following, Welcome)
        first, second = map(wireguard_public, KEYS)
        assert welcome.beacons == (Beacon(first, port), Beacon(second, port + 1))
        assert home.ground.beacon.ports == (port, port + 1)
        assert home.ground.beacon.keys == tuple(map(wireguard_private, KEYS))

    play(tmp_path, scenario)


def test_without_beacons_none_is_named_and_offers_pass(tmp_path: Path) -> None:
    async def run() -> None:
        async with calling(tmp_path) as (running, caller):
            home = await Home(running, caller, Ground()).found()
            async with home.caller.changes(home.tokens[home.high.id]) as following:
                assert (await until(following, Welcome)).beacons == ()
                _, offer = await home.meet(home.low, home.high)
                assert await until(following, Meet) == Meet(offer)

    asyncio.run(run())


@pytest.mark.parametrize("which", ["beacon", "relay"])
def test_what_the_system_refuses_is_said_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, which: str
) -> None:
    async def scenario(home: Home) -> None:
        async with home.connected(home.high), home.connected(home.low):
            await home.meet(home.low, home.high)

    ground = Ground()
    getattr(ground, which).failure = PlatformError("There is no such thing.", "Buy one.")
    play(tmp_path, scenario, ground)
    assert [record.getMessage() for record in caplog.records if "There is no such thing. Buy one." in record.message]


def test_a_device_hears_where_it_is_seen_and_no_other_does(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        async with home.connected(home.low) as low, home.connected(home.high) as high:
            home.ground.see(home.low, "192.0.2.1", "192.0.2.2")
            assert await until(low, Seen) == Seen(("192.0.2.1:51820", "192.0.2.2:51820"))
            home.ground.see(home.low, "192.0.2.9", "")
            assert await until(low, Seen) == Seen(("192.0.2.9:51820", ""))
            home.ground.see(home.high, "198.51.100.2")
            # The first that the other hears of is itself.
            assert await until(high, Seen) == Seen(("198.51.100.2:51820", "198.51.100.2:51820"))
            home.ground.see(home.low, "")
            assert await until(low, Seen) == Seen(("", ""))

    play(tmp_path, scenario)


def test_a_device_that_connects_hears_at_once_what_is_known(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.both_seen()
        async with home.caller.changes(home.tokens[home.low.id]) as following:
            changes = await until_synced(following)
        assert Seen(("192.0.2.1:51820", "192.0.2.1:51820")) in changes

    play(tmp_path, scenario)


def test_who_joins_is_admitted_who_is_removed_is_dismissed_and_a_new_key_takes_the_olds_place(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        admitted = home.ground.beacon.admitted
        await becomes(lambda: admitted == {home.low.wireguard, home.high.wireguard})
        old, home.high.wireguard = home.high.wireguard, wireguard_public(seed("another"))
        home.ground.see(home.high, "192.0.2.7")
        async with home.connected(home.high) as following:
            assert await home.post(home.high, home.mesh.device(home.high)) == ""
            assert await until(following, Seen) == Seen(("192.0.2.7:51820", "192.0.2.7:51820"))
        assert admitted == {home.low.wireguard, home.high.wireguard} != {old}
        assert await home.post(home.low, home.mesh.removal(home.high)) == ""
        await becomes(lambda: admitted == {home.low.wireguard})

    play(tmp_path, scenario)


def test_a_stranger_who_claims_a_devices_key_is_refused(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        stranger = FakeDevice("stranger")
        home.tokens[stranger.id] = await home.caller.found(FakeMesh("other"), stranger)
        stranger.wireguard = home.low.wireguard
        assert await home.post(stranger, FakeMesh("other").device(stranger)) == "invalid-message"
        stranger.wireguard = wireguard_public(seed("another"))
        assert await home.post(stranger, FakeMesh("other").device(stranger)) == ""

    play(tmp_path, scenario)


def test_after_a_restart_all_devices_are_admitted_and_removed_ones_are_not(tmp_path: Path) -> None:
    async def first(home: Home) -> None:
        await home.admit(FakeDevice("tablet"), seed("another invite"))
        assert await home.post(home.low, home.mesh.removal(home.high)) == ""

    play(tmp_path, first)

    async def run() -> None:
        ground = Ground()
        async with calling(tmp_path, udp=ground.udp):
            await becomes(lambda: ground.beacon.admitted == {LOW.wireguard, FakeDevice("tablet").wireguard})
        assert ground.beacon.keys == ()
        assert ground.relay.addresses == ()

    asyncio.run(run())


def test_a_beacon_that_died_is_begun_anew_with_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshnet.coordinator.beacons._PAUSE", 0.05)

    async def scenario(home: Home) -> None:
        beacon = home.ground.beacon
        await home.both_seen()
        async with home.connected(home.low) as following:
            beacon.failure = PlatformError("it died")
            looks = beacon.looks
            await becomes(lambda: beacon.looks > looks)
            beacon.admitted.clear()
            beacon.keys = ()
            beacon.failure = None
            home.ground.see(home.low, "192.0.2.50")
            await becomes(lambda: beacon.admitted == {home.low.wireguard, home.high.wireguard})
            await until(following, Seen)

    play(tmp_path, scenario)


# --- the relay ------------------------------------------------------------------------------------------------------


def test_the_device_with_the_lower_id_sends_to_the_even_port_whoever_asks(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.both_seen()
        async with home.connected(home.low) as low, home.connected(home.high) as high:
            relay, _ = await home.meet(home.low, home.high)
            assert relay == f"{RELAY4}:20000"
            assert (await until(high, Meet)).relay == f"{RELAY4}:20001"
            relay, _ = await home.meet(home.high, home.low)
            assert relay == f"{RELAY4}:20001"
            assert (await until(low, Meet)).relay == f"{RELAY4}:20000"
        assert home.ground.relay.owners == {20000: ("192.0.2.1", "198.51.100.2")}
        assert home.ground.relay.bindings == [20000]
        assert home.ground.relay.addresses == ("10.0.0.80",)
        assert home.ground.relay.ports == range(20000, 20010)

    play(tmp_path, scenario)


def test_a_removal_takes_the_ports_back(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.both_seen()
        async with home.connected(home.low), home.connected(home.high):
            await home.meet(home.low, home.high)
            assert home.ground.relay.owners
            assert await home.post(home.low, home.mesh.removal(home.high)) == ""
            await becomes(lambda: not home.ground.relay.owners)

    play(tmp_path, scenario)


def test_ports_follow_a_device_that_moves(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.both_seen()
        async with home.connected(home.low), home.connected(home.high):
            await home.meet(home.high, home.low)
            home.ground.see(home.low, "192.0.2.99")
            await becomes(lambda: home.ground.relay.owners == {20000: ("192.0.2.99", "198.51.100.2")})

    play(tmp_path, scenario)


# --- stock WireGuard apps -------------------------------------------------------------------------------------------


async def add_app(home: Home) -> FakeDevice:
    app = FakeDevice("app")
    secret = seed("an invite for the app")
    assert await home.post(home.low, home.mesh.invite(secret)) == ""
    _, joining = await home.caller.begin_join(app, secret)
    membership = home.mesh.membership(app, joining["address4"], secret)
    call = Join((membership, home.mesh.device(app, platform=STOCK)))
    assert await home.caller.code("join", call) == ""
    return app


def test_a_host_is_told_where_it_finds_an_app_that_never_connects(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        app = await add_app(home)
        assert (await home.meet(home.low, app))[0] is None
        status, met = await home.caller.call("lasting", LastingCall(app.id, home.low.id), home.tokens[home.high.id])
        assert (status, met["relay"].startswith(f"{RELAY4}:2000")) == (200, True)
        port = int(met["relay"].rpartition(":")[2])
        assert (await home.meet(home.low, app))[0] == f"{RELAY4}:{port ^ 1}"
        assert (await home.meet(home.high, app))[0] is None
        home.ground.see(home.low, "192.0.2.1")
        home.ground.see(app, "198.51.100.9")
        await becomes(lambda: set(home.ground.relay.owners.get(port & ~1, ())) == {"192.0.2.1", "198.51.100.9"})
        assert await home.post(home.low, home.mesh.removal(app)) == ""
        await becomes(lambda: not home.ground.relay.owners)

    play(tmp_path, scenario)


def test_lasting_ports_are_for_an_app_and_a_host_of_the_callers_mesh(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        app, stranger = await add_app(home), FakeDevice("stranger")
        home.tokens[stranger.id] = await home.caller.found(FakeMesh("other"), stranger)

        async def refusal(caller: FakeDevice, phone: str, host: str) -> str:
            return await home.caller.code("lasting", LastingCall(phone, host), home.tokens[caller.id])

        assert await refusal(home.low, home.high.id, home.low.id) == "not-permitted"
        assert await refusal(home.low, app.id, app.id) == "not-permitted"
        assert await refusal(home.low, app.id, stranger.id) == "unknown-device"
        assert await refusal(stranger, app.id, home.low.id) == "unknown-device"
        assert await home.caller.code("lasting", LastingCall(app.id, home.low.id)) == "not-permitted"
        assert await refusal(home.low, app.id, home.low.id) == ""
        assert await home.post(home.low, home.mesh.removal(app)) == ""
        assert await refusal(home.low, app.id, home.low.id) == "unknown-device"

    play(tmp_path, scenario)
