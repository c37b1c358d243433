"""Other programs change what is ours, or what it rests on: put right at once, and nothing gets out or in meanwhile."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lab.household import Household
from lab.net import Lab, Machine, Process, wait_until
from lab.services import Observer
from lab.test_way_home import WITHOUT_ALIASES
from lab.world import World
from meshnet_platform.api import Peer, Route, SystemPlan, Tunnel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

REPAIRED_WITHIN = 10.0
"""Generous: the machine may be busy. Nothing but the watch would repair in less than the half minute between looks."""
STOP, CONTINUE = 19, 18
LEAKING_PORT = 9999

_SENDER = f"""
import socket, sys, time
sockets = [(socket.socket(family, socket.SOCK_DGRAM), address)
           for family, address in zip((socket.AF_INET, socket.AF_INET6), sys.argv[1:])]
print("sending", flush=True)
while True:
    for sending, address in sockets:
        try:
            sending.sendto(b"x" * 40, (address, {LEAKING_PORT}))
        except OSError:
            pass
    time.sleep(0.002)
"""


@pytest.fixture
def household(world: World) -> Household:
    return Household(world)


def state_of(machine: Machine) -> dict[str, str]:
    """All of ours that another program may break."""
    looks = {
        "firewall": f"nft --stateless list table inet meshnet | {WITHOUT_ALIASES}",
        "rules": "ip -4 rule; ip -6 rule",
        "routes": "for t in 20853 20854 20855 20856; do ip -4 route show table $t; ip -6 route show table $t; done",
        "addresses": "ip -o addr show dev meshnet0 | grep -v fe80 | cut -d ' ' -f 2-",
        "link": "cat /sys/class/net/meshnet0/mtu; ls /sys/class/net",
        "resolvers": "ls -lL /etc/resolv.conf | cut -c1-10; cat /etc/resolv.conf",
        "settings": "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/rp_filter",
    }
    return {name: machine.run("sh", "-c", look, check=False).stdout for name, look in looks.items()}


def await_state_of(machine: Machine, wanted: dict[str, str], what: str) -> None:
    try:
        wait_until(lambda: state_of(machine) == wanted, what, REPAIRED_WITHIN, 0.1)
    except Exception:
        # The difference says more than a deadline.
        assert state_of(machine) == wanted, what
        raise


def repairs(daemon: Process) -> list[str]:
    """What the daemon said of them in its log."""
    words = ("Another program changed", "The process of the tunnel died")
    return [line for line in daemon.lines() if any(said in line for said in words)]


def await_word(daemon: Process, told: int, what: str) -> None:
    """Return when it has told of more repairs than these."""
    wait_until(lambda: len(repairs(daemon)) > told, f"word of: {what}", REPAIRED_WITHIN)


BREAKAGES = {
    "all rules flushed": "nft flush ruleset",
    "our chains emptied": "nft flush table inet meshnet",
    "our table deleted": "nft delete table inet meshnet",
    "our table asleep": "nft add table inet meshnet '{ flags dormant; }'",
    "a chain emptied": "nft flush chain inet meshnet guard",
    "an address in a set": "nft add element inet meshnet incoming4 '{ 100.64.77.77 }'",
    "our rules deleted": "ip rule del priority 5300; ip -6 rule del priority 5300",
    "our table of routes emptied": "ip route flush table 20854; ip -6 route flush table 20854",
    "a rule like ours": "ip rule add priority 5250 not fwmark 0x20d53 lookup main",
    "an exception of routes": "ip route add throw 93.184.215.0/24 table 20854",
    "the interface down": "ip link set meshnet0 down",
    "its addresses gone": "ip addr flush dev meshnet0",
    "its size": "ip link set meshnet0 mtu 1300",
    "the interface deleted": "ip link del meshnet0",
    "the interface renamed": "ip link set meshnet0 down; ip link set meshnet0 name other0",
    "resolv.conf written": "echo nameserver 9.9.9.9 >/etc/resolv.conf",
    "resolv.conf replaced": "echo nameserver 9.9.9.9 >/run/r; mv /run/r /etc/resolv.conf",
    "resolv.conf a link": "echo nameserver 9.9.9.9 >/run/r; ln -sf /run/r /etc/resolv.conf",
    "resolv.conf gone": "rm /etc/resolv.conf",
}


def start_sending(world: World) -> Process:
    """A program on the laptop that never ceases to send to the web server, over both families."""
    process = world.laptop.spawn("/usr/bin/python3", "-c", _SENDER, world.web4, world.web6)
    process.wait_for_line("sending")
    return process


def test_what_others_break_on_a_routed_device_is_put_right_and_nothing_gets_out(household: Household) -> None:
    world, laptop = household.world, household.world.laptop
    sender = start_sending(world)
    with Observer(world.cafe_router, "lan", f"udp port {LEAKING_PORT}") as before:
        before.wait_for_packet(src=world.laptop4)
        before.wait_for_packet(src=world.laptop6)
        sender.stop()
    household.route()
    start_sending(world)
    wanted = state_of(laptop)
    with Observer(world.cafe_router, "lan", f"udp port {LEAKING_PORT}") as observer:
        for what, command in BREAKAGES.items():
            told = len(repairs(household.daemons[laptop]))
            laptop.run("sh", "-c", command)
            await_word(household.daemons[laptop], told, what)
            await_state_of(laptop, wanted, f"repair of: {what}")
            household.await_state("routing")
        leaks = observer.stop()
    assert leaks == []
    assert world.public_address(laptop, by_name=True) == world.home_public4
    household.stop()
    assert laptop.file("/etc/resolv.conf").exists() is False, "what others did to it is theirs"


def answers(world: World, address: str) -> bool:
    """Whether the laptop gets an answer to a ping."""
    return world.laptop.run("ping", "-c", "1", "-W", "0.5", address, check=False).returncode == 0


@contextlib.contextmanager
def asleep(daemon: Process) -> Iterator[None]:
    """A daemon that is stopped meanwhile: what it would have repaired is there to be seen."""
    daemon.signal(STOP)
    try:
        yield
    finally:
        # nsenter(1) stops together with what it started.
        parent = int(Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(parent, CONTINUE)
        daemon.signal(CONTINUE)


def test_a_host_whose_firewall_is_flushed_is_closed_again_and_serves_on(household: Household) -> None:
    world, daemon = household.world, household.daemons[household.world.home]
    address = household.status(world.home)["device"]["address4"]
    world.meshnet(world.home, "deny", "laptop", "incoming")
    household.route()
    wanted = state_of(world.home)
    assert not answers(world, address)
    with asleep(daemon):
        world.home.run("nft", "flush", "ruleset")
        assert answers(world, address), "an open host would not be noticed"
    wait_until(lambda: not answers(world, address), "the host to be closed again", REPAIRED_WITHIN)
    assert world.public_address(world.laptop) == world.home_public4
    await_state_of(world.home, wanted, "what the host had before")
    world.home.run("nft", "flush", "ruleset")
    await_state_of(world.home, wanted, "a repair without a pause before it")
    assert not answers(world, address)
    for closed in (world.nas4, world.home4):
        assert not answers(world, closed)
    assert world.public_address(world.laptop, 6) == world.home6


def test_forwarding_that_another_program_turned_off_is_on_again(household: Household) -> None:
    world, daemon = household.world, household.daemons[household.world.home]
    household.route()
    with asleep(daemon):
        world.home.run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward")
        assert world.public_address(world.laptop) is None
    wait_until(lambda: world.public_address(world.laptop) == world.home_public4, "the way out", REPAIRED_WITHIN)
    assert any("kernel settings" in line for line in repairs(daemon))


def follows(household: Household, *changes: str) -> None:
    """These changes (commands of ip) of home's way to the internet cut the laptop off, and the daemon follows them."""
    world = household.world
    with asleep(household.daemons[world.home]):
        world.home.ip(*changes)
        assert world.public_address(world.laptop) is None, "a host that does not follow would not be noticed"
    wait_until(lambda: world.public_address(world.laptop) == world.home_public4, "the new way", REPAIRED_WITHIN)


