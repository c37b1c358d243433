"""A while is over when either clock says so."""

from __future__ import annotations

from meshnet.core.term import term_of


def test_a_term_is_over_after_its_seconds_by_either_clock() -> None:
    term = term_of(10, wall=1000.0, steady=5.0)
    assert not term.is_over(1009.0, 14.0)
    assert term.is_over(1010.0, 5.0), "the machine slept: only the wall's clock went on"
    assert term.is_over(0.0, 15.0), "the clock on the wall was set back"
