"""Whatever happens to a laptop that routes, in whatever order: nothing leaks, the status is true, and all ends well.

Chance has a seed: `MESHNET_SEED=N ./dev test tests/lab/test_any_order.py` begins with what failed.
"""

from __future__ import annotations

import itertools
import os
import random
import time

import pytest

from lab import deeds
from lab.net import Lab
from lab.test_way_home import snapshot
from lab.turmoil import Turmoil

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

SEED = int(os.environ.get("MESHNET_SEED", "1"))
FEW, MANY = 7, 12
"""Deeds of an example."""
LONG_FOR = 420.0
"""Seconds after which no further example begins."""


@pytest.fixture(scope="module")
def turmoil(shared_lab: Lab) -> Turmoil:
    return Turmoil(shared_lab)


def play(turmoil: Turmoil, seed: int, number: int, *, is_patient: bool) -> None:
    """One example: from a laptop at rest, through so many deeds, to a laptop at rest.

    With patience, the truth of the status is waited for after each deed; without, only a lie is noticed.
    """
    turmoil.told = []
    turmoil.tell(f"seed {seed}")
    try:
        _play(turmoil, random.Random(seed), number, is_patient)
    except BaseException:
        print("\n".join(turmoil.told))
        raise


def _play(turmoil: Turmoil, chance: random.Random, number: int, is_patient: bool) -> None:
    turmoil.rest()
    with turmoil.watch() as observer:
        turmoil.wish(chance.choice(("home-pc", "server")))
        for _ in range(number):
            deeds.do(turmoil, _choose(chance, turmoil))
            assert not (leaks := turmoil.leaks(observer)), "\n".join(leaks)
            if turmoil.is_alive:
                turmoil.await_truth() if is_patient else turmoil.look()
        turmoil.heal()
        turmoil.await_wish()
    assert not (leaks := turmoil.leaks(observer)), "\n".join(leaks)


def _choose(chance: random.Random, turmoil: Turmoil) -> str:
    """Half of it happens by itself, and what is wrong is not mended at once."""
    kinds = [list(deeds.WISHES), list(deeds.EVENTS), list(deeds.EVENTS)]
    if turmoil.cures:
        kinds.append([deeds.CURE])
    return chance.choice(chance.choice(kinds))


def _leaves_nothing(turmoil: Turmoil) -> None:
    """Once the person has stopped the route, and the daemon has ended."""
    turmoil.rest()
    deeds.end_the_daemon(turmoil)
    turmoil.world.laptop.resolve_with(turmoil.gateway4)
    assert snapshot(turmoil.world.laptop) == turmoil.before


def test_in_some_order(turmoil: Turmoil) -> None:
    for seed in range(SEED, SEED + 2):
        play(turmoil, seed, FEW, is_patient=False)
    _leaves_nothing(turmoil)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_in_any_order(turmoil: Turmoil) -> None:
    begun = time.monotonic()
    first = SEED if "MESHNET_SEED" in os.environ else random.SystemRandom().randrange(10**9)
    for seed in itertools.count(first):
        play(turmoil, seed, MANY, is_patient=True)
        if time.monotonic() - begun > LONG_FOR:
            break
    _leaves_nothing(turmoil)
