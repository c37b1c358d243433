"""Chains: the host is itself routed through another host, and loops are refused, noticed and dissolved."""

from __future__ import annotations

import itertools
import threading
from functools import partial
from typing import Any

import pytest

from lab.household import Household
from lab.net import Machine, wait_until
from lab.services import Observer
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


class Chain:
    """Laptop, home and two rented servers. Each permits its neighbour to route, and nobody else."""

    middle4 = "51.15.20.20"
    middle6 = "2001:bc8:1200:1::20"
    far4 = "139.162.30.30"
    far6 = "2a01:7e00:1:d0::30"

    def __init__(self, world: World) -> None:
        self.world = world
        self.household = Household(world, allow="")
        self.middle = self._rent("middle", self.middle4, self.middle6)
        self.far = self._rent("far", self.far4, self.far6)
        self.machines = {"laptop": world.laptop, "home-pc": world.home, "middle": self.middle, "far": self.far}

    def _rent(self, name: str, address4: str, address6: str) -> Machine:
        machine = self.world.lab.machine(name)
        self.world.uplink(machine, "eth0", address4, address6)
        machine.resolve_with(self.world.resolver4)
        self.household.start(machine)
        self.household.bring_in(machine, name)
        return machine

    def allow(self, host: str, client: str, grant: str = "routing") -> None:
        """The host's owner permits it, and the client has heard of it."""
        self.meshnet(host, "allow", client, grant)
        wait_until(lambda: self.view(client, host)["granted"][grant], f"the grant of {host} for {client}")

    def view(self, device: str, other: str) -> Any:
        """How one device sees the other."""
        return next(entry for entry in self.meshnet(device, "devices")["devices"] if entry["name"] == other)

    def meshnet(self, device: str, *argv: str, check: bool = True) -> Any:
        """A command on a device."""
        return self.world.meshnet(self.machines[device], *argv, check=check)

    def await_status(self, device: str, **wanted: object) -> Any:
        """The status of a device, once these fields are so."""

        def look() -> Any:
            status = self.meshnet(device, "status")
            return status if all(status[key] == value for key, value in wanted.items()) else None

        return wait_until(look, f"{wanted} on {device}", 30, 0.1)

    def is_alone(self, device: str) -> bool:
        """Whether the device has noticed that the coordinator is away."""
        return not self.meshnet(device, "status")["coordinator"]["connected"]

    def leaves_as(self, device: str, address: str | None, *, by_name: bool = False) -> bool:
        """Whether the web server sees the device under this address; None: not at all."""
        return self.world.public_address(self.machines[device], by_name=by_name) == address


@pytest.fixture
def chain(world: World) -> Chain:
    return Chain(world)


def test_each_hop_permits_its_neighbour_and_the_client_gets_the_last_address(chain: Chain) -> None:
    world = chain.world
    for host, client in (("far", "middle"), ("middle", "home-pc"), ("home-pc", "laptop")):
        chain.allow(host, client)
        chain.meshnet(client, "route", host)
    assert world.public_address(world.laptop) == chain.far4
    assert world.public_address(world.laptop, 6) == chain.far6
    assert world.public_address(world.laptop, by_name=True) == chain.far4
    assert chain.meshnet("laptop", "status")["route"]["chain"] == ["home-pc", "middle", "far"]
    # The owner of the last host sees the neighbour, and nothing of who is behind it.
    assert chain.meshnet("far", "status")["clients"] == ["middle"]
    refused = chain.meshnet("laptop", "route", "far", check=False)
    assert refused["error"]["code"] == "routing-not-allowed"


def test_lan_at_the_first_host_means_its_own_network_and_no_further(chain: Chain) -> None:
    world = chain.world
    chain.allow("middle", "home-pc")
    chain.meshnet("home-pc", "route", "middle")
    chain.allow("home-pc", "laptop")
    chain.meshnet("laptop", "route", "home-pc")
    assert world.public_address(world.laptop) == chain.middle4
    assert not reaches(world, world.nas4)
    chain.allow("home-pc", "laptop", "lan")
    wait_until(lambda: reaches(world, world.nas4), "the network at home")
    assert world.public_address(world.laptop) == chain.middle4


@pytest.mark.parametrize("address", ["10.20.0.20", "88.198.50.20", "2003:8:20:1::20"])
def test_a_peer_cannot_use_what_the_host_itself_may_do_further_on(world: World, address: str) -> None:
    """Home may reach the office's network; the laptop, which routes through home, may not."""
    chain = Chain(world)
    office = world.lab.machine("office-nas")
    gateways = (address.removesuffix("20") + "1",)
    length = 64 if ":" in address else 24
    world.lab.wire(
        office.port("eth0", f"{address}/{length}", gateways=gateways),
        chain.middle.port("eth1", f"{gateways[0]}/{length}"),
    )
    chain.allow("middle", "home-pc")
    chain.allow("middle", "home-pc", "lan")
    chain.meshnet("home-pc", "route", "middle")
    ping = ("ping", "-c", "1", "-W", "1", address)
    wait_until(lambda: world.home.run(*ping, check=False).returncode == 0, "the office's network", 40)
    chain.allow("home-pc", "laptop")
    chain.meshnet("laptop", "route", "home-pc")
    assert world.public_address(world.laptop) == chain.middle4
    with Observer(office, "eth0", "icmp or icmp6[0] == 128") as observer:
        world.laptop.run(*ping, check=False)
    assert observer.packets() == []


