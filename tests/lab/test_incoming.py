"""Taking `incoming` back ends what runs by it, in both directions, also when it is this device that sends first."""

from __future__ import annotations

import pytest

from lab.household import Household
from lab.net import Machine, Process, wait_until
from lab.services import Observer
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

_TALKING = """
import socket, sys, threading, time
address, kind, role = sys.argv[1], sys.argv[2], sys.argv[3]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
line = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
if role == "serve":
    line.bind((address, 9000))
    print("serving", flush=True)
    if kind == "tcp":
        line.listen()
        line, _ = line.accept()
    else:
        line.connect(line.recvfrom(100)[1])
else:
    line.connect((address, 9000))
    line.send(b"hello")
print("talking", flush=True)
def send():
    while True:
        line.send(role.encode())
        time.sleep(0.05)
threading.Thread(target=send, daemon=True).start()
while line.recv(100):
    pass
"""


@pytest.fixture
def household(world: World) -> Household:
    return Household(world)


def talk(machine: Machine, address: str, kind: str, role: str) -> Process:
    process = machine.spawn("/usr/bin/python3", "-c", _TALKING, address, kind, role, name=f"{role}-{kind}")
    process.wait_for_line("serving" if role == "serve" else "talking")
    return process


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_both_directions_end(household: Household, kind: str, family: int) -> None:
    world = household.world
    address = household.status(world.home)["device"][f"address{family}"]
    serving = talk(world.home, address, kind, "serve")
    talk(world.laptop, address, kind, "ask")
    serving.wait_for_line("talking")
    with Observer(world.laptop, "meshnet0", "port 9000") as before:
        before.wait_for_packet(src=address)
        wait_until(lambda: [p for p in before.packets() if p.src != address], "what the laptop sends")
    world.meshnet(world.home, "deny", "laptop", "incoming")
    with Observer(world.laptop, "meshnet0", "port 9000") as after:
        # It goes on asking, so that whatever were still let in would be answered.
        wait_until(lambda: len([p for p in after.packets() if p.src != address]) > 2, "what the laptop sends on", 30)
    assert [packet for packet in after.packets() if packet.src == address] == []


def test_what_this_device_opened_itself_goes_on(household: Household) -> None:
    world = household.world
    address = household.status()["device"]["address4"]
    serving = talk(world.laptop, address, "tcp", "serve")
    talk(world.home, address, "tcp", "ask")
    serving.wait_for_line("talking")
    world.meshnet(world.home, "deny", "laptop", "incoming")
    world.meshnet(world.home, "deny", "laptop", "routing")
    with Observer(world.home, "meshnet0", "tcp port 9000") as observer:
        observer.wait_for_packet(src=address)
        wait_until(lambda: len([p for p in observer.packets() if p.src == address]) > 20, "the laptop's words")
