"""The café uses the addresses of home: both networks are 192.168.1.0/24, and both have a 192.168.1.20."""

from __future__ import annotations

import pytest

from lab.household import Household
from lab.net import Lab, wait_until
from lab.services import Observer, WebServer
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


class TwinWorld(World):
    """The standard world; somebody in the café has the very address of the NAS at home."""

    laptop4 = "192.168.1.33"
    guest4 = World.nas4
    cafe_prefix4 = World.home_prefix4


@pytest.fixture
def household(lab: Lab) -> Household:
    world = TwinWorld(lab)
    WebServer(world.guest).await_ready()
    return Household(world)


def answers_from(household: Household) -> set[str]:
    """Which machines see the laptop's request for 192.168.1.20."""
    world = household.world
    watched = {"home": Observer(world.nas, "eth0", "tcp port 80"), "café": Observer(world.guest, "eth0", "tcp port 80")}
    with watched["home"], watched["café"]:
        done = world.laptop.run("curl", "-s", "--max-time", "3", f"http://{world.nas4}/ip", check=False)
        assert done.returncode == 0
    return {place for place, observer in watched.items() if observer.packets()}


def test_the_nas_at_home_answers_by_its_own_address_and_the_cafe_still_carries_the_tunnel(
    household: Household,
) -> None:
    world = household.world
    assert answers_from(household) == {"café"}
    world.meshnet(world.home, "allow", "laptop", "lan")
    household.route()
    assert answers_from(household) == {"home"}
    assert world.public_address(world.laptop) == world.home_public4
    household.stop()
    assert answers_from(household) == {"café"}


def test_the_near_one_is_meant_where_the_person_wants_the_local_network(household: Household) -> None:
    world = household.world
    world.meshnet(world.home, "allow", "laptop", "lan")
    world.meshnet(world.laptop, "settings", "local-network", "on")
    household.route()
    assert answers_from(household) == {"café"}
    assert world.public_address(world.laptop) == world.home_public4
    world.meshnet(world.laptop, "settings", "local-network", "off")
    wait_until(lambda: answers_from(household) == {"home"}, "the far network")