def reaches(world: World, address: str) -> bool:
    done = world.laptop.run("curl", "-s", "--max-time", "1.5", f"http://{address}/ip", check=False)
    return done.returncode == 0


def test_a_chain_that_is_broken_further_on_blocks_the_client_and_says_so(chain: Chain) -> None:
    world = chain.world
    chain.allow("middle", "home-pc")
    chain.allow("home-pc", "laptop")
    chain.meshnet("home-pc", "route", "middle")
    chain.meshnet("laptop", "route", "home-pc")
    assert world.public_address(world.laptop) == chain.middle4
    chain.meshnet("middle", "deny", "home-pc", "routing")
    chain.await_status("home-pc", state="blocked", reason="routing-revoked")
    chain.await_status("laptop", state="blocked", reason="host-unreachable")
    assert world.public_address(world.laptop) is None
    assert "blocked" in chain.view("laptop", "home-pc")["cannot_host"]
    chain.meshnet("middle", "allow", "home-pc", "routing")
    chain.await_status("laptop", state="routing")
    wait_until(lambda: chain.leaves_as("laptop", chain.middle4), "the whole way to be back", 20)


def test_a_host_that_changes_its_own_route_is_followed_and_told(chain: Chain) -> None:
    world = chain.world
    chain.allow("middle", "home-pc")
    chain.allow("home-pc", "laptop")
    chain.meshnet("laptop", "route", "home-pc")
    assert world.public_address(world.laptop) == world.home_public4
    chain.meshnet("home-pc", "route", "middle")
    wait_until(lambda: chain.meshnet("laptop", "status")["route"]["chain"] == ["home-pc", "middle"], "the news")
    assert world.public_address(world.laptop) == chain.middle4


@pytest.mark.parametrize("ring", [("home-pc", "middle"), ("home-pc", "middle", "far")])
def test_a_loop_is_refused_with_its_name(chain: Chain, ring: tuple[str, ...]) -> None:
    for client, host in zip(ring, (*ring[1:], ring[0]), strict=True):
        chain.allow(host, client)
    for client, host in itertools.pairwise(ring):
        chain.meshnet(client, "route", host)
    wait_until(lambda: chain.view(ring[-1], ring[0])["route"] == ring[1], "news of the chain")
    refused = chain.meshnet(ring[-1], "route", ring[0], check=False)["error"]
    assert refused["code"] == "would-loop"
    assert " → ".join((ring[-1], *ring)) in refused["message"]


@pytest.mark.parametrize("ring", [("home-pc", "middle"), ("home-pc", "middle", "far")])
def test_a_loop_made_at_the_same_instant_dissolves_and_everybody_is_told(chain: Chain, ring: tuple[str, ...]) -> None:
    hosts = dict(zip(ring, (*ring[1:], ring[0]), strict=True))
    for client, host in hosts.items():
        chain.allow(host, client)
    # What each says of itself reaches the others only when all have chosen.
    chain.household.coordinator.kill()
    for client in ring:
        wait_until(partial(chain.is_alone, client), "the silence")
    routing = [threading.Thread(target=chain.meshnet, args=(c, "route", h)) for c, h in hosts.items()]
    for thread in routing:
        thread.start()
    for thread in routing:
        thread.join()
    chain.household.coordinator = chain.world.start_coordinator()
    waiting = min(ring, key=lambda name: chain.meshnet(name, "status")["device"]["id"])
    assert chain.await_status(waiting, state="blocked")["reason"] == "loop"
    for client in set(ring) - {waiting}:
        chain.await_status(client, state="routing")
    # It gives way: the others leave by its line, and its own traffic waits.
    line = {"home-pc": chain.world.home_public4, "middle": chain.middle4, "far": chain.far4}[waiting]
    for client in set(ring) - {waiting}:
        wait_until(partial(chain.leaves_as, client, line), f"the way of {client}", 30)
        assert chain.leaves_as(client, line, by_name=True)
    assert chain.leaves_as(waiting, None)
    assert chain.leaves_as(waiting, None, by_name=True)
    # When somebody opens the ring, the one that waited goes on by itself.
    chain.meshnet(hosts[waiting], "route", "--off")
    chain.await_status(waiting, state="routing")
