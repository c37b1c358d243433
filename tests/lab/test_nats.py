"""The lab's routers are what they say, told by plain datagrams; and so is what tells the way of a packet."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import get_args

import pytest

from lab import nats
from lab.net import Lab, Machine, Router, wait_until
from lab.pcap import Packet
from lab.places import CARRIER4, End, Kind, Place, Places, carriers, way_at_core, way_at_first
from lab.services import Observer

pytestmark = pytest.mark.lab

_CLONE_NEWNET = 0x40000000
_INNER = 41414
_KINDS: tuple[Kind, ...] = get_args(Kind)
_KEEPS_PORTS = ("public", "firewall", "port-restricted", "remapping", "double", "upnp")

Endpoint = tuple[str, int]


class Udp:
    """A UDP socket in a machine; it stays there when the thread that made it has ended (setns(2), socket(7))."""

    def __init__(self, machine: Machine, port: int) -> None:
        self._made: list[socket.socket] = []
        maker = threading.Thread(target=self._make, args=(machine.pid, port))
        maker.start()
        maker.join()
        (self._socket,) = self._made
        self._socket.settimeout(20)
        self.port: int = self._socket.getsockname()[1]

    def _make(self, pid: int, port: int) -> None:
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(namespace)
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("", port))
        self._made.append(made)

    def send(self, to: Endpoint, text: bytes = b"hello") -> None:
        self._socket.sendto(text, to)

    def receive(self) -> tuple[bytes, Endpoint]:
        text, sender = self._socket.recvfrom(100)
        return text, sender[:2]

    def close(self) -> None:
        self._socket.close()


class Sites:
    """One place of every kind, and a socket at each of three endpoints on the internet that tell NATs apart."""

    def __init__(self, lab: Lab) -> None:
        self.places = Places(lab)
        self._opened: list[Udp] = []
        self.of: dict[Kind, Place] = {}
        for number, kind in enumerate(_KINDS, 1):
            devices = 2 if kind in ("full-cone", "hairpin") else 1
            self.of[kind] = self.places.place(kind, number, devices=devices)
        self.other_customer = self.places.place("carrier", 90)
        self.here, self.other_port = (self.places.server4, 5000), (self.places.server4, 5001)
        self.other_address = (self.places.web4, 5000)
        self.servers = {
            self.here: self.open(self.places.server, 5000),
            self.other_port: self.open(self.places.server, 5001),
            self.other_address: self.open(self.places.web, 5000),
        }
        self._inner = iter(range(_INNER, _INNER + 1000))

    def socket(self, machine: Machine) -> Udp:
        """A socket of a device, with a port that no test had before."""
        return self.open(machine, next(self._inner))

    def open(self, machine: Machine, port: int = 0) -> Udp:
        """A socket that is closed after the last test."""
        self._opened.append(Udp(machine, port))
        return self._opened[-1]

    def close(self) -> None:
        for opened in self._opened:
            opened.close()

    def outer(self, sender: Udp, to: Endpoint | None = None) -> Endpoint:
        """Send to a server; the endpoint from which it comes there."""
        sender.send(to or self.here)
        return self.servers[to or self.here].receive()[1]

    def answers(self, sender: Udp, outer: Endpoint, *servers: Endpoint) -> set[Endpoint]:
        """Which of the servers get a datagram in by this outer endpoint; `here`, which was asked, always does."""
        for server in (*servers, self.here):
            self.servers[server].send(outer)
        came = set()
        while self.here not in came:
            came.add(sender.receive()[1])
        return came


@pytest.fixture(scope="module")
def sites(shared_lab: Lab) -> Iterator[Sites]:
    with closing(Sites(shared_lab)) as sites:
        yield sites


@pytest.mark.parametrize("kind", [kind for kind in _KINDS if kind != "ipv6-only"])
def test_the_outer_port_is_one_for_all_destinations_except_behind_a_symmetric_nat(sites: Sites, kind: Kind) -> None:
    place = sites.of[kind]
    sender = sites.socket(place.device)
    seen = [sites.outer(sender, server) for server in sites.servers]
    assert {address for address, _ in seen} == {place.public4}
    ports = {port for _, port in seen}
    assert len(ports) == (3 if kind == "symmetric" else 1)
    assert (sender.port in ports) is (kind in _KEEPS_PORTS)


@pytest.mark.parametrize("kind", [kind for kind in _KINDS if kind != "ipv6-only"])
def test_what_nobody_asked_for_comes_in_only_where_the_kind_says_so(sites: Sites, kind: Kind) -> None:
    sender = sites.socket(sites.of[kind].device)
    came = sites.answers(sender, sites.outer(sender), sites.other_port, sites.other_address)
    if kind in ("public", "full-cone", "hairpin"):
        assert came == set(sites.servers)
    elif kind == "address-restricted":
        assert came == {sites.here, sites.other_port}
    else:
        assert came == {sites.here}


@pytest.mark.parametrize("kind", ["port-restricted", "remapping", "double"])
def test_a_packet_that_comes_too_early_takes_the_port_only_where_the_router_remaps(sites: Sites, kind: Kind) -> None:
    place = sites.of[kind]
    sender = sites.socket(place.device)
    outer = sites.outer(sender)
    assert outer == (place.public4, sender.port)
    with Observer(sites.places.core, _uplink(place), "udp") as early:
        sites.servers[sites.other_address].send(outer)
        early.wait_for_packet(src=sites.other_address[0])
    assert (sites.outer(sender, sites.other_address) == outer) is (kind != "remapping")


def test_what_comes_in_from_a_stranger_is_answered_by_the_same_port(sites: Sites) -> None:
    sender = sites.socket(sites.of["full-cone"].device)
    outer = sites.outer(sender)
    sites.servers[sites.other_address].send(outer)
    assert sender.receive()[1] == sites.other_address
    assert sites.outer(sender, sites.other_address) == outer


@pytest.mark.parametrize("kind", ["hairpin", "full-cone"])
def test_a_neighbour_is_reached_by_its_outer_endpoint_only_with_hairpin(sites: Sites, kind: Kind) -> None:
    place = sites.of[kind]
    one, two = (sites.socket(machine) for machine in place.devices)
    outer_one, outer_two = sites.outer(one), sites.outer(two)
    one.send(outer_two)
    # Last, and by another way: so that there is something to wait for.
    one.send((place.addresses[1][0], two.port), b"near")
    came = [two.receive()]
    while came[-1][0] != b"near":
        came.append(two.receive())
    assert came[:-1] == ([(b"hello", outer_one)] if kind == "hairpin" else [])


def test_two_customers_of_a_carrier_have_one_address_and_two_ports(sites: Sites) -> None:
    machines = sites.of["carrier"].device, sites.other_customer.device
    one, two = (sites.open(machine, 40999) for machine in machines)
    seen = [{sites.outer(sender, server) for server in sites.servers} for sender in (one, two)]
    assert [len(endpoints) for endpoints in seen] == [1, 1]
    assert not seen[0] & seen[1]
    assert {address for endpoints in seen for address, _ in endpoints} == {CARRIER4}


def test_a_place_with_ipv6_alone_has_that_and_nothing_else(sites: Sites) -> None:
    device = sites.of["ipv6-only"].device
    assert sites.places.public_address(device, 6) in sites.of["ipv6-only"].own(device)
    assert sites.places.public_address(device, 4) is None
    assert sites.places.public_address(device, 6, by_name=True) is not None


@pytest.mark.parametrize("kind", ["port-restricted", "full-cone"])
def test_a_mapping_ends_when_nothing_leaves_by_it_for_long_enough(sites: Sites, kind: Kind) -> None:
    place = sites.places.place(kind, 80 + len(kind))
    router = place.router
    assert router is not None
    sender = sites.socket(place.device)
    outer = sites.outer(sender)
    assert sites.answers(sender, outer) == {sites.here}
    _remember(router, kind, 1)
    assert sites.outer(sender) == outer
    wait_until(lambda: not _mappings(router, sender.port), "end of the mapping", 30)
    _remember(router, kind, 120)
    sites.servers[sites.here].send(outer, b"late")
    sites.servers[sites.here].send(sites.outer(sender))
    assert sender.receive() == (b"hello", sites.here)


def _remember(router: Router, kind: Kind, seconds: int) -> None:
    if kind == "full-cone":
        nats.cone(router, lets_in="all", lifetime=seconds)
    else:
        nats.forget_udp_after(router, seconds)


def _mappings(router: Router, port: int) -> bool:
    flows = router.run("conntrack", "-L", "-p", "udp").stdout
    return f"={port} " in flows or f". {port} " in router.run("nft", "list", "table", "ip", "nat").stdout


def _uplink(place: Place) -> str:
    """The core's end of the wire to a place."""
    return f"upper{place.number}" if place.kind == "double" else f"router{place.number}"


