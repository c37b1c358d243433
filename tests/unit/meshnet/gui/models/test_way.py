"""The way as values."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.way import Kind, Link, Stop, Way, folded, in_words, way
from meshnet.protocol.local import Hop, Pause, RouteStatus, Status

HOME = device("home-pc")
V4, V6 = "203.0.113.7", "2001:db8::7"
STALLED = "it answers, and nothing comes back from the internet through it"


def of(status: Status) -> Way:
    return way(Snapshot(connected=True, status=status, devices={HOME.id: HOME}))


def through(*further: str, online: bool = True, **changes: Any) -> RouteStatus:
    hops = (Hop("home-pc", HOME.id, True), *(Hop(name, None, online) for name in further))
    return msgspec.structs.replace(route(HOME, *further), hops=hops, **changes)


def links(shown: Way) -> list[Link]:
    return [stop.link for stop in shown.stops[1:]]


def names(shown: Way) -> list[str]:
    return [stop.name for stop in shown.stops]


def test_without_a_daemon_or_a_mesh_there_is_no_way() -> None:
    assert way(Snapshot()) == Way()
    assert of(Status("not-joined")) == Way()


def test_unrouted_traffic_leaves_under_the_own_address() -> None:
    shown = of(joined(public=(V4, V6)))
    assert names(shown) == ["This device", "Internet"]
    assert links(shown) == [Link.PLAIN]
    assert shown.stops[0].remark == "laptop"
    assert shown.stops[-1].remark == V4
    assert shown.seen == f"The world sees this device's own address, {V4} and {V6}."


def test_where_the_own_address_is_not_known_none_is_made_up() -> None:
    shown = of(joined())
    assert shown.stops[-1].remark == "your own address"
    assert shown.seen == "The world sees this device's own address."


def test_a_pause_says_until_when_traffic_goes_out_directly() -> None:
    shown = of(joined(pause=Pause("home-pc", HOME.id, "2026-01-01T12:34:00Z")))
    assert links(shown) == [Link.PLAIN]
    assert shown.stops[-1].label[0].startswith("directly until ")


def test_while_connecting_nothing_is_drawn_as_good_and_traffic_still_leaves_as_before() -> None:
    shown = of(joined("connecting", route=through("vps"), public=(V4,)))
    assert links(shown) == [Link.BUSY, Link.UNKNOWN, Link.UNKNOWN]
    assert shown.stops[-1].remark == V4
    assert "this device's own address" in shown.seen


def test_while_routed_every_link_is_good_and_the_world_sees_the_last_host() -> None:
    shown = of(joined("routing", route=through("vps", public=(V4,))))
    assert names(shown) == ["This device", "home-pc", "vps", "Internet"]
    assert links(shown) == [Link.GOOD] * 3
    assert shown.stops[1].label == ("direct", "23 ms")
    assert shown.stops[1].remark == "Linux"
    assert shown.stops[-1].remark == V4
    assert shown.seen == f"The world sees {V4}, the address of vps."


def test_the_own_public_address_is_never_shown_as_that_of_a_route() -> None:
    shown = of(joined("routing", route=through(), public=(V4,)))
    assert V4 not in repr(shown)
    assert shown.stops[-1].remark == "the address of home-pc"
    assert shown.seen == "The world sees the address of home-pc."


def test_a_daemon_that_tells_no_hops_is_drawn_by_its_chain() -> None:
    shown = of(joined("routing", route=route(HOME, "?")))
    assert names(shown) == ["This device", "home-pc", "a hidden host", "Internet"]
    assert [stop.kind for stop in shown.stops] == [Kind.DEVICE, Kind.HOST, Kind.HIDDEN, Kind.INTERNET]
    assert shown.stops[1].remark == "Linux"


def test_whose_address_the_world_sees_is_a_whole_sentence_where_the_last_host_is_hidden() -> None:
    unknown = of(joined("routing", route=route(HOME, "?")))
    assert unknown.seen == "The world sees the address of a hidden host."
    assert unknown.stops[-1].remark == "a hidden host's address"
    known = of(joined("routing", route=msgspec.structs.replace(route(HOME, "?"), public=(V4,))))
    assert known.seen == f"The world sees {V4}, the address of a hidden host."


def test_by_relay_is_said_and_a_path_that_is_not_known_is_not() -> None:
    relayed = msgspec.structs.replace(through(), path="relay", rtt_ms=40.0)
    assert of(joined("routing", route=relayed)).stops[1].label == ("by relay", "40 ms")
    unknown = msgspec.structs.replace(through(), path="none", rtt_ms=None)
    assert of(joined("routing", route=unknown)).stops[1].label == ()


def test_a_fallback_names_the_host_that_it_stands_in_for() -> None:
    assert of(joined("routing", route=through(instead_of="nas"))).stops[1].remark == "instead of nas"
    assert of(joined("routing", route=through(instead_of="?"))).stops[1].remark == "instead of a hidden host"


def test_the_vpn_that_the_last_host_is_on_is_said() -> None:
    shown = of(joined("routing", route=through(exit="vpn")))
    assert shown.stops[-1].label == ("by its VPN",)
    assert shown.seen == "The world sees the address of the VPN that home-pc is on."
    known = of(joined("routing", route=through(exit="vpn", public=(V4,))))
    assert known.seen == f"The world sees {V4}, the address of the VPN that home-pc is on."


def test_a_host_that_lost_its_vpn_and_goes_on_by_its_line_is_no_good_news() -> None:
    shown = of(joined("routing", route=through(exit="lost")))
    assert shown.stops[-1].link is Link.BUSY
    assert shown.seen == "home-pc has lost its own VPN: the world sees the address of its own connection."


@pytest.mark.parametrize(
    ("reason", "explanation", "broken", "label"),
    [
        ("host-unreachable", None, 0, "does not answer"),
        ("host-unreachable", "it cannot host: nft is missing", 0, "cannot host"),
        ("host-unreachable", STALLED, 2, "no answer"),
        ("routing-revoked", None, 0, "not allowed"),
        ("host-left-vpn", None, 2, "VPN lost"),
        ("loop", None, 2, "leads back"),
        ("tunnel-failed", None, 0, "no tunnel"),
        ("network-down", None, 0, "no network"),
        ("system-error", None, 0, "system refused"),
        ("of-a-later-version", None, 0, ""),
    ],
)
def test_a_blocked_route_is_broken_where_its_reason_says(
    reason: str, explanation: str | None, broken: int, label: str
) -> None:
    shown = of(joined("blocked", reason=reason, explanation=explanation, route=through("vps")))
    assert links(shown).index(Link.BROKEN) == broken
    assert links(shown)[:broken] == [Link.GOOD] * broken
    assert links(shown)[broken + 1 :] == [Link.UNKNOWN] * (2 - broken)
    assert "".join(shown.stops[broken + 1].label) == label
    assert shown.stops[-1].kind is Kind.NOWHERE
    assert shown.stops[-1].remark == "nothing leaves"
    assert shown.seen.startswith("Nothing leaves")


def test_where_a_farther_host_is_gone_the_way_breaks_before_it() -> None:
    gone = through("vps", online=False)
    shown = of(joined("blocked", reason="host-unreachable", explanation=STALLED, route=gone))
    assert links(shown) == [Link.GOOD, Link.BROKEN, Link.UNKNOWN]


def test_names_of_others_lose_what_could_turn_the_sentence_around() -> None:
    host = msgspec.structs.replace(HOME, name="a\u202eb\nc")
    shown = of(joined("routing", route=route(host)))
    assert shown.stops[1].name == "a\ufffdb\ufffdc"


def test_a_long_way_is_folded_in_the_middle_and_a_broken_link_stays() -> None:
    stops = tuple(Stop(Kind.HOST, str(number), link=Link.GOOD) for number in range(9))
    broken = (*stops[:4], Stop(Kind.HOST, "4", link=Link.BROKEN, label=("no answer",)), *stops[5:])
    short = folded(broken, 5)
    assert [stop.name for stop in short] == ["0", "1", "5 more hosts", "7", "8"]
    assert short[2].link is Link.BROKEN
    assert short[2].label == ("no answer",)
    assert short[2].remark == "2, 3, 4, 5, 6"
    assert folded(stops, 9) == stops


def test_the_way_can_be_read_aloud() -> None:
    shown = of(joined("routing", route=through("vps")))
    assert in_words(shown) == (
        "This device to home-pc: direct, 23 ms. home-pc to vps: works. vps to Internet: works. "
        "The world sees the address of vps."
    )
    assert in_words(Way()) == ""
