"""The history of traffic."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.traffic import MOST, WINDOW, History, Sample, followed, in_words, nice_top, rate_in_words

HOME = device("home-pc")


def history(*samples: tuple[float, int, int]) -> History:
    made = History()
    for sample in samples:
        made = made.added(Sample(*sample))
    return made


def test_rates_are_differences_over_time() -> None:
    (rate,) = history((10, 1000, 500), (15, 6000, 1500)).rates
    assert (rate.down, rate.up) == (1000, 200)


def test_nothing_and_one_sample_have_no_rate() -> None:
    assert history().rates == ()
    assert history().now is None
    assert history((1, 5, 5)).now is None
    assert history((1, 5, 5)).peak == 0


def test_a_counter_that_began_anew_is_no_negative_rate_and_still_counts_in_the_totals() -> None:
    made = history((0, 1000, 1000), (5, 2000, 2000), (10, 300, 100), (15, 800, 600))
    assert [rate.down for rate in made.rates] == [200, 100]
    assert (made.rx_total, made.tx_total) == (1000 + 300 + 500, 1000 + 100 + 500)


def test_a_long_silence_is_a_gap() -> None:
    made = history((0, 0, 0), (5, 100, 100), (500, 200, 200))
    assert made.now is None
    assert made.rx_total == 200


def test_a_clock_that_stands_still_adds_nothing() -> None:
    made = history((5, 1, 1))
    assert made.added(Sample(5, 9, 9)) == made


def test_samples_that_come_fast_are_thinned_out_and_lose_no_bytes() -> None:
    made = history(*((number / 10, number * 100, number * 10) for number in range(5000)))
    assert len(made.samples) <= MOST
    assert made.rx_total == 4999 * 100
    assert made.samples[-1].seconds == 499.9
    assert made.samples[0].seconds <= 499.9 - WINDOW + 10
    assert all(round(rate.down) == 1000 for rate in made.rates)


def test_the_peak_forgets_what_is_no_longer_shown() -> None:
    fast = history((0, 0, 0), (5, 5_000_000, 0))
    assert fast.peak == 1_000_000
    for seconds in range(10, 400, 10):
        fast = fast.added(Sample(seconds, 5_000_000, 0))
    assert fast.peak == 0
    assert fast.rx_total == 5_000_000


def test_a_history_belongs_to_one_route() -> None:
    one = msgspec.structs.replace(joined("routing", route=route(HOME)), rx_bytes=500, tx_bytes=100)
    more = msgspec.structs.replace(one, rx_bytes=900, tx_bytes=150)
    first = followed(followed(History(), one, 1), more, 5)
    assert (first.rx_total, first.tx_total) == (400, 50)
    other = msgspec.structs.replace(more, route=route(device("vps", 3)))
    assert followed(first, other, 10).rx_total == 0
    assert followed(first, joined(), 10) == History()


def test_what_others_send_through_this_device_is_no_traffic_of_the_route() -> None:
    through = msgspec.structs.replace(route(HOME), rx_bytes=500, tx_bytes=100)
    one = msgspec.structs.replace(joined("routing", route=through), rx_bytes=90_000, tx_bytes=90_000)
    more = msgspec.structs.replace(
        one, route=msgspec.structs.replace(through, rx_bytes=900, tx_bytes=150), rx_bytes=990_000, tx_bytes=990_000
    )
    first = followed(followed(History(), one, 1), more, 5)
    assert (first.rx_total, first.tx_total) == (400, 50)


def test_rates_and_totals_are_said_in_words() -> None:
    made = history((0, 0, 0), (5, 6_000_000, 50_000))
    assert rate_in_words(0.4) == rate_in_words(0)
    assert rate_in_words(1_200_000).endswith("MB/s")
    text = in_words(made)
    assert rate_in_words(1_200_000) in text
    assert rate_in_words(10_000) in text


def test_the_scale_goes_in_round_steps() -> None:
    assert [nice_top(peak) for peak in (0, 999, 1001, 2001, 7000, 10_000, 123_456_789)] == [
        1000,
        1000,
        2000,
        5000,
        10_000,
        10_000,
        200_000_000,
    ]


@given(st.lists(st.tuples(st.floats(0.01, 1000), st.integers(0, 10**15), st.integers(0, 10**15)), max_size=200))
def test_whatever_is_counted_rates_are_never_negative_and_the_history_stays_small(
    steps: list[tuple[float, int, int]],
) -> None:
    made, seconds = History(), 0.0
    for step, rx, tx in steps:
        seconds += step
        made = made.added(Sample(seconds, rx, tx))
    assert len(made.samples) <= MOST
    assert all(rate.down >= 0 and rate.up >= 0 for rate in made.rates)
    assert made.rx_total >= 0
