"""Whole daemons on fake systems at a real coordinator: a household founds a mesh, grows, routes, and shrinks."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshnet import __version__
from meshnet.core.identity import SigningKey
from meshnet.core.links import CreateLink, parse_join
from meshnet.core.records import Signed, sign
from meshnet.daemon.store import Store
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from meshnet_platform.api import Gateway, PlatformError, Problem, SystemPlan
from meshnet_platform.fake import FakeBackend
from support.coordinators import Running, coordinator
from support.daemons import PATIENCE, Peer, connected, daemon
from support.meshes import FakeMesh, key, seed
from support.situations import SECRET

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)

MESH = key("the person's mesh")


@dataclass
class Home:
    """A laptop that founded the mesh, and a nas that joined it and is confirmed."""

    laptop: Peer
    nas: Peer
    laptop_system: FakeBackend
    nas_system: FakeBackend
    running: Running
    directory: Path

    @property
    def line(self) -> str:
        """What `meshnet-coordinator address` prints."""
        return str(CreateLink(self.running.address, seed("the right to create a mesh")))


def signed_by_the_person(statements: local.Statements, by: SigningKey = MESH) -> tuple[Signed, ...]:
    return tuple(sign(text, by) for text in statements.bodies)


async def create(peer: Peer, line: str, name: str = "laptop", by: SigningKey = MESH) -> local.Status:
    prepared = await peer.ask(local.PrepareCreate(line, by.public, name), local.Statements)
    return await peer.ask(local.Create(line, signed_by_the_person(prepared, by), name), local.Status)


async def invite(peer: Peer, seconds: int = 3600) -> str:
    prepared = await peer.ask(local.PrepareInvite(seconds), local.Statements)
    await peer.ask(local.PostInvite(signed_by_the_person(prepared)), local.Status)
    return prepared.link


async def confirm(peer: Peer) -> None:
    prepared = await peer.ask(local.PrepareConfirm(), local.Statements)
    await peer.ask(local.PostSigned(signed_by_the_person(prepared)), local.Status)


@contextlib.asynccontextmanager
async def household(directory: Path) -> AsyncIterator[Home]:
    systems = FakeBackend(), FakeBackend()
    async with (
        coordinator(directory / "c") as running,
        daemon(directory / "laptop", systems[0]) as one,
        daemon(directory / "nas", systems[1]) as other,
        connected(one) as laptop,
        connected(other) as nas,
    ):
        running.clock.now = time.time()
        home = Home(laptop, nas, *systems, running, directory)
        await create(laptop, home.line)
        await nas.ask(local.Join(await invite(laptop), "nas"), local.Status)
        async with connected(one) as watcher:
            await watcher.until(lambda status, devices: "nas" in devices and bool(status.unconfirmed))
            await confirm(laptop)
            await watcher.until(lambda status, devices: devices["nas"].can_host and devices["nas"].online)
        yield home


def play(tmp_path: Path, scenario: Callable[[Home], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        async with household(tmp_path) as home:
            await scenario(home)

    asyncio.run(run())


async def until(
    home: Home, of: str, holds: Callable[[local.Status, dict[str, local.DeviceView]], bool]
) -> local.Status:
    async with connected(home.directory / of / "s") as watcher:
        return await watcher.until(holds)


async def device(peer: Peer, name: str) -> local.DeviceView:
    found = await peer.ask(local.GetDevices(), local.DeviceList)
    return next(view for view in found.devices if view.name == name)


def test_a_household_allows_routes_and_stops(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        assert await home.laptop.refusal(local.StartRoute("nas")) is Code.ROUTING_NOT_ALLOWED
        await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
        await until(home, "laptop", lambda _, devices: devices["nas"].granted.routing)
        status = await home.laptop.ask(local.StartRoute("NAS"), local.Status)
        assert (status.state, status.route and status.route.host) == ("routing", "nas")
        assert home.laptop_system.plan.route is not None
        assert home.laptop_system.plan.route.passing
        hosted = await until(home, "nas", lambda status, _: status.clients == ("laptop",))
        assert hosted.state == "idle"
        assert home.nas_system.plan.hosting is not None
        assert (await home.laptop.ask(local.StopRoute(), local.Status)).state == "idle"
        assert home.laptop_system.plan.route is None

    play(tmp_path, scenario)


async def routed(home: Home) -> None:
    await home.nas.ask(local.Allow("laptop", ("routing", "lan")), local.Status)
    await until(home, "laptop", lambda _, devices: devices["nas"].granted.lan)
    await home.laptop.ask(local.StartRoute("nas"), local.Status)


def test_a_daemon_tells_its_version_and_what_it_can_do_before_it_is_in_a_mesh(tmp_path: Path) -> None:
    async def run() -> None:
        async with daemon(tmp_path / "alone") as path, connected(path) as peer:
            status = await peer.status()
            assert status.version == __version__
            assert set(status.capabilities) == {*local.Capability} - {local.Capability.EXTERNAL}
            for request in (local.PauseRoute(60), local.ResumeRoute(), local.StopClient("nas", 60)):
                assert await peer.refusal(request) is Code.NOT_JOINED

    asyncio.run(run())


def test_the_way_and_the_clients_are_shown_with_what_is_known_of_each(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await routed(home)
        nas = await device(home.laptop, "nas")
        status = await home.laptop.status()
        assert status.route is not None
        assert status.route.hops == (local.Hop("nas", nas.id, online=True),)
        hosted = await until(home, "nas", lambda status, _: bool(status.hosting))
        assert [(client.name, client.rx_bytes) for client in hosted.hosting] == [("laptop", 0)]

    play(tmp_path, scenario)


def test_a_pause_opens_the_usual_way_and_resume_closes_it(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        assert await home.laptop.refusal(local.PauseRoute(60)) is Code.NOT_SUPPORTED
        await routed(home)
        paused = await home.laptop.ask(local.PauseRoute(60), local.Status)
        assert (paused.state, paused.route) == ("idle", None)
        assert paused.pause is not None
        assert paused.pause.host == "nas"
        assert home.laptop_system.plan.route is None
        resumed = await home.laptop.ask(local.ResumeRoute(), local.Status)
        assert (resumed.state, resumed.pause) == ("routing", None)
        assert home.laptop_system.plan.route is not None
        await home.laptop.ask(local.PauseRoute(1), local.Status)
        await until(home, "laptop", lambda status, _: status.state == "routing")

    play(tmp_path, scenario)


def test_a_device_that_was_removed_while_its_route_was_paused_is_closed_at_the_end(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.laptop.ask(local.Allow("nas", ("routing",)), local.Status)
        await until(home, "nas", lambda _, devices: devices["laptop"].granted.routing)
        await home.nas.ask(local.StartRoute("laptop"), local.Status)
        await home.nas.ask(local.PauseRoute(3600), local.Status)
        prepared = await home.laptop.ask(local.PrepareRemove("nas"), local.Statements)
        await home.laptop.ask(local.PostSigned(signed_by_the_person(prepared)), local.Status)
        await until(home, "nas", lambda status, _: status.coordinator is not None and not status.coordinator.connected)
        assert (await home.nas.status()).pause is not None
        await home.nas.ask(local.ResumeRoute(), local.Status)
        status = await until(home, "nas", lambda status, _: status.state == "blocked")
        assert status.reason == "routing-revoked"
        assert (await home.nas.ask(local.StopRoute(), local.Status)).state == "not-joined"

    play(tmp_path, scenario)


def test_a_stopped_client_is_blocked_and_comes_back_and_what_it_is_granted_stays(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await routed(home)
        stopped = await home.nas.ask(local.StopClient("laptop", 3600), local.Status)
        assert [one.name for one in stopped.stopped] == ["laptop"]
        assert (stopped.clients, stopped.hosting) == ((), ())
        assert home.nas_system.plan.hosting is None
        assert (await device(home.nas, "laptop")).grants == local.Permissions(incoming=True, routing=True, lan=True)
        blocked = await until(home, "laptop", lambda status, _: status.state == "blocked")
        assert blocked.reason == "routing-revoked"
        await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
        await until(home, "laptop", lambda status, _: status.state == "routing")
        await home.nas.ask(local.StopClient("laptop", 1), local.Status)
        await until(home, "laptop", lambda status, _: status.state == "blocked")
        await until(home, "laptop", lambda status, _: status.state == "routing")

    play(tmp_path, scenario)


def test_what_is_denied_again_blocks_and_is_not_hosted_any_more(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.nas.ask(local.Allow("laptop", ("routing", "lan")), local.Status)
        await until(home, "laptop", lambda _, devices: devices["nas"].granted.lan)
        await home.laptop.ask(local.StartRoute("nas"), local.Status)
        await home.nas.ask(local.Deny("laptop", ("routing",)), local.Status)
        assert home.nas_system.plan.hosting is None
        status = await until(home, "laptop", lambda status, _: status.state == "blocked")
        assert status.reason == "routing-revoked"
        assert home.laptop_system.plan.route is not None
        assert not home.laptop_system.plan.route.passing

    play(tmp_path, scenario)


def test_a_route_that_would_lead_back_is_refused_and_the_loop_named(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        for host, client in ((home.nas, "laptop"), (home.laptop, "nas")):
            await host.ask(local.Allow(client, ("routing",)), local.Status)
        await until(home, "laptop", lambda _, devices: devices["nas"].granted.routing)
        await until(home, "nas", lambda _, devices: devices["laptop"].granted.routing)
        await home.laptop.ask(local.StartRoute("nas"), local.Status)
        await until(home, "nas", lambda _, devices: devices["laptop"].route == "nas")
        with pytest.raises(MeshnetError, match="nas → laptop → nas") as refused:
            await home.nas.ask(local.StartRoute("laptop"), local.Status)
        assert refused.value.code is Code.WOULD_LOOP

    play(tmp_path, scenario)


def test_what_the_system_lacks_is_told_before_anything_is_tried(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
        await until(home, "laptop", lambda _, devices: devices["nas"].granted.routing)
        home.laptop_system.system_problems = (
            Problem("no-nft", "error", "nft is missing.", "Install nftables.", stops_hosting=True, stops_routing=True),
        )
        found = await home.laptop.ask(local.Doctor(), local.Findings)
        assert [(finding.id, finding.cure) for finding in found.findings] == [("no-nft", "Install nftables.")]
        with pytest.raises(MeshnetError, match=r"nft is missing\. Install nftables\.") as refused:
            await home.laptop.ask(local.StartRoute("nas"), local.Status)
        assert refused.value.code is Code.TOOLS_MISSING
        status = await home.laptop.status()
        assert status.state == "idle"
        assert status.device is not None
        assert status.device.cannot_host == "nft is missing."
        assert status.problems == ("nft is missing.",)

    play(tmp_path, scenario)


def test_a_change_of_the_system_is_followed_at_once(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        system, cable = home.nas_system, Gateway("eth1", "192.0.2.254", 4)
        await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
        assert system.plan.hosting is not None
        assert cable not in system.plan.hosting.gateways
        system.system_facts = dataclasses.replace(system.system_facts, gateways=(cable,))
        assert system.on_news is not None
        system.on_news()
        async with asyncio.timeout(PATIENCE):
            while system.plan.hosting is None or system.plan.hosting.gateways != (cable,):
                await home.nas.status()

    play(tmp_path, scenario)


def test_a_plan_that_came_undone_is_carried_out_again_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(home: Home) -> None:
        system, wanted = home.nas_system, home.nas_system.plan
        system.plan = SystemPlan()
        assert system.on_trouble is not None
        system.on_trouble("Another program changed the firewall.")
        async with asyncio.timeout(PATIENCE):
            while system.plan != wanted:
                await home.nas.status()
        assert "Another program changed the firewall." in caplog.text

    play(tmp_path, scenario)


def test_a_host_that_cannot_says_why(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        lacking = Problem("x", "error", "There is no default route.", "", stops_hosting=True)
        home.nas_system.system_problems = (lacking,)
        await home.nas.ask(local.Doctor(), local.Findings)
        await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
        await until(home, "laptop", lambda _, devices: not devices["nas"].can_host and devices["nas"].granted.routing)
        with pytest.raises(MeshnetError, match="There is no default route") as refused:
            await home.laptop.ask(local.StartRoute("nas"), local.Status)
        assert refused.value.code is Code.CANNOT_HOST
        assert home.nas_system.plan.hosting is None

    play(tmp_path, scenario)


def test_a_system_that_refuses_a_route_leaves_it_idle_and_the_daemon_alive(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
        await until(home, "laptop", lambda _, devices: devices["nas"].granted.routing)
        home.laptop_system.failure = PlatformError("nft: no such file.", "Load nf_tables.")
        with pytest.raises(MeshnetError, match=r"nft: no such file\. Load nf_tables\.") as refused:
            await home.laptop.ask(local.StartRoute("nas"), local.Status)
        assert refused.value.code is Code.SYSTEM_ERROR
        assert (await home.laptop.status()).state == "idle"
        home.laptop_system.failure = None
        assert (await home.laptop.ask(local.StartRoute("nas"), local.Status)).state == "routing"

    play(tmp_path, scenario)


def test_devices_are_renamed_where_they_run_and_nowhere_else(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.laptop.ask(local.Rename("laptop", "  Ноутбук "), local.Status)
        await until(home, "nas", lambda _, devices: "Ноутбук" in devices)
        assert await home.laptop.refusal(local.Rename("nas", "other")) is Code.NOT_SUPPORTED
        assert await home.laptop.refusal(local.Rename("Ноутбук", "NAS")) is Code.NAME_TAKEN
        assert await home.laptop.refusal(local.Rename("Ноутбук", "a\x1b[2Jb")) is Code.INVALID_NAME
        assert await home.laptop.refusal(local.Rename("Ноутбук", "")) is Code.INVALID_NAME
        assert await home.laptop.refusal(local.Rename("nobody", "x")) is Code.UNKNOWN_DEVICE

    play(tmp_path, scenario)


def test_settings_are_kept_and_what_is_granted_to_all_is_told(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        changed = await home.nas.ask(local.SetSetting("own-devices", "routing,lan"), local.SettingValues)
        assert changed.values == {"own-devices": "routing,lan"}
        await until(home, "laptop", lambda _, devices: devices["nas"].granted.lan)
        assert await home.nas.refusal(local.SetSetting("own-devices", "everything")) is Code.INVALID_SETTING
        assert await home.nas.refusal(local.SetSetting("colour", "blue")) is Code.INVALID_SETTING
        values = (await home.nas.ask(local.GetSettings(), local.SettingValues)).values
        assert values["own-devices"] == "routing,lan"
        assert Store(home.directory / "nas").load_state().settings.own_devices == ("routing", "lan")

    play(tmp_path, scenario)


def test_fallbacks_are_given_and_shown_by_name_and_kept_by_id(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        nas = (await home.nas.ask(local.GetStatus(), local.Status)).device
        assert nas is not None
        changed = await home.laptop.ask(local.SetSetting("fallback", "nas"), local.SettingValues)
        assert changed.values == {"fallback": "nas"}
        assert Store(home.directory / "laptop").load_state().settings.fallback == (nas.id,)
        assert await home.laptop.refusal(local.SetSetting("fallback", "nas,nobody")) is Code.UNKNOWN_DEVICE
        assert (await home.laptop.ask(local.GetSettings(), local.SettingValues)).values["fallback"] == "nas"
        gone = await home.laptop.ask(local.SetSetting("fallback", "none"), local.SettingValues)
        assert gone.values == {"fallback": "none"}

    play(tmp_path, scenario)


def test_a_device_that_leaves_is_gone_and_grants_nothing_in_its_next_mesh(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        await home.nas.ask(local.SetSetting("own-devices", "routing"), local.SettingValues)
        await home.nas.ask(local.Allow("laptop", ("lan",)), local.Status)
        before = Store(home.directory / "nas").load_state()
        assert (await home.nas.ask(local.Leave(), local.Status)).state == "not-joined"
        await until(home, "laptop", lambda _, devices: devices == {})
        after = Store(home.directory / "nas").load_state()
        assert home.nas_system.plan == SystemPlan()
        assert (after.joined, after.route, after.choices, after.outbox) == (None, None, {}, [])
        assert after.settings.own_devices == ()
        assert not {after.device_seed, after.wireguard_key} & {before.device_seed, before.wireguard_key}
        assert not (home.directory / "nas" / "map.json").exists()
        assert await home.nas.refusal(local.Leave()) is Code.NOT_JOINED
        await home.nas.ask(local.Join(await invite(home.laptop), "nas"), local.Status)
        await until(home, "laptop", lambda _, devices: "nas" in devices)

    play(tmp_path, scenario)


def test_a_removed_device_forgets_the_mesh_by_itself(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        prepared = await home.laptop.ask(local.PrepareRemove("nas"), local.Statements)
        await home.laptop.ask(local.PostSigned(signed_by_the_person(prepared)), local.Status)
        assert (await home.laptop.ask(local.GetDevices(), local.DeviceList)).devices == ()
        await until(home, "nas", lambda status, _: status.state == "not-joined")
        assert home.nas_system.plan == SystemPlan()

    play(tmp_path, scenario)


def test_what_the_mesh_key_did_not_sign_is_not_handed_over(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        laptop = home.laptop
        prepared = await laptop.ask(local.PrepareRemove("nas"), local.Statements)
        forged = signed_by_the_person(prepared, key("somebody else"))
        assert await laptop.refusal(local.PostSigned(forged)) is Code.NO_MESH_KEY
        assert await laptop.refusal(local.PostSigned(())) is Code.INVALID_MESSAGE
        assert await laptop.refusal(local.PostSigned((Signed("junk"),))) is Code.INVALID_MESSAGE
        right = signed_by_the_person(prepared)
        assert await laptop.refusal(local.PostInvite(right)) is Code.INVALID_MESSAGE, "a removal is no invite"
        assert await laptop.refusal(local.PrepareInvite(0)) is Code.INVALID_SETTING
        assert await laptop.refusal(local.PrepareInvite(10**12)) is Code.INVALID_SETTING
        assert (await device(laptop, "nas")).name == "nas"

    play(tmp_path, scenario)


@contextlib.asynccontextmanager
async def newcomer(home: Home) -> AsyncIterator[Peer]:
    async with daemon(home.directory / "new") as path, connected(path) as peer:
        yield peer


def test_an_invite_lets_one_device_in(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        link = await invite(home.laptop)
        async with newcomer(home) as phone, daemon(home.directory / "fourth") as path, connected(path) as fourth:
            await phone.ask(local.Join(link, "phone", ("routing",)), local.Status)
            assert await fourth.refusal(local.Join(link, "fourth")) is Code.INVITE_USED
            assert await phone.refusal(local.Join(link, "phone")) is Code.ALREADY_JOINED
            waiting = await until(home, "laptop", lambda status, devices: "phone" in devices)
            assert len(waiting.unconfirmed) == 1

    play(tmp_path, scenario)


def test_an_invite_that_expired_and_links_that_are_wrong_are_told_apart(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        link = await invite(home.laptop, seconds=60)
        read = parse_join(link)
        foreign = link.replace(read.mesh_key, FakeMesh("elsewhere").key.public)
        unknown = str(parse_join(link[:-43] + key("x").public))
        async with newcomer(home) as peer:
            assert await peer.refusal(local.Join(foreign)) is Code.INVITE_FOREIGN
            assert await peer.refusal(local.Join(home.line)) is Code.INVITE_FOREIGN
            assert await peer.refusal(local.Join(unknown)) is Code.INVITE_INVALID
            assert await peer.refusal(local.Join(link[:-5])) is Code.INVITE_INVALID
            assert await peer.refusal(local.Join("")) is Code.INVITE_INVALID
            assert await peer.refusal(local.Join(link, "a\nb")) is Code.INVALID_NAME
            assert await peer.refusal(local.Join(link, "new", ("everything",))) is Code.INVALID_SETTING
            home.running.clock.now += 120
            assert await peer.refusal(local.Join(link)) is Code.INVITE_EXPIRED
            assert (await peer.status()).state == "not-joined"

    play(tmp_path, scenario)


def test_a_mesh_is_not_created_twice_nor_without_the_right_to(tmp_path: Path) -> None:
    async def scenario(home: Home) -> None:
        other = key("another mesh")
        assert await home.laptop.refusal(local.PrepareCreate(home.line, other.public)) is Code.ALREADY_JOINED
        wrong = str(CreateLink(home.running.address, seed("no right")))
        nobody = home.line.replace(str(home.running.address.port), "1")
        async with newcomer(home) as peer:
            assert await peer.refusal(local.PrepareCreate(wrong, other.public)) is Code.CREATE_NOT_ALLOWED
            assert await peer.refusal(local.PrepareCreate("junk", other.public)) is Code.CREATE_NOT_ALLOWED
            assert await peer.refusal(local.PrepareCreate(nobody, other.public)) is Code.COORDINATOR_UNREACHABLE
            assert await peer.refusal(local.PrepareCreate(home.line, "no key")) is Code.INVALID_MESSAGE
            assert await peer.refusal(local.PrepareCreate(home.line, other.public, "\x07")) is Code.INVALID_NAME
            prepared = await peer.ask(local.PrepareCreate(home.line, other.public, "new"), local.Statements)
            unsigned = tuple(Signed(text) for text in prepared.bodies)
            assert await peer.refusal(local.Create(home.line, unsigned)) is Code.INVALID_MESSAGE
            assert await peer.refusal(local.Create(home.line, unsigned[:1])) is Code.INVALID_MESSAGE
            assert (await peer.status()).state == "not-joined"

    play(tmp_path, scenario)


def test_who_is_in_no_mesh_is_told_so_by_name(tmp_path: Path) -> None:
    async def run() -> None:
        async with daemon(tmp_path) as path, connected(path) as peer:
            for request in (
                local.StartRoute("nas"),
                local.StopRoute(),
                local.Allow("nas", ("routing",)),
                local.Rename("a", "b"),
                local.PrepareInvite(60),
                local.PrepareRemove("nas"),
                local.PrepareConfirm(),
                local.PostSigned((Signed("{}"),)),
            ):
                code = await peer.refusal(request)
                assert code in (Code.NOT_JOINED, Code.INVALID_MESSAGE), request
            assert (await peer.ask(local.GetDevices(), local.DeviceList)).devices == ()

    asyncio.run(run())


def test_the_mesh_is_there_after_a_restart_without_its_coordinator(tmp_path: Path) -> None:
    async def run() -> None:
        async with household(tmp_path) as home:
            await home.nas.ask(local.Allow("laptop", ("routing",)), local.Status)
            await until(home, "laptop", lambda _, devices: devices["nas"].granted.routing)
            await home.laptop.ask(local.StartRoute("nas"), local.Status)
        assert home.laptop_system.plan.route is not None, "while a route is wanted, what blocks stays"
        assert not home.laptop_system.plan.route.passing
        assert home.nas_system.plan == SystemPlan(), "nothing is left of hosting"
        async with daemon(tmp_path / "laptop") as path, connected(path) as laptop:
            status = await laptop.status()
            assert (status.state, status.coordinator and status.coordinator.connected) == ("routing", False)
            assert (await device(laptop, "nas")).granted.routing

    asyncio.run(run())


def test_no_secret_is_in_the_log_or_in_any_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    said: list[str] = []

    async def scenario(home: Home) -> None:
        link = await invite(home.laptop)
        said.append(link.rpartition("/")[2])
        for name in ("laptop", "nas"):
            state = Store(home.directory / name).load_state()
            said.extend((repr(state.device_seed)[2:20], repr(state.wireguard_key)[2:20]))
        answers = [await home.laptop.status(), await home.laptop.ask(local.GetDevices(), local.DeviceList)]
        text = repr(answers) + caplog.text
        assert SECRET not in text
        assert not [secret for secret in said if secret in text]

    play(tmp_path, scenario)