# --- ports on request -----------------------------------------------------------------------------------------------


def _map_by_nat_pmp(sites: Sites, place: Place, port: int) -> tuple[int, int]:
    """Ask for the same outer UDP port (RFC 6886 3.3); result code and outer port of the answer."""
    device = sites.open(place.device)
    device.send(
        (place.addresses[0][0].rpartition(".")[0] + ".1", 5351), struct.pack("!BBHHHI", 0, 1, 0, port, port, 600)
    )
    _version, _code, result, _time, _inner, outer = struct.unpack("!BBHIHH4x", device.receive()[0])
    return result, outer


def test_a_router_opens_a_port_when_it_is_asked(sites: Sites) -> None:
    place = sites.of["upnp"]
    sender = sites.socket(place.device)
    assert _map_by_nat_pmp(sites, place, sender.port) == (0, sender.port)
    sites.servers[sites.here].send((place.public4 or "", sender.port))
    assert sender.receive()[1] == sites.here


def test_a_router_whose_own_address_is_not_public_opens_no_port(sites: Sites) -> None:
    place = sites.of["double"]
    assert place.router is not None
    nats.open_upnp(place.router)
    result, _outer = _map_by_nat_pmp(sites, place, 41000)
    assert result != 0


# --- evidence -------------------------------------------------------------------------------------------------------


