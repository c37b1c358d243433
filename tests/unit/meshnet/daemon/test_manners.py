"""Of two devices that meet, one speaks first, and the other only when it has waited in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from meshnet.daemon import manners
from meshnet.daemon.manners import Manners
from meshnet_platform.api import Peer, PeerSight, Tunnel

LOW, OWN, HIGH, STRANGER = "Aaaa", "Mmmm", "Zzzz", "Abcd"
ALLOWED = ("100.64.0.9/32",)
TUNNEL = Tunnel(
    "meshnet0",
    "secret",
    51820,
    (),
    peers=(Peer(LOW, ALLOWED, keepalive=25), Peer(HIGH, ALLOWED, keepalive=25), Peer(STRANGER, ALLOWED, keepalive=0)),
)


def kept_up(polite: Manners, tunnel: Tunnel = TUNNEL, sights: Iterable[PeerSight] = ()) -> list[str]:
    return [peer.public_key for peer in polite.observed_by(tunnel, OWN, sights).peers if peer.keepalive]


def test_the_lower_key_speaks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "PATIENCE", 0.05)

    async def run() -> None:
        polite, due = Manners(), asyncio.Event()
        polite.on_due = due.set
        assert kept_up(polite) == [HIGH]
        await due.wait()
        assert kept_up(polite) == [LOW, HIGH], "who was waited for in vain is spoken to"

    asyncio.run(run())


def test_who_has_been_talked_to_is_not_waited_for() -> None:
    async def run() -> list[str]:
        return kept_up(Manners(), sights=[PeerSight(LOW, None, 1, 0, 0)])

    assert asyncio.run(run()) == [LOW, HIGH]


def test_a_stranger_with_whom_it_is_to_keep_in_touch_from_now_on_is_met_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "PATIENCE", 0.05)

    async def run() -> None:
        polite, due = Manners(), asyncio.Event()
        polite.on_due = due.set
        none = Tunnel("meshnet0", "secret", 51820, (), peers=(Peer(LOW, ALLOWED),))
        assert kept_up(polite, none) == []
        assert not due.is_set()
        assert kept_up(polite) == [HIGH]
        await due.wait()

    asyncio.run(run())