def test_a_host_follows_its_gateway(household: Household) -> None:
    world = household.world
    world.home_router.ip("addr add 192.168.1.254/24 dev lan")
    household.route()
    follows(household, "route replace default via 192.168.1.254 dev eth0")
    # From one network to another, as from Wi-Fi to a cable. The tunnel stays where the router forwards its port to.
    world.home.ip(f"route add {world.cafe_public4} via 192.168.1.1 dev eth0")
    cable = world.home.port("eth1", "192.168.2.10/24")
    world.lab.wire(world.home_router.port("lan2", "192.168.2.1/24"), cable)
    follows(household, "route replace default via 192.168.2.1 dev eth1")
    assert not answers(world, "192.168.2.1"), "the new network is not for peers either"
    # Unplugged and plugged in again.
    follows(household, "route del default", "route add default via 192.168.1.1 dev eth0")


# --- what watching costs --------------------------------------------------------------------------------------------

_DRIVER = str(Path(__file__).with_name("watch_driver.py"))
_PLAN = SystemPlan(
    Tunnel(
        "meshnet0",
        "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=",
        21820,
        ("100.64.0.1/32", "fd00::1/128"),
        peers=(Peer("xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", ("100.64.0.2/32", "0.0.0.0/0", "::/0")),),
    ),
    route=Route(passing=True),
    resolvers=("100.64.0.2",),
)


