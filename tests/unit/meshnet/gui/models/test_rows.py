"""The devices as the window lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from PySide6.QtCore import QDate, QLocale
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.rows import Row, RowMaker, State, Tick, found, rows
from meshnet.protocol.local import Capability, DeviceView, HostedClient, Permissions, Status

NOW = datetime(2026, 3, 5, 15, 0).astimezone()
TODAY = QDate(2026, 3, 5)


@pytest.fixture(autouse=True)
def _british() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    yield
    QLocale.setDefault(before)


def mesh_of(*devices: DeviceView, status: Status | None = None) -> Snapshot:
    return Snapshot(connected=True, status=status or joined(), devices={view.id: view for view in devices})


def row(view: DeviceView, status: Status | None = None) -> Row:
    return rows(mesh_of(view, status=status), view.group, TODAY)[0]


def test_each_tab_has_its_own_group_by_name() -> None:
    mesh = mesh_of(device("b", 2), device("x", 3, group="external"), device("A", 4))
    assert [line.name for line in rows(mesh, "yours")] == ["A", "b"]
    assert [line.name for line in rows(mesh, "external")] == ["x"]


def test_external_devices_stand_by_owner_and_their_headings_say_whose_they_are() -> None:
    mesh = mesh_of(
        device("b", 2, group="external", owner="q7k2" + "a" * 22),
        device("c", 3, group="external", owner="m3f2" + "a" * 22),
        device("a", 4, group="external", owner="q7k2" + "a" * 22),
    )
    lines = rows(mesh, "external")
    assert [(line.heading, line.name) for line in lines] == [
        ("Mesh m3f2…", "c"),
        ("Mesh q7k2…", "a"),
        ("Mesh q7k2…", "b"),
    ]
    assert row(device("mine")).heading == ""


def test_local_network_access_is_greyed_until_routing_is_allowed() -> None:
    assert row(device("a", grants=Permissions(lan=True))).lan == Tick(checked=True, enabled=False)
    assert row(device("a", grants=Permissions(routing=True))).lan == Tick(checked=False, enabled=True)


def test_what_the_person_ticked_shows_before_the_daemon_has_answered() -> None:
    view = device("a")
    asked = {(view.id, "routing"): True, (view.id, "lan"): True, (view.id, "incoming"): False}
    line = rows(replace(mesh_of(view), asked=asked), "yours")[0]
    assert (line.routing, line.lan, line.incoming) == (Tick(True), Tick(True, True), Tick(False))


def test_the_button_routes_or_stops_or_is_greyed_or_is_not_there() -> None:
    view = device("a")
    assert (row(view).button, row(view).choice) == ("Route", Choice(Verb.ROUTE, view.id))
    routed = row(view, joined("routing", route=route(view)))
    assert (routed.button, routed.choice, routed.active) == ("Stop routing", Choice(Verb.STOP), True)
    assert row(device("a", can_host=False)).button == ""


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (device("a", granted=Permissions()), "a has not allowed this device to route through it."),
        (device("a", online=False), "a is offline."),
    ],
)
def test_a_greyed_button_has_its_reason(view: DeviceView, reason: str) -> None:
    line = row(view)
    assert (line.button, line.choice, line.why_not) == ("Route", None, reason)


def test_what_the_daemon_cannot_do_is_not_there() -> None:
    line = row(device("a"), joined(capabilities=()))
    assert (line.button, line.favourite, line.routing, line.lan, line.incoming) == ("", None, None, None, None)
    line = row(device("a"), joined(capabilities=(Capability.HOST,)))
    assert line.routing is not None
    assert line.incoming is None
    assert line.button == ""


def test_remarks_tell_who_routes_here_and_who_is_not_confirmed() -> None:
    view = device("phone")
    assert row(view, joined(clients=("phone",))).remark == "Routes through this device now"
    assert row(view, joined(unconfirmed=(view.id,))).remark == "Joined by an invite and not confirmed yet"
    assert row(view).remark == ""


def test_of_two_devices_of_one_name_only_the_one_that_routes_here_is_said_to() -> None:
    one, other = device("phone", 2), device("phone", 3)
    status = joined(clients=("phone",), hosting=(HostedClient(other.id, "phone", "2026-01-01T00:00:00Z", 1, 1),))
    assert [bool(line.remark) for line in rows(mesh_of(one, other, status=status), "yours")] == [False, True]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Linux · direct · 23 ms"),
        ({"path": "relay", "rtt_ms": 48.0, "exit": "vpn"}, "Linux · by relay · 48 ms · on a VPN"),
        ({"exit": "lost"}, "Linux · direct · 23 ms · has lost its VPN"),
        ({"platform": "wireguard", "path": "none", "rtt_ms": None}, "WireGuard app · online"),
        ({"route": "vps"}, "Linux · direct · 23 ms · routes through vps"),
        ({"online": False}, "Linux · offline"),
        ({"online": False, "last_handshake": "some day"}, "Linux · offline"),
    ],
)
def test_the_presence_says_system_path_and_time(changes: dict[str, Any], said: str) -> None:
    assert row(device("a", **changes)).presence == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(minutes=55), "Linux · offline, seen 14:05"),
        (timedelta(days=1, minutes=55), "Linux · offline, seen yesterday 14:05"),
        (timedelta(days=9, minutes=55), "Linux · offline, seen 24/02/2026, 14:05"),
    ],
)
def test_an_offline_device_says_when_it_was_seen_in_the_persons_own_time(ago: timedelta, said: str) -> None:
    view = device("a", online=False, last_handshake=(NOW - ago).isoformat())
    assert row(view).presence == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"granted": Permissions(routing=True, lan=True)},
            "Lets this device route through it and reach its local network",
        ),
        ({"granted": Permissions(routing=True)}, "Lets this device route through it"),
        ({"granted": Permissions(incoming=True)}, "Has not allowed this device to route through it"),
        ({"can_host": False, "cannot_host": "no firewall"}, "Cannot host: no firewall"),
        ({"can_host": False, "granted": Permissions(incoming=True)}, "Lets this device connect to it"),
        ({"can_host": False, "granted": Permissions()}, "Permits this device nothing"),
    ],
)
def test_it_says_what_the_device_permits(changes: dict[str, Any], said: str) -> None:
    assert row(device("a", **changes)).permits == said


@pytest.mark.parametrize(
    ("state", "shown"),
    [("routing", State.ROUTED), ("connecting", State.CONNECTING), ("blocked", State.BLOCKED)],
)
def test_the_mark_says_how_the_route_is(state: str, shown: State) -> None:
    view = device("a")
    assert row(view, joined(state, route=route(view))).state is shown
    assert row(view).state is State.ONLINE
    assert row(device("a", online=False)).state is State.OFFLINE


def test_favourites_are_hosts_that_the_person_marked() -> None:
    view = device("a")
    assert row(view).favourite is False
    assert rows(replace(mesh_of(view), favourites=frozenset({view.id})), "yours")[0].favourite is True
    assert row(device("a", can_host=False)).favourite is None


def test_only_the_persons_own_devices_can_be_removed() -> None:
    assert row(device("a")).removable
    assert not row(device("a", group="external")).removable


@pytest.mark.parametrize("search", ["NAS", "100.64.0.3", "fd00::3", "windows", "online", "relay win", ""])
def test_a_search_finds_by_name_address_system_and_state(search: str) -> None:
    nas = device("Nas", 3, platform="windows", path="relay")
    other = device("x", 4, online=False)
    lines = found(rows(mesh_of(nas, other), "yours"), search)
    assert [line.name for line in lines] == (["Nas"] if search else ["Nas", "x"])


def test_a_search_finds_the_devices_of_an_owner() -> None:
    ada = device("ada-pc", 3, group="external", owner="m3f2" + "a" * 22)
    bob = device("bob-pc", 4, group="external", owner="q7k2" + "a" * 22)
    lines = rows(mesh_of(ada, bob), "external")
    assert [line.name for line in found(lines, "m3f2aa")] == ["ada-pc"]
    assert [line.name for line in found(lines, "Mesh q7k2")] == ["bob-pc"]


def test_what_did_not_change_is_the_very_same_row() -> None:
    maker = RowMaker("yours")
    one, other = device("a", 2), device("b", 3)
    before = maker.rows(mesh_of(one, other), TODAY)
    after = maker.rows(mesh_of(one, device("b", 3, rtt_ms=50.0)), TODAY)
    assert after[0] is before[0]
    assert after[1].presence == "Linux · direct · 50 ms"


def test_what_changes_around_a_device_makes_its_row_anew() -> None:
    maker = RowMaker("yours")
    view = device("a", online=False, last_handshake=NOW.isoformat())
    mesh = mesh_of(view)
    maker.rows(mesh, TODAY)
    assert maker.rows(replace(mesh, favourites=frozenset({view.id})), TODAY)[0].favourite is True
    assert maker.rows(replace(mesh, status=joined(clients=("a",))), TODAY)[0].remark
    assert maker.rows(replace(mesh, status=joined(capabilities=())), TODAY)[0].routing is None
    assert "yesterday" in maker.rows(mesh, TODAY.addDays(1))[0].presence
