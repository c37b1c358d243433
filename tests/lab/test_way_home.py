"""The main job, by packets seen outside the client: the laptop in the café gets the public address of home."""

from __future__ import annotations

import pytest

from lab.household import Household
from lab.net import Machine, wait_until
from lab.services import Observer, Packet
from lab.tunnel_packets import Permitted, permitted_to_laptop
from lab.world import WHOAMI, World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


@pytest.fixture
def household(world: World) -> Household:
    return Household(world)


def leaks(permitted: Permitted, packets: list[Packet]) -> list[Packet]:
    """What the laptop sent that may not be seen of a routed one."""
    own = (World.laptop4, World.laptop6)
    return [packet for packet in packets if packet.src in own and packet not in permitted]


def use_the_internet(world: World) -> None:
    """What programs of any kind do, over both families, with names and without."""
    for family in (4, 6):
        world.public_address(world.laptop, family)
    world.public_address(world.laptop, by_name=True)
    for address in (world.resolver4, world.cafe_prefix4.replace("0/24", "1"), world.guest4, "100.99.98.97"):
        world.laptop.run("ping", "-c", "1", "-W", "0.3", address, check=False)
        ask = f"import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x'*30, ('{address}', 53))"
        world.laptop.run("python3", "-c", ask, check=False)


def test_a_routed_laptop_has_the_public_address_of_home(household: Household) -> None:
    world = household.world
    assert world.public_address(world.laptop) == world.cafe_public4
    household.route()
    assert world.public_address(world.laptop) == world.home_public4
    assert world.public_address(world.laptop, 6) == world.home6
    household.stop()
    assert world.public_address(world.laptop) == world.cafe_public4
    assert world.public_address(world.laptop, 6) == world.laptop6


def test_names_go_the_same_way(household: Household) -> None:
    world = household.world
    household.route()
    assert world.public_address(world.laptop, by_name=True) == world.home_public4
    assert world.cafe_names.queries(WHOAMI) == []
    assert {query.client for query in world.home_names.queries(WHOAMI)} == {world.home4}
    assert {query.client for query in world.names.queries(WHOAMI)} == {world.home_public4}
    household.stop()
    assert world.public_address(world.laptop, by_name=True) == world.cafe_public4
    assert world.cafe_names.queries(WHOAMI) != []


def test_nothing_else_of_a_routed_laptop_is_seen_on_the_cafes_wire(household: Household) -> None:
    world = household.world
    permitted = permitted_to_laptop(world)
    with Observer(world.cafe_router, "lan") as before:
        use_the_internet(world)
    seen = {packet.proto for packet in leaks(permitted, before.packets())}
    assert seen >= {"tcp", "udp", "icmp"}, "the observer would not see a leak"
    household.route()
    with Observer(world.cafe_router, "lan") as during:
        use_the_internet(world)
    assert leaks(permitted, during.packets()) == []
    assert any(permitted.is_tunnel(packet) for packet in during.packets())


def test_a_connection_that_outlives_its_route_shows_the_mesh_to_nobody(household: Household) -> None:
    assert after_the_route(household, guarded=False) != [], "the observer would not see it"
    assert after_the_route(household, guarded=True) == []


def after_the_route(household: Household, *, guarded: bool) -> list[Packet]:
    """What the café's wire carries from the laptop's mesh address when a route ends under a connection."""
    world = household.world
    ended = world.laptop.directory / f"ended-{guarded}"
    # Silent while the route ends: what is sent at that moment is answered with a reset.
    talks = (
        "import os, socket, time\n"
        f"s = socket.create_connection(('{world.web4}', 80)); print('connected', flush=True)\n"
        f"while not os.path.exists('{ended}'): time.sleep(0.05)\n"
        "for i in range(20): s.send(b'.'); time.sleep(0.1)\n"
        "print('said all', flush=True)"
    )
    own = household.route()["device"]["address4"]
    talking = world.laptop.spawn("/usr/bin/python3", "-c", talks)
    talking.wait_for_line("connected")
    with Observer(world.cafe_router, "lan", f"host {own}") as observer:
        household.stop()
        if not guarded:
            world.laptop.run("nft", "flush", "chain", "inet", "meshnet", "inside")
        ended.touch()
        talking.wait_for_line("said all")
    return observer.packets()


def test_a_route_leaves_no_trace_when_it_is_stopped(household: Household) -> None:
    world = household.world
    before = snapshot(world.laptop)
    household.route()
    assert snapshot(world.laptop) != before
    household.stop()
    assert snapshot(world.laptop) == before


WITHOUT_ALIASES = "sed '/^[[:space:]]map alias_/,/^[[:space:]]}/d'"
"""A filter for what nft lists: which ways to a peer are known changes by itself, whoever routes."""


def snapshot(machine: Machine) -> dict[str, str]:
    """What a person could find changed."""
    rules = "".join(machine.run("ip", family, "rule").stdout for family in ("-4", "-6"))
    routes = "".join(machine.run("ip", family, "route", "show", "table", "all").stdout for family in ("-4", "-6"))
    return {
        "rules": rules,
        "routes": routes,
        "firewall": machine.run("sh", "-c", f"nft list ruleset | {WITHOUT_ALIASES}").stdout,
        "resolv.conf": machine.run("cat", "/etc/resolv.conf").stdout,
        "sysctls": machine.run(
            "sysctl", "-a", "--pattern", "^net[.](ipv4|ipv6)[.](conf|ip_forward)", check=False
        ).stdout,
    }


def test_a_revoked_grant_cuts_the_route_and_a_new_one_mends_it(household: Household) -> None:
    world = household.world
    household.route()
    world.meshnet(world.home, "deny", "laptop", "routing")
    status = household.await_state("blocked")
    assert status["reason"] == "routing-revoked"
    assert world.public_address(world.laptop) is None
    world.meshnet(world.home, "allow", "laptop", "routing")
    household.await_state("routing")
    assert world.public_address(world.laptop) == world.home_public4


