"""The sentences for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QLocale
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.errors import BLOCKED_WORDS, Blocked
from meshnet.gui.models import words
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.moments import said
from meshnet.protocol import local
from meshnet.protocol.local import Permissions, Status

HOME = device("home-pc")
NO_PATH = route(HOME, path="none", rtt_ms=None)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Numbers and times as in Britain, on every system."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (Status("not-joined"), "Not in a mesh yet"),
        (joined("idle"), "Not routed"),
        (joined("connecting", route=NO_PATH), "Connecting to home-pc…"),
        (joined("routing", route=route(HOME)), "Through home-pc, direct, 23 ms"),
        (joined("routing", route=route(HOME, path="relay", rtt_ms=81.6)), "Through home-pc, by relay, 82 ms"),
        (joined("routing", route=NO_PATH), "Through home-pc, no path yet"),
        (joined("blocked", reason="host-unreachable", route=NO_PATH), "Blocked: home-pc does not answer"),
        (joined("blocked", reason="network-down", route=NO_PATH), "Blocked: this device has no network"),
        (joined("blocked", reason="of-tomorrow", route=NO_PATH), "Blocked: of-tomorrow"),
        (joined("blocked"), "Blocked: the route carries nothing"),
        (joined("something new"), "Not routed"),
    ],
)
def test_the_state_is_one_line(status: Status, line: str) -> None:
    assert words.state_line(Snapshot(connected=True, status=status)) == line


def test_without_a_daemon_the_line_says_why_and_the_detail_what_to_do() -> None:
    mesh = Snapshot(trouble="The daemon does not answer", cure="Start it.")
    assert (words.state_line(mesh), words.state_detail(mesh)) == (
        "The daemon does not answer",
        "Start it. Meshnet keeps looking by itself.",
    )


def test_what_is_to_be_typed_stands_in_quotes() -> None:
    assert words.prose("Try `meshnet doctor`, or `x`.") == "Try “meshnet doctor”, or “x”."


@pytest.mark.parametrize("reason", list(Blocked))
def test_every_reason_of_a_block_has_words(reason: Blocked) -> None:
    assert words.blocked(joined("blocked", reason=reason, route=NO_PATH)) != reason.value
    usual = joined("blocked", reason=reason, route=NO_PATH, explanation=BLOCKED_WORDS[reason])
    assert words.blocked(usual) == words.blocked(joined("blocked", reason=reason, route=NO_PATH))


def test_what_the_daemon_says_of_a_block_beyond_its_reason_is_shown() -> None:
    explained = joined("blocked", reason=Blocked.HOST_UNREACHABLE, route=NO_PATH, explanation="it answers, and no more")
    assert words.blocked(explained) == f"{NO_PATH.host} answers, and no more"
    refused = joined("blocked", reason=Blocked.SYSTEM_ERROR, route=NO_PATH, explanation="the system refused: no nft")
    assert words.blocked(refused) == f"{NO_PATH.host}: the system refused: no nft"


def test_a_host_that_stands_in_for_another_is_named_with_it() -> None:
    stand_in = msgspec.structs.replace(NO_PATH, instead_of="nas")
    line = words.state_line(Snapshot(connected=True, status=joined("routing", route=stand_in)))
    assert "(for nas)" in line


@pytest.mark.parametrize("state", ["not-joined", "idle", "connecting", "routing", "blocked"])
def test_every_state_has_a_detail(state: str) -> None:
    assert words.state_detail(Snapshot(connected=True, status=joined(state)))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (123_456_789, "123 MB"),
        (999_900_000, "1,000 MB"),
        (5 * 10**15, "5.0 PB"),
    ],
)
def test_amounts_have_few_digits_and_a_unit(given: int, shown: str) -> None:
    assert words.amount(given) == shown


def test_numbers_are_written_as_the_person_writes_them() -> None:
    QLocale.setDefault(QLocale("de"))
    assert words.amount(1_400_000_000) == "1,4 GB"


def test_a_pause_says_until_when_and_what_comes_then() -> None:
    until = "2026-01-01T13:05:00Z"
    paused = joined(pause=local.Pause("home-pc", HOME.id, until))
    mesh = Snapshot(connected=True, status=paused)
    assert words.state_line(mesh) == f"Paused until {said(until)}"
    assert words.state_detail(mesh) == (f"Traffic goes out directly. At {said(until)} it goes through home-pc again.")


@pytest.mark.parametrize(("given", "shown"), [(0.3, "< 1 ms"), (1.0, "1 ms"), (23.2, "23 ms"), (812.7, "813 ms")])
def test_round_trips_are_whole_milliseconds(given: float, shown: str) -> None:
    assert words.round_trip(given) == shown


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"online": False}, "offline"),
        ({"granted": Permissions()}, "has not allowed routing"),
        ({"granted": Permissions(), "online": False}, "has not allowed routing"),
        ({"can_host": False}, "does not host"),
        ({"can_host": False, "cannot_host": "nft is missing"}, "cannot host: nft is missing"),
    ],
)
def test_a_device_that_cannot_be_routed_through_has_a_reason(changes: dict[str, Any], reason: str) -> None:
    assert words.why_not(device("home-pc", **changes)) == reason


def test_names_lose_control_characters_and_keep_to_their_own_direction() -> None:
    assert words.plain("a\nb\u202ec\x1b[0m\u2028d") == "a\ufffdb\ufffdc\ufffd[0m\ufffdd"
    assert words.plain("שלום") == "\u2068שלום\u2069"
    assert words.plain("Küche 2") == "Küche 2"


def test_long_names_lose_their_middle() -> None:
    shown = words.short("a" * 40 + "b" * 23)
    assert len(shown) == words.NAME_SHOWN
    assert shown.startswith("aaa")
    assert shown.endswith("bbb")
    assert words.short("x" * 40) == "x" * 40


def test_nothing_unmarked_looks_like_a_tag() -> None:
    assert words.unmarked("<img src=x>") == "‹img src=x›"


@pytest.mark.parametrize(
    ("platform", "name"), [("linux", "Linux"), ("macos", "macOS"), ("wireguard", "WireGuard app"), ("beos", "Beos")]
)
def test_systems_are_called_as_people_call_them(platform: str, name: str) -> None:
    assert words.system(platform) == name


def test_what_is_wrong_beside_the_route_is_told_a_missing_coordinator_too() -> None:
    assert words.attention(joined(problems=("`nft` is missing.",))) == ("“nft” is missing.",)
    away = local.CoordinatorStatus("https://mesh.example", False)
    assert words.attention(joined(problems=("One.",), coordinator=away)) == (
        "One.",
        "The coordinator does not answer. Known devices keep working; new ones and changes wait.",
    )
    assert words.attention(joined()) == words.attention(Status("not-joined")) == ()
