"""A routed laptop, and what befalls it: nothing gets out meanwhile, its status is true, and its traffic flows again.

One laptop goes through it all, one thing after the other. How long each takes is measured by `./dev bench`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from lab.journey import FAULTS, PHONE_PUBLIC, TEN_YEARS, Fault, Journey
from lab.net import Lab, wait_until
from lab.probes import MARKER
from lab.services import Observer, Packet

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

PATIENCE = 60.0
"""Seconds; the machine may be busy. Without the daemon's help most of these would last for ever."""
LINES_OF_FLAPPING = 60


class Watched:
    """The journey, and what was seen outside of it since it began."""

    def __init__(self, lab: Lab) -> None:
        self.journey = Journey(lab)
        self._prove_that_leaks_are_seen()
        self.journey.begin()
        self._observers = (self.journey.outside(), self.journey.outside_by_phone())

    def _prove_that_leaks_are_seen(self) -> None:
        with self.journey.outside() as before:
            self.journey.probes.await_answers()

            def kinds() -> bool:
                return {kind_of(p) for p in before.packets() if self.journey.is_leak(p)} >= ALL_KINDS

            wait_until(kinds, "leaks of every kind, which the observer must see", tick=0.2)

    def leaks(self) -> list[Packet]:
        """What got out so far."""
        return [packet for observer in self._observers for packet in self._leaks(observer)]

    def _leaks(self, observer: Observer) -> list[Packet]:
        return [packet for packet in observer.packets() if self.journey.is_leak(packet)]

    def stop(self) -> None:
        """End the observers, when all that they saw is written."""
        for observer in self._observers:
            observer.stop()


ALL_KINDS = {"udp4", "udp6", "tcp4", "tcp6", "icmp4", "icmp6", "names"}


def kind_of(packet: Packet) -> str:
    """The probe that it comes of; empty for others."""
    family = "6" if ":" in packet.src else "4"
    if packet.proto == "udp":
        return "names" if packet.dport == 53 else "udp" + family if MARKER in packet.payload else ""
    if packet.proto == "tcp":
        return "tcp" + family if packet.dport == 80 else ""
    return "icmp" + family if MARKER in packet.payload else ""


@pytest.fixture(scope="module")
def watched(shared_lab: Lab) -> Iterator[Watched]:
    watched = Watched(shared_lab)
    yield watched
    watched.stop()
    assert watched.leaks() == []


def as_parameter(fault: Fault) -> object:
    return pytest.param(fault, id=fault.name, marks=[pytest.mark.long] if fault.slow else [])


@pytest.mark.parametrize("fault", [as_parameter(fault) for fault in FAULTS])
def test_a_route_survives(watched: Watched, fault: Fault) -> None:
    journey = watched.journey
    befall(journey, fault)
    journey.probes.await_answers(PATIENCE)
    journey.household.await_state("routing")
    assert watched.leaks() == []
    said = {answer.said for answer in journey.probes.answers() if answer.kind in ("tcp4", "tcp6")}
    assert said == {journey.world.home_public4, journey.world.home6}
    if fault.after is not None:
        fault.after(journey)
        journey.probes.await_answers(PATIENCE)


def befall(journey: Journey, fault: Fault) -> None:
    """Let it happen, and pass; meanwhile the status says what is so."""
    fault.cause(journey)
    if fault.reason is not None:
        wait_until(
            lambda: journey.household.status()["reason"] == fault.reason, f"reason {fault.reason}", PATIENCE, 0.1
        )
        blocked = time.monotonic()
        time.sleep(1.0)
        assert journey.probes.answered(blocked, time.monotonic()) == set()
    else:
        time.sleep(fault.lasts)
    if fault.cure is not None:
        fault.cure(journey)


def test_the_clock_of_the_laptop_really_jumps(watched: Watched) -> None:
    journey = watched.journey
    years = []
    for ahead in (0, TEN_YEARS, -TEN_YEARS):
        journey.set_clock(ahead)
        years.append(int(journey.world.meshnet(journey.laptop, "invite")["expires"][:4]))
    journey.set_clock(0)
    assert [year - years[0] for year in years[1:]] == [10, -10]


def test_the_tunnel_follows_the_better_line_at_once(watched: Watched) -> None:
    journey = watched.journey
    # The phone's network has none: what goes by IPv6 goes on in the café.
    journey.lose_ipv6()
    wait_until(lambda: journey.path_of_tunnel() == journey.world.cafe_public4, "tunnel by IPv4", PATIENCE, 0.2)
    befall(journey, next(fault for fault in FAULTS if fault.name == "a cable beside the Wi-Fi"))
    wait_until(lambda: journey.path_of_tunnel() == PHONE_PUBLIC, "tunnel by the better line", tick=0.2)
    journey.return_to_cafe()
    cafe = (journey.world.cafe_public4, journey.world.laptop6)
    wait_until(lambda: journey.path_of_tunnel() in cafe, "tunnel by the café", PATIENCE, 0.2)
    journey.probes.await_answers(PATIENCE)


def test_a_login_outlives_a_tunnel_and_a_network(watched: Watched) -> None:
    journey = watched.journey
    journey.probes.await_answers(PATIENCE, ["stream"])
    opened = journey.probes.answers("stream")[-1].said
    for name in ("tunnel process killed", "another gateway and address"):
        befall(journey, next(fault for fault in FAULTS if fault.name == name))
        journey.probes.await_answers(PATIENCE, ["stream"])
    assert journey.probes.answers("stream")[-1].said == opened
    journey.return_to_cafe()
    journey.probes.await_answers(PATIENCE)


@pytest.mark.long
def test_a_flapping_link_fills_no_log(watched: Watched) -> None:
    journey = watched.journey
    before = len(list(journey.daemon().lines()))
    journey.flap()
    journey.probes.await_answers(PATIENCE)
    assert len(list(journey.daemon().lines())) - before < LINES_OF_FLAPPING
    assert (journey.world.daemon_state(journey.laptop) / "wireguard-go.log").stat().st_size < 1000
