"""What is told in notifications, and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.news import Kind, Notice, news
from meshnet.protocol import local

HOME, NAS = device("home-pc"), device("nas", 3)
AWAY = Snapshot()
PAUSE = local.Pause(HOME.name, HOME.id, "2026-01-01T00:10:00Z")


def through(host: local.DeviceView = HOME, *further: str, **changes: Any) -> local.RouteStatus:
    return msgspec.structs.replace(route(host, *further), **changes)


def mesh(state: str = "idle", devices: Sequence[local.DeviceView] = (HOME, NAS), **changes: Any) -> Snapshot:
    settings = {"kill-switch": changes.pop("kill_switch", "on")}
    there = {one.id: one for one in devices}
    return Snapshot(connected=True, status=joined(state, **changes), devices=there, settings=settings)


def told(before: Snapshot, after: Snapshot, by_hand: bool = False) -> tuple[Notice, ...]:
    return news(before, after, tells_of_clients=True, by_hand=by_hand)


def kinds(before: Snapshot, after: Snapshot) -> list[Kind]:
    return [notice.kind for notice in told(before, after)]


ROUTING = mesh("routing", route=through())
BLOCKED = mesh("blocked", route=through(path="none"), reason="host-unreachable")


def test_a_route_that_is_lost_is_told_with_the_reason_and_its_return_too() -> None:
    (lost,) = told(ROUTING, BLOCKED)
    assert (lost.kind, lost.title) == (Kind.ROUTE_LOST, "Your traffic is blocked")
    assert "home-pc does not answer" in lost.text
    (back,) = told(BLOCKED, ROUTING)
    assert (back.kind, back.text) == (Kind.ROUTE_BACK, "Your traffic goes through home-pc again.")


def test_another_reason_for_the_same_block_is_no_news() -> None:
    assert kinds(BLOCKED, mesh("blocked", route=through(), reason="network-down")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (mesh(), mesh("connecting", route=through())),
        (mesh("connecting", route=through()), ROUTING),
        (mesh("connecting", route=through()), mesh()),
        (ROUTING, mesh()),
        (ROUTING, mesh("routing", route=through(NAS))),
        (BLOCKED, mesh()),
        (ROUTING, mesh(pause=PAUSE)),
        (mesh(pause=PAUSE), mesh()),
    ],
)
def test_what_only_a_person_can_have_wanted_is_no_news(before: Snapshot, after: Snapshot) -> None:
    assert kinds(before, after) == []


@pytest.mark.parametrize(("before", "after"), [(BLOCKED, ROUTING), (mesh(pause=PAUSE), ROUTING), (ROUTING, BLOCKED)])
def test_of_the_route_nothing_is_told_while_the_person_has_it_in_hand(before: Snapshot, after: Snapshot) -> None:
    assert kinds(before, after)
    assert told(before, after, by_hand=True) == ()


def test_an_app_that_has_just_met_the_daemon_has_no_news() -> None:
    client = local.HostedClient("c" * 26, "phone", "2026-01-01T00:00:00Z", 0, 0)
    after = mesh("blocked", route=through(), hosting=(client,), unconfirmed=(NAS.id,))
    assert kinds(AWAY, after) == []
    assert kinds(mesh("blocked", (), route=through()), mesh("blocked", route=through())) == []


def test_a_fallback_that_takes_over_is_told_and_the_return_to_the_chosen_host() -> None:
    instead = mesh("routing", route=through(NAS, instead_of="home-pc"))
    for before in (ROUTING, BLOCKED):
        (notice,) = told(before, instead)
        assert (notice.kind, notice.title) == (Kind.FALLBACK, "nas has taken over")
        assert notice.text == "Your traffic goes through nas while home-pc is gone."
    assert kinds(instead, ROUTING) == [Kind.ROUTE_BACK]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (through(public=("203.0.113.9", "2001:db8::1")), "203.0.113.9"),
        (through(public=("198.51.100.1", "2001:db8:0:1::1")), "2001:db8:0:1::1"),
        (through(HOME, "nas", public=("198.51.100.1",)), "nas"),
        (through(HOME, "?", public=("198.51.100.1",)), "a hidden host"),
        (through(exit="vpn", public=("198.51.100.1",)), "is on a VPN"),
        (through(exit="lost", public=("198.51.100.1",)), "lost its own VPN"),
    ],
)
def test_traffic_that_leaves_elsewhere_is_told(now: local.RouteStatus, said: str) -> None:
    before = mesh("routing", route=through(public=("198.51.100.1", "2001:db8::1")))
    (notice,) = told(before, mesh("routing", route=now))
    assert notice.kind is Kind.EXIT_CHANGED
    assert said in notice.text


def test_a_host_that_leaves_its_vpn_is_told() -> None:
    (notice,) = told(mesh("routing", route=through(exit="vpn")), ROUTING)
    assert notice.text == "home-pc is on no VPN any more: your traffic leaves by its own connection."


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ((), ("198.51.100.1",)),
        (("198.51.100.1",), ()),
        (("198.51.100.1",), ("198.51.100.1", "2001:db8::1")),
        (("2001:db8::1",), ("2001:db8::2",)),
        (("odd",), ("odder",)),
    ],
)
def test_an_address_that_becomes_known_or_changes_in_its_own_network_is_no_news(
    was: tuple[str, ...], now: tuple[str, ...]
) -> None:
    before, after = (mesh("routing", route=through(public=public)) for public in (was, now))
    assert kinds(before, after) == []


def test_a_paused_route_that_goes_on_is_told_and_one_that_cannot() -> None:
    paused = mesh(pause=PAUSE)
    assert kinds(paused, mesh("connecting", route=through())) == [Kind.PAUSE_OVER]
    assert kinds(mesh("connecting", route=through()), ROUTING) == []
    (notice,) = told(paused, BLOCKED)
    assert notice.kind is Kind.ROUTE_LOST
    assert notice.text.startswith("The route cannot go on: home-pc does not answer.")


def test_somebody_who_begins_to_route_through_this_device_is_told_where_that_is_wanted() -> None:
    client = local.HostedClient("c" * 26, "<b>phone</b>", "2026-01-01T00:00:00Z", 0, 0)
    before, after = mesh(), mesh(hosting=(client,))
    (notice,) = told(before, after)
    assert notice.title == "‹b›phone‹/b› routes through this device"
    assert news(before, after, tells_of_clients=False) == ()
    moved = msgspec.structs.replace(client, rx_bytes=10)
    assert kinds(after, mesh(hosting=(moved,))) == []
    assert kinds(after, before) == []


def test_a_device_that_joins_by_an_invite_is_told_once() -> None:
    new = device("tablet", 9)
    joined_now = mesh("idle", (HOME, new), unconfirmed=(new.id,))
    (notice,) = told(mesh("idle", (HOME,)), joined_now)
    assert (notice.kind, notice.title) == (Kind.DEVICE_JOINED, "tablet has joined your mesh")
    assert kinds(joined_now, mesh("idle", (HOME, new))) == []
    assert kinds(mesh("idle", (HOME,)), mesh("idle", (HOME, new))) == []


def test_a_phone_that_was_just_made_here_is_no_news() -> None:
    phone = device("phone", 9, platform="wireguard")
    assert kinds(mesh(), mesh("idle", (phone,), unconfirmed=(phone.id,))) == []


def test_a_daemon_that_goes_while_a_route_is_wanted_is_told_with_what_that_means() -> None:
    (notice,) = told(ROUTING, AWAY)
    assert (notice.kind, notice.text) == (
        Kind.DAEMON_GONE,
        "Nothing goes out beside the route until the daemon is back.",
    )
    (open_,) = told(mesh("routing", route=through(), kill_switch="off"), AWAY)
    assert "may go out directly" in open_.text
    assert kinds(mesh(), AWAY) == []
    assert kinds(AWAY, AWAY) == []
