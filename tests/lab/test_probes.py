"""Probes beside a running WireGuard, and aliases of a peer's endpoint: with real packets, by plans made by hand."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.net import Lab, Machine, Process, why_not
from lab.services import Observer
from lab.test_backend import Device
from lab.two_paths import Crossing, TwoPaths
from meshnet_platform.api import Peer, Route, SystemPlan, Tunnel
from meshnet_platform.linux.marks import PROBE_MAGIC
from meshnet_platform.linux.nft import render
from meshnet_platform.linux.ruleset import transaction

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_not() is not None, reason=str(why_not()))]

_DRIVER = str(Path(__file__).with_name("probes_driver.py"))
_PORT = 21820
_HOST = "203.0.113.2:21820", "[2001:db8:2::2]:21820"
_HOME_PUBLIC = "198.51.100.7"
_STATES = {"idle": None, "routed": Route(passing=True), "blocked": Route(passing=False)}

_SEND = """
import socket, sys
source, port, target, to, payload, *options = sys.argv[1:]
family = socket.AF_INET6 if ":" in target else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as one:
    one.bind((source, int(port)))
    if "unsummed" in options:
        one.setsockopt(socket.SOL_SOCKET, 11, 1)  # SO_NO_CHECK (socket(7))
    one.sendto(payload.encode(), (target, int(to)))
"""
_HEAR = """
import socket, sys
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
    one.bind(("::", int(sys.argv[1])))
    print("ready", flush=True)
    while True:
        payload, source = one.recvfrom(2048)
        print(payload.decode(), source[0].removeprefix("::ffff:"), source[1], flush=True)
"""


def _send(machine: Machine, source: str, target: str, payload: str, *options: str) -> None:
    """A datagram by a plain socket; source and target as "ADDRESS PORT"."""
    machine.python(_SEND, *source.split(), *target.split(), payload, *options)


def _probe(machine: Machine, verb: str, endpoint: str, word: str, port: int = _PORT) -> str | None:
    """What the driver said; None where it failed."""
    done = machine.run(sys.executable, _DRIVER, verb, str(port), endpoint, word, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _start(machine: Machine, *argv: str) -> Process:
    process = machine.spawn(sys.executable, *argv)
    process.wait_for_line("ready", exact=True)
    return process


# --- beside WireGuard -----------------------------------------------------------------------------------------------


class Home:
    """A client behind a router, a host on the internet that answers probes, and what both stand behind."""

    def __init__(self, lab: Lab) -> None:
        self.net, self.router = lab.router("net"), lab.router("router")
        client, host = lab.machine("client"), lab.machine("host")
        lab.wire(
            self.net.port("to-home", "198.51.100.1/24", "2001:db8:1::1/64"),
            self.router.port("wan", f"{_HOME_PUBLIC}/24", "2001:db8:1::7/64", gateways=("198.51.100.1",)),
        )
        lab.wire(
            self.router.port("lan", "192.168.7.1/24", "2001:db8:7::1/64"),
            client.port("eth0", "192.168.7.2/24", "2001:db8:7::2/64", gateways=("192.168.7.1", "2001:db8:7::1")),
        )
        lab.wire(
            self.net.port("to-host", "203.0.113.1/24", "2001:db8:2::1/64"),
            host.port("wan", "203.0.113.2/24", "2001:db8:2::2/64", gateways=("203.0.113.1", "2001:db8:2::1")),
        )
        self.router.ip("route add default via 2001:db8:1::1 dev wan")
        self.net.ip("route add 2001:db8:7::/64 via 2001:db8:1::7 dev to-home")
        self.client, self.host = Device(client, 2, "192.0.2.1:1"), Device(host, 1, _HOST[0])
        plan = SystemPlan(self.host.tunnel(dataclasses.replace(self.client.as_peer(), endpoint=None)))
        self.host.apply(dataclasses.replace(plan, incoming=self.client.addresses))
        self.answering = _start(host, _DRIVER, "answer", str(_PORT))

    def apply(self, state: str) -> None:
        route = _STATES[state]
        self.client.apply(SystemPlan(self.client.tunnel(self.host.as_peer(everything=route is not None)), route=route))

    def tunnel_carries(self) -> None:
        self.client.machine.run("ping", "-c", "1", "-W", "6", self.host.address4)

    def place_of_client(self) -> str:
        """Where the host's WireGuard sends what is for the client."""
        return self.host.machine.run("wg", "show", "meshnet0", "endpoints").stdout.split()[1]


