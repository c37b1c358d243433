"""A peer that may route reaches the internet and nothing else, whatever address it sends to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.siege import Siege, besieged
from lab.ways_in import ALL, Target

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def siege() -> Iterator[Siege]:
    with besieged() as siege:
        yield siege


@pytest.fixture(scope="module")
def reached_by_permitted(siege: Siege) -> dict[str, set[str]]:
    return siege.reached(ALL, internet=True)


@pytest.fixture(scope="module")
def reached_by_stranger(siege: Siege) -> dict[str, set[str]]:
    return siege.reached(ALL, "stranger")


@pytest.mark.parametrize("target", ALL, ids=str)
def test_a_permitted_peer_cannot_reach(reached_by_permitted: dict[str, set[str]], target: Target) -> None:
    assert target.name not in reached_by_permitted


@pytest.mark.parametrize("target", ALL, ids=str)
def test_a_peer_without_permission_cannot_reach(reached_by_stranger: dict[str, set[str]], target: Target) -> None:
    assert target.name not in reached_by_stranger


@pytest.mark.parametrize("family", [4, 6])
def test_the_internet_works_all_the_while(siege: Siege, family: int) -> None:
    world = siege.world
    assert world.public_address(world.laptop, family) == (world.home_public4 if family == 4 else world.home6)


def test_a_peer_without_permission_has_no_internet(siege: Siege) -> None:
    token = siege.token()
    for family, address in (("4", siege.world.web4), ("6", siege.world.web6)):
        siege.inject("stranger", *siege.knocks(siege.mesh["stranger" + family], address, token))
    siege.fence()
    assert siege.outcome(token, name="stranger") == set()
