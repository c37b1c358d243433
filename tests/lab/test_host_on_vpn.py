"""The host is itself on a VPN: its peers leave with the VPN's address, or not at all, or after they were told."""

from __future__ import annotations

import sys

import pytest

from lab.household import Household
from lab.net import wait_until
from lab.services import Observer
from lab.tunnel_packets import carries_data, permitted_to_laptop
from lab.vpn import Vpn
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


@pytest.fixture
def household(world: World) -> Household:
    return Household(world)


@pytest.fixture
def vpn(household: Household) -> Vpn:
    """Home is on the VPN, and the laptop routes through home."""
    vpn = Vpn(household.world)
    vpn.connect(household.world.home)
    wait_until(lambda: exit_of_home(household) == "vpn", "news of the VPN", 45)
    household.route()
    return vpn


def exit_of_home(household: Household) -> str:
    devices = household.world.meshnet(household.world.laptop, "devices")["devices"]
    return str(next(device["exit"] for device in devices if device["name"] == "home-pc"))


def test_peers_leave_with_the_address_of_the_vpn(household: Household, vpn: Vpn) -> None:
    world = household.world
    assert world.public_address(world.laptop) == vpn.address4
    assert world.public_address(world.laptop, 6) == vpn.address6
    assert world.public_address(world.laptop, by_name=True) == vpn.address4
    assert household.status()["route"]["exit"] == "vpn"


def test_the_mesh_itself_needs_no_detour_by_the_vpn(household: Household, vpn: Vpn) -> None:
    world = household.world
    with Observer(world.cafe_router, "lan", "udp") as observer:
        assert world.public_address(world.laptop) == vpn.address4
    permitted, own = permitted_to_laptop(world), (world.laptop4, world.laptop6)
    sent = [packet for packet in observer.packets() if packet.src in own]
    assert [packet for packet in sent if packet not in permitted] == []
    carriers = {packet.dst for packet in sent if carries_data(packet.payload)}
    assert carriers
    assert carriers <= {world.home_public4, world.home6}


def test_a_vpn_that_carries_one_family_does_not_let_the_other_out_beside_it(household: Household) -> None:
    world, vpn = household.world, Vpn(household.world)
    household.route()
    assert world.public_address(world.laptop, 6) == world.home6
    vpn.connect(world.home, ipv6=False)
    wait_until(lambda: world.public_address(world.laptop) == vpn.address4, "the VPN address", 45)
    assert world.public_address(world.laptop, 6) is None


def test_peers_are_stopped_when_the_vpn_drops_and_go_on_when_it_is_back(household: Household, vpn: Vpn) -> None:
    world = household.world
    with Observer(world.home_router, "wan", f"host {world.web4}") as observer:
        vpn.drop(world.home)
        status = household.await_state("blocked", 45)
        assert status["reason"] == "host-left-vpn"
        assert world.public_address(world.laptop) is None
        assert world.public_address(world.home) == world.home_public4
        with Observer(world.home_router, "wan", f"host {world.resolver4}") as names:
            ask = "import dns.resolver as r; a = r.Resolver(); a.lifetime = 2; print(a.resolve('example.net'))"
            world.laptop.run(sys.executable, "-c", ask, check=False)
    assert names.packets() == []
    # Home itself went out by its line: the observer would have seen the laptop's packets too.
    assert {packet.src for packet in observer.packets()} == {world.home_public4, world.web4}
    assert "VPN" in refused_reason(household)
    vpn.reconnect(world.home)
    household.await_state("routing", 45)
    assert world.public_address(world.laptop) == vpn.address4


def refused_reason(household: Household) -> str:
    devices = household.world.meshnet(household.world.laptop, "devices")["devices"]
    return str(devices[0]["cannot_host"])


def test_peers_that_are_only_to_be_told_go_on_by_the_line_and_know_it(household: Household, vpn: Vpn) -> None:
    world = household.world
    world.meshnet(world.home, "settings", "host-vpn-lost", "tell")
    vpn.disconnect(world.home)
    wait_until(lambda: household.status()["route"]["exit"] == "line", "news of the line", 45)
    assert household.status()["state"] == "routing"
    wait_until(lambda: world.public_address(world.laptop) == world.home_public4, "the way by the line")


def test_a_host_that_starts_before_its_vpn_waits_for_it(household: Household, vpn: Vpn) -> None:
    world = household.world
    household.daemons[world.home].stop()
    vpn.disconnect(world.home)
    household.start(world.home)
    household.await_state("blocked", 30)
    assert world.public_address(world.laptop) is None
    vpn.connect(world.home)
    household.await_state("routing", 45)

    def seen() -> str | None:
        address = world.public_address(world.laptop)
        assert address in (None, vpn.address4), "until the VPN carries, the host carries nothing"
        return address

    # The VPN's own handshake may have been lost while it was set up; it is repeated after five seconds.
    wait_until(seen, "an answer through the VPN")
