"""So much at once, and so much a second after that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.core.allowance import Allowance


def test_so_much_at_once_and_no_more() -> None:
    allowance = Allowance(3, 0.5)
    assert [allowance.takes(100.0) for _ in range(5)] == [True, True, True, False, False]


@given(st.lists(st.floats(0, 5), max_size=300))
def test_in_any_time_never_more_than_that(pauses: list[float]) -> None:
    allowance, now, done = Allowance(3, 0.5), 100.0, 0
    for pause in pauses:
        now += pause
        done += allowance.takes(now)
    assert done <= 3 + 0.5 * (now - 100.0) + 1e-6


def test_who_was_refused_is_told_when_to_come_again() -> None:
    allowance = Allowance(1, 0.5)
    assert allowance.takes(100.0)
    assert not allowance.takes(100.0)
    again = allowance.next_at(100.0)
    assert again == pytest.approx(102.0, abs=0.01)
    assert allowance.takes(again)
