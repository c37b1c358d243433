"""A whole daemon at a real coordinator adds WireGuard apps; beacon and relay are in memory."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from meshnet.coordinator.machine import Place
from meshnet.coordinator.udp import Udp
from meshnet.core.identity import SigningKey, wireguard_public
from meshnet.core.links import CreateLink
from meshnet.core.records import Signed, sign
from meshnet.errors import Code
from meshnet.protocol import local
from meshnet_platform.fake import FakeBackend, FakeBeacon, FakeRelay
from support.coordinators import Running, coordinator
from support.daemons import Peer, connected, daemon
from support.meshes import key, seed

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)

MESH = key("the person's mesh")
APP = wireguard_public(seed("an app"))
RELAY4 = "46.101.10.20"


def relaying() -> Udp:
    keys = (seed("beacon 1"), seed("beacon 2"))
    place = Place(RELAY4, "10.0.0.80")
    return Udp(FakeBeacon(), keys, FakeRelay(), range(20000, 20040), (place,), frozenset)


@dataclass
class Home:
    """A laptop that founded the mesh, asked by its person."""

    laptop: Peer
    running: Running
    system: FakeBackend = field(default_factory=FakeBackend)

    def signed(self, statements: local.Statements, by: SigningKey = MESH) -> tuple[Signed, ...]:
        return tuple(sign(text, by) for text in statements.bodies)

    async def create(self) -> None:
        line = str(CreateLink(self.running.address, seed("the right to create a mesh")))
        prepared = await self.laptop.ask(local.PrepareCreate(line, MESH.public, "laptop"), local.Statements)
        await self.laptop.ask(local.Create(line, self.signed(prepared), "laptop"), local.Status)

    async def invite(self) -> str:
        prepared = await self.laptop.ask(local.PrepareInvite(600), local.Statements)
        await self.laptop.ask(local.PostInvite(self.signed(prepared)), local.Status)
        return prepared.link

    async def request(self, name: str = "phone", wireguard: str = APP) -> local.AddPhone:
        return local.AddPhone(await self.invite(), name, wireguard, "laptop")

    async def add(self, name: str = "phone", wireguard: str = APP) -> local.PhoneAdded:
        return await self.laptop.ask(await self.request(name, wireguard), local.PhoneAdded)

    async def devices(self) -> dict[str, local.DeviceView]:
        found = await self.laptop.ask(local.GetDevices(), local.DeviceList)
        return {view.name: view for view in found.devices}


def play(tmp_path: Path, scenario: Callable[[Home], Awaitable[None]], udp: Udp | None = None) -> None:
    async def run() -> None:
        system = FakeBackend()
        async with (
            coordinator(tmp_path / "c", udp=udp) as running,
            daemon(tmp_path / "laptop", system) as socket,
            connected(socket) as laptop,
        ):
            running.clock.now = time.time()
            home = Home(laptop, running, system)
            await home.create()
            async with connected(socket) as watcher:
                await watcher.until(lambda status, _: status.device is not None and status.device.can_host)
            await scenario(home)

    asyncio.run(run())


def test_an_app_becomes_a_device_and_is_told_what_it_needs(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        added = await home.add()
        status = await home.laptop.status()
        assert status.device is not None
        assert (added.name, added.host, added.is_own_host) == ("phone", "laptop", True)
        assert added.endpoint.startswith(f"{RELAY4}:200")
        assert added.dns == status.device.address4
        assert added.beacon_key == wireguard_public(seed("beacon 1"))
        assert added.beacon_endpoint == f"{RELAY4}:{home.running.address.port}"
        assert status.unconfirmed == (added.id,)
        shown = (await home.devices())["phone"]
        assert (shown.id, shown.address4, shown.address6) == (added.id, added.address4, added.address6)
        assert (shown.platform, shown.online, shown.can_host, shown.path) == ("wireguard", False, False, "none")
        assert home.system.plan.tunnel is not None
        peer = next(one for one in home.system.plan.tunnel.peers if one.public_key == APP)
        assert (peer.allowed, peer.endpoint) == ((f"{added.address4}/32", f"{added.address6}/128"), None)

    play(tmp_path, scenario, relaying())


def test_a_grant_to_an_app_counts_and_a_removal_ends_it(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        added = await home.add()
        await home.laptop.ask(local.Allow("phone", ("routing",)), local.Status)
        assert home.system.plan.hosting is not None
        assert set(home.system.plan.hosting.routing) == {added.address4, added.address6}
        prepared = await home.laptop.ask(local.PrepareRemove("phone"), local.Statements)
        await home.laptop.ask(local.PostSigned(home.signed(prepared)), local.Status)
        assert await home.devices() == {}
        assert home.system.plan.tunnel is not None
        assert not _hosts(home)
        assert APP not in {one.public_key for one in home.system.plan.tunnel.peers}

    play(tmp_path, scenario, relaying())


def test_without_a_relay_the_hosts_public_address_is_told_or_the_one_that_the_person_names(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        refused = await home.request()
        assert await home.laptop.refusal(refused) is Code.NOT_SUPPORTED
        assert await home.devices() == {}, "it left again"
        named = await home.request()
        added = await home.laptop.ask(
            local.AddPhone(named.link, "phone", APP, "laptop", "198.51.100.7:51820"), local.PhoneAdded
        )
        assert (added.endpoint, added.beacon_key, added.beacon_endpoint) == ("198.51.100.7:51820", None, None)
        await home.laptop.ask(local.SetSetting("endpoint", "198.51.100.8:4711"), local.SettingValues)
        added = await home.add("tablet", wireguard_public(seed("another app")))
        assert added.endpoint == "198.51.100.8:4711"

    play(tmp_path, scenario)


def test_what_would_not_do_is_refused_before_anything_joins(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.add()
        good = await home.request("tablet", wireguard_public(seed("another app")))
        other = good.link.split("/")
        other[5] = key("another mesh").public
        wrong = {
            Code.NAME_TAKEN: {"name": "Phone"},
            Code.INVALID_NAME: {"name": "\n"},
            Code.UNKNOWN_DEVICE: {"via": "nobody"},
            Code.CANNOT_HOST: {"via": "phone"},
            Code.INVALID_SETTING: {"endpoint": "127.0.0.1:1"},
            Code.INVITE_FOREIGN: {"link": "/".join(other)},
            Code.INVITE_INVALID: {"link": "meshnet://join/x"},
        }
        for code, change in wrong.items():
            assert await home.laptop.refusal(_changed(good, change)) is code
        for wireguard in ("AAAA", APP):
            assert await home.laptop.refusal(_changed(good, {"wireguard": wireguard})) is Code.INVALID_MESSAGE
        assert set(await home.devices()) == {"phone"}
        assert (await home.laptop.ask(good, local.PhoneAdded)).name == "tablet"

    play(tmp_path, scenario, relaying())


def _hosts(home: Home) -> bool:
    return home.system.plan.hosting is not None


def _changed(request: local.AddPhone, change: dict[str, str]) -> local.AddPhone:
    words = {"link": request.link, "name": request.name, "wireguard": request.wireguard, "via": request.via}
    return local.AddPhone(**{**words, **change})


def test_no_key_of_an_app_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    drawn: list[bytes] = []
    caplog.set_level("DEBUG")

    def draw(size: int) -> bytes:
        drawn.append(b"k" * size)
        return drawn[-1]

    async def scenario(home: Home) -> None:
        request = await home.request()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("meshnet.daemon.phones.secrets.token_bytes", draw)
            await home.laptop.ask(request, local.PhoneAdded)

    play(tmp_path, scenario, relaying())
    assert drawn
    text = "".join(path.read_text("latin-1") for path in tmp_path.rglob("*.json")) + caplog.text
    assert "wireguard" in text
    assert SigningKey(drawn[0]).public in text
    assert "a2tra2tr" not in text, "base64 of its secret"
