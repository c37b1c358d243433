from __future__ import annotations

import pytest

from meshnet_platform.api import Peer, PlatformError, SystemPlan, Tunnel
from meshnet_platform.fake import FakeBackend, FakeBeacon, FakeRelay

PLAN = SystemPlan(
    Tunnel(
        "meshnet0",
        "private",
        1,
        (),
        peers=(
            Peer("host", ("100.64.0.2/32", "0.0.0.0/0"), "192.0.2.1:1"),
            Peer("friend", ("100.64.0.3/32",), "192.0.2.2:1"),
            Peer("lost", ("100.64.0.4/32",)),
        ),
    )
)


def test_peers_with_an_endpoint_have_fresh_handshakes_and_bytes_grow_on_the_route() -> None:
    backend = FakeBackend(clock=lambda: 1000.0)
    backend.apply(PLAN)
    backend.observe()
    host, friend, lost = backend.observe().peers
    assert (host.last_handshake, friend.last_handshake, lost.last_handshake) == (1000, 1000, 0)
    assert (host.rx_bytes, friend.rx_bytes) == (2000, 0)


def test_a_silent_peer_answers_nothing() -> None:
    backend = FakeBackend()
    backend.apply(PLAN)
    backend.silent.add("host")
    assert backend.observe().peers[0].last_handshake == 0


def test_only_plans_that_change_something_are_recorded() -> None:
    backend = FakeBackend()
    for plan in (PLAN, PLAN, SystemPlan()):
        backend.apply(plan)
    assert backend.applied == [PLAN, SystemPlan()]


def test_a_failure_leaves_the_plan_in_force() -> None:
    backend = FakeBackend()
    backend.apply(PLAN)
    backend.failure = PlatformError("no")
    with pytest.raises(PlatformError):
        backend.apply(SystemPlan())
    assert backend.plan == PLAN


def test_a_beacon_sees_whom_it_admitted_and_nobody_after_its_end() -> None:
    beacon = FakeBeacon()
    beacon.start(("one", "two"), (1, 2))
    beacon.see("laptop", "192.0.2.1:1", "")
    assert beacon.sightings() == ({}, {})
    beacon.admit({"laptop"})
    assert beacon.sightings() == ({"laptop": "192.0.2.1:1"}, {})
    beacon.dismiss({"laptop"})
    assert beacon.sightings() == ({}, {})
    beacon.admit({"laptop"})
    beacon.stop()
    assert (beacon.keys, beacon.ports, beacon.admitted) == ((), (), set())


def test_a_relay_keeps_owners_until_they_are_released() -> None:
    relay = FakeRelay()
    relay.start(("192.0.2.1",), range(20000, 20004))
    relay.bind(20000, "192.0.2.2", "192.0.2.3")
    relay.bind(20002, "192.0.2.2", "192.0.2.4")
    relay.release(20000)
    assert relay.owners == {20002: ("192.0.2.2", "192.0.2.4")}
    relay.in_use.add(20002)
    assert relay.used() == {20002}
    relay.stop()
    assert (relay.addresses, relay.owners) == ((), {})


def test_a_beacon_and_a_relay_fail_as_they_are_told() -> None:
    beacon, relay = FakeBeacon(), FakeRelay()
    beacon.failure = relay.failure = PlatformError("no")
    for step in (beacon.sightings, relay.used):
        with pytest.raises(PlatformError):
            step()
    beacon.stop()
    relay.stop()
