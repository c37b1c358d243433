"""A wanted route that cannot be had stays closed: what a restart, a lost file or a missing tool must not open."""

from __future__ import annotations

import pytest

from lab.household import Household
from lab.net import wait_until
from lab.services import Observer, Packet
from lab.world import SOCKET, World, product_environment, program

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


@pytest.fixture
def routed(world: World) -> Household:
    """The laptop routes through home; its daemon was killed."""
    household = Household(world)
    household.route()
    household.daemons[world.laptop].kill()
    return household


def test_a_daemon_that_is_stopped_while_it_starts_leaves_it_closed(routed: Household) -> None:
    world = routed.world
    options = ("run", "--state-dir", str(world.daemon_state(world.laptop)), "--socket", SOCKET, "--log-level", "debug")
    for wait_for in ("selector", "selector", "selector"):
        process = world.laptop.spawn(program("meshnetd"), *options, env=product_environment())
        process.wait_for_line(wait_for)
        process.stop()
        assert world.public_address(world.laptop) is None


def test_lost_records_leave_it_closed_and_come_back_from_the_coordinator(routed: Household) -> None:
    world = routed.world
    (world.daemon_state(world.laptop) / "map.json").unlink()
    routed.coordinator.kill()
    routed.start(world.laptop)
    assert routed.status()["state"] == "blocked" or world.public_address(world.laptop) is None
    wait_until(lambda: routed.status()["state"] == "blocked", "the truth in the status")
    assert world.public_address(world.laptop) is None
    routed.coordinator = world.start_coordinator()
    routed.await_state("routing", 40)
    assert world.public_address(world.laptop) == world.home_public4


def test_a_tool_that_is_gone_at_start_leaves_it_closed(routed: Household) -> None:
    world = routed.world
    world.revert(world.laptop)
    assert world.public_address(world.laptop) == world.cafe_public4
    world.laptop.run("mount", "--bind", "/dev/null", world.laptop.run("which", "wg").stdout.strip())
    routed.start(world.laptop)
    wait_until(lambda: routed.status()["state"] == "blocked", "the truth in the status")
    assert world.public_address(world.laptop) is None
    world.meshnet(world.laptop, "route", "--off")
    assert world.public_address(world.laptop) == world.cafe_public4


def test_a_forged_datagram_draws_no_answer_past_the_tunnel(world: World) -> None:
    """A program bound to the café's address is answered by a neighbour who claims to be its far partner."""
    household = Household(world)
    household.route()
    program_of_the_person = (
        "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        f"s.bind(('{world.laptop4}', 40000)); s.settimeout(5); print('bound', flush=True); s.recvfrom(100);"
        f"[s.sendto(b'secret', ('{world.web4}', 9999)) for _ in range(3)]; print('sent', flush=True)"
    )
    forger = (
        "import socket, struct; s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW);"
        "udp = struct.pack('!4H', 9999, 40000, 12, 0) + b'fake';"
        f"src, dst = socket.inet_aton('{world.web4}'), socket.inet_aton('{world.laptop4}');"
        "ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 32, 1, 0, 64, 17, 0, src, dst);"
        f"s.sendto(ip + udp, ('{world.laptop4}', 0))"
    )
    with Observer(world.laptop, "eth0", "udp port 9999") as observer:
        bound = world.laptop.spawn("/usr/bin/python3", "-c", program_of_the_person)
        bound.wait_for_line("bound")
        world.guest.run("/usr/bin/python3", "-c", forger)
        bound.wait_for_line("sent")
        observer.wait_for_packet(dport=40000)
    assert [packet for packet in observer.packets() if packet.src == world.laptop4] == []


_SPEAKS_FIRST = """
import socket, sys, threading, time
server = socket.create_server(("", 7000))
print("listening", flush=True)
there, _ = server.accept()
threading.Thread(target=lambda: [None for _ in iter(lambda: there.recv(4096), b"")], daemon=True).start()
while True:
    there.send(b"news")
    time.sleep(0.1)
"""
_ANSWERS = """
import contextlib, os, socket, sys, time
far = socket.create_connection((sys.argv[1], 7000))
far.send(b"secret")
while not os.path.exists(sys.argv[2]):
    time.sleep(0.05)
with contextlib.suppress(OSError):
    for _ in range(10):
        far.send(b"secret")
        time.sleep(0.1)
print("said all", flush=True)
"""


def test_a_connection_in_the_middle_of_which_tracking_begins_does_not_count_as_served_here(world: World) -> None:
    """Its far end speaks first then, as if it had asked; what the program says to it must not go beside the tunnel."""
    household = Household(world)
    world.web.spawn("/usr/bin/python3", "-c", _SPEAKS_FIRST).wait_for_line("listening")
    its_turn = world.laptop.directory / "its-turn"
    with Observer(world.cafe_router, "lan", "tcp port 7000") as before:
        answering = world.laptop.spawn("/usr/bin/python3", "-c", _ANSWERS, world.web4, str(its_turn))
        wait_until(lambda: _said(world, before), "what would be seen")
    household.route()
    world.laptop.run("conntrack", "-F", check=False)
    with Observer(world.cafe_router, "lan", "tcp port 7000") as observer:
        observer.wait_for_packet(20, src=world.web4)
        its_turn.touch()
        answering.wait_for_line("said all")
    assert _said(world, observer) == []


def _said(world: World, observer: Observer) -> list[Packet]:
    return [packet for packet in observer.packets() if packet.src == world.laptop4 and b"secret" in packet.payload]