def test_a_dead_host_blocks_traffic_until_the_route_is_stopped(household: Household) -> None:
    world = household.world
    household.route()
    world.home.ip("link set eth0 down")
    status = household.await_state("blocked", 30)
    assert status["reason"] == "host-unreachable"
    with Observer(world.cafe_router, "lan") as observer:
        use_the_internet(world)
    assert leaks(permitted_to_laptop(world), observer.packets()) == []
    household.stop()
    assert world.public_address(world.laptop) == world.cafe_public4


def test_a_killed_daemon_leaks_nothing_and_its_successor_goes_on(household: Household) -> None:
    world = household.world
    household.route()
    household.daemons[world.laptop].kill()
    with Observer(world.cafe_router, "lan") as observer:
        use_the_internet(world)
    assert leaks(permitted_to_laptop(world), observer.packets()) == []
    household.start(world.laptop)
    household.await_state("routing")
    wait_until(lambda: world.public_address(world.laptop) == world.home_public4, "the way home")


def test_revert_opens_what_a_killed_daemon_left_closed(household: Household) -> None:
    world = household.world
    household.route()
    household.daemons[world.laptop].kill()
    world.revert(world.laptop)
    assert world.public_address(world.laptop, by_name=True) == world.cafe_public4


def test_a_stopped_daemon_blocks_while_a_route_is_wanted(household: Household) -> None:
    world = household.world
    household.route()
    assert household.daemons[world.laptop].stop() == 0
    assert world.public_address(world.laptop) is None
    world.revert(world.laptop)
    assert world.public_address(world.laptop) == world.cafe_public4


def test_a_stopped_daemon_leaves_no_trace_when_no_route_is_wanted(world: World) -> None:
    before = snapshot(world.laptop)
    household = Household(world)
    household.route()
    household.stop()
    assert household.daemons[world.laptop].stop() == 0
    assert snapshot(world.laptop) == before
    at_home = household.daemons[world.home]
    assert at_home.stop() == 0
    assert "meshnet" not in world.home.run("nft", "list", "ruleset").stdout
    assert world.home.run("cat", "/proc/sys/net/ipv4/ip_forward").stdout == "0\n"


def test_a_routed_peer_without_lan_reaches_the_internet_and_not_the_home_network(household: Household) -> None:
    world = household.world
    household.route()
    assert reach(world, world.web4)
    for address in (world.nas4, world.home4, "192.168.1.1", world.nas6):
        assert not reach(world, address), address


def test_a_routed_peer_with_lan_reaches_the_home_network(household: Household) -> None:
    world = household.world
    world.meshnet(world.home, "allow", "laptop", "lan")
    household.route()
    assert reach(world, world.nas4)
    assert reach(world, world.nas6)
    world.meshnet(world.home, "deny", "laptop", "lan")
    assert not reach(world, world.nas4)


def test_lan_without_routing_does_nothing(household: Household) -> None:
    world = household.world
    household.route()
    world.meshnet(world.home, "allow", "laptop", "lan")
    world.meshnet(world.home, "deny", "laptop", "routing")
    household.await_state("blocked")
    assert not reach(world, world.nas4)


def reach(world: World, address: str) -> bool:
    """Whether a web server at this address answers the laptop."""
    host = f"[{address}]" if ":" in address else address
    return world.laptop.run("curl", "-s", "--max-time", "1.5", f"http://{host}/ip", check=False).returncode == 0


def test_incoming_is_what_the_grant_says(household: Household) -> None:
    world = household.world
    address = household.status(world.home)["device"]["address4"]
    ping = ("ping", "-c", "1", "-W", "1", address)
    assert world.laptop.run(*ping, check=False).returncode == 0
    world.meshnet(world.home, "deny", "laptop", "incoming")
    assert world.laptop.run(*ping, check=False).returncode != 0


def test_the_mesh_goes_on_while_the_coordinator_is_away(household: Household) -> None:
    world = household.world
    household.coordinator.kill()
    assert household.route()["state"] == "routing"
    assert world.public_address(world.laptop) == world.home_public4
    household.stop()


@pytest.mark.parametrize(
    ("setup", "device", "code"),
    [
        ((), "nobody", "unknown-device"),
        (("home", "deny", "laptop", "routing"), "home-pc", "routing-not-allowed"),
    ],
)
def test_a_route_that_cannot_be_is_refused_before_anything_changes(
    household: Household, setup: tuple[str, ...], device: str, code: str
) -> None:
    world = household.world
    if setup:
        world.meshnet(world.home, *setup[1:])
        wait_until(lambda: not world.meshnet(world.laptop, "devices")["devices"][0]["granted"]["routing"], "the news")
    before = snapshot(world.laptop)
    answer = world.meshnet(world.laptop, "route", device, check=False)
    assert answer["error"]["code"] == code
    assert snapshot(world.laptop) == before


def test_an_offline_host_is_refused_at_once(household: Household) -> None:
    world = household.world
    assert household.daemons[world.home].stop() == 0

    def is_offline() -> bool:
        return not world.meshnet(world.laptop, "devices")["devices"][0]["online"]

    # A handshake of less than three minutes ago counts as online; a device that was never met has none.
    world.daemon_state(world.laptop)
    household.daemons[world.laptop].stop()
    household.start(world.laptop)
    wait_until(lambda: household.status()["coordinator"]["connected"], "the coordinator")
    wait_until(is_offline, "the host to be offline")
    answer = world.meshnet(world.laptop, "route", "home-pc", check=False)
    assert answer["error"]["code"] == "device-offline"
