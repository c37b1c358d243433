"""The host that a laptop routes through turns against it: what comes out of the tunnel opens nothing."""

from __future__ import annotations

import itertools
import json
import sys

import pytest

from lab import cafe as place
from lab import forge
from lab.cafe import Cafe, Probe
from lab.net import Lab, Machine, Process, wait_until
from lab.services import Observer, Packet, WebServer
from meshnet_platform.api import Route

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

TUNNEL = "meshnet0"
NOBODY4, NOBODY6 = "100.64.0.77", "fd00::77"
ROUTED = Route(passing=True, local=(place.CAFE4, "10.77.0.0/24", "fe80::/10"))
SSH = 22
_BURST = 60


class Attack:
    """Home with nothing of ours left on it but the tunnel, and witnesses at all that it may want to reach."""

    def __init__(self, cafe: Cafe) -> None:
        self.cafe = cafe
        self.home = cafe.home.machine
        self._numbers = itertools.count(100)
        cafe.apply(ROUTED)
        self.home.run("nft", "flush", "ruleset")
        self.home.run("wg", "set", TUNNEL, "peer", cafe.laptop.public, "allowed-ips", "0.0.0.0/0,::/0")
        self.witnesses = {machine: _witness(machine) for machine in (cafe.laptop.machine, cafe.guest, cafe.box)}

    def token(self) -> bytes:
        """A new one."""
        return forge.token(next(self._numbers))

    def send(self, *packets: bytes) -> None:
        """Put packets into the tunnel, and return when all have come out of it."""
        self._fence()
        for first in range(0, len(packets), _BURST):
            self.cafe.inject(self.home, *packets[first : first + _BURST], interface=TUNNEL)
            self._fence()

    def _fence(self) -> None:
        token = self.token()
        packet = forge.udp(NOBODY4, self.cafe.laptop.address4, token)

        def is_through() -> list[bytes]:
            # Again, for WireGuard keeps few packets for a session that is not there yet.
            self.cafe.inject(self.home, packet, interface=TUNNEL)
            return self.reached(self.cafe.laptop.machine, [token], "seen")

        wait_until(is_through, "packet out of the tunnel", 20, 0.05)

    def show_witnesses(self) -> None:
        """What comes to the guest and the box is seen there, and what came before it was seen before it."""
        for machine, source, target in (
            (self.cafe.net, place.GATEWAY4, place.GUEST4),
            (self.cafe.laptop.machine, "10.77.0.1", place.BOX4),
        ):
            token = self.token()
            probe = Probe("udp", target, 7, source=source, data=token.hex())
            # An own neighbour's address may have to be found first; the box is inside, and reached by its own wire.
            self.cafe.send([probe], machine=machine)
            name = self.cafe.guest if target == place.GUEST4 else self.cafe.box
            self.witnesses[name].wait_for_line(f"seen {token.decode()}", 20, exact=True)

    def reached(self, machine: Machine, tokens: list[bytes], word: str) -> list[bytes]:
        """Those of the tokens that a machine's witness told of with this word."""
        lines = set(self.witnesses[machine].lines())
        return [token for token in tokens if f"{word} {token.decode()}" in lines]


def _witness(machine: Machine) -> Process:
    process = machine.spawn(sys.executable, "-ISc", forge.WITNESS, name="witness")
    process.wait_for_line("ready", exact=True)
    return process


@pytest.fixture(scope="module")
def attack(shared_lab: Lab) -> Attack:
    cafe = Cafe(shared_lab)
    for server in (WebServer(cafe.laptop.machine, SSH), WebServer(cafe.net)):
        server.await_ready()
    return Attack(cafe)


def targets(cafe: Cafe) -> dict[int, tuple[list[str], list[str]]]:
    """Sources that the host may claim, and what it may want to reach, by family."""
    (own4, own6), (host4, host6) = cafe.laptop.addresses, cafe.home.addresses
    sources4 = [host4, place.WEB4, place.GUEST4, place.GATEWAY4, "127.0.0.1", own4, place.LAPTOP4, NOBODY4]
    targets4 = [own4, place.LAPTOP4, "127.0.0.1", place.GUEST4, place.BOX4, place.BROADCAST4, "224.0.0.251"]
    sources6 = [host6, place.WEB6, place.GUEST6, place.GUEST_LINK, "::1", own6, place.LAPTOP6, NOBODY6]
    targets6 = [own6, place.LAPTOP6, "::1", place.GUEST6, place.BOX6, "ff02::1"]
    return {4: (sources4, targets4), 6: (sources6, targets6)}


def knocks(attack: Attack, source: str, target: str) -> dict[bytes, bytes]:
    """A datagram, a first segment and a ping, each by its token."""
    made = {}
    for build in (forge.udp, forge.tcp, forge.ping):
        token = attack.token()
        made[token] = build(source, target, token, *((SSH,) if build is forge.tcp else ()))
    return made


