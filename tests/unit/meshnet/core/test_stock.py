from __future__ import annotations

import math

from meshnet.core.probes import NONCE_BYTES, Kind, Probe
from meshnet.core.stock import MEET_AFTER, WARM, StockPath

RELAY = "46.101.10.20:20001"


def path() -> StockPath:
    return StockPath(lambda: bytes(NONCE_BYTES))


def test_an_app_is_asked_for_at_once_and_then_ever_more_seldom() -> None:
    one, now = path(), 100.0
    one.begin((), now)
    for pause in (*MEET_AFTER, MEET_AFTER[-1]):
        assert one.meet_at == now
        one.made_offer(now)
        one.met(None, now)
        assert one.next_due == one.meet_at == now + pause
        assert one.due(now) == []
        now = one.meet_at


def test_the_relay_is_kept_warm_for_ever_though_nobody_answers() -> None:
    one = path()
    one.begin((), 0.0)
    one.made_offer(0.0)
    one.met(RELAY, 0.0)
    sent = []
    for second in range(10 * int(WARM)):
        sent += [(second, send.endpoint, send.probe.kind) for send in one.due(second)]
    assert sent == [(25 * turn, RELAY, Kind.ASK) for turn in range(10)]


def test_another_network_and_another_relay_are_told_at_once() -> None:
    one = path()
    one.met(RELAY, 0.0)
    assert one.due(0.0)
    one.begin((), 3.0)
    assert one.meet_at == 3.0
    assert [send.endpoint for send in one.due(3.0)] == [RELAY]
    one.met("46.101.10.20:20003", 4.0)
    assert [send.endpoint for send in one.due(4.0)] == ["46.101.10.20:20003"]
    one.met(None, 5.0)
    assert one.due(1000.0) == []
    assert one.relay is None


def test_nothing_that_comes_from_there_moves_the_tunnel() -> None:
    one = path()
    one.met(RELAY, 0.0)
    one.offered((RELAY,), RELAY, 0.0)
    for kind in Kind:
        assert one.take(RELAY, Probe(kind, bytes(NONCE_BYTES)), 1.0) == []
    assert (one.in_use, one.aliases(), one.kind(1.0)) == (None, (), "none")
    assert path().next_due == math.inf
