from __future__ import annotations

import socket
import sys

import pytest

from meshnet_platform.api import Peer, Tunnel
from meshnet_platform.linux.endpoints import Endpoints, Slumber
from meshnet_platform.linux.wg import InterfaceState, PeerState


def state(**where: str | None) -> InterfaceState:
    return InterfaceState(peers=tuple(PeerState(key, at, frozenset(), 0, 0, 0, 0) for key, at in where.items()))


def test_where_peers_were_heard_of_outlives_the_tunnel() -> None:
    endpoints = Endpoints()
    endpoints.note(state(a="192.0.2.1:1", b=None))
    endpoints.note(state())
    endpoints.note(state(a=None, b="[2001:db8::1]:2"))
    assert endpoints.known == {"a": "192.0.2.1:1", "b": "[2001:db8::1]:2"}


def test_who_is_no_peer_any_more_is_forgotten() -> None:
    endpoints = Endpoints()
    endpoints.note(state(a="192.0.2.1:1", b="192.0.2.2:1"))
    endpoints.note(state(b=None))
    assert endpoints.known == {"b": "192.0.2.2:1"}


@pytest.mark.parametrize(
    ("said", "heard", "planned", "begun"),
    [
        (None, None, "a", "a"),
        (None, "b", "a", "a"),
        ("a", "b", "a", "b"),
        ("a", None, "a", "a"),
        ("a", "b", "c", "c"),
        ("a", "b", None, "b"),
        (None, "b", None, "b"),
        (None, None, None, None),
    ],
)
def test_a_tunnel_that_is_made_anew_begins_with_what_is_newest(
    said: str | None, heard: str | None, planned: str | None, begun: str | None
) -> None:
    endpoints = Endpoints()
    if said is not None:
        endpoints.placed(Tunnel("meshnet0", "", 1, (), peers=(Peer("key", (), said),)), {})
    endpoints.note(state(key=heard))
    assert endpoints.start(Peer("key", (), planned)) == begun


def test_other_addresses_are_told_once() -> None:
    endpoints = Endpoints()
    assert endpoints.is_stale(["198.51.100.1"])
    endpoints.told(["198.51.100.1"])
    assert not endpoints.is_stale(["198.51.100.1"])
    assert endpoints.is_stale(["198.51.100.2"])


def test_no_way_at_all_is_no_other_address() -> None:
    endpoints = Endpoints()
    endpoints.told(["198.51.100.1"])
    assert not endpoints.is_stale([])


@pytest.fixture
def unmarked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets without a mark, which needs rights that a test may not have."""

    class Unmarked(socket.socket):
        def setsockopt(self, *_: object) -> None:
            return

    monkeypatch.setattr("meshnet_platform.linux.endpoints.socket.socket", Unmarked)


@pytest.mark.usefixtures("unmarked")
def test_the_kernel_says_from_where_an_endpoint_is_reached() -> None:
    endpoints = Endpoints()
    endpoints.note(state(a="127.0.0.1:9", b="127.0.0.1:10"))
    assert endpoints.sources() == {"127.0.0.1"}


@pytest.mark.usefixtures("unmarked")
@pytest.mark.parametrize("nowhere", ["192.0.2.1:0x", "junk", "[fe80::1%nowhere0]:1"])
def test_an_endpoint_without_a_way_is_left_out(nowhere: str) -> None:
    endpoints = Endpoints()
    endpoints.note(state(a=nowhere))
    assert endpoints.sources() == frozenset()


def test_sleep_counts_once() -> None:
    asleep = [5.0]
    slumber = Slumber(lambda: asleep[0])
    assert slumber.since_last() == 0
    asleep[0] = 3605.0
    assert slumber.since_last() == 3600
    assert slumber.since_last() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="clocks of Linux")
def test_a_system_that_is_awake_does_not_sleep() -> None:
    assert abs(Slumber().since_last()) < 1