def test_nothing_that_the_host_sends_is_taken_in_or_passed_on(attack: Attack) -> None:
    cafe, laptop = attack.cafe, attack.cafe.laptop.machine
    pairs = {pair for family in targets(cafe).values() for pair in itertools.product(*family)}
    packets: dict[bytes, bytes] = {}
    for pair in sorted(pairs):
        packets |= knocks(attack, *pair)
    tokens = list(packets)
    with Observer(attack.home, TUNNEL, f"src host {cafe.laptop.address4} or {cafe.laptop.address6}") as answers:
        attack.send(*packets.values())
        attack.show_witnesses()
    assert attack.reached(laptop, tokens, "seen") == tokens, "not all of the attack came out of the tunnel"
    assert attack.reached(laptop, tokens, "delivered") == []
    for machine in (cafe.guest, cafe.box):
        assert attack.reached(machine, tokens, "seen") == []
    own = [packet for packet in answers.packets() if (packet.src, packet.dst) not in pairs]
    assert [packet for packet in own if not is_refusal(packet)] == []


def is_refusal(packet: Packet) -> bool:
    """The word of a router that the way is prohibited (RFC 1812 5.2.7.1, RFC 4443 3.1), and nothing of the target's."""
    kinds = {"icmp": b"\x03\x0d", "icmp6": b"\x01\x01"}
    return packet.payload[:2] == kinds.get(packet.proto)


def test_the_attack_itself_would_succeed(attack: Attack) -> None:
    cafe, laptop = attack.cafe, attack.cafe.laptop.machine
    laptop.run("nft", "delete", "table", "inet", "meshnet")
    (own4, own6), (host4, host6) = cafe.laptop.addresses, cafe.home.addresses
    ways = ((host4, own4), (host4, place.LAPTOP4), (host6, own6), (place.WEB4, own4), (NOBODY4, own4))
    packets: dict[bytes, bytes] = {}
    for source, target in ways:
        packets |= knocks(attack, source, target)
    attack.send(*packets.values())
    assert attack.reached(laptop, list(packets), "delivered") == list(packets)
    cafe.apply(ROUTED)


def mtu_to(machine: Machine, address: str) -> tuple[str, str, int]:
    """The interface and the gateway by which a machine sends to an address, and the MTU it has learnt (0: none)."""
    (way,) = json.loads(machine.run("ip", "-j", "route", "get", address).stdout)
    learnt = next((entry["mtu"] for entry in way.get("metrics", ()) if "mtu" in entry), 0)
    return way["dev"], way.get("gateway", ""), learnt


def test_lies_about_the_way_change_neither_the_way_nor_make_packets_tiny(attack: Attack) -> None:
    cafe, laptop = attack.cafe, attack.cafe.laptop.machine
    (own4, own6), (host4, host6) = cafe.laptop.addresses, cafe.home.addresses
    port = 7100
    flows = [Probe("udp", web, 5000, sport=port) for web in (place.WEB4, place.WEB6)]
    about4, about6 = (forge.udp(*ends, b"probe", 5000, sport=port) for ends in ((own4, place.WEB4), (own6, place.WEB6)))
    cafe.send(flows)
    token = attack.token()
    attack.send(
        forge.too_big(host4, about4, 68, payload=token),
        forge.too_big(host6, about6, 100),
        forge.redirect(host4, own4, place.GUEST4, about4),
        forge.redirect(place.GATEWAY4, own4, place.GUEST4, about4),
        forge.advertisement(place.GUEST_LINK, place.WEB6, 128),
        forge.advertisement(host6, place.WEB6, 128),
    )
    assert attack.reached(laptop, [token], "delivered"), "an error about a flow must be believed, or no path is found"
    interface, gateway, mtu = mtu_to(laptop, place.WEB4)
    # The least that Linux believes (ip-sysctl, route/min_pmtu), and that IPv6 allows (RFC 8200, section 5).
    assert (interface, gateway) == (TUNNEL, "")
    assert mtu == 0 or mtu >= 552
    interface, gateway, mtu = mtu_to(laptop, place.WEB6)
    assert (interface, gateway) == (TUNNEL, "")
    assert mtu == 0 or mtu >= 1280
    assert laptop.run("ip", "-6", "route", "show", "proto", "ra", "table", "all").stdout == ""
    cafe.home.apply(cafe.home_plan())
    for url in (place.WEB4, f"[{place.WEB6}]"):
        size = laptop.run(
            "curl", "-s", "-S", "-m", "15", "-o", "/dev/null", "-w", "%{size_download}", f"http://{url}/bytes/200000"
        )
        assert size.stdout == "200000"
