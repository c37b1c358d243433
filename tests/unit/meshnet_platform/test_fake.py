from __future__ import annotations

import pytest

from meshnet_platform.api import Peer, PlatformError, SystemPlan, Tunnel
from meshnet_platform.fake import FakeBackend

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
