"""The tray menu as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import MOST_CLIENTS, MOST_HOSTS, Choice, Entry, Verb, entries
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import Capability, DeviceView, HostedClient, Pause, Permissions, Status, ThisDevice

HOME = device("home-pc")
LATER = "2026-01-01T12:00:00Z"
PAUSED = joined(pause=Pause(HOME.name, HOME.id, LATER))


def mesh_of(*devices: DeviceView, status: Status | None = None, own_devices: str = "none") -> Snapshot:
    return Snapshot(
        connected=True,
        status=status or joined(),
        devices={view.id: view for view in devices},
        settings={"own-devices": own_devices} if own_devices else {},
    )


def routed(**changes: Any) -> Status:
    return joined("routing", route=route(HOME), **changes)


def clients(count: int) -> tuple[HostedClient, ...]:
    return tuple(HostedClient(f"c{number}", f"tablet-{number}", LATER, 0, 0) for number in range(count))


def hosts(mesh: Snapshot) -> list[Entry]:
    return [entry for entry in entries(mesh) if entry.key.startswith("host ")]


def names(mesh: Snapshot) -> list[str]:
    return [entry.text.partition("   ")[0] for entry in hosts(mesh)]


def entry(mesh: Snapshot, key: str) -> Entry:
    return next(entry for entry in entries(mesh) if entry.key == key)


def keys(mesh: Snapshot) -> list[str]:
    return [entry.key for entry in entries(mesh)]


def test_the_whole_menu_from_top_to_bottom() -> None:
    nas, vps = device("nas", 3, online=False), device("vps", 4, path="relay", rtt_ms=81.6)
    mesh = mesh_of(HOME, nas, vps, status=routed(hosting=clients(1), clients=("tablet-0",)))
    assert [(line.text, line.enabled, line.checked) for line in entries(mesh)] == [
        ("Through home-pc, direct, 23 ms", False, False),
        ("", False, False),
        ("Devices in Meshnet", False, False),
        ("home-pc   direct, 23 ms", True, True),
        ("nas: offline", False, False),
        ("vps   by relay, 82 ms", True, False),
        ("", False, False),
        ("Stop routing", True, False),
        ("Pause for 10 minutes", True, False),
        ("", False, False),
        ("This device", False, False),
        ("Let my devices route through this one", True, False),
        ("tablet-0 routes through this device", False, False),
        ("", False, False),
        ("Open Meshnet", True, False),
        ("Quit (routing and hosting go on)", True, False),
    ]


def test_no_two_lines_have_one_key() -> None:
    mesh = mesh_of(*(device(f"h{n}", n) for n in range(2, 40)), status=routed(hosting=clients(9)))
    assert len(set(keys(mesh))) == len(keys(mesh))


# --- the hosts ------------------------------------------------------------------------------------------------------


def test_own_hosts_come_first_then_external_ones_by_owner_each_by_name() -> None:
    external = [
        device("alpha", 2, group="external", owner="zoe"),
        device("gamma", 5, group="external", owner="ann"),
        device("beta", 7, group="external", owner="ann"),
    ]
    mesh = mesh_of(*external, device("Beta", 3), device("zeta", 4, owner="a"), device("alpha2", 6, owner="z"))
    assert names(mesh) == ["alpha2", "Beta", "zeta", "beta", "gamma", "alpha"]


def test_devices_that_do_not_host_are_not_in_the_menu() -> None:
    mesh = mesh_of(device("phone", can_host=False), device("tv", 3, can_host=False, cannot_host="no tools"))
    assert hosts(mesh) == []
    assert [line.text for line in entries(mesh)].count("No hosts yet") == 1


def test_hosts_that_cannot_be_used_are_greyed_with_the_reason() -> None:
    mesh = mesh_of(device("home-pc", online=False), device("nas", 3, granted=Permissions(incoming=True)))
    assert [(line.text, line.enabled) for line in hosts(mesh)] == [
        ("home-pc: offline", False),
        ("nas: has not allowed routing", False),
    ]


def test_a_path_and_a_time_are_told_as_far_as_they_are_known() -> None:
    mesh = mesh_of(HOME, device("nas", 3, path="none", rtt_ms=None), device("vps", 4, path="relay", rtt_ms=None))
    assert [line.text for line in hosts(mesh)] == ["home-pc   direct, 23 ms", "nas", "vps   by relay"]


def test_the_active_host_has_the_way_of_the_route_while_it_carries() -> None:
    assert [
        hosts(mesh_of(HOME, status=joined(state, route=route(HOME, path="relay", rtt_ms=None))))[0].text
        for state in ("connecting", "routing", "blocked")
    ] == ["home-pc", "home-pc   by relay", "home-pc"]


def test_a_host_is_a_checkbox_whatever_becomes_of_it() -> None:
    gone, denied = device("home-pc", online=False), device("home-pc", granted=Permissions())
    for mesh in (mesh_of(HOME), mesh_of(gone), mesh_of(denied), mesh_of(HOME, status=routed())):
        assert hosts(mesh)[0].checkable


def test_a_click_on_a_host_routes_and_a_click_on_the_active_one_stops() -> None:
    nas = device("nas", 3)
    mesh = mesh_of(HOME, nas, status=routed())
    assert [line.choice for line in hosts(mesh)] == [Choice(Verb.STOP), Choice(Verb.ROUTE, nas.id)]
    assert [line.checked for line in hosts(mesh)] == [True, False]


def test_the_host_of_a_blocked_route_can_be_clicked_away_even_when_it_is_offline_and_hosts_no_more() -> None:
    gone = device("home-pc", online=False, can_host=False)
    mesh = mesh_of(gone, status=joined("blocked", reason="host-unreachable", route=route(gone, path="none")))
    (line,) = hosts(mesh)
    assert (line.text, line.choice, line.checked) == ("home-pc", Choice(Verb.STOP), True)


def test_hosts_of_one_name_are_told_apart_by_their_address() -> None:
    mesh = mesh_of(HOME, device("home-pc", 3, group="external"))
    assert names(mesh) == ["home-pc (100.64.0.2)", "home-pc (100.64.0.3)"]


def test_no_host_can_be_clicked_where_this_system_cannot_route() -> None:
    mesh = mesh_of(HOME, status=joined(capabilities=(Capability.HOST,)))
    assert [(line.text, line.enabled) for line in hosts(mesh)] == [("home-pc: this device cannot route yet", False)]
    assert "stop" not in keys(mesh)


def test_as_many_hosts_as_there_is_room_for_stand_in_the_menu() -> None:
    all_shown = mesh_of(*(device(f"h{n:02}", n + 1) for n in range(MOST_HOSTS)))
    assert len(hosts(all_shown)) == MOST_HOSTS
    assert "all" not in keys(all_shown)
    too_many = mesh_of(*(device(f"h{n:02}", n + 1) for n in range(MOST_HOSTS + 1)))
    assert len(hosts(too_many)) == MOST_HOSTS
    assert entry(too_many, "all").choice == Choice(Verb.OPEN)
    assert entry(too_many, "all").text == "All devices…"


def test_of_many_hosts_favourites_come_first_then_recent_ones_then_those_that_can_be_used() -> None:
    many = [device(f"h{n:02}", n + 1, online=n > 9) for n in range(40)]
    mesh = replace(
        mesh_of(*many, status=joined("routing", route=route(many[35]))),
        favourites=frozenset({many[30].id, many[20].id, "gone"}),
        recent=(many[33].id, many[31].id, "gone too"),
    )
    assert names(mesh)[:6] == ["h20", "h30", "h31", "h33", "h35", "h10"]
    assert [line.enabled for line in hosts(mesh)] == [True] * MOST_HOSTS


def test_where_there_is_room_for_all_favourites_keep_their_places() -> None:
    mesh = replace(mesh_of(HOME, device("attic", 3)), favourites=frozenset({HOME.id}))
    assert names(mesh) == ["attic", "home-pc"]


# --- the route ------------------------------------------------------------------------------------------------------


def test_a_blocked_route_can_be_tried_again_or_stopped() -> None:
    blocked = mesh_of(HOME, status=joined("blocked", route=route(HOME), reason="host-unreachable"))
    assert entry(blocked, "retry").choice == Choice(Verb.ROUTE, HOME.id)
    assert entry(blocked, "stop").choice == Choice(Verb.STOP)
    assert "retry" not in keys(mesh_of(HOME, status=routed()))


def test_stop_routing_can_be_chosen_while_a_route_is_wanted_or_paused_and_only_then() -> None:
    assert not entry(mesh_of(HOME), "stop").enabled
    assert entry(mesh_of(HOME, status=PAUSED), "stop").choice == Choice(Verb.STOP)
    for state in ("connecting", "routing", "blocked"):
        assert entry(mesh_of(status=joined(state, route=route(HOME))), "stop").choice == Choice(Verb.STOP)


def test_a_route_can_be_paused_and_a_pause_be_ended() -> None:
    assert entry(mesh_of(HOME, status=routed()), "pause").choice == Choice(Verb.PAUSE)
    paused = mesh_of(HOME, status=PAUSED)
    assert entry(paused, "resume").choice == Choice(Verb.RESUME)
    assert "pause" not in keys(paused)
    assert not {"pause", "resume"} & set(keys(mesh_of(HOME)))


def test_nothing_is_said_of_a_pause_where_the_daemon_knows_none() -> None:
    mesh = mesh_of(HOME, status=routed(capabilities=(Capability.ROUTE,)))
    assert not {"pause", "resume"} & set(keys(mesh))


# --- this device ----------------------------------------------------------------------------------------------------


def test_sharing_shows_the_setting_and_turns_it_round() -> None:
    lines = {setting: entry(mesh_of(own_devices=setting), "share") for setting in ("none", "routing", "routing,lan")}
    assert {setting: (line.checked, line.choice) for setting, line in lines.items()} == {
        "none": (False, Choice(Verb.SHARE)),
        "routing": (True, Choice(Verb.UNSHARE)),
        "routing,lan": (True, Choice(Verb.UNSHARE)),
    }


def test_this_device_has_no_lines_where_it_cannot_host_or_its_setting_is_not_known() -> None:
    cannot = mesh_of(HOME, status=joined(capabilities=(Capability.ROUTE,)))
    for mesh in (cannot, mesh_of(HOME, own_devices="")):
        assert not {"this-device", "share", "before-this-device"} & set(keys(mesh))


def test_why_this_device_cannot_host_is_told() -> None:
    this = ThisDevice("a" * 26, "laptop", "100.64.0.1", "fd00::1", "linux", False, "nft is missing")
    line = entry(mesh_of(status=joined(device=this)), "cannot-host")
    assert (line.text, line.enabled) == ("It cannot host: nft is missing", False)


@pytest.mark.parametrize(("count", "named", "rest"), [(0, 0, 0), (5, 5, 0), (6, 6, 0), (8, MOST_CLIENTS, 3)])
def test_whoever_routes_through_this_device_is_named_or_counted(count: int, named: int, rest: int) -> None:
    mesh = mesh_of(status=joined(hosting=clients(count)))
    assert sum(key.startswith("client ") for key in keys(mesh)) == named
    assert ("more-clients" in keys(mesh)) is bool(rest)
    if rest:
        assert entry(mesh, "more-clients").text == "and 3 others"


# --- without ----------------------------------------------------------------------------------------------------------


def test_without_a_daemon_only_opening_and_quitting_are_left() -> None:
    menu = entries(Snapshot(trouble="The daemon does not answer"))
    assert [line.text for line in menu] == [
        "The daemon does not answer",
        "",
        "Devices in Meshnet",
        "Unknown until the daemon answers",
        "",
        "Open Meshnet",
        "Quit",
    ]
    assert [line.text for line in menu if line.enabled] == ["Open Meshnet", "Quit"]


def test_before_joining_there_is_one_thing_to_do() -> None:
    mesh = mesh_of(status=Status("not-joined", capabilities=tuple(Capability)))
    assert [(line.text, line.choice) for line in entries(mesh) if line.enabled] == [
        ("Create or join a mesh…", Choice(Verb.OPEN)),
        ("Open Meshnet", Choice(Verb.OPEN)),
        ("Quit", Choice(Verb.QUIT)),
    ]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (joined(), "Quit"),
        (routed(), "Quit (routing goes on)"),
        (joined(clients=("tablet",)), "Quit (hosting goes on)"),
        (routed(clients=("tablet",)), "Quit (routing and hosting go on)"),
        (PAUSED, "Quit (routing resumes by itself)"),
    ],
)
def test_quitting_says_what_goes_on_without_the_app(status: Status, text: str) -> None:
    assert entry(mesh_of(HOME, status=status), "quit").text == text
