"""What is said of a switch between hosts: one leaked packet in one run is told, and what counts as leaked."""

from __future__ import annotations

import pytest

from bench.handover import Handovers, outside
from bench.page import Page, render
from bench.stream import Handover
from lab.pcap import Packet
from lab.tunnel_packets import Permitted
from lab.world import World

WAYS = ("command", "daemon", "hand")
RUNS: dict[str, tuple[Handover, ...]] = dict.fromkeys(WAYS, (Handover(0.03, 0.08, 400, 1),))
TIGHT: dict[str, tuple[int, ...]] = dict.fromkeys(WAYS, (0, 0, 0))


def page(leaked: dict[str, tuple[int, ...]]) -> str:
    return render(Page((), (Handovers(RUNS, leaked, 7).section,)))


def test_nothing_leaked_is_an_aim_that_is_met() -> None:
    assert "Nothing: every aim on this page was met." in page(TIGHT)


def test_one_leaked_packet_in_one_of_many_runs_is_told() -> None:
    text = page({**TIGHT, "daemon": (0, 1, 0)})
    assert "**the daemon alone: packets outside the tunnel, all runs**: the aim is 0; measured were 1" in text


def sent(proto: str, dst: str, dport: int = 0, payload: bytes = b"", src: str = World.laptop4) -> Packet:
    return Packet(0.0, src, dst, proto, 4711, dport, payload)


PERMITTED = Permitted(4711, frozenset({(World.home_public4, 51820)}), (World.server4, World.server6))


def test_what_is_of_no_use_to_the_tunnel_is_outside() -> None:
    packets = [sent("udp", World.web4, 4646), sent("tcp", World.web6, 80, src=World.laptop6)]
    assert outside(PERMITTED, packets) == packets


@pytest.mark.parametrize(
    "packet",
    [
        sent("udp", World.home_public4, 51820, b"\4" + bytes(63)),
        sent("udp", World.web4, 4646, src=World.guest4),
        sent("udp", World.laptop4, 51820, src=World.home_public4),
    ],
    ids=["of the tunnel", "of somebody else", "to the laptop"],
)
def test_the_tunnel_and_what_others_send_is_not(packet: Packet) -> None:
    assert outside(PERMITTED, [packet]) == []
