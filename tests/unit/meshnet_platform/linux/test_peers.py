from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from meshnet_platform.api import Observation, Peer, Tunnel
from meshnet_platform.linux.endpoints import Endpoints
from meshnet_platform.linux.peers import Peers
from meshnet_platform.runner import Result, Runner

KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
NAS = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
PEER = Peer(NAS, ("100.64.0.2/32",), "192.0.2.7:21820")
TUNNEL = Tunnel("meshnet0", KEY, 21820, (), peers=(PEER,))
HEAD = f"{KEY}\tpublic\t21820\t0x20d53\n"


class Wg:
    """wg(8): says what a test sets, and remembers what it was told."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "wg").touch(mode=0o755)
        self.dump = Result(0, HEAD)
        self.told: list[str] = []
        self.peers = Peers(Runner(self._execute, [str(directory)]))

    def moved_to(self, endpoint: str, handshake: int = 1700000000) -> None:
        self.dump = Result(0, f"{HEAD}{NAS}\t(none)\t{endpoint}\t100.64.0.2/32\t{handshake}\t10\t20\toff\n")

    def apply(self, tunnel: Tunnel) -> None:
        self.peers.place(tunnel, self.peers.add(tunnel))

    def _execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        if words[1] == "show":
            return self.dump
        self.told.append(" ".join(words[3:]))
        return Result(0)


@pytest.fixture
def wg(tmp_path: Path) -> Wg:
    return Wg(tmp_path)


def test_who_moved_is_where_wireguard_says_and_needs_no_repair(wg: Wg) -> None:
    wg.moved_to("203.0.113.9:4000")
    assert wg.peers.stand(TUNNEL)
    wg.dump = Result(0, HEAD)
    assert not wg.peers.stand(TUNNEL)


def test_a_tunnel_that_is_made_anew_begins_where_its_peers_were_heard_of_last(wg: Wg) -> None:
    wg.moved_to("203.0.113.9:4000")
    assert wg.peers.observe("meshnet0").peers[0].endpoint == "203.0.113.9:4000"
    wg.dump = Result(0, HEAD)
    wg.peers.add(Tunnel("meshnet0", KEY, 21820, (), peers=(Peer(NAS, ("100.64.0.2/32",)),)))
    assert wg.told == [f"peer {NAS} allowed-ips 100.64.0.2/32 endpoint 203.0.113.9:4000"]


def to(endpoint: str | None) -> Tunnel:
    return replace(TUNNEL, peers=(replace(PEER, endpoint=endpoint),))


def test_an_unrelated_plan_leaves_a_peer_where_it_has_gone_to(wg: Wg) -> None:
    wg.apply(TUNNEL)
    wg.told.clear()
    wg.moved_to("203.0.113.9:4000")
    wg.apply(replace(TUNNEL, mtu=1280))
    assert wg.told == []
    wg.apply(to("198.51.100.1:5"))
    assert wg.told == [f"peer {NAS} endpoint 198.51.100.1:5"]


def test_nothing_is_said_before_it_is_time_nor_forgotten_when_that_never_came(wg: Wg) -> None:
    wg.apply(TUNNEL)
    wg.moved_to("192.0.2.7:21820")
    wg.told.clear()
    for _ in range(2):
        before = wg.peers.add(to("198.51.100.1:5"))
        assert wg.told == []
    wg.peers.place(to("198.51.100.1:5"), before)
    assert wg.told == [f"peer {NAS} endpoint 198.51.100.1:5"]


def test_a_tunnel_of_an_earlier_process_keeps_its_endpoints_while_they_answer(wg: Wg) -> None:
    wg.moved_to("203.0.113.9:4000", int(time.time()))
    wg.apply(TUNNEL)
    assert wg.told == []
    later = Wg(wg.directory)
    later.moved_to("203.0.113.9:4000", int(time.time()) - 1000)
    later.apply(TUNNEL)
    assert later.told == [f"peer {NAS} endpoint 192.0.2.7:21820"]


def test_a_tunnel_that_dies_right_after_a_peer_was_moved_begins_there(wg: Wg) -> None:
    wg.apply(TUNNEL)
    wg.moved_to("203.0.113.9:4000")
    wg.apply(to("198.51.100.1:5"))
    wg.dump = Result(0, HEAD)
    wg.told.clear()
    wg.apply(to("198.51.100.1:5"))
    assert wg.told == [f"peer {NAS} allowed-ips 100.64.0.2/32 endpoint 198.51.100.1:5"]


def test_a_tunnel_that_dies_begins_where_a_peer_went_since_the_plan_spoke_of_it(wg: Wg) -> None:
    wg.apply(TUNNEL)
    wg.moved_to("203.0.113.9:4000")
    wg.peers.observe("meshnet0")
    wg.dump = Result(0, HEAD)
    wg.told.clear()
    wg.apply(TUNNEL)
    wg.apply(to("198.51.100.1:5"))
    words = f"peer {NAS} allowed-ips 100.64.0.2/32 endpoint"
    assert wg.told == [f"{words} 203.0.113.9:4000", f"{words} 198.51.100.1:5"]


def test_who_goes_is_removed_by_what_was_there_before(wg: Wg) -> None:
    wg.moved_to("203.0.113.9:4000")
    alone = Tunnel("meshnet0", KEY, 21820, ())
    before = wg.peers.add(alone)
    assert wg.told == []
    wg.peers.remove(alone, before)
    assert wg.told == [f"peer {NAS} remove"]


def test_other_addresses_of_this_device_are_told_once(wg: Wg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Endpoints, "sources", lambda _: frozenset({"198.51.100.1"}))
    wg.moved_to("203.0.113.9:4000")
    wg.peers.follow_addresses(TUNNEL)
    wg.peers.follow_addresses(TUNNEL)
    assert wg.told == [f"peer {NAS} endpoint 203.0.113.9:4000"]


def test_an_interface_that_is_gone_says_nothing(wg: Wg) -> None:
    wg.dump = Result(1, "", "No such device")
    assert wg.peers.observe("meshnet0") == Observation()
