from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meshnet.core.links import CoordinatorAddress, invite_key
from meshnet.core.records import Signed
from meshnet.daemon import control_client
from meshnet.daemon.control_client import ControlClient
from meshnet.errors import Code, MeshnetError, Refusal
from meshnet.protocol.control import (
    Change,
    Create,
    CreateBegin,
    Join,
    JoinBegin,
    Presence,
    Record,
    Synced,
    Welcome,
    join_message,
)
from support.coordinators import TOKEN, Running, coordinator
from support.meshes import FakeDevice, FakeMesh, key, seed

SECRET = seed("an invite")


@contextlib.asynccontextmanager
async def client_of(address: CoordinatorAddress) -> AsyncIterator[ControlClient]:
    client = ControlClient(address, mark=None, resolve=None)
    try:
        yield client
    finally:
        await client.close()


async def founded(client: ControlClient, mesh: FakeMesh, device: FakeDevice) -> None:
    address = (await client.create_begin(CreateBegin(TOKEN, device.key.public))).address4
    await client.create(Create(TOKEN, mesh.found(device, address)))
    await client.login(device.key)


async def joined(client: ControlClient, mesh: FakeMesh, device: FakeDevice) -> None:
    proof = invite_key(SECRET).sign(join_message(device.key.public))
    joining = await client.join_begin(JoinBegin(invite_key(SECRET).public, device.key.public, proof))
    await client.join(Join(mesh.join(device, joining.address4, SECRET)))
    await client.login(device.key)


async def until_synced(client: ControlClient, since: int = 0) -> list[Change]:
    changes: list[Change] = []
    async with contextlib.aclosing(client.changes(since)) as stream:
        async for change in stream:
            changes.append(change)
            if isinstance(change, Synced):
                break
    return changes


def bodies(changes: list[Change]) -> list[Signed]:
    return [change.record for change in changes if isinstance(change, Record)]


def test_a_mesh_is_founded_and_a_second_device_joins_and_sees_all_of_it(tmp_path: Path) -> None:
    laptop, phone, mesh = FakeDevice("laptop"), FakeDevice("phone"), FakeMesh()

    async def scenario(running: Running) -> None:
        async with client_of(running.address) as first, client_of(running.address) as second:
            await founded(first, mesh, laptop)
            await first.post((mesh.invite(SECRET),))
            await joined(second, mesh, phone)
            changes = await until_synced(second)
            assert changes[0] == Welcome("127.0.0.1")
            assert len(bodies(changes)) == 6
            assert [c for c in await until_synced(second, 6) if isinstance(c, Record)] == []

    async def run() -> None:
        async with coordinator(tmp_path) as running:
            await scenario(running)

    asyncio.run(run())


def test_what_is_posted_reaches_the_streams_of_the_others(tmp_path: Path) -> None:
    laptop, phone, mesh = FakeDevice("laptop"), FakeDevice("phone"), FakeMesh()

    async def run() -> None:
        async with (
            coordinator(tmp_path) as running,
            client_of(running.address) as first,
            client_of(running.address) as second,
        ):
            await founded(first, mesh, laptop)
            await first.post((mesh.invite(SECRET),))
            await joined(second, mesh, phone)
            async with contextlib.aclosing(first.changes(0)) as stream:
                async for change in stream:
                    if isinstance(change, Synced):
                        break
                record = mesh.device(phone, "Renamed")
                await second.post((record,))
                assert (await anext(stream)) == Record(7, record)
                async with contextlib.aclosing(second.changes(7)) as other:
                    await anext(other)
                    assert (await anext(stream)) == Presence(phone.id, True)
                await second.close()
                assert (await anext(stream)) == Presence(phone.id, False)

    asyncio.run(run())