def _tunnelled(src: str, dst: str, sport: int = 51820, dport: int = 51820) -> Packet:
    return Packet(0.0, src, dst, "udp", sport, dport, b"\x04\x00\x00\x00" + bytes(844))


def test_a_way_is_told_by_the_addresses_on_the_wire() -> None:
    one, two = End({"192.168.1.10"}, {"86.128.1.10"}), End({"192.168.1.11"}, {"86.128.2.10"})
    server = Places.server4
    assert way_at_core(_tunnelled("86.128.2.10", "86.128.1.10"), one, two) == "direct"
    assert way_at_core(_tunnelled("86.128.1.10", server, dport=20001), one, two) == "relay"
    assert way_at_core(_tunnelled(server, "86.128.2.10", sport=29999), one, two) == "relay"
    assert way_at_core(_tunnelled("86.128.1.10", server, dport=8443), one, two) == "mixed"
    assert way_at_first(_tunnelled("192.168.1.10", "86.128.2.10"), one, two) == "direct"
    assert way_at_first(_tunnelled(server, "192.168.1.10", sport=20000), one, two) == "relay"
    near = End({"192.168.1.11"}, one.seen)
    assert way_at_first(_tunnelled("192.168.1.10", "192.168.1.11"), one, near) == "lan"
    assert way_at_first(_tunnelled("86.128.1.10", "192.168.1.10"), one, near) == "direct"


def test_only_the_pings_of_the_question_count() -> None:
    ping = _tunnelled("86.128.2.10", "86.128.1.10")
    keepalive, handshake = ping._replace(payload=ping.payload[:32]), ping._replace(payload=b"\x01" + ping.payload[1:])
    assert carriers([keepalive, ping, handshake]) == [ping]


def test_a_cut_ends_one_direction_or_both_for_the_two_and_nobody_else(sites: Sites) -> None:
    machines = sites.of["public"].device, sites.of["firewall"].device
    one, two = (sites.socket(machine) for machine in machines)
    ends = {socket: sites.outer(socket) for socket in (one, two)}

    def gets_through(sender: Udp, receiver: Udp) -> bool:
        sender.send(ends[receiver])
        return bool(sites.answers(receiver, ends[receiver]) - {sites.here})

    # The firewall lets in who was sent to.
    two.send(ends[one])
    assert one.receive()[1] == ends[two]
    assert gets_through(one, two)
    sites.places.cut(*machines, one_way=True)
    assert (gets_through(one, two), gets_through(two, one)) == (False, True)
    sites.places.cut(*machines)
    assert (gets_through(one, two), gets_through(two, one)) == (False, False)
    sites.places.mend()
    assert (gets_through(one, two), gets_through(two, one)) == (True, True)