@pytest.fixture(scope="module")
def home(shared_lab: Lab) -> Home:
    return Home(shared_lab)


@pytest.mark.parametrize("state", _STATES)
def test_probes_leave_by_wireguards_own_mapping_and_are_answered(home: Home, state: str) -> None:
    home.apply(state)
    kinds: tuple[str, ...] = ("kept", "random")
    for kind in kinds:
        home.router.translate(ports="random" if kind == "random" else "kept")
        home.router.run("conntrack", "-F")
        with Observer(home.net, "to-home", f"udp and src {_HOME_PUBLIC}") as observer:
            home.tunnel_carries()
            assert _probe(home.client.machine, "ask", _HOST[0], f"{state}-{kind}") == _HOST[0]
            packets = observer.stop()
        probes = {packet.sport for packet in packets if packet.payload.startswith(PROBE_MAGIC)}
        others = {packet.sport for packet in packets if not packet.payload.startswith(PROBE_MAGIC)}
        assert len(probes) == 1
        assert probes == others
        assert (probes == {_PORT}) == (kind == "kept")
        assert home.answering.wait_for_line(f"?{state}-{kind}").startswith(f"{_HOME_PUBLIC}:{probes.pop()} ")


@pytest.mark.parametrize("state", _STATES)
def test_probes_go_by_ipv6_too(home: Home, state: str) -> None:
    home.apply(state)
    home.router.translate()
    assert _probe(home.client.machine, "ask", _HOST[1], f"{state}-6") == _HOST[1]
    assert home.answering.wait_for_line(f"?{state}-6").startswith(f"[2001:db8:7::2]:{_PORT} ")


@pytest.mark.parametrize("state", _STATES)
def test_what_passes_beside_a_route_is_wireguards_port_alone(home: Home, state: str) -> None:
    home.apply(state)
    for endpoint in _HOST:
        assert _probe(home.client.machine, "send", endpoint, "own") is not None
        other = _probe(home.client.machine, "send", endpoint, "other", _PORT + 1)
        assert (other is not None) == (state == "idle")


def test_wireguard_does_not_mind_what_is_none_of_its_own(home: Home) -> None:
    home.apply("idle")
    home.router.translate()
    home.tunnel_carries()
    before = home.place_of_client()
    for word in ("one", "two"):
        # From elsewhere than where the client is: WireGuard follows only what is authentic.
        assert _probe(home.net, "ask", _HOST[0], word) == _HOST[0]
    assert home.place_of_client() == before
    home.tunnel_carries()


def test_nothing_goes_where_there_is_no_way_and_nobody_waits(home: Home) -> None:
    home.apply("idle")
    for endpoint in ("nobody.example:21820", "203.0.113.2", "[203.0.113.2%x]:1", "[fe80::1%nowhere0]:1", "0.0.0.0:0"):
        assert _probe(home.client.machine, "send", endpoint, "lost") is None
    # It has no default route.
    assert _probe(home.net, "send", "192.0.2.99:21820", "lost") is None
    assert _probe(home.net, "send", _HOST[0], "found") is not None


