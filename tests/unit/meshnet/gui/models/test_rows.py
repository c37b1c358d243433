"""The devices as the window lists them."""

from __future__ import annotations

from dataclasses import replace

from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.rows import Row, Tick, rows
from meshnet.protocol.local import DeviceView, Permissions, Status


def mesh_of(*devices: DeviceView, status: Status | None = None) -> Snapshot:
    return Snapshot(connected=True, status=status or joined(), devices={view.id: view for view in devices})


def row(view: DeviceView, status: Status | None = None) -> Row:
    return rows(mesh_of(view, status=status), view.group)[0]


def test_each_tab_has_its_own_group_by_name() -> None:
    mesh = mesh_of(device("b", 2), device("x", 3, group="external"), device("A", 4))
    assert [line.name for line in rows(mesh, "yours")] == ["A", "b"]
    assert [line.name for line in rows(mesh, "external")] == ["x"]


def test_local_network_access_is_greyed_until_routing_is_allowed() -> None:
    assert row(device("a", grants=Permissions(lan=True))).lan == Tick(checked=True, enabled=False)
    assert row(device("a", grants=Permissions(routing=True))).lan == Tick(checked=False, enabled=True)


def test_what_the_person_ticked_shows_before_the_daemon_has_answered() -> None:
    view = device("a")
    asked = {(view.id, "routing"): True, (view.id, "lan"): True}
    line = rows(replace(mesh_of(view), asked=asked), "yours")[0]
    assert (line.routing, line.lan) == (Tick(True), Tick(True, True))


def test_the_button_routes_or_stops_or_is_greyed_or_is_not_there() -> None:
    view = device("a")
    assert (row(view).button, row(view).choice) == ("Route", Choice(Verb.ROUTE, view.id))
    routed = row(view, joined("routing", route=route(view)))
    assert (routed.button, routed.choice) == ("Stop routing", Choice(Verb.STOP))
    denied = row(device("a", granted=Permissions()))
    assert (denied.button, denied.choice, denied.why_not) == ("Route", None, "has not allowed routing")
    assert row(device("a", can_host=False)).button == ""


def test_remarks_tell_who_routes_here_and_who_is_not_confirmed() -> None:
    view = device("phone")
    assert row(view, joined(clients=("phone",))).remark == "Routes through this device now"
    assert row(view, joined(unconfirmed=(view.id,))).remark == "Joined by an invite and not confirmed yet"
    assert row(view).remark == ""
