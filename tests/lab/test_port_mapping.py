"""A router that opens a port when asked: Debian's miniupnpd, asked by PCP, NAT-PMP and UPnP.

outside 81.2.69.1 ── 81.2.69.10 router 192.168.1.1 ─┬─ device 192.168.1.10
                                                    └─ 192.168.1.30 second 192.168.7.1 ── hidden 192.168.7.10
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from lab.nats import open_upnp
from lab.net import Lab, Machine, Process, Router, wait_until
from lab.services import Observer

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

PUBLIC, PORT, LONG, SHORT = "81.2.69.10", 41000, 7200, 4
_DRIVER = str(Path(__file__).with_name("portmap_driver.py"))
_WAYS = {"pcp": "PCP", "pmp": "NAT-PMP", "igd": "UPnP"}
_EPOCH = """
import socket
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(2)
asking.sendto(bytes(2), ("192.168.1.1", 5351))
print(int.from_bytes(asking.recv(99)[4:8]))
"""
_SEND = "import socket, sys; socket.socket(2, 2).sendto(b'from outside', (sys.argv[1], int(sys.argv[2])))"


class Street:
    """The machines of these tests, and what is asked of them."""

    def __init__(self, lab: Lab) -> None:
        self.router, self.second = lab.router("router"), lab.router("second")
        self.device, self.hidden, self.outside = lab.machine("device"), lab.machine("hidden"), lab.machine("outside")
        lab.wire(self.router.port("wan", f"{PUBLIC}/24"), self.outside.port("eth0", "81.2.69.1/24"))
        lab.wire(
            self.router.port("lan", "192.168.1.1/24"),
            self.device.port("eth0", "192.168.1.10/24", gateways=("192.168.1.1",)),
            self.second.port("wan", "192.168.1.30/24", gateways=("192.168.1.1",)),
        )
        lab.wire(
            self.second.port("lan", "192.168.7.1/24"),
            self.hidden.port("eth0", "192.168.7.10/24", gateways=("192.168.7.1",)),
        )
        self.begun: list[Process] = []

    def open(self, router: Router, *, refuses: bool = False) -> Process:
        router.translate()
        process = open_upnp(router, refuses=refuses)
        self.begun.append(process)
        return process

    def ask(self, *ways: str, lease: int = LONG, port: int = PORT) -> Process:
        return self._ask(self.device, "192.168.1.10/24", "192.168.1.1", str(port), str(lease), *ways)

    def ask_hidden(self) -> Process:
        return self._ask(self.hidden, "192.168.7.10/24", "192.168.7.1", str(PORT), str(LONG))

    def _ask(self, machine: Machine, *words: str) -> Process:
        process = machine.spawn(sys.executable, _DRIVER, *words)
        self.begun.append(process)
        return process

    def known(self, ports: Iterable[int]) -> list[int]:
        """Those of the ports that the router has a mapping of."""
        rules = self.router.run("nft", "list", "table", "inet", "miniupnpd").stdout
        return [port for port in ports if f"dport {port} " in rules]

    def epoch(self) -> int:
        """For how many seconds the router has known its mappings."""
        return int(self.device.python(_EPOCH))

    def arrives(self) -> bool:
        """Whether a datagram from outside gets through to the device; told at once by a ping sent after it."""
        with Observer(self.device, "eth0", f"udp dst port {PORT}") as seen:
            self.outside.python(_SEND, PUBLIC, str(PORT))
            self.outside.run("ping", "-c1", "-W2", PUBLIC)
            self.device.run("ping", "-c1", "-W2", "192.168.1.1")
        return bool(seen.packets())

    def end(self) -> None:
        for process in self.begun:
            if process.returncode is None:
                process.kill()
        self.begun.clear()
        for router in (self.router, self.second):
            router.run("nft", "flush", "ruleset")


@pytest.fixture(scope="module")
def built(shared_lab: Lab) -> Street:
    return Street(shared_lab)


@pytest.fixture
def street(built: Street) -> Iterator[Street]:
    yield built
    built.end()


@pytest.mark.parametrize("way", _WAYS)
def test_a_datagram_from_outside_arrives_while_the_port_is_mapped_and_no_longer(street: Street, way: str) -> None:
    street.open(street.router)
    assert not street.arrives()
    asking = street.ask(way)
    asking.wait_for_line(f"mapped {_WAYS[way]} {PUBLIC}:{PORT}")
    assert street.arrives()
    asking.stop()
    assert not street.arrives()


def test_all_ways_at_once_leave_one_mapping_and_ask_nobody_but_the_router(street: Street) -> None:
    street.open(street.router)
    with Observer(street.device, "eth0", "src host 192.168.1.10 and ip") as seen:
        asking = street.ask()
        asking.wait_for_line(f"{PUBLIC}:{PORT}")
        asking.stop()
    sent = [str(packet.dst) for packet in seen.packets()]
    assert set(sent) <= {"192.168.1.1", "239.255.255.250"}
    assert 0 < len(sent) < 40


def test_leases_are_renewed_for_as_long_as_the_device_lives(street: Street) -> None:
    street.open(street.router)
    ports = dict(zip(_WAYS, range(PORT, PORT + len(_WAYS)), strict=True))
    for asking in [street.ask(way, lease=SHORT, port=port) for way, port in ports.items()]:
        asking.wait_for_line("mapped")
    # Given later and never renewed: when these have ended, so would the others have.
    orphans = [port + len(_WAYS) for port in ports.values()]
    for asking in [street.ask(way, lease=SHORT, port=port) for way, port in zip(_WAYS, orphans, strict=True)]:
        asking.wait_for_line("mapped")
        asking.kill()
    wait_until(lambda: not street.known(orphans), "the end of leases that nobody renews", 30, tick=0.2)
    wait_until(lambda: street.known(ports.values()) == list(ports.values()), "the leases that are renewed")
    assert street.arrives()


def test_a_restarted_router_is_asked_again_at_once(street: Street) -> None:
    serving = street.open(street.router)
    # A clock that stood at nothing when the port was mapped cannot be seen to begin anew.
    wait_until(lambda: street.epoch() > 3, "a router that has been up for a while", tick=0.2)
    asking = street.ask()
    asking.wait_for_line("mapped")
    serving.kill()
    street.router.nft("flush ruleset")
    street.open(street.router)
    wait_until(lambda: street.known([PORT]), "the mapping again", 30)
    assert street.arrives()


def test_a_device_that_lost_its_daemon_has_the_same_port_again(street: Street) -> None:
    street.open(street.router)
    for _ in range(2):
        asking = street.ask("pcp")
        asking.wait_for_line(f"mapped PCP {PUBLIC}:{PORT}")
        asking.kill()


def test_a_router_behind_another_nat_is_found_out_and_keeps_no_mapping(street: Street) -> None:
    street.open(street.second)
    street.ask_hidden().wait_for_line("double-nat", 20)
    assert str(PORT) not in street.second.run("nft", "list", "ruleset").stdout


def test_a_router_that_refuses_is_told_of(street: Street) -> None:
    street.open(street.router, refuses=True)
    # By the other two ways it tries 60,000 ports before it says no.
    street.ask("igd").wait_for_line("refused UPnP", 20)
    assert not street.arrives()


def test_a_router_that_knows_no_way_is_silent(street: Street) -> None:
    street.router.translate()
    street.ask().wait_for_line("silent", 20)
