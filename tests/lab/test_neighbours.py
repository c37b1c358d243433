"""A routed device whose forwarding was on before: its neighbours cannot use it as their way into the mesh."""

from __future__ import annotations

import pytest

from lab.household import Household
from lab.net import wait_until
from lab.services import Observer
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


@pytest.fixture
def household(world: World) -> Household:
    """The laptop forwards, for the sake of its containers, say; the guest in the café sends everything through it."""
    for switch in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        world.laptop.run("sh", "-c", f"echo 1 >/proc/sys/net/{switch}")
    household = Household(world)
    world.meshnet(world.home, "allow", "laptop", "lan")
    world.guest.run("ip", "route", "replace", "default", "via", world.laptop4)
    world.guest.run("ip", "-6", "route", "replace", "default", "via", world.laptop6)
    return household


def test_the_guest_gets_neither_the_way_home_nor_the_network_there(household: Household) -> None:
    world = household.world
    with Observer(world.laptop, "eth0", f"host {world.web4}") as before:
        assert world.public_address(world.guest) == world.cafe_public4
    assert before.packets() != [], "the guest does not send through the laptop"
    household.route()
    assert world.public_address(world.laptop) == world.home_public4
    with Observer(world.home, "meshnet0") as at_home:
        for family in (4, 6):
            assert world.public_address(world.guest, family) is None
        for address in (world.nas4, household.status(world.home)["device"]["address4"]):
            world.guest.run("ping", "-c", "1", "-W", "1", address, check=False)
        # The laptop's own packets are seen.
        world.laptop.run("ping", "-c", "1", "-W", "3", world.nas4)
        wait_until(lambda: [packet for packet in at_home.packets() if packet.dst == world.nas4], "the laptop's ping")
    echoes = [packet for packet in at_home.packets() if packet.dst == world.nas4 and packet.proto == "icmp"]
    assert len(echoes) == 1
    assert not [packet for packet in at_home.packets() if packet.dst in (world.web4, world.web6)]


def test_nor_where_the_network_has_no_default_route(household: Household) -> None:
    """DHCP may hand out routes to single hosts alone, so that the network does not look like the way out."""
    world = household.world
    household.route()
    for version, default in (("-4", world.cafe_prefix4.replace("0/24", "1")), ("-6", "2a00:23c5:1100:50::1")):
        known = (world.home_public4, world.server4) if version == "-4" else (world.home6, world.server6)
        for address in known:
            world.laptop.run("ip", version, "route", "add", address, "via", default, "dev", "eth0")
        world.laptop.run("ip", version, "route", "del", "default")
    rules = "nft list chain inet meshnet to_tunnel"
    wait_until(lambda: 'iifname "eth0"' in world.laptop.run("sh", "-c", rules).stdout, "the rules for what is left", 10)
    wait_until(lambda: world.public_address(world.laptop) == world.home_public4, "the way home", 20)
    with Observer(world.laptop, "eth0", f"src host {world.guest4} and dst host {world.web4}") as at_laptop:
        for family in (4, 6):
            assert world.public_address(world.guest, family) is None
        assert at_laptop.packets() != [], "the guest does not send through the laptop"
