"""Two ends ask, choose, lose and find ways again."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from meshnet.core.paths import HEARD_MOST, PeerPath
from meshnet.core.probes import Kind, Probe
from support.crossing import Crossing, Way


def direct(**words: Any) -> Way:
    return Way("81.2.69.10:51820", "62.24.131.7:40000", **words)


def near() -> Way:
    return Way("192.168.1.10:51820", "192.168.1.20:51821", delay=0.001)


def relay(**words: Any) -> Way:
    return Way("46.101.10.20:20001", "46.101.10.20:20000", is_relay=True, **words)


def kinds(crossing: Crossing) -> tuple[str, str]:
    return crossing.low.kind(crossing.now), crossing.high.kind(crossing.now)


def test_the_only_way_is_chosen_within_two_round_trips() -> None:
    crossing = Crossing(direct(delay=0.05))
    crossing.meet()
    crossing.run(0.21)
    assert kinds(crossing) == ("direct", "direct")
    assert crossing.low.chosen == "62.24.131.7:40000"
    assert crossing.high.chosen == "81.2.69.10:51820"


def test_two_nats_that_let_nothing_in_are_opened_from_both_sides() -> None:
    crossing = Crossing(direct(is_closed={"low": True, "high": True}))
    crossing.meet()
    crossing.run(1)
    assert kinds(crossing) == ("direct", "direct")


def test_the_relay_serves_at_once_and_a_direct_way_takes_over() -> None:
    slow = direct(delay=0.3)
    crossing = Crossing(slow, relay(delay=0.02))
    crossing.meet()
    crossing.run(0.2)
    assert kinds(crossing) == ("relay", "relay")
    crossing.run(2)
    assert kinds(crossing) == ("direct", "direct")
    assert crossing.high.aliases() == ("46.101.10.20:20001",)


def test_a_network_that_both_are_in_is_preferred() -> None:
    crossing = Crossing(direct(delay=0.0005), near(), relay(delay=0.0001))
    crossing.meet()
    crossing.run(2)
    assert crossing.low.chosen == "192.168.1.20:51821"
    assert crossing.high.chosen == "192.168.1.10:51820"


def test_a_peer_that_comes_from_an_unknown_endpoint_is_met_there() -> None:
    hidden = direct()
    crossing = Crossing(hidden)
    crossing.high.offered([hidden.low], None, crossing.now)
    crossing.run(1)
    assert kinds(crossing) == ("direct", "direct")


def test_a_way_that_dies_in_one_direction_is_left_within_seconds_and_taken_again_when_it_has_proved_itself() -> None:
    for dead_side in ("low", "high"):
        way = direct()
        crossing = Crossing(way, relay())
        crossing.meet()
        for end in crossing.ends.values():
            end.set_active(True, crossing.now)
        crossing.run(30)
        assert kinds(crossing) == ("direct", "direct")
        way.is_up[dead_side] = False
        crossing.run(6)
        assert kinds(crossing) == ("relay", "relay"), dead_side
        way.is_up[dead_side] = True
        crossing.run(20)
        assert kinds(crossing) == ("direct", "direct"), dead_side


def test_a_way_that_comes_and_goes_is_trusted_less_each_time() -> None:
    way = direct()
    crossing = Crossing(way, relay())
    crossing.meet()
    for end in crossing.ends.values():
        end.set_active(True, crossing.now)
    changes, last = 0, ""
    for _ in range(60):
        way.is_up["low"] = not way.is_up["low"]
        for _ in range(40):
            crossing.run(0.25)
            if crossing.low.kind(crossing.now) != last:
                changes, last = changes + 1, crossing.low.kind(crossing.now)
    assert changes < 20, "sixty changes of the way itself, ten seconds apart"


def test_an_idle_pair_is_quiet() -> None:
    crossing = Crossing(direct(), relay())
    crossing.meet()
    crossing.run(30)
    crossing.sent.clear()
    crossing.run(600)
    assert len(crossing.sent) <= 10 * 6, "packets in ten minutes"
    assert kinds(crossing) == ("direct", "direct")


def test_nothing_answers_bounded_tries_and_no_more() -> None:
    crossing = Crossing(direct(is_up={"low": False, "high": False}))
    crossing.answers_offers = False
    crossing.meet()
    crossing.run(120)
    assert len(list(crossing.probes(Kind.ASK))) <= 12
    assert kinds(crossing) == ("none", "none")
    assert crossing.offers["low"] <= 9


def test_a_slow_way_is_not_taken_for_a_dead_one() -> None:
    crossing = Crossing(direct(delay=0.9))
    crossing.meet()
    for end in crossing.ends.values():
        end.set_active(True, crossing.now)
    crossing.run(5)
    for _ in range(100):
        crossing.run(1)
        assert crossing.low.kind(crossing.now) == "direct"


def begin_anew(crossing: Crossing, name: str) -> None:
    """The daemon of this end was started again, and knows what it was told before."""
    fresh = Crossing(*crossing.ways).ends[name]
    known = [way.high if name == "low" else way.low for way in crossing.ways if not way.is_relay]
    crossing.ends[name] = fresh
    fresh.begin(known, crossing.now)


def test_an_end_that_begins_anew_finds_its_way_with_the_coordinator_and_without() -> None:
    for name in ("low", "high"):
        for is_there in (True, False):
            crossing = Crossing(direct(), relay())
            crossing.meet()
            crossing.run(20)
            crossing.answers_offers = is_there
            begin_anew(crossing, name)
            crossing.run(3)
            assert kinds(crossing) == ("direct", "direct"), (name, is_there)


def test_a_way_of_the_other_family_that_is_a_little_faster_is_no_reason_to_change() -> None:
    ipv4 = direct(delay=0.03)
    ipv6 = Way("[2a02:8010::10]:51820", "[2a00:23c5::20]:40000", delay=0.02)
    crossing = Crossing(ipv4, ipv6)
    ipv6.is_up.update(low=False, high=False)
    crossing.meet()
    crossing.run(5)
    ipv6.is_up.update(low=True, high=True)
    crossing.meet()
    crossing.run(10)
    assert crossing.low.chosen == ipv4.high
    ipv4.is_up.update(low=False, high=False)
    crossing.run(60)
    assert crossing.low.chosen == ipv6.high, "but it is taken when the other one is dead"


def test_a_wireguard_that_wandered_off_to_another_known_way_is_told_again_and_to_an_unknown_one_is_followed() -> None:
    crossing = Crossing(direct(), relay())
    crossing.meet()
    crossing.run(5)
    assert not crossing.low.wandered("62.24.131.7:40000", crossing.now), "it is where it should be"
    assert crossing.low.wandered("46.101.10.20:20000", crossing.now)
    assert not crossing.low.wandered("62.24.131.7:40999", crossing.now)
    assert any(send.endpoint == "62.24.131.7:40999" for send in crossing.low.due(crossing.now))


def test_an_old_choice_from_another_address_moves_nothing() -> None:
    crossing = Crossing(direct())
    crossing.meet()
    crossing.run(2)
    choice = next(crossing.probes(Kind.CHOOSE))
    assert crossing.high.take("203.0.113.9:9", choice.probe, crossing.now) == []
    assert crossing.high.chosen == "81.2.69.10:51820"


def test_an_answer_to_nothing_proves_nothing() -> None:
    end = PeerPath("peer", True, lambda: b"n" * 12, b"secret")
    end.take("203.0.113.9:9", Probe(Kind.ANSWER, b"x" * 12), 1.0)
    assert end.chosen is None


def test_a_third_party_that_is_named_gets_a_few_probes_and_no_more() -> None:
    end = PeerPath("peer", True, lambda: b"n" * 12, b"secret")
    end.offered(["203.0.113.9:9"], None, 0.0)
    sends = [send for tenth in range(3000) for send in end.due(tenth / 10)]
    assert len(sends) <= 6


def test_repeated_words_of_the_peer_from_many_addresses_are_kept_within_bounds() -> None:
    end = PeerPath("peer", True, lambda: b"n" * 12, b"secret")
    for number in range(1, 200):
        end.take(f"203.0.113.{number}:9", Probe(Kind.ASK, b"x" * 12), 1.0)
    assert len(end.candidates) <= HEARD_MOST
    assert end.aliases() == ()


def test_an_endpoint_that_answered_is_not_pushed_out_by_those_that_were_merely_heard() -> None:
    crossing = Crossing(direct(), relay())
    crossing.high.offered(["81.2.69.10:51820"], "46.101.10.20:20001", crossing.now)
    crossing.run(2)
    crossing.low.offered(["192.0.2.77:1"], "46.101.10.20:20000", crossing.now)
    crossing.run(2)
    known = "62.24.131.7:40000"
    assert crossing.low.candidates[known].answered_at > 0
    crossing.low.chosen = "46.101.10.20:20000"
    for number in range(1, 50):
        crossing.low.take(f"203.0.113.{number}:9", Probe(Kind.ASK, b"x" * 12), crossing.now)
    assert known in crossing.low.candidates


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["low", "high"]), st.integers(0, 2), st.floats(0.1, 8)), max_size=25))
def test_whatever_breaks_both_agree_again_on_a_way_that_works(breaks: list[tuple[str, int, float]]) -> None:
    ways = [direct(), near(), relay()]
    crossing = Crossing(*ways)
    crossing.meet()
    for end in crossing.ends.values():
        end.set_active(True, crossing.now)
    for side, number, seconds in breaks:
        ways[number].is_up[side] = not ways[number].is_up[side]
        crossing.run(seconds)
    for way in ways:
        way.is_up.update(low=True, high=True)
    crossing.run(200)
    assert "none" not in kinds(crossing)
    assert [one for one in ways if one.high == crossing.low.chosen] == [
        one for one in ways if one.low == crossing.high.chosen
    ]
