"""What holds for a while: a pause of the route, and the stop of a client. Packets show when it begins and ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.household import Household
from lab.net import wait_until
from lab.services import Observer, Packet
from lab.turmoil import ask
from lab.world import World
from meshnet.protocol import local

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

_SPEAKS = """
import socket, time
server = socket.create_server(("", 7000))
print("listening", flush=True)
there, _ = server.accept()
while True:
    there.send(b"news")
    time.sleep(0.05)
"""
_LISTENS = """
import socket, sys
far = socket.create_connection((sys.argv[1], 7000))
far.recv(100)
print("heard", flush=True)
while far.recv(4096):
    pass
"""


@pytest.fixture
def household(settled: Household) -> Household:
    settled.route()
    return settled


def test_a_pause_lets_traffic_out_and_resume_ends_it(household: Household) -> None:
    world = household.world
    seen = [world.public_address(world.laptop, family) for family in (4, 6)]
    assert household.status()["route"]["public"] == seen == [world.home_public4, world.home6]
    paused = world.meshnet(world.laptop, "pause", "60")
    assert (paused["state"], paused["pause"]["host"]) == ("idle", "home-pc")
    assert world.public_address(world.laptop) == world.cafe_public4
    assert world.meshnet(world.laptop, "resume")["state"] == "routing"
    assert world.public_address(world.laptop) == world.home_public4


def test_at_the_end_of_a_pause_a_host_that_is_gone_lets_nothing_out_beside_it(household: Household) -> None:
    world = household.world
    ask(world.laptop, local.PauseRoute(4))
    assert world.public_address(world.laptop) == world.cafe_public4
    household.daemons[world.home].stop()
    household.daemons[world.laptop].kill()
    household.start(world.laptop)
    household.await_state("blocked")
    with Observer(world.cafe_router, "lan") as observer, ThreadPoolExecutor(2) as together:
        seen = list(together.map(lambda family: world.public_address(world.laptop, family), (4, 6)))
    assert seen == [None, None]
    assert [packet for packet in observer.packets() if packet.dst in (world.web4, world.web6)] == []
    household.start(world.home)
    household.await_state("routing")
    assert world.public_address(world.laptop) == world.home_public4


def test_a_client_that_is_stopped_is_cut_off_for_so_long_and_comes_back(household: Household) -> None:
    world = household.world
    world.web.spawn("/usr/bin/python3", "-c", _SPEAKS).wait_for_line("listening")
    world.laptop.spawn("/usr/bin/python3", "-c", _LISTENS, world.web4).wait_for_line("heard")
    (hosting,) = wait_until(lambda: household.status(world.home)["hosting"], "the client")
    assert hosting["name"] == "laptop"
    ask(world.home, local.StopClient("laptop", 6))
    stopped = household.status(world.home)
    assert [one["name"] for one in stopped["stopped"]] == ["laptop"]
    assert stopped["clients"] == []
    (seen,) = world.meshnet(world.home, "devices")["devices"]
    assert seen["grants"]["routing"]
    assert household.await_state("blocked", 5)["reason"] == "routing-revoked"
    with Observer(world.home, "meshnet0") as observer:
        assert world.public_address(world.laptop) is None
    assert from_beyond(world, observer) == []
    household.await_state("routing")
    assert world.public_address(world.laptop) == world.home_public4
    assert household.status(world.home)["stopped"] == []


def from_beyond(world: World, observer: Observer) -> list[Packet]:
    """What the host let through to its client."""
    return [packet for packet in observer.packets() if packet.src == world.web4]
