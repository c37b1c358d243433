from __future__ import annotations

import struct

import pytest

from meshnet_platform.linux import events, marks
from meshnet_platform.linux.events import Part, Sightings, firewall_parts

NEWLINK, DELLINK, NEWADDR, DELADDR, NEWROUTE, NEWRULE, NETCONF = 16, 17, 20, 21, 24, 32, 80
UP = 0x1


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(kind: int, payload: bytes, sender: int = 0) -> bytes:
    return struct.pack("=IHHII", 16 + len(payload), kind, 0, 0, sender) + payload


def sent_by(sender: int, data: bytes) -> bytes:
    return data[:12] + struct.pack("=I", sender) + data[16:]


def number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))


def link(index: int, name: str, *, flags: int = UP, mtu: int = 1500, kind: int = NEWLINK) -> bytes:
    head = struct.pack("=BxHiII", 0, 0, index, flags, 0)
    return message(kind, head + attribute(3, name.encode() + b"\0") + number(4, mtu))


def address(index: int, *octets: int, kind: int = NEWADDR, valid: int = 100) -> bytes:
    lifetime = attribute(6, struct.pack("=4I", valid, valid, 0, 0))
    return message(kind, struct.pack("=4BI", 2, 24, 0, 0, index) + lifetime + attribute(2, bytes(octets)))


def route(table: int, *, wide: bool = False) -> bytes:
    # As the kernel does: a number that does not fit stands in an attribute.
    short = table if table < 256 else 252
    return message(NEWROUTE, struct.pack("=8BI", 2, 0 if wide else 24, 0, 0, short, 0, 0, 1, 0) + number(15, table))


def rule(*, table: int = 254, mark: int = 0, interface: str = "") -> bytes:
    named = attribute(3, interface.encode() + b"\0") if interface else b""
    return message(NEWRULE, bytes(12) + named + number(10, mark) + number(15, table))


def change_of_table(name: str, *, family: int = 1, kind: int = 6) -> bytes:
    return message(10 << 8 | kind, bytes((family, 0, 0, 1)) + attribute(1, name.encode() + b"\0"))


@pytest.fixture
def sightings(monkeypatch: pytest.MonkeyPatch) -> Sightings:
    monkeypatch.setattr(events, "index_of", lambda interface: 7)
    return Sightings("meshnet0")


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (link(7, "meshnet0"), Part.NETWORK),
        (link(7, "other0"), Part.NETWORK),
        (link(7, "meshnet0", kind=DELLINK), Part.NETWORK),
        (link(9, "meshnet0"), Part.NETWORK),
        (link(2, "eth0"), Part.FACTS),
        (address(7, 100, 64, 0, 1, kind=DELADDR), Part.NETWORK),
        (address(2, 192, 0, 2, 1), Part.FACTS),
        (route(marks.MESH_TABLE), Part.NETWORK),
        (route(marks.DENIED_TABLE), Part.NETWORK),
        (route(254, wide=True), Part.FACTS),
        (route(51820), Part.FACTS),
        (route(255), Part.NOTHING),
        (rule(table=marks.ROUTE_TABLE), Part.NETWORK),
        (rule(mark=marks.PACKET_MARK), Part.NETWORK),
        (rule(interface="meshnet0"), Part.NETWORK),
        (rule(table=51820), Part.NETWORK | Part.FACTS),
        (message(NETCONF, bytes(4)), Part.SETTINGS),
        (message(28, bytes(12)), Part.NOTHING),
        (route(254) + rule(table=marks.ROUTE_TABLE), Part.FACTS | Part.NETWORK),
        (route(254)[:-3], Part.NOTHING),
        (b"", Part.NOTHING),
    ],
)
def test_each_change_concerns_what_it_concerns(sightings: Sightings, data: bytes, parts: Part) -> None:
    assert sightings.parts(data) == parts


def test_what_is_repeated_is_no_change(sightings: Sightings) -> None:
    for first, again in (
        (link(2, "wlan0"), link(2, "wlan0")),
        (address(2, 192, 0, 2, 1), address(2, 192, 0, 2, 1, valid=200)),
    ):
        assert sightings.parts(first) == Part.FACTS
        assert sightings.parts(again) == Part.NOTHING


def test_what_goes_and_comes_back_is_a_change_each_time(sightings: Sightings) -> None:
    for kind in (NEWADDR, DELADDR, NEWADDR):
        assert sightings.parts(address(2, 192, 0, 2, 1, kind=kind)) == Part.FACTS
    for kind in (NEWLINK, DELLINK, NEWLINK):
        assert sightings.parts(link(2, "eth0", kind=kind)) == Part.FACTS
    assert sightings.parts(link(2, "eth0", flags=0)) == Part.FACTS


def test_an_interface_made_anew_is_ours_by_its_name(sightings: Sightings) -> None:
    sightings.parts(link(7, "meshnet0", kind=DELLINK))
    sightings.parts(link(12, "meshnet0"))
    assert sightings.parts(address(12, 100, 64, 0, 1)) == Part.NETWORK
    assert sightings.parts(address(7, 192, 0, 2, 1)) == Part.FACTS


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (change_of_table("meshnet"), Part.FIREWALL),
        (change_of_table("filter") + change_of_table("meshnet", kind=2), Part.FIREWALL),
        (change_of_table("filter", kind=3), Part.FACTS),
        (change_of_table("filter", family=2, kind=2), Part.FACTS),
        (change_of_table("meshnet2"), Part.NOTHING),
        (change_of_table("meshnet", family=2), Part.NOTHING),
        (b"", Part.NOTHING),
    ],
)
def test_only_our_own_table_and_the_chains_of_others_concern_us(data: bytes, parts: Part) -> None:
    assert firewall_parts(data) == parts


def test_what_our_own_programs_change_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "index_of", lambda interface: 7)
    ours = Sightings("meshnet0", {4711}.__contains__)
    change = route(marks.ROUTE_TABLE)
    assert ours.parts(sent_by(4711, change)) == Part.NOTHING
    assert ours.parts(sent_by(4711, change) + sent_by(815, change)) == Part.NETWORK
    flush = change_of_table(marks.FIREWALL_TABLE, kind=2)
    assert firewall_parts(sent_by(4711, flush), {4711}.__contains__) == Part.NOTHING
    assert firewall_parts(sent_by(815, flush), {4711}.__contains__) == Part.FIREWALL
