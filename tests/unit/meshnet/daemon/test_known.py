"""What one peer may have this device do: tries of endpoints that do not answer, and changes of the tunnel."""

from __future__ import annotations

import itertools

import pytest

from meshnet.core.paths import PeerPath
from meshnet.core.plan import Way
from meshnet.core.probes import Kind, Pair, Probe
from meshnet.core.records import Device
from meshnet.daemon.known import ASKS_A_SECOND, ASKS_AT_ONCE, TURNS_A_SECOND, TURNS_AT_ONCE, Known
from support.meshes import seed
from support.situations import Household

THERE = "203.0.113.9:21000"


def known_of(*, decides: bool = True) -> Known:
    home, numbers = Household(), itertools.count()
    device: Device = home.ledger.devices[home.nas.id]
    own = home.ledger.devices[home.laptop.id].wireguard
    path = PeerPath(device.device, decides, lambda: next(numbers).to_bytes(12, "big"), b"secret")
    return Known(device, Pair(seed("wireguard laptop"), own, device.wireguard), path, 0.0)


def path_of(known: Known) -> PeerPath:
    """Of a device that answers probes."""
    assert isinstance(known.path, PeerPath)
    return known.path


def choice(known: Known, endpoint: str, nonce: bytes, now: float) -> Probe:
    """The peer chooses this way; it was answered there just now."""
    sends = known.take(endpoint, Probe(Kind.ASK, nonce), now)
    return Probe(Kind.CHOOSE, nonce, next(send.probe.cookie for send in sends if send.probe.kind is Kind.ANSWER))


def asks(known: Known, now: float) -> int:
    """How many probes leave by now."""
    sends = known.path.due(now)
    return sum(known.may_ask(send.endpoint, now) for send in sends if send.probe.kind is Kind.ASK)


def answer(known: Known, endpoint: str, now: float) -> None:
    """The peer's asks and answers come from there."""
    for send in [*known.path.take(endpoint, Probe(Kind.ASK, b"a" * 12), now), *known.path.due(now)]:
        if send.endpoint == endpoint and send.probe.kind is Kind.ASK:
            known.path.take(endpoint, Probe(Kind.ANSWER, send.probe.nonce, b"c" * 12), now)


def test_one_offer_of_as_many_endpoints_as_may_be_is_tried_in_full() -> None:
    known = known_of()
    known.path.offered([f"203.0.113.{number}:9" for number in range(8)], "203.0.113.80:20000", 0.0)
    assert sum(asks(known, tenth / 10) for tenth in range(100)) == 6 * 9


def test_offers_without_end_send_third_parties_a_few_probes_a_second() -> None:
    known, sent = known_of(), 0
    for second in range(600):
        known.path.offered([f"203.0.113.{number}:{9 + second}" for number in range(8)], None, float(second))
        sent += sum(asks(known, second + tenth / 10) for tenth in range(10))
    assert ASKS_AT_ONCE + 500 * ASKS_A_SECOND < sent <= ASKS_AT_ONCE + 600 * ASKS_A_SECOND


def test_a_way_that_answers_is_asked_whatever_else_is_named() -> None:
    known = known_of()
    known.path.offered([THERE], None, 0.0)
    answer(known, THERE, 0.0)
    while known.asks.takes(1.0):
        pass
    assert known.may_ask(THERE, 2.0)
    assert not known.may_ask("203.0.113.10:9", 1.0)


def test_a_peer_that_moves_all_the_time_has_the_tunnel_follow_now_and_then() -> None:
    known, turns = known_of(), 0
    for number in range(6000):
        now = number / 10
        answer(known, f"203.0.113.9:{1024 + number}", now)
        turns += known.turn(now)
    assert TURNS_AT_ONCE < turns <= TURNS_AT_ONCE + 600 * TURNS_A_SECOND + 1


def test_the_last_of_many_turns_is_followed_when_its_time_comes() -> None:
    known, now = known_of(), 0.0
    while known.turn_at > 1e9:
        now += 0.01
        answer(known, f"203.0.113.9:{1024 + int(now * 100)}", now)
        known.turn(now)
    assert known.wants <= known.turn_at < now + 1 / TURNS_A_SECOND + 0.1
    assert known.turn(known.turn_at)
    used = known.path.in_use
    assert used is not None
    assert known.way == Way(used.endpoint, known.path.aliases())


def test_a_choice_that_was_followed_is_followed_no_second_time() -> None:
    known, other = known_of(decides=False), "203.0.113.10:21000"
    known.path.offered([THERE, other], None, 0.0)
    answer(known, THERE, 0.0)
    first = choice(known, THERE, b"1" * 12, 1.0)
    assert [send.probe.kind for send in known.take(THERE, first, 1.0)] == [Kind.CHOSEN]
    assert path_of(known).chosen == THERE
    known.take(other, choice(known, other, b"2" * 12, 2.0), 2.0)
    assert path_of(known).chosen == other
    # Recorded, and repeated with its sender's address.
    assert known.take(THERE, first, 3.0) == []
    assert path_of(known).chosen == other
    known.take(THERE, choice(known, THERE, b"3" * 12, 4.0), 4.0)
    assert path_of(known).chosen == THERE, "a new one is followed"


def test_a_choice_that_was_tried_from_elsewhere_first_is_followed_from_where_it_is_good() -> None:
    known = known_of(decides=False)
    known.path.offered([THERE], None, 0.0)
    good = choice(known, THERE, b"1" * 12, 1.0)
    assert known.take("203.0.113.66:9", good, 1.0) == []
    assert [send.probe.kind for send in known.take(THERE, good, 1.1)] == [Kind.CHOSEN]


@pytest.mark.parametrize("source", ["[fe80::1%eth0]:9", "[fe80::1]:9", "127.0.0.1:9", "[::ffff:203.0.113.9]:9"])
def test_a_neighbour_who_repeats_what_it_recorded_is_not_taken_for_the_peer(source: str) -> None:
    known = known_of()
    known.path.offered([THERE], None, 0.0)
    answer(known, THERE, 0.0)
    assert known.take(source, Probe(Kind.ASK, b"1" * 12), 1.0) == []
    assert list(path_of(known).candidates) == [THERE]
    assert known.turn(1.0), "what there is of ways can be told"
    assert known.take("203.0.113.10:9", Probe(Kind.ASK, b"1" * 12), 1.0), "an answer"
