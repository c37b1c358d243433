"""What the coordinator does with records, over real HTTPS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from meshnet.core.identity import SigningKey
from meshnet.core.links import invite_key
from meshnet.core.records import Mesh, Signature, Signed
from meshnet.protocol.control import (
    Create,
    CreateBegin,
    Join,
    JoinBegin,
    Post,
    Presence,
    Record,
    Synced,
    join_message,
)
from support.coordinators import TOKEN, Caller, Running, calling, until_synced
from support.meshes import FakeDevice, FakeMesh, key, seed, signed

SECRET = seed("an invite")
Scenario = Callable[[Running, Caller], Awaitable[None]]


def play(directory: Path, scenario: Scenario) -> None:
    async def run() -> None:
        async with calling(directory) as (running, caller):
            await scenario(running, caller)

    asyncio.run(run())


class Home:
    """A mesh with a laptop in it and an invite posted."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.mesh = FakeMesh()
        self.laptop, self.phone = FakeDevice("laptop"), FakeDevice("phone")
        self.token = ""

    async def found(self) -> Home:
        self.token = await self.caller.found(self.mesh, self.laptop)
        assert await self.post(self.mesh.invite(SECRET)) == ""
        return self

    async def post(self, *records: Signed, token: str = "") -> str:
        return await self.caller.code("records", Post(records), token or self.token)


# --- create ---------------------------------------------------------------------------------------------------------


