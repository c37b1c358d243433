"""`settings local-network`, names, and IPv6 of a routed laptop in a café, by its own programs and seen from outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from lab.household import Household
from lab.net import Lab, wait_until
from lab.services import Observer, Packet, WebServer
from lab.tunnel_packets import permitted_to_laptop
from lab.world import WHOAMI, World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

PRINTER, FILES = 9100, 8080
FOLLOWED_WITHIN = 15.0
"""Generous: the machine may be busy."""
CAFE_NAMES = "192.168.50.1"
NAMES = "(port 53 or port 853)"
_ASK = """
import socket, sys
kind = socket.SOCK_STREAM if sys.argv[3] == "tcp" else socket.SOCK_DGRAM
asking = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, kind)
asking.settimeout(1)
try:
    asking.connect((sys.argv[1], int(sys.argv[2])))
    asking.send(b"question")
except OSError as error:
    print(type(error).__name__)
"""
_FIND = """
import socket
for group, port in (("224.0.0.251", 5353), ("224.0.0.252", 5355), ("239.255.255.250", 1900), ("255.255.255.255", 9999),
                    ("192.168.50.255", 137), ("ff02::fb", 5353), ("ff02::1:3", 5355)):
    one = socket.socket(socket.AF_INET6 if ":" in group else socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    try:
        one.sendto(b"who is there", (group, port))
    except OSError:
        pass
"""
FOUND_BY = {
    "224.0.0.251",
    "224.0.0.252",
    "239.255.255.250",
    "255.255.255.255",
    "192.168.50.255",
    "ff02::fb",
    "ff02::1:3",
}
_PRINT = f"""
import socket, sys, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("printing", flush=True)
while True:
    try:
        one.sendto(b"page", (sys.argv[1], {PRINTER}))
    except OSError:
        pass
    time.sleep(0.005)
"""


@pytest.fixture(scope="module")
def at_work(shared_lab: Lab) -> Household:
    """The household, with a printer in the café, and files on the laptop for those around."""
    world = World(shared_lab)
    for machine, port in ((world.guest, PRINTER), (world.laptop, FILES)):
        WebServer(machine, port).await_ready()
    return Household(world)


@pytest.fixture
def household(at_work: Household) -> Iterator[Household]:
    """Routed, with the settings of a new device; afterwards neither routed nor changed."""
    at_work.route()
    yield at_work
    for key, value in (("local-network", "off"), ("dns", "host")):
        put(at_work, key, value)
    at_work.stop()


def put(household: Household, key: str, value: str) -> None:
    household.world.meshnet(household.world.laptop, "settings", key, value)


def fetch(household: Household, address: str, port: int, *, seconds: float = 3) -> tuple[str, float]:
    """What a web server there says of who asks (empty: nothing came), and the seconds that it took."""
    words = ("curl", "-s", "-m", str(seconds), "-w", "%{time_total}", f"http://{address}:{port}/ip")
    said = household.world.laptop.run(*words, check=False).stdout
    text, _, taken = said.rpartition("\n")
    return text, float(taken)


def from_laptop(world: World, expression: str = "ip or ip6") -> Observer:
    """What leaves the laptop, under any address, and comes to the café's router."""
    hardware = world.laptop.run("cat", "/sys/class/net/eth0/address").stdout.strip()
    return Observer(world.cafe_router, "lan", f"ether src {hardware} and ({expression})")


def beside_the_tunnel(world: World, packets: list[Packet]) -> list[Packet]:
    """All but the tunnel's packets, the coordinator and neighbour discovery."""
    permitted = permitted_to_laptop(world)
    return [packet for packet in packets if packet not in permitted]


def test_the_printer_is_there_with_the_setting_and_gone_without(household: Household) -> None:
    world = household.world
    for setting in ("off", "on", "off"):
        put(household, "local-network", setting)
        said, seconds = fetch(household, world.guest4, PRINTER)
        assert said == (world.laptop4 if setting == "on" else "")
        assert seconds < 1.5
        # Who comes from there is served as before.
        url = f"http://{world.laptop4}:{FILES}/ip"
        assert world.guest.run("curl", "-s", "-S", "-m", "5", url).stdout.strip() == world.guest4
        assert world.public_address(world.laptop) == world.home_public4
        # What is public is not local, though the café's own prefix is.
        assert fetch(household, f"[{world.guest6}]", PRINTER, seconds=1)[0] != world.laptop6


def test_the_setting_takes_effect_before_the_command_returns(household: Household) -> None:
    world = household.world
    pages = world.laptop.spawn("/usr/bin/python3", "-c", _PRINT, world.guest4)
    pages.wait_for_line("printing")
    with Observer(world.guest, "eth0", f"udp port {PRINTER}") as printer:
        put(household, "local-network", "on")
        printer.wait_for_packet(src=world.laptop4)
        put(household, "local-network", "off")
        closed = time.time()
        # As long as a page of many would have taken.
        wait_until(lambda: time.time() > closed + 0.5, "half a second")
    pages.kill()
    assert max(packet.time for packet in printer.packets()) <= closed


def ask(household: Household, server: str, port: int = 53, kind: str = "udp") -> str:
    """What the kernel says to a program that asks a name server; empty where it takes the question."""
    return household.world.laptop.run("/usr/bin/python3", "-c", _ASK, server, str(port), kind).stdout.strip()


def test_names_go_to_nobody_in_the_cafe_unless_chosen(household: Household) -> None:
    world = household.world
    put(household, "local-network", "on")
    with from_laptop(world, NAMES) as observer:
        for server in (CAFE_NAMES, world.guest4, "224.0.0.251"):
            for port, kind in ((53, "udp"), (53, "tcp"), (853, "tcp"), (853, "udp")):
                assert ask(household, server, port, kind) != ""
        assert world.public_address(world.laptop, by_name=True) == world.home_public4
    assert observer.packets() == []
    for choice in ("system", CAFE_NAMES):
        put(household, "dns", choice)
        with from_laptop(world, NAMES) as observer:
            assert world.laptop.run("getent", "ahosts", "printer.cafe.lan").stdout.split()[0] in (
                world.guest4,
                world.guest6,
            )
            assert ask(household, world.guest4) != ""
        assert {packet.dst for packet in observer.packets()} == {CAFE_NAMES}


def test_without_the_local_network_its_name_servers_fail_at_once(household: Household) -> None:
    world = household.world
    put(household, "dns", "system")
    before = len(world.cafe_names.queries())
    with from_laptop(world) as observer:
        begin = time.monotonic()
        assert world.laptop.run("getent", "ahosts", WHOAMI, check=False).returncode != 0
        assert time.monotonic() - begin < 2
    assert beside_the_tunnel(world, observer.packets()) == []
    assert len(world.cafe_names.queries()) == before


def test_things_in_the_cafe_are_looked_for_with_the_setting_only(household: Household) -> None:
    world = household.world
    for setting, found in (("on", FOUND_BY), ("off", set[str]())):
        put(household, "local-network", setting)
        with from_laptop(world) as observer:
            world.laptop.run("/usr/bin/python3", "-c", _FIND)
        assert FOUND_BY & {packet.dst for packet in observer.packets()} == found
    assert beside_the_tunnel(world, observer.packets()) == []


def test_a_public_range_that_the_cafe_calls_its_own_is_not_local(household: Household) -> None:
    world = household.world
    put(household, "local-network", "on")
    claims = (f"{world.web4.rpartition('.')[0]}.77/24", "2606:2800:21f:cb07::77/64")
    with from_laptop(world) as observer:
        for claim in claims:
            world.laptop.run("ip", "addr", "add", claim, "dev", "eth0")
        for family, address in ((4, world.home_public4), (6, world.home6)):
            assert world.public_address(world.laptop, family) == address
    assert [packet for packet in observer.packets() if packet.dst in (world.web4, world.web6)] == []
    for claim in claims:
        world.laptop.run("ip", "addr", "del", claim, "dev", "eth0")


def test_a_new_address_brings_its_own_network_and_takes_it_away(household: Household) -> None:
    world = household.world
    put(household, "local-network", "on")
    there = "10.20.30.41"
    world.guest.run("ip", "addr", "add", f"{there}/24", "dev", "eth0")
    assert fetch(household, there, PRINTER, seconds=1)[0] == ""
    world.laptop.run("ip", "addr", "add", "10.20.30.40/24", "dev", "eth0")
    await_that(lambda: fetch(household, there, PRINTER, seconds=1)[0] == "10.20.30.40", "the new network")
    world.laptop.run("ip", "addr", "del", "10.20.30.40/24", "dev", "eth0")
    await_that(lambda: fetch(household, there, PRINTER, seconds=1)[0] == "", "its end")
    assert fetch(household, world.guest4, PRINTER)[0] == world.laptop4


def await_that(look: Callable[[], bool], what: str) -> None:
    wait_until(look, what, FOLLOWED_WITHIN, 0.1)


def test_ipv6_fails_at_once_where_the_host_has_none_and_who_asks_by_it_is_answered(household: Household) -> None:
    world = household.world
    web6 = f"[{world.web6}]"
    assert fetch(household, web6, 80)[0] == world.home6
    world.home.run("ip", "-6", "route", "del", "default")
    try:
        # The host says so; until then its own kernel refuses, in the tunnel.
        await_that(lambda: is_unreachable(household), "word of the host")
        with from_laptop(world) as observer:
            said, seconds = fetch(household, web6, 80)
            assert (said, seconds < 1) == ("", True)
            bound = ("curl", "-s", "-m", "3", "--interface", "eth0", f"http://{web6}/ip")
            assert world.laptop.run(*bound, check=False).stdout == ""
        assert beside_the_tunnel(world, observer.packets()) == []
        assert world.public_address(world.laptop) == world.home_public4
        url = f"http://[{world.laptop6}]:{FILES}/ip"
        assert world.cafe_router.run("curl", "-s", "-S", "-m", "5", url).stdout != ""
    finally:
        world.home.run(
            "ip", "-6", "route", "add", "default", "via", f"{world.home6.rpartition(':')[0]}:1", "dev", "eth0"
        )
    await_that(lambda: fetch(household, web6, 80)[0] == world.home6, "IPv6 again")


def is_unreachable(household: Household) -> bool:
    """Whether the laptop itself has no way for IPv6."""
    world = household.world
    return world.laptop.run("ip", "-6", "route", "get", world.web6, check=False).returncode != 0
