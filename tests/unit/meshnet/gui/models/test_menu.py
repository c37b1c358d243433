"""The tray menu as a table."""

from __future__ import annotations

from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Entry, Verb, entries
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import DeviceView, Permissions, Status

HOME = device("home-pc")


def mesh_of(*devices: DeviceView, status: Status | None = None, own_devices: str = "none") -> Snapshot:
    return Snapshot(
        connected=True,
        status=status or joined(),
        devices={view.id: view for view in devices},
        settings={"own-devices": own_devices} if own_devices else {},
    )


def hosts(mesh: Snapshot) -> list[Entry]:
    return [entry for entry in entries(mesh) if entry.key.startswith("host ")]


def entry(mesh: Snapshot, key: str) -> Entry:
    return next(entry for entry in entries(mesh) if entry.key == key)


def test_the_whole_menu_from_top_to_bottom() -> None:
    mesh = mesh_of(HOME, device("nas", 3, online=False), status=joined("routing", route=route(HOME)))
    assert [(line.text, line.enabled, line.checked) for line in entries(mesh)] == [
        ("Through home-pc, direct, 23 ms", False, False),
        ("", False, False),
        ("Devices in Meshnet", False, False),
        ("home-pc", True, True),
        ("nas: offline", False, False),
        ("Stop routing", True, False),
        ("", False, False),
        ("Let my devices route through this one", True, False),
        ("", False, False),
        ("Open Meshnet", True, False),
        ("Quit", True, False),
    ]


def test_a_blocked_route_can_be_tried_again_or_stopped() -> None:
    blocked = mesh_of(HOME, status=joined("blocked", route=route(HOME), reason="host-unreachable"))
    assert entry(blocked, "retry").choice == Choice(Verb.ROUTE, HOME.id)
    assert entry(blocked, "stop").choice == Choice(Verb.STOP)
    assert "retry" not in {line.key for line in entries(mesh_of(HOME, status=joined("routing", route=route(HOME))))}


def test_own_hosts_come_first_then_external_ones_each_by_name() -> None:
    external = (device("alpha", 2, group="external"), device("gamma", 5, group="external"))
    mesh = mesh_of(*external, device("Beta", 3), device("zeta", 4), device("alpha2", 6))
    assert [line.text for line in hosts(mesh)] == ["alpha2", "Beta", "zeta", "alpha", "gamma"]


def test_devices_that_do_not_host_are_not_in_the_menu() -> None:
    mesh = mesh_of(device("phone", can_host=False), device("tv", 3, can_host=False, cannot_host="no tools"))
    assert hosts(mesh) == []
    assert [line.text for line in entries(mesh)].count("No hosts yet") == 1


def test_hosts_that_cannot_be_used_are_greyed_with_the_reason() -> None:
    mesh = mesh_of(device("home-pc", online=False), device("nas", 3, granted=Permissions(incoming=True)))
    assert [(line.text, line.enabled, line.checkable) for line in hosts(mesh)] == [
        ("home-pc: offline", False, False),
        ("nas: has not allowed routing", False, False),
    ]


def test_a_click_on_a_host_routes_and_a_click_on_the_active_one_stops() -> None:
    nas = device("nas", 3)
    mesh = mesh_of(HOME, nas, status=joined("routing", route=route(HOME)))
    assert [line.choice for line in hosts(mesh)] == [Choice(Verb.STOP), Choice(Verb.ROUTE, nas.id)]
    assert [line.checked for line in hosts(mesh)] == [True, False]


def test_the_host_of_a_blocked_route_can_be_clicked_away_even_when_it_is_offline_and_hosts_no_more() -> None:
    gone = device("home-pc", online=False, can_host=False)
    mesh = mesh_of(gone, status=joined("blocked", reason="host-unreachable", route=route(gone, path="none")))
    (line,) = hosts(mesh)
    assert (line.text, line.choice, line.checked) == ("home-pc", Choice(Verb.STOP), True)


def test_stop_routing_is_there_while_a_route_is_wanted_and_only_then() -> None:
    assert not entry(mesh_of(HOME), "stop").enabled
    for state in ("connecting", "routing", "blocked"):
        assert entry(mesh_of(status=joined(state, route=route(HOME))), "stop").choice == Choice(Verb.STOP)


def test_hosts_of_one_name_are_told_apart_by_their_address() -> None:
    mesh = mesh_of(HOME, device("home-pc", 3, group="external"))
    assert [line.text for line in hosts(mesh)] == ["home-pc (100.64.0.2)", "home-pc (100.64.0.3)"]


def test_sharing_shows_the_setting_and_turns_it_round() -> None:
    lines = {
        setting: entry(mesh_of(own_devices=setting), "share") for setting in ("none", "routing", "routing,lan", "")
    }
    assert {setting: (line.checked, line.choice) for setting, line in lines.items()} == {
        "none": (False, Choice(Verb.SHARE)),
        "routing": (True, Choice(Verb.UNSHARE)),
        "routing,lan": (True, Choice(Verb.UNSHARE)),
        "": (False, None),
    }


def test_without_a_daemon_only_opening_and_quitting_are_left() -> None:
    menu = entries(Snapshot(trouble="The daemon does not answer"))
    assert menu[0].text == "The daemon does not answer"
    assert [line.text for line in menu if line.enabled] == ["Open Meshnet", "Quit"]


def test_before_joining_nothing_can_be_shared() -> None:
    mesh = mesh_of(status=Status("not-joined"))
    assert [line.text for line in entries(mesh) if line.enabled] == ["Open Meshnet", "Quit"]