def test_what_comes_through_the_tunnel_is_no_probe(home: Home) -> None:
    home.apply("idle")
    home.router.translate()
    home.tunnel_carries()
    other = _start(home.host.machine, _DRIVER, "answer", str(_PORT + 1))
    inside, outside = f"{home.client.address4} 5000", "192.168.7.2 5000"
    _send(home.client.machine, inside, f"{home.host.address4} {_PORT}", "MnP1?inside")
    _send(home.client.machine, inside, f"{home.host.address4} {_PORT + 1}", "MnP1?inside")
    other.wait_for_line("?inside")
    _send(home.client.machine, outside, f"203.0.113.2 {_PORT}", "MnP1?outside")
    home.answering.wait_for_line("?outside")
    assert not any("?inside" in line for line in home.answering.lines())


# --- the socket itself ----------------------------------------------------------------------------------------------


@pytest.fixture
def pair(lab: Lab) -> tuple[Machine, Machine]:
    """Two machines with two wires between them."""
    one, other = lab.machine("one"), lab.machine("other")
    for n in (1, 2):
        lab.wire(
            one.port(f"eth{n}", f"10.0.{n}.1/24", f"fd00:{n}::1/64"),
            other.port(f"eth{n}", f"10.0.{n}.2/24", f"fd00:{n}::2/64"),
        )
    # By a wire that its address is not of.
    one.ip("route add 192.0.2.9/32 via 10.0.2.2 src 10.0.1.1")
    other.ip("addr add 192.0.2.9/32 dev lo")
    return one, other


def test_a_probe_is_whole_to_a_plain_socket_and_bears_the_address_of_its_way(pair: tuple[Machine, Machine]) -> None:
    one, other = pair
    hearing = _start(other, "-c", _HEAR, str(_PORT))
    for target, source in {
        "10.0.1.2": "10.0.1.1",
        "10.0.2.2": "10.0.2.1",
        "192.0.2.9": "10.0.1.1",
        "[fd00:1::2]": "fd00:1::1",
        "[fd00:2::2]": "fd00:2::1",
    }.items():
        # An odd length, too: the checksum is over pairs of bytes.
        for word in ("even", "odd"):
            assert _probe(one, "send", f"{target}:{_PORT}", f"{target}-{word}") is not None
            # The kernel gives to a socket only what has a right checksum.
            assert hearing.wait_for_line(f"?{target}-{word} ").endswith(f" {source} {_PORT}")


def test_only_probes_to_the_port_are_heard(pair: tuple[Machine, Machine]) -> None:
    one, other = pair
    answering = _start(other, _DRIVER, "answer", str(_PORT))
    for source, target in (("10.0.1.1 5000", "10.0.1.2"), ("fd00:1::1 5000", "fd00:1::2")):
        for payload in ("junk", "MnP", "MnP2?other", "MnP1" + "x" * 509):
            _send(one, source, f"{target} {_PORT}", payload)
        _send(one, source, f"{target} {_PORT + 1}", "MnP1?elsewhere")
        _send(one, source, f"{target} {_PORT}", "MnP1" + "y" * 508)
        _send(one, source, f"{target} {_PORT}", f"MnP1?{target}")
        answering.wait_for_line(f"?{target}")
    heard = [line.split()[1] for line in answering.lines() if line != "ready"]
    assert heard == ["MnP1" + "y" * 508, "MnP1?10.0.1.2", "MnP1" + "y" * 508, "MnP1?fd00:1::2"]


# --- aliases --------------------------------------------------------------------------------------------------------


def _load(machine: Machine, *peers: Peer) -> None:
    rules = render(SystemPlan(Tunnel("meshnet0", "", _PORT, (), peers=peers)))
    assert rules is not None
    machine.run("nft", "-f", "-", input=transaction(None, rules))