class Watched:
    """A machine on which a plan is in force and watched, by a process that counts the processes that it starts."""

    def __init__(self, lab: Lab) -> None:
        self.machine, neighbour = lab.machine("watched"), lab.machine("neighbour")
        here = self.machine.port("eth0", "198.51.100.2/24", gateways=("198.51.100.1",))
        lab.wire(here, neighbour.port("eth0", "198.51.100.1/24"))
        plan = self.machine.directory / "plan.json"
        plan.write_bytes(msgspec.json.encode(_PLAN))
        self.process = self.machine.spawn(sys.executable, _DRIVER, str(self.machine.directory), str(plan))
        self.process.wait_for_line("ready", exact=True)
        self.await_rest()

    def started(self) -> int:
        """How many processes it has started so far."""
        return int((self.machine.directory / "started").read_text())

    def told(self) -> list[str]:
        """The words of trouble so far."""
        return [line for line in self.process.lines() if line.startswith("Another program")]

    def await_rest(self, seconds: float = 1.5) -> None:
        """Return when it has started nothing for so long."""
        last, since = self.started(), time.monotonic()

        def rests() -> bool:
            nonlocal last, since
            if self.started() != last:
                last, since = self.started(), time.monotonic()
            return time.monotonic() - since > seconds

        wait_until(rests, "rest of the watch", 30, 0.05)


def test_an_idle_system_costs_no_process(lab: Lab) -> None:
    watched = Watched(lab)
    before = watched.started()
    watched.await_rest(20)
    assert watched.started() == before
    watched.machine.run("nft", "flush", "ruleset")
    wait_until(watched.told, "a repair by the same watch", REPAIRED_WITHIN)
    assert watched.started() > before


def test_a_storm_of_others_changes_costs_few_processes(lab: Lab) -> None:
    watched = Watched(lab)
    before = watched.started()
    addresses = [f"10.{n // 250}.{n % 250}.1" for n in range(1000)]
    watched.machine.ip(*(f"addr {verb} {address}/32 dev eth0" for verb in ("add", "del") for address in addresses))
    watched.machine.ip(*(f"route {verb} {address}/32 dev eth0" for verb in ("add", "del") for address in addresses))
    wait_until(lambda: "news" in list(watched.process.lines()), "word of the storm")
    watched.await_rest(4)
    assert watched.started() - before < 300
    assert watched.told() == []


def test_who_breaks_it_again_and_again_is_answered_ever_more_seldom_and_always(lab: Lab) -> None:
    watched = Watched(lab)
    machine = watched.machine
    fight = "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do nft flush ruleset; sleep 0.2; done"
    before = time.monotonic()
    machine.run("sh", "-c", fight)
    lasted = time.monotonic() - before
    # Five in the first ten seconds, then one every three, and those that were due when it ended.
    assert 3 <= len(watched.told()) <= 6 + lasted / 2
    wait_until(lambda: "chain guard" in machine.run("nft", "list", "ruleset").stdout, "the last repair")
    watched.await_rest(4)
    assert "chain guard" in machine.run("nft", "list", "ruleset").stdout
