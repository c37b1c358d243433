from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from meshnet.coordinator.database import open_database
from meshnet.coordinator.store import PAGE, Reservation, Store
from meshnet.core.records import Membership, Signed, body_of
from support.meshes import COORDINATOR, FakeDevice, FakeMesh

MESH, LAPTOP, PHONE = FakeMesh(), FakeDevice("laptop"), FakeDevice("phone")


def with_store(directory: Path, scenario: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        store = Store(await open_database(directory / "records", COORDINATOR.public))
        try:
            await scenario(store)
        finally:
            await store.close()

    asyncio.run(run())


async def put(store: Store, *records: Signed) -> list[int]:
    async with store.transaction() as transaction:
        return [await transaction.put(MESH.id, body_of(record.body), record) for record in records]


def test_a_newer_record_of_a_subject_takes_the_older_ones_place_with_a_new_revision(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        old, other, new = MESH.device(LAPTOP), MESH.device(PHONE), MESH.device(LAPTOP)
        assert await put(store, old, other, new) == [1, 2, 3]
        assert [stored.record for stored in await store.backlog(MESH.id, LAPTOP.id, 0)] == [other, new]

    with_store(tmp_path, scenario)


def test_a_step_that_fails_undoes_those_before_it(tmp_path: Path) -> None:
    async def fail(store: Store) -> None:
        async with store.transaction() as transaction:
            await transaction.put(MESH.id, body_of(MESH.founding().body), MESH.founding())
            raise ZeroDivisionError

    async def scenario(store: Store) -> None:
        with pytest.raises(ZeroDivisionError):
            await fail(store)
        assert await store.last_revision() == 0

    with_store(tmp_path, scenario)


def test_a_long_backlog_comes_in_pages(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await put(store, *(MESH.device(FakeDevice(f"device {number}")) for number in range(PAGE + 1)))
        page = await store.backlog(MESH.id, LAPTOP.id, 0)
        assert len(page) == PAGE
        assert len(await store.backlog(MESH.id, LAPTOP.id, page[-1].revision)) == 1

    with_store(tmp_path, scenario)


def test_an_address_is_kept_until_it_expires(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        async with store.transaction() as transaction:
            await transaction.reserve(LAPTOP.key.public, Reservation("holder", "100.64.0.1", 10))
            await transaction.expire_reservations(9)
            assert await transaction.taken() == {"100.64.0.1"}
            assert await transaction.count_reservations("holder") == 1
            await transaction.expire_reservations(10)
            assert await transaction.reservation(LAPTOP.key.public) is None

    with_store(tmp_path, scenario)


def test_a_removed_device_is_no_member_and_its_address_is_free(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        body = body_of(MESH.membership(LAPTOP, "100.64.0.1").body)
        assert isinstance(body, Membership)
        async with store.transaction() as transaction:
            await transaction.add_member(LAPTOP.id, MESH.id, body, by_invite=False)
            assert await transaction.mesh_of(LAPTOP.id) == MESH.id
            await transaction.remove_member(LAPTOP.id)
            assert await transaction.taken() == set()
        assert await store.member(LAPTOP.id) is None

    with_store(tmp_path, scenario)


def test_what_members_say_of_themselves_is_found_with_their_mesh_and_nothing_of_those_who_left(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await put(store, MESH.device(LAPTOP), MESH.device(PHONE))
        async with store.transaction() as transaction:
            for number, device in enumerate((LAPTOP, PHONE)):
                membership = body_of(MESH.membership(device, f"100.64.0.{number + 1}").body)
                assert isinstance(membership, Membership)
                await transaction.add_member(device.id, MESH.id, membership, by_invite=False)
        assert [device.wireguard for _, device in await store.devices()] == [LAPTOP.wireguard, PHONE.wireguard]
        async with store.transaction() as transaction:
            await transaction.remove_member(PHONE.id)
        assert [(mesh, device.device) for mesh, device in await store.devices()] == [(MESH.id, LAPTOP.id)]

    with_store(tmp_path, scenario)
