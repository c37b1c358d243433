"""Kinds of links."""

from __future__ import annotations

from itertools import combinations

from meshnet.core.kinds import CARDS, LINES, PPP, SWITCHES, WIRE


def test_no_kind_is_two_things() -> None:
    for one, other in combinations((CARDS, SWITCHES, {PPP}, {WIRE}), 2):
        assert not one & other
    assert PPP not in LINES
