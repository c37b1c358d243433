from __future__ import annotations

import asyncio

import msgspec
import pytest

from meshnet.coordinator import changes
from meshnet.coordinator.changes import MEETS_MAX, QUEUE_MAX, Hub, Stream, line_of
from meshnet.coordinator.store import Member, Stored
from meshnet.core.records import Signed, body_of
from meshnet.protocol.control import Change, Meet, Ping, Presence, Record, Seen
from support.meshes import FakeDevice, FakeMesh

MESH = FakeMesh()
LAPTOP, PHONE, TABLET = FakeDevice("laptop"), FakeDevice("phone"), FakeDevice("tablet")


class Cut:
    done = False

    def __call__(self) -> None:
        self.done = True


def stream_of(device: FakeDevice, mesh: str = MESH.id) -> tuple[Stream, Cut]:
    cut = Cut()
    return Stream(Member(device.id, device.key.public, mesh), cut), cut


def told(stream: Stream, after: int = 0) -> list[Change]:
    return [msgspec.json.decode(line, type=Change) for line in stream.take(after)[1]]


def publish(hub: Hub, record: Signed, revision: int = 1) -> None:
    hub.publish(MESH.id, Stored(revision, record), body_of(record.body))


def test_a_record_is_told_to_the_mesh_and_to_no_other() -> None:
    hub, (laptop, _), (stranger, _) = Hub(), stream_of(LAPTOP), stream_of(PHONE, "another mesh")
    hub.join(laptop)
    hub.join(stranger)
    record = MESH.device(LAPTOP)
    publish(hub, record)
    assert told(laptop) == [Record(1, record)]
    assert told(stranger) == []


def test_a_grant_is_told_to_the_two_it_concerns() -> None:
    hub, streams = Hub(), [stream_of(device)[0] for device in (LAPTOP, PHONE, TABLET)]
    for stream in streams:
        hub.join(stream)
        told(stream)
    [told(stream) for stream in streams]
    record = MESH.grants(LAPTOP, PHONE)
    publish(hub, record)
    assert [told(stream) for stream in streams] == [[Record(1, record)], [Record(1, record)], []]


def test_who_comes_and_goes_is_told_to_the_others() -> None:
    hub, (laptop, _), (phone, _) = Hub(), stream_of(LAPTOP), stream_of(PHONE)
    hub.join(laptop)
    hub.join(phone)
    assert told(phone) == [Presence(LAPTOP.id, True)]
    assert told(laptop) == [Presence(PHONE.id, True)]
    hub.leave(phone)
    assert told(laptop) == [Presence(PHONE.id, False)]


def test_a_newer_stream_of_a_device_cuts_off_the_older_and_the_device_stays_online() -> None:
    hub, (laptop, _), (older, cut), (newer, _) = Hub(), stream_of(LAPTOP), stream_of(PHONE), stream_of(PHONE)
    hub.join(laptop)
    hub.join(older)
    told(laptop)
    hub.join(newer)
    hub.leave(older)
    assert cut.done
    assert told(laptop) == []
    publish(hub, MESH.device(LAPTOP))
    assert len(told(newer)) == 2


def test_a_reader_that_does_not_read_is_cut_off_and_the_others_are_not() -> None:
    hub, (slow, slow_cut), (quick, quick_cut) = Hub(), stream_of(LAPTOP), stream_of(PHONE)
    hub.join(slow)
    hub.join(quick)
    record = MESH.device(LAPTOP)
    for revision in range(1, QUEUE_MAX + 2):
        publish(hub, record, revision)
        quick.take(0)
    assert slow_cut.done
    assert not quick_cut.done


def test_a_record_that_the_backlog_told_is_not_told_again() -> None:
    hub, (laptop, _) = Hub(), stream_of(LAPTOP)
    hub.join(laptop)
    publish(hub, MESH.device(LAPTOP), 5)
    publish(hub, MESH.device(LAPTOP), 6)
    assert [change.revision for change in told(laptop, after=5) if isinstance(change, Record)] == [6]


def test_an_expelled_device_is_told_why_and_then_its_stream_ends() -> None:
    async def scenario() -> None:
        hub, (phone, cut) = Hub(), stream_of(PHONE)
        hub.join(phone)
        publish(hub, MESH.removal(PHONE))
        hub.expel(MESH.id, PHONE.id)
        assert await phone.wait() == []
        assert len(told(phone)) == 1
        assert await phone.wait() is None
        assert not cut.done

    asyncio.run(scenario())


def test_silence_is_filled_with_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PING_SECONDS", 0.0)
    stream, _ = stream_of(LAPTOP)
    assert asyncio.run(stream.wait()) == [line_of(Ping())]


def test_a_closed_hub_ends_its_streams_and_lets_none_begin() -> None:
    async def scenario() -> None:
        hub, (laptop, _), (late, cut) = Hub(), stream_of(LAPTOP), stream_of(PHONE)
        hub.join(laptop)
        hub.close()
        assert await laptop.wait() is None
        hub.join(late)
        assert cut.done

    asyncio.run(scenario())


def test_of_the_offers_of_one_sender_the_newest_waits_and_after_the_records() -> None:
    hub, (laptop, _) = Hub(), stream_of(LAPTOP)
    hub.join(laptop)
    for body in ("old", "other", "new"):
        assert hub.tell_meet(MESH.id, LAPTOP.id, "tablet" if body == "other" else "phone", Meet(Signed(body)))
    publish(hub, MESH.device(PHONE))
    hub.tell_seen(MESH.id, LAPTOP.id, ("192.0.2.1:1", ""))
    record, seen, *meets = told(laptop)
    assert isinstance(record, Record)
    assert seen == Seen(("192.0.2.1:1", ""))
    assert meets == [Meet(Signed("other")), Meet(Signed("new"))]
    assert told(laptop) == []


def test_offers_that_nobody_reads_are_bounded_and_the_oldest_gives_way() -> None:
    hub, (laptop, cut) = Hub(), stream_of(LAPTOP)
    hub.join(laptop)
    for number in range(MEETS_MAX + 1):
        hub.tell_meet(MESH.id, LAPTOP.id, f"device {number}", Meet(Signed(str(number))))
    assert told(laptop) == [Meet(Signed(str(number))) for number in range(1, MEETS_MAX + 1)]
    assert not cut.done


def test_who_is_not_connected_or_is_of_another_mesh_is_told_nothing() -> None:
    hub, (laptop, _) = Hub(), stream_of(LAPTOP)
    hub.join(laptop)
    assert hub.is_connected(MESH.id, LAPTOP.id)
    assert not hub.is_connected("other", LAPTOP.id)
    assert not hub.tell_meet("other", LAPTOP.id, PHONE.id, Meet(Signed("")))
    hub.tell_seen("other", LAPTOP.id, ("192.0.2.1:1",))
    hub.tell_seen(MESH.id, PHONE.id, ("192.0.2.1:1",))
    assert told(laptop) == []