@pytest.mark.parametrize("options", [(), ("unsummed",)])
def test_what_comes_from_an_alias_comes_from_the_endpoint_but_for_probes(
    pair: tuple[Machine, Machine], options: tuple[str, ...]
) -> None:
    one, other = pair
    hearing = _start(other, "-c", _HEAR, str(_PORT))
    elsewhere = _start(other, "-c", _HEAR, "9999")

    def seen(source: str, payload: str, hearer: Process = hearing, port: int = _PORT) -> str:
        target = f"fd00:1::2 {port}" if ":" in source else f"10.0.1.2 {port}"
        _send(one, source, target, payload, *options)
        return hearer.wait_for_line(f"{payload} ").removeprefix(f"{payload} ")

    # These flows begin with the alias, and connection tracking knows them so.
    _load(other)
    assert seen("10.0.1.1 1001", "before") == "10.0.1.1 1001"
    assert seen("fd00:1::1 1001", "before6") == "fd00:1::1 1001"
    _load(
        other,
        Peer("A=", (), "10.0.2.1:1", aliases=("10.0.1.1:1001",)),
        Peer("B=", (), "10.0.2.1:2", aliases=("10.0.1.1:1002",)),
        Peer("C=", (), "[fd00:2::1]:3", aliases=("[fd00:1::1]:1001",)),
        Peer("D=", (), "[fd00:2::9]:3", aliases=("[fd00:1::1]:1002",)),
    )
    assert seen("10.0.1.1 1001", "first") == "10.0.2.1 1"
    assert seen("10.0.1.1 1002", "second, behind one address") == "10.0.2.1 2"
    assert seen("10.0.1.1 1003", "nobody's") == "10.0.1.1 1003"
    assert seen("fd00:1::1 1001", "third") == "fd00:2::1 3"
    assert seen("fd00:1::1 1002", "fourth, with one port") == "fd00:2::9 3"
    assert seen("10.0.1.1 1001", "MnP1 a probe") == "10.0.1.1 1001"
    assert seen("fd00:1::1 1001", "MnP1 a probe by IPv6") == "fd00:1::1 1001"
    assert seen("10.0.1.1 1001", "another's port", elsewhere, 9999) == "10.0.1.1 1001"


@pytest.mark.parametrize("aliases", [(), ("10.0.2.2:21820",)])
def test_wireguard_stays_where_it_was_sent_when_the_peer_comes_from_an_alias(
    pair: tuple[Machine, Machine], aliases: tuple[str, ...]
) -> None:
    here, there = Device(pair[0], 2, "10.0.1.1:21820"), Device(pair[1], 3, "10.0.1.2:21820")
    peer = dataclasses.replace(there.as_peer(), aliases=aliases)
    here.apply(SystemPlan(here.tunnel(peer), incoming=there.addresses))
    there.apply(SystemPlan(there.tunnel(here.as_peer()), incoming=here.addresses))
    there.machine.run("ping", "-c", "1", "-W", "6", here.address4)
    there.machine.run("wg", "set", "meshnet0", "peer", here.public, "endpoint", "10.0.2.1:21820")
    there.machine.run("ping", "-c", "1", "-W", "6", here.address4)
    told = here.machine.run("wg", "show", "meshnet0", "endpoints").stdout.split()[1]
    assert told == ("10.0.1.2:21820" if aliases else "10.0.2.2:21820")


def _crossings(family: int, *, aliases: bool) -> Iterator[tuple[Crossing, ...]]:
    """A few, each in a lab of its own: of a single one chance may have its part, on a machine that is busy."""
    for _ in range(3):
        with Lab() as lab:
            yield TwoPaths(lab, family).cross(aliases=aliases)


@pytest.mark.parametrize("family", [4, 6])
def test_with_aliases_both_ends_change_their_path_once_and_nothing_is_lost(family: int) -> None:
    for ends in _crossings(family, aliases=True):
        assert all(end.ended_direct and end.sent > 0 and end.lost == 0 for end in ends), ends
        # What waits in the buffer of a wireguard-go that has no time bears its old source still, and leads it back for
        # a moment.
        if all(end.changes == 1 for end in ends):
            return
    pytest.fail("each time somebody went back")


def test_without_them_wireguard_follows_whatever_comes_last() -> None:
    assert any(not all(end.ended_direct for end in ends) for ends in _crossings(4, aliases=False))
