"""A host that answers but carries nothing is noticed; another takes over where the person said so. By packets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lab.household import Household
from lab.net import Lab, wait_until
from lab.services import Observer
from lab.test_way_home import leaks
from lab.tunnel_packets import permitted_to_laptop
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

NOTICED_WITHIN = 20.0


class TwoHosts:
    """The laptop may route through home and through the rented server; home's router can swallow what home forwards."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.household = Household(world)
        self.household.start(world.server)
        self.household.bring_in(world.server, "server", allow="routing")

    def swallow(self) -> None:
        """What home sends itself still passes: it has all of its hops to live."""
        own4, own6 = 'iifname "lan" ip saddr 192.168.1.10 ip ttl != 64', 'iifname "lan" ip6 hoplimit != { 64, 255 }'
        chain = f"type filter hook prerouting priority -300\n{own4} drop\n{own6} drop"
        self.world.home_router.run("nft", "-f", "-", input=f"table inet swallow {{\nchain pre {{\n{chain}\n}}\n}}\n")

    def release(self) -> None:
        """Home carries again."""
        self.world.home_router.run("nft", "delete table inet swallow", check=False)

    def route_of(self, status: Any) -> tuple[str, str | None]:
        """The state and the host."""
        return status["state"], status["route"]["host"] if status["route"] else None

    def await_route(self, state: str, host: str, timeout: float = NOTICED_WITHIN) -> Any:
        """The status, once the laptop's route is so."""

        def look() -> Any:
            status = self.household.status()
            return status if self.route_of(status) == (state, host) else None

        return wait_until(look, f"{state} through {host}", timeout, 0.1)


@pytest.fixture(scope="module")
def _hosts(shared_lab: Lab) -> TwoHosts:
    return TwoHosts(World(shared_lab))


@pytest.fixture
def hosts(_hosts: TwoHosts) -> Iterator[TwoHosts]:
    yield _hosts
    _hosts.release()
    _hosts.world.home_router.ip("link set lan up")
    _hosts.world.meshnet(_hosts.world.laptop, "settings", "fallback", "none")
    _hosts.household.stop()


def test_a_host_that_answers_but_carries_nothing_is_noticed_and_so_is_that_it_carries_again(hosts: TwoHosts) -> None:
    world = hosts.world
    hosts.household.route()
    hosts.await_route("routing", "home-pc")
    assert world.public_address(world.laptop) == world.home_public4
    hosts.swallow()
    assert world.public_address(world.laptop) is None
    status = hosts.await_route("blocked", "home-pc")
    assert status["reason"] == "host-unreachable"
    assert "nothing comes back from the internet" in status["explanation"]
    assert status["route"]["rtt_ms"] is not None, "the host itself answers"
    refused = world.meshnet(world.laptop, "route", "home-pc", check=False)
    assert refused["error"]["code"] == "timeout"
    hosts.release()
    hosts.await_route("routing", "home-pc")
    assert world.public_address(world.laptop) == world.home_public4


def test_a_host_that_never_carried_anything_is_noticed_too(hosts: TwoHosts) -> None:
    hosts.swallow()
    hosts.household.route()
    hosts.await_route("blocked", "home-pc")
    hosts.release()
    hosts.await_route("routing", "home-pc")


def test_the_coordinator_is_not_needed_to_know_that_a_host_carries(hosts: TwoHosts) -> None:
    hosts.household.route()
    hosts.household.coordinator.kill()
    try:
        wait_until(lambda: not hosts.household.status()["coordinator"]["connected"], "the coordinator to be missed", 30)
        hosts.await_route("routing", "home-pc")
        hosts.swallow()
        hosts.await_route("blocked", "home-pc")
        hosts.release()
        hosts.await_route("routing", "home-pc")
    finally:
        hosts.household.coordinator = hosts.world.start_coordinator()
    wait_until(lambda: hosts.household.status()["coordinator"]["connected"], "the coordinator", 60)


def test_the_next_host_takes_over_without_a_leak_and_stays(hosts: TwoHosts) -> None:
    world, household = hosts.world, hosts.household
    assert world.meshnet(world.laptop, "settings", "fallback", "server") == {"fallback": "server"}
    household.route()
    hosts.await_route("routing", "home-pc")
    done = threading.Event()
    probing = threading.Thread(target=_probe_until, args=(world, done))
    with Observer(world.cafe_router, "lan") as observer:
        probing.start()
        world.home_router.ip("link set lan down")
        status = hosts.await_route("routing", "server", 40)
        done.set()
        probing.join()
        assert world.public_address(world.laptop) == world.server4
    assert leaks(permitted_to_laptop(world, with_server=True), observer.packets()) == []
    assert status["route"]["instead_of"] == "home-pc"
    world.home_router.ip("link set lan up")
    wait_until(lambda: _is_heard(household, "home-pc"), "home to be back", 60)
    assert hosts.route_of(household.status()) == ("routing", "server"), "nothing moves back by itself"
    assert hosts.route_of(household.route()) == ("routing", "home-pc")
    assert household.status()["route"]["instead_of"] is None
    assert world.public_address(world.laptop) == world.home_public4


def _probe_until(world: World, done: threading.Event) -> None:
    while not done.is_set():
        world.public_address(world.laptop)
        world.public_address(world.laptop, 6)


def _is_heard(household: Household, name: str) -> bool:
    devices = household.world.meshnet(household.world.laptop, "devices")["devices"]
    return any(device["name"] == name and device["online"] and device["path"] == "direct" for device in devices)