def test_a_coordinator_with_another_identity_is_not_spoken_to(tmp_path: Path) -> None:
    async def run() -> None:
        async with coordinator(tmp_path, identity=key("somebody else")) as running:
            pinned = CoordinatorAddress("127.0.0.1", running.address.port, key("the one in the link").public)
            async with client_of(pinned) as client:
                await client.create_begin(CreateBegin(TOKEN, FakeDevice("laptop").key.public))

    with pytest.raises(MeshnetError, match="not the coordinator of the link") as caught:
        asyncio.run(run())
    assert caught.value.code is Code.COORDINATOR_UNREACHABLE


def test_a_refusal_carries_the_coordinators_code(tmp_path: Path) -> None:
    async def run() -> None:
        async with coordinator(tmp_path) as running, client_of(running.address) as client:
            await client.create_begin(CreateBegin("a wrong token", FakeDevice("laptop").key.public))

    with pytest.raises(Refusal) as caught:
        asyncio.run(run())
    assert caught.value.code is Code.CREATE_NOT_ALLOWED


def test_nobody_listening_is_said_in_words() -> None:
    async def run() -> None:
        async with client_of(CoordinatorAddress("127.0.0.1", 1, key("coordinator").public)) as client:
            await client.hello()

    with pytest.raises(MeshnetError, match="cannot be reached") as caught:
        asyncio.run(run())
    assert caught.value.code is Code.COORDINATOR_UNREACHABLE


def test_after_a_restart_with_a_new_certificate_it_logs_in_again_by_itself(tmp_path: Path) -> None:
    laptop, mesh = FakeDevice("laptop"), FakeMesh()

    async def run() -> None:
        async with coordinator(tmp_path) as running:
            client = ControlClient(running.address, mark=None, resolve=None)
            await founded(client, mesh, laptop)
        (tmp_path / "tls.pem").unlink()
        async with coordinator(tmp_path, port=running.address.port) as again:
            await client.post((mesh.device(laptop, "Renamed"),))
            assert await again.store.last_revision() == 4
            await client.close()

    asyncio.run(run())


def test_a_name_is_resolved_by_the_given_resolver(tmp_path: Path) -> None:
    asked: list[str] = []

    async def resolve(name: str) -> list[str]:
        asked.append(name)
        return ["127.0.0.1"]

    async def run() -> None:
        async with coordinator(tmp_path) as running:
            named = CoordinatorAddress("coordinator.example", running.address.port, running.address.key)
            client = ControlClient(named, mark=None, resolve=resolve)
            assert (await client.hello()).network4 == "100.64.0.0/10"
            await client.close()

    asyncio.run(run())
    assert asked == ["coordinator.example"]


def test_a_removed_device_is_refused_when_it_calls_again(tmp_path: Path) -> None:
    laptop, phone, mesh = FakeDevice("laptop"), FakeDevice("phone"), FakeMesh()

    async def run() -> None:
        async with (
            coordinator(tmp_path) as running,
            client_of(running.address) as first,
            client_of(running.address) as second,
        ):
            await founded(first, mesh, laptop)
            await first.post((mesh.invite(SECRET),))
            await joined(second, mesh, phone)
            await first.post((mesh.removal(phone),))
            await second.post((mesh.device(phone),))

    with pytest.raises(Refusal) as caught:
        asyncio.run(run())
    assert caught.value.code is Code.NOT_PERMITTED


def test_a_coordinator_that_falls_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laptop, mesh = FakeDevice("laptop"), FakeMesh()
    monkeypatch.setattr(control_client, "SILENCE_SECONDS", 0.5)

    async def run() -> None:
        async with coordinator(tmp_path) as running, client_of(running.address) as client:
            await founded(client, mesh, laptop)
            async for _ in client.changes(0):
                pass

    with pytest.raises(MeshnetError, match="does not answer") as caught:
        asyncio.run(run())
    assert caught.value.code is Code.COORDINATOR_UNREACHABLE


def test_what_is_no_coordinator_is_said_in_words() -> None:
    async def run() -> None:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        async with server, client_of(CoordinatorAddress("127.0.0.1", port_of(server), key("x").public)) as client:
            await client.hello()

    with pytest.raises(MeshnetError) as caught:
        asyncio.run(run())
    assert caught.value.code is Code.COORDINATOR_UNREACHABLE


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])