def test_a_wrong_token_makes_no_mesh(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        laptop = FakeDevice("laptop")
        assert await caller.code("create/begin", CreateBegin("é", laptop.key.public)) == "create-not-allowed"
        records = FakeMesh().found(laptop, "100.64.0.1")
        assert await caller.code("create", Create(TOKEN + "A", records)) == "create-not-allowed"

    play(tmp_path, scenario)


def test_the_same_device_is_given_the_same_address_for_ten_minutes(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        begin = CreateBegin(TOKEN, FakeDevice("laptop").key.public)
        first = await caller.call("create/begin", begin)
        assert await caller.call("create/begin", begin) == first
        running.clock.now += 601
        records = FakeMesh().found(FakeDevice("laptop"), first[1]["address4"])
        assert await caller.code("create", Create(TOKEN, records)) == "invalid-message"

    play(tmp_path, scenario)


def test_an_address_that_was_not_kept_for_the_device_is_refused(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        laptop, phone = FakeDevice("laptop"), FakeDevice("phone")
        _, allocation = await caller.call("create/begin", CreateBegin(TOKEN, laptop.key.public))
        for device, address in ((laptop, "100.64.0.1"), (phone, allocation["address4"])):
            records = FakeMesh().found(device, address)
            assert await caller.code("create", Create(TOKEN, records)) == "invalid-message"

    play(tmp_path, scenario)


def test_a_mesh_of_another_coordinator_or_prefix_is_refused(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        laptop = FakeDevice("laptop")
        _, allocation = await caller.call("create/begin", CreateBegin(TOKEN, laptop.key.public))
        for mesh in (FakeMesh(coordinator=key("another").public), FakeMesh(network4="100.64.0.0/11")):
            records = mesh.found(laptop, allocation["address4"])
            assert await caller.code("create", Create(TOKEN, records)) == "invalid-message"

    play(tmp_path, scenario)


def test_a_create_whose_answer_was_lost_may_be_repeated(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        laptop = FakeDevice("laptop")
        _, allocation = await caller.call("create/begin", CreateBegin(TOKEN, laptop.key.public))
        create = Create(TOKEN, FakeMesh().found(laptop, allocation["address4"]))
        assert await caller.call("create", create) == (200, {})
        assert await caller.call("create", create) == (200, {})
        assert await running.store.last_revision() == 3

    play(tmp_path, scenario)


def test_a_refused_create_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        mesh, laptop = FakeMesh(), FakeDevice("laptop")
        _, allocation = await caller.call("create/begin", CreateBegin(TOKEN, laptop.key.public))
        founding, membership, _ = mesh.found(laptop, allocation["address4"])
        bad = mesh.device(laptop, name="bad\x07name")
        assert await caller.code("create", Create(TOKEN, (founding, membership, bad))) == "invalid-message"
        assert await running.store.last_revision() == 0
        assert await caller.code("create", Create(TOKEN, (founding, membership, mesh.device(laptop)))) == ""

    play(tmp_path, scenario)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_create_with_fewer_records_is_refused(tmp_path: Path, count: int) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        records = FakeMesh().found(FakeDevice("laptop"), "100.64.0.1")[:count]
        assert await caller.code("create", Create(TOKEN, records)) == "invalid-message"

    play(tmp_path, scenario)


# --- join -----------------------------------------------------------------------------------------------------------


def test_fifty_devices_with_one_invite_at_once_are_one_member_more(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        devices = [FakeDevice(f"device {number}") for number in range(50)]
        begun = await asyncio.gather(*(caller.begin_join(device, SECRET) for device in devices))
        assert len({joining["address4"] for _, joining in begun}) == 50
        joins = [
            Join(home.mesh.join(device, joining["address4"], SECRET))
            for device, (_, joining) in zip(devices, begun, strict=True)
        ]
        codes = await asyncio.gather(*(caller.code("join", join) for join in joins))
        assert sorted(codes) == [""] + ["invite-used"] * 49
        assert await caller.join(home.mesh, FakeDevice("late"), SECRET) == "invite-used"

    play(tmp_path, scenario)


def test_an_invite_expires_by_the_coordinators_clock(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        running.clock.now += 86_401
        assert await caller.join(home.mesh, home.phone, SECRET) == "invite-expired"

    play(tmp_path, scenario)


def test_an_invite_that_nobody_made_is_invalid(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        assert await caller.join(home.mesh, home.phone, seed("another")) == "invite-invalid"
        records = home.mesh.join(home.phone, "100.64.0.9", seed("another"))
        assert await caller.code("join", Join(records)) == "invite-invalid"
        assert await caller.code("join", Join(FakeMesh("other").join(home.phone, "100.64.0.9", SECRET)))

    play(tmp_path, scenario)


def test_who_knows_only_the_public_half_of_an_invite_learns_nothing(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        proof = home.phone.key.sign(join_message(home.phone.key.public))
        begin = JoinBegin(invite_key(SECRET).public, home.phone.key.public, proof)
        assert await caller.code("join/begin", begin) == "invite-invalid"

    play(tmp_path, scenario)


def test_a_join_whose_answer_was_lost_may_be_repeated(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        _, joining = await caller.begin_join(home.phone, SECRET)
        join = Join(home.mesh.join(home.phone, joining["address4"], SECRET))
        assert await caller.call("join", join) == (200, {})
        assert await caller.call("join", join) == (200, {})
        assert (await caller.begin_join(home.phone, SECRET))[1]["address4"] == joining["address4"]

    play(tmp_path, scenario)


def test_a_device_is_in_one_mesh_at_a_time(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        begin = CreateBegin(TOKEN, home.laptop.key.public)
        assert await caller.code("create/begin", begin) == "already-joined"

    play(tmp_path, scenario)


def test_an_invite_key_of_another_mesh_is_refused(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        rival = FakeMesh("rival")
        token = await caller.found(rival, FakeDevice("rival"))
        assert await home.post(rival.invite(SECRET), token=token) == "invalid-message"

    play(tmp_path, scenario)


def test_a_full_pool_is_refused_by_name_and_the_address_of_a_removed_device_is_free_for_other_meshes(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with calling(tmp_path, network4="100.64.0.0/30") as (_running, caller):
            mesh, laptop, phone = FakeMesh(network4="100.64.0.0/30"), FakeDevice("laptop"), FakeDevice("phone")
            token = await caller.found(mesh, laptop)
            assert await caller.code("records", Post((mesh.invite(SECRET),)), token) == ""
            assert await caller.join(mesh, phone, SECRET) == ""
            begin = CreateBegin(TOKEN, FakeDevice("tablet").key.public)
            status, body = await caller.call("create/begin", begin)
            assert (status, body["code"]) == (503, "address-pool-empty")
            assert await caller.code("records", Post((mesh.removal(phone),)), token) == ""
            assert await caller.code("create/begin", begin) == ""

    asyncio.run(run())


# --- records --------------------------------------------------------------------------------------------------------


def test_records_need_a_session(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        status, body = await caller.call("records", Post((home.mesh.device(home.laptop),)), "no token")
        assert (status, body["code"]) == (401, "not-permitted")

    play(tmp_path, scenario)


def test_a_device_posts_nothing_of_another(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        assert await caller.join(home.mesh, home.phone, SECRET) == ""
        assert await home.post(home.mesh.device(home.phone)) == "not-permitted"
        assert await home.post(home.mesh.grants(home.phone, home.laptop)) == "not-permitted"

    play(tmp_path, scenario)


def test_a_membership_is_not_posted_but_joined_with(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        assert await home.post(home.mesh.membership(home.phone, "100.64.0.9", SECRET)) == "invalid-message"
        assert await home.post(home.mesh.founding()) == "invalid-message"

    play(tmp_path, scenario)


def test_records_about_devices_that_are_not_of_the_mesh_are_refused(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        assert await home.post(home.mesh.grants(home.laptop, home.phone)) == "unknown-device"
        assert await home.post(home.mesh.removal(home.phone)) == "unknown-device"
        assert await home.post(home.mesh.confirmation(home.phone)) == "unknown-device"

    play(tmp_path, scenario)


def test_what_the_ledger_refuses_is_refused_and_nothing_of_the_call_is_kept(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        old, new = home.mesh.device(home.laptop, "Old"), home.mesh.device(home.laptop, "New")
        assert await home.post(new, old) == "invalid-message"
        assert await running.store.last_revision() == 4
        assert await home.post(new) == ""
        assert await home.post(new) == ""
        assert await running.store.last_revision() == 5

    play(tmp_path, scenario)


def test_a_record_signed_by_nobody_who_may_is_refused(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        genuine = home.mesh.invite(seed("second"))
        forged = Signed(genuine.body, (Signature(home.mesh.key.public, home.laptop.key.sign(b"something")),))
        assert await home.post(forged) == "invalid-message"
        assert await home.post(Signed(genuine.body, genuine.signatures * 5)) == "invalid-message"
        assert await home.post(Signed(genuine.body, (Signature("x", "y"), *genuine.signatures))) == "invalid-message"

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"type":"device","v":2}', "version-mismatch"),
        ('{"type":"device"}', "invalid-message"),
        ('{"type":"device","x":' + "[" * 20_000, "invalid-message"),
        ("", "invalid-message"),
        ("null", "invalid-message"),
    ],
)
def test_a_body_that_is_no_record_is_refused(tmp_path: Path, body: str, code: str) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        assert await home.post(Signed(body)) == code

    play(tmp_path, scenario)


def test_a_record_too_long_for_a_line_is_refused(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        body = home.mesh.device(home.laptop).body[:-1] + ',"x":"' + "\\u0001" * 2_000 + '"}'
        assert len(msgspec.json.encode(Post((Signed(body),)))) < 64 * 1024
        assert await home.post(Signed(body)) == "invalid-message"

    play(tmp_path, scenario)


# --- what the streams show ------------------------------------------------------------------------------------------


def test_a_removed_device_hears_of_it_and_its_stream_and_session_end(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        assert await caller.join(home.mesh, home.phone, SECRET) == ""
        token = await caller.login(home.phone)
        removal = home.mesh.removal(home.phone)
        async with caller.changes(home.token) as own:
            await until_synced(own)
            async with caller.changes(token) as following:
                await until_synced(following)
                assert await own() == Presence(home.phone.id, True)
                assert await home.post(removal) == ""
                assert await following() == Record(7, removal)
                assert await following() is None
            assert await own() == Record(7, removal)
            assert await own() == Presence(home.phone.id, False)
        status, body = await caller.call("records", Post((home.mesh.device(home.phone),)), token)
        assert (status, body["code"]) == (401, "not-permitted")
        assert await caller.join(home.mesh, home.phone, SECRET) == "invite-used"

    play(tmp_path, scenario)


def test_a_grant_is_shown_to_the_two_it_concerns_also_to_one_that_missed_it(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        tablet, second = FakeDevice("tablet"), seed("second")
        assert await home.post(home.mesh.invite(second)) == ""
        assert await caller.join(home.mesh, home.phone, SECRET) == ""
        assert await caller.join(home.mesh, tablet, second) == ""
        grant = home.mesh.grants(home.laptop, home.phone, routing=True)
        assert await home.post(grant) == ""
        seen = []
        for token in (home.token, await caller.login(home.phone), await caller.login(tablet)):
            async with caller.changes(token, 9) as following:
                seen.append([change.record for change in await until_synced(following) if isinstance(change, Record)])
        assert seen == [[grant], [grant], []]

    play(tmp_path, scenario)


def test_a_stream_resumes_from_a_revision_and_shows_the_newest_of_each_subject_only(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        assert await home.post(home.mesh.device(home.laptop, "Second")) == ""
        newest = home.mesh.device(home.laptop, "Third")
        assert await home.post(newest) == ""
        async with caller.changes(home.token, 4) as following:
            changes = await until_synced(following)
            assert changes[1:] == [Record(6, newest), Synced(6)]
        async with caller.changes(home.token, 999) as following:
            assert (await until_synced(following))[-1] == Synced(6)

    play(tmp_path, scenario)


def test_after_a_restart_everything_is_as_it_was(tmp_path: Path) -> None:
    home: list[Home] = []

    async def before(running: Running, caller: Caller) -> None:
        home.append(await Home(caller).found())
        assert await caller.join(home[0].mesh, home[0].phone, SECRET) == ""

    async def after(running: Running, caller: Caller) -> None:
        assert await caller.join(home[0].mesh, FakeDevice("late"), SECRET) == "invite-used"
        token = await caller.login(home[0].phone)
        old = FakeDevice("phone")
        assert await caller.code("records", Post((home[0].mesh.device(old),)), token) == ""
        async with caller.changes(token) as following:
            assert len(await until_synced(following)) == 8

    play(tmp_path, before)
    play(tmp_path, after)


def test_two_meshes_do_not_see_each_other(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        home = await Home(caller).found()
        other = FakeMesh("other")
        token = await caller.found(other, FakeDevice("other"))
        async with caller.changes(home.token) as own, caller.changes(token) as following:
            shown = [c.record for c in await until_synced(following) if isinstance(c, Record)]
            assert len(shown) == 3
            await until_synced(own)
            renamed = home.mesh.device(home.laptop, "Renamed")
            assert await home.post(renamed) == ""
            assert await own() == Record(8, renamed)

    play(tmp_path, scenario)


def test_a_foreign_key_cannot_found_a_mesh_in_anothers_name(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller) -> None:
        laptop, mesh = FakeDevice("laptop"), FakeMesh()
        thief = SigningKey(seed("thief"))
        _, allocation = await caller.call("create/begin", CreateBegin(TOKEN, laptop.key.public))
        body = Mesh(
            mesh=mesh.id,
            key=thief.public,
            coordinator=mesh.coordinator,
            network4=mesh.network4,
            network6=mesh.network6,
        )
        _, membership, device = mesh.found(laptop, allocation["address4"])
        records = (signed(body, thief), membership, device)
        assert await caller.code("create", Create(TOKEN, records)) == "invalid-message"

    play(tmp_path, scenario)
