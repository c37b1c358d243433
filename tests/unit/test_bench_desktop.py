"""What the desktop app costs, written from made-up numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.desktop import BARE, CLOSED, FEW, MANY, ROUTING, Cost
from bench.idle import Idle
from bench.page import Page, Samples, render
from support.scenes import SCENES

MOMENT, LONG = Samples((0.02, 0.03)), Samples((1.4, 1.5))
IDLE = Idle(Samples((80e6,)), Samples((60e6,)), Samples((0.0005,)), Samples((3.0,)), Samples((4.0,)), Samples((0.0,)))
COST = Cost(
    start=Samples((0.6, 0.7)),
    bare_start=Samples((0.3, 0.3)),
    menus={BARE: MOMENT, FEW: MOMENT, MANY: MOMENT},
    updates={"open": MOMENT, "closed": MOMENT},
    idle={CLOSED: IDLE, ROUTING: IDLE, BARE: IDLE},
    imports=(("PySide6", 0.1),),
    windows=3,
    seconds=60.0,
)


def page(cost: Cost) -> str:
    return render(Page((), (cost.section,)))


def test_every_aim_stands_beside_what_was_measured() -> None:
    text = page(COST)
    for aim in ("within 1 s: met", "under 50 ms: met", "under 120 MB: met", "under 0.2 %: met"):
        assert aim in text
    assert "over 3 windows of 60 s" in " ".join(text.split())


@pytest.mark.parametrize(
    ("cost", "missed"),
    [
        (replace(COST, start=LONG), "**start, until the icon is in the panel**: the aim is within 1 s"),
        (replace(COST, updates={"open": LONG, "closed": MOMENT}), "**update, 1,000 devices, window open**"),
        (replace(COST, idle={**COST.idle, CLOSED: replace(IDLE, resident=Samples((130e6,)))}), "under 120 MB"),
    ],
)
def test_what_is_missed_is_said_with_its_reason(cost: Cost, missed: str) -> None:
    assert missed in page(cost).partition("## What was missed")[2]


def test_few_are_ten_and_many_are_a_thousand() -> None:
    assert [len(SCENES[name]().devices) for name in (FEW, MANY)] == [10, 1000]
