"""The beacon with real packets: who is seen and where, who cannot change that, and that nothing goes through it.

    laptop ── router (symmetric NAT) ──┬── coordinator   two beacons
                                       └── outsider      a device, or an attacker

Law: that something did not arrive counts only beside the same thing arriving, by the same way in the same test.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from lab import beacon_driver, forge
from lab.net import Lab, Machine, Process, wait_until
from lab.services import Observer
from meshnet_platform.api import PlatformError

pytestmark = pytest.mark.lab

COORDINATOR, COORDINATOR6 = "203.0.113.10", "2001:db8:1::10"
ROUTER = "203.0.113.2"
OUTSIDER, OUTSIDER6 = "203.0.113.66", "2001:db8:1::66"
THIRD = "203.0.113.99"
PRIVATE = "10.10.10.10"
"""An address that only the coordinator's machine itself knows."""
PORTS = (8443, 8444)
WIREGUARD_PORT = 21820
MESH, OTHERS_MESH = "100.64.0.1", "100.64.0.2"
_INITIATION, _TRANSPORT = 1, 4
_PATIENCE = 30.0
_SEND = """
import socket, sys
address, port, *payloads = sys.argv[1:]
kind = socket.AF_INET6 if ":" in address else socket.AF_INET
with socket.socket(kind, socket.SOCK_DGRAM) as sending:
    for payload in map(bytes.fromhex, payloads):
        sending.sendto(payload, (address, int(port)))
    print(sending.getsockname()[1])
"""
_OCCUPY = """
import signal, socket, sys
kind = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
occupying = socket.socket(kind, socket.SOCK_DGRAM)
occupying.bind((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
signal.pause()
"""


@dataclass(frozen=True)
class Key:
    """A WireGuard key pair."""

    private: str
    public: str


def make_key(word: str) -> Key:
    private = X25519PrivateKey.from_private_bytes(hashlib.sha256(word.encode()).digest())
    raw = private.private_bytes_raw(), private.public_key().public_bytes_raw()
    return Key(*(base64.b64encode(half).decode() for half in raw))


BEACONS = (make_key("beacon 0"), make_key("beacon 1"))
EVIL = make_key("evil beacon")


class Device:
    """A machine with a WireGuard of its own, as a daemon would set it up."""

    def __init__(self, machine: Machine, address: str) -> None:
        self.machine = machine
        self.key = make_key(machine.name)
        self.address = address
        start_wireguard(machine, "wg0")
        machine.run("wg", "set", "wg0", "private-key", "/dev/stdin", input=self.key.private)
        machine.run("wg", "set", "wg0", "listen-port", str(WIREGUARD_PORT))
        machine.ip(f"addr add {address}/32 dev wg0", "link set wg0 up")

    def greet(self, *numbers: int, address: str = COORDINATOR, allowed: str = "", keepalive: int = 1) -> None:
        """Have these beacons (both, unless they are named) as new peers, which begins with a handshake at once."""
        shown = f"[{address}]" if ":" in address else address
        for number in numbers or (0, 1):
            endpoint = f"{shown}:{PORTS[number]}"
            self.set_peer(BEACONS[number].public, endpoint=endpoint, allowed=allowed, keepalive=keepalive)

    def set_peer(self, public: str, *, endpoint: str, allowed: str = "", keepalive: int = 1) -> None:
        self.forget(public)
        words = ("endpoint", endpoint, "allowed-ips", allowed, "persistent-keepalive", str(keepalive))
        self.machine.run("wg", "set", "wg0", "peer", public, *words)

    def be_quiet(self) -> None:
        for peer in self.peers():
            self.machine.run("wg", "set", "wg0", "peer", peer, "persistent-keepalive", "off")

    def forget(self, *publics: str) -> None:
        for public in publics:
            self.machine.run("wg", "set", "wg0", "peer", public, "remove")

    def peers(self) -> list[str]:
        return self.machine.run("wg", "show", "wg0", "peers").stdout.split()

    def inject(self, interface: str, *packets: bytes) -> None:
        """Hand packets to a tunnel, whatever this machine's routes say."""
        self.machine.python(forge.SEND, interface, "", *(packet.hex() for packet in packets))


def start_wireguard(machine: Machine, name: str) -> None:
    machine.spawn("wireguard-go", "-f", name, env={"LOG_LEVEL": "error"})
    wait_until(lambda: machine.run("wg", "show", name, check=False).returncode == 0, f"{name} of {machine.name}")


class Site:
    """The machines of this module, and the coordinator's beacon."""

    def __init__(self, lab: Lab) -> None:
        self.coordinator, self.router = lab.machine("coordinator"), lab.router("router")
        laptop, outsider = lab.machine("laptop"), lab.machine("outsider")
        lab.wire(
            self.coordinator.port("eth0", f"{COORDINATOR}/24", f"{COORDINATOR6}/64"),
            self.router.port("wan", f"{ROUTER}/24"),
            outsider.port("eth0", f"{OUTSIDER}/24", f"{OUTSIDER6}/64"),
        )
        lab.wire(
            self.router.port("lan", "192.168.1.1/24"),
            laptop.port("eth0", "192.168.1.2/24", gateways=("192.168.1.1",)),
        )
        self.router.translate(ports="random")
        self.coordinator.ip(f"addr add {PRIVATE}/32 dev lo")
        self.laptop, self.outsider = Device(laptop, MESH), Device(outsider, OTHERS_MESH)
        self.state = self.coordinator.directory / "state"
        self.state.mkdir(mode=0o700)
        self.tokens = map(forge.token, itertools.count(1))
        self.clean = self.traces()
        self.process = self.start_process()

    def start_process(self) -> Process:
        argv = (sys.executable, beacon_driver.__file__, str(self.state), str(self._socket))
        process = self.coordinator.spawn(*argv)
        process.wait_for_line("ready", _PATIENCE, exact=True)
        return process

    @property
    def _socket(self) -> Path:
        return self.coordinator.directory / "beacon"

    def ask(self, method: str, *arguments: Any) -> Any:
        return beacon_driver.ask(self._socket, method, *arguments)

    def start(self, ports: tuple[int, ...] = PORTS) -> None:
        self.ask("start", [key.private for key in BEACONS[: len(ports)]], ports)

    def reset(self) -> None:
        for device in (self.laptop, self.outsider):
            device.forget(*device.peers())
        if self.process.returncode is not None:
            self.process = self.start_process()
        self.ask("stop")
        self.start()

    def seen(self, device: Device) -> tuple[str | None, ...]:
        return tuple(found.get(device.key.public) for found in self.ask("sightings"))

    def wait_seen(self, device: Device) -> tuple[str, ...]:
        """By both."""

        def look() -> tuple[str, ...] | None:
            found = [endpoint for endpoint in self.seen(device) if endpoint is not None]
            return tuple(found) if len(found) == len(PORTS) else None

        return wait_until(look, f"sighting of {device.machine.name}", _PATIENCE)

    def wg(self, *words: str) -> str:
        return self.coordinator.run("wg", *words).stdout

    def received(self, number: int, device: Device) -> int:
        """Bytes that a beacon had from a device, as its WireGuard counts them."""
        rows = (line.split() for line in self.wg("show", f"meshnetb{number}", "transfer").splitlines())
        return next(int(row[1]) for row in rows if row[0] == device.key.public)

    def send_by_beacon(self, packets: list[bytes]) -> None:
        """From the laptop into its tunnel to the first beacon; returns when they were there."""
        had = self.received(0, self.laptop)
        self.laptop.inject("wg0", *packets)
        wait_until(lambda: self.received(0, self.laptop) >= had + sum(map(len, packets)), "packets at the beacon")

    def send_past_a_prefix(self, witness: Process) -> str:
        """Give the laptop a prefix at the first beacon, as nothing of ours does: then a packet does come out there."""
        self.wg("set", "meshnetb0", "peer", self.laptop.key.public, "allowed-ips", f"{MESH}/32")
        shown = next(self.tokens)
        self.laptop.inject("wg0", forge.udp(MESH, PRIVATE, shown))
        witness.wait_for_line(f"seen {shown.decode()}", exact=True)
        return shown.decode()

    def pid(self, interface: str) -> int:
        """The process under an interface, as numbered in the coordinator's machine."""
        return int(self.coordinator.run("pgrep", "-f", f"wireguard-go -f {interface}$").stdout.split()[0])

    def traces(self) -> tuple[str, ...]:
        """All that a beacon may leave on its machine."""
        commands = (
            # The wire's own link-local address takes its time to come.
            "ip -o addr | grep -v eth0",
            "{ ip -4 route show table all; ip -6 route show table all; } | grep -v eth0",
            "find /run",
            # Orphans stay as zombies where process 1 is a lab's.
            "ps -C wireguard-go -o ppid=,stat=,args= | grep -v '^ *1 Z'",
            "cat /proc/net/udp /proc/net/udp6 | awk '{print $2}'",
            f"ls -A {self.state}",
        )
        return tuple(self.coordinator.run("sh", "-c", command, check=False).stdout for command in commands)

    @contextmanager
    def witness(self, machine: Machine) -> Iterator[Process]:
        process = machine.spawn(sys.executable, "-c", forge.WITNESS)
        process.wait_for_line("ready", _PATIENCE, exact=True)
        yield process
        process.kill()

    @contextmanager
    def occupied(self, address: str, port: int) -> Iterator[None]:
        process = self.coordinator.spawn(sys.executable, "-c", _OCCUPY, address, str(port))
        process.wait_for_line("ready", _PATIENCE, exact=True)
        yield
        process.kill()


@pytest.fixture(scope="module")
def site(shared_lab: Lab) -> Site:
    return Site(shared_lab)


@pytest.fixture
def scene(site: Site) -> Site:
    """The site with fresh beacons, at which nobody is admitted, and which nobody greets."""
    site.reset()
    return site


# --- who is seen, and where -------------------------------------------------------------------------------------------


def test_an_admitted_device_is_seen_where_its_packets_come_from(scene: Site) -> None:
    scene.ask("admit", [scene.laptop.key.public])
    with Observer(scene.coordinator, "eth0", "udp") as wire:
        scene.laptop.greet()
        found = scene.wait_seen(scene.laptop)
    sources = [{(packet.src, packet.sport) for packet in wire.matching(dport=port)} for port in PORTS]
    assert sources == [{(ROUTER, int(endpoint.rpartition(":")[2]))} for endpoint in found]
    assert all(endpoint.startswith(f"{ROUTER}:") for endpoint in found)


def test_an_admitted_device_is_seen_by_ipv6(scene: Site) -> None:
    scene.ask("admit", [scene.outsider.key.public])
    scene.outsider.greet(address=COORDINATOR6)
    assert scene.wait_seen(scene.outsider) == (f"[{OUTSIDER6}]:{WIREGUARD_PORT}",) * 2


def test_who_is_not_admitted_gets_no_answer_and_is_not_seen(scene: Site) -> None:
    with Observer(scene.coordinator, "eth0", f"udp and host {OUTSIDER}") as wire:
        scene.outsider.greet()
        for port in PORTS:
            wire.wait_for_packet(src=OUTSIDER, dport=port)
        assert scene.seen(scene.outsider) == (None, None)
        assert not wire.matching(dst=OUTSIDER)
        scene.ask("admit", [scene.outsider.key.public])
        scene.outsider.greet()
        assert scene.wait_seen(scene.outsider) == (f"{OUTSIDER}:{WIREGUARD_PORT}",) * 2
        assert wire.matching(dst=OUTSIDER)


def test_who_is_dismissed_is_not_seen_any_more_and_the_others_are(scene: Site) -> None:
    scene.ask("admit", [scene.outsider.key.public, scene.laptop.key.public])
    scene.outsider.greet()
    scene.laptop.greet()
    scene.wait_seen(scene.outsider)
    before = scene.wait_seen(scene.laptop)
    scene.ask("dismiss", [scene.outsider.key.public])
    assert scene.seen(scene.outsider) == (None, None)
    assert scene.seen(scene.laptop) == before
    with Observer(scene.coordinator, "eth0", f"udp and host {OUTSIDER}") as wire:
        scene.outsider.greet()
        wire.wait_for_packet(src=OUTSIDER, dport=PORTS[1])
        assert scene.seen(scene.outsider) == (None, None)
    assert not wire.matching(dst=OUTSIDER)


def test_the_sighting_follows_when_the_nat_gives_another_port(scene: Site) -> None:
    scene.ask("admit", [scene.laptop.key.public])
    scene.laptop.greet()
    before = scene.wait_seen(scene.laptop)
    follow_rebinding(scene, before)


def follow_rebinding(scene: Site, before: tuple[str, ...]) -> None:
    with Observer(scene.coordinator, "eth0", f"udp and src {ROUTER}") as wire:
        scene.router.run("conntrack", "-F")

        def has_moved() -> bool:
            found = scene.seen(scene.laptop)
            return None not in found and set(found).isdisjoint(before)

        wait_until(has_moved, "another port", _PATIENCE)
        found = scene.seen(scene.laptop)
    assert all(f"{ROUTER}:{packet.sport}" in found for packet in wire.packets() if packet.dport in PORTS)


# --- who cannot change that -------------------------------------------------------------------------------------------


def test_what_was_heard_before_moves_nothing_and_what_is_fresh_does(scene: Site) -> None:
    scene.ask("admit", [scene.laptop.key.public])
    with Observer(scene.coordinator, "eth0", f"udp and src {ROUTER}") as wire:
        scene.laptop.greet()
        before = scene.wait_seen(scene.laptop)
        wait_until(lambda: _payload(wire, _TRANSPORT), "keepalive")
        scene.laptop.be_quiet()
    heard = {_payload(wire, _INITIATION), _payload(wire, _TRANSPORT)}
    changed = [payload[:-1] + bytes([payload[-1] ^ 1]) for payload in heard]
    _send_and_forge(scene, [*heard, *changed])
    assert scene.seen(scene.laptop) == before

    port = _send_what_is_held_back(scene)
    # WireGuard takes the first to bring a fresh packet for its sender: so whoever holds the device's packets back can.
    wait_until(lambda: scene.seen(scene.laptop)[0] == f"{OUTSIDER}:{port}", "sighting at the outsider's")
    assert scene.seen(scene.laptop)[1] == before[1]


def _send_and_forge(scene: Site, payloads: list[bytes]) -> None:
    """Send them to the first beacon from the outsider's address and from one that is not its own."""
    neighbour = scene.coordinator.run("cat", "/sys/class/net/eth0/address").stdout.strip().replace(":", "")
    forged = [forge.udp(THIRD, COORDINATOR, payload, PORTS[0]).hex() for payload in payloads]
    with Observer(scene.coordinator, "eth0", f"udp and dst port {PORTS[0]}") as wire:
        scene.outsider.machine.python(_SEND, COORDINATOR, str(PORTS[0]), *(payload.hex() for payload in payloads))
        scene.outsider.machine.python(forge.SEND, "eth0", neighbour, *forged)
    for source in (OUTSIDER, THIRD):
        assert [packet.payload for packet in wire.matching(src=source)] == payloads


def _send_what_is_held_back(scene: Site) -> str:
    """The laptop's next handshake with the first beacon, brought by the outsider; from which port."""
    hold = "type filter hook forward priority -5"
    scene.router.nft(f"table ip hold {{ chain forward {{ {hold}; ip daddr {COORDINATOR} drop; }}; }}")
    with Observer(scene.router, "lan", f"udp and dst port {PORTS[0]}") as lan:
        scene.laptop.greet(0, keepalive=25)
        wait_until(lambda: _payload(lan, _INITIATION), "handshake in the LAN")
    scene.laptop.forget(BEACONS[0].public)
    scene.router.run("nft", "delete", "table", "ip", "hold")
    payload = _payload(lan, _INITIATION).hex()
    return scene.outsider.machine.python(_SEND, COORDINATOR, str(PORTS[0]), payload).strip()


def _payload(wire: Observer, kind: int) -> bytes:
    """The first WireGuard message of that kind to the first beacon; empty while there is none."""
    found = (packet.payload for packet in wire.matching(dport=PORTS[0]))
    return next((payload for payload in found if payload[:1] == bytes([kind])), b"")


def test_garbage_and_floods_of_handshakes_move_nothing_and_stop_nothing(scene: Site) -> None:
    scene.ask("admit", [scene.laptop.key.public])
    scene.laptop.greet()
    before = scene.wait_seen(scene.laptop)
    with Observer(scene.coordinator, "eth0", f"udp and src {OUTSIDER}") as wire:
        for number, port in enumerate(PORTS):
            flood = [packet.hex() for packet in (*_garbage(), *_handshakes(BEACONS[number].public))]
            scene.outsider.machine.python(_SEND, COORDINATOR, str(port), *flood)
            assert scene.seen(scene.laptop) == before
    assert len(wire.packets()) >= len(flood), "it arrived"
    follow_rebinding(scene, before)


def _garbage() -> Iterator[bytes]:
    """Messages of WireGuard's kinds, none and too many bytes long, with nothing sensible in them."""
    for kind, length in itertools.product(range(6), (0, 1, 4, 32, 64, 92, 148, 149, 1400)):
        yield (bytes([kind, 0, 0, 0]) + secrets.token_bytes(length))[:length]


def _handshakes(beacon: str, count: int = 500) -> Iterator[bytes]:
    """Initiations (WireGuard's paper, section 5.4.2) that are right for this beacon as far as anybody can make them."""
    key = hashlib.blake2s(b"mac1----" + base64.b64decode(beacon)).digest()
    for _ in range(count):
        message = bytes([_INITIATION, 0, 0, 0]) + secrets.token_bytes(112)
        yield message + hashlib.blake2s(message, digest_size=16, key=key).digest() + bytes(16)


# --- nothing goes through ---------------------------------------------------------------------------------------------


def test_a_device_reaches_nothing_through_a_beacon(scene: Site) -> None:
    laptop, outsider = scene.laptop, scene.outsider
    scene.ask("admit", [laptop.key.public, outsider.key.public])
    for device in (outsider, laptop):
        device.greet(1)
        device.greet(0, allowed="0.0.0.0/0,::/0")
        scene.wait_seen(device)
    targets = (PRIVATE, COORDINATOR, "127.0.0.1", OTHERS_MESH, OUTSIDER, "255.255.255.255", "224.0.0.1")
    targets6 = (COORDINATOR6, OUTSIDER6, "ff02::1", "::1")
    refused = [forge.udp(MESH, target, next(scene.tokens)) for target in targets]
    refused += [forge.udp("fd00::1", target, next(scene.tokens)) for target in targets6]
    with scene.witness(scene.coordinator) as here, scene.witness(outsider.machine) as there:
        scene.send_by_beacon(refused)
        first = scene.send_past_a_prefix(here)
        assert scene.seen(laptop)[0], "this look takes the prefix away"
        scene.send_by_beacon([forge.udp(MESH, PRIVATE, next(scene.tokens))])
        second = scene.send_past_a_prefix(here)
        assert tokens_of(here) == {first, second}
        assert tokens_of(there) == set()


def test_a_hostile_beacon_delivers_nothing_into_a_device(scene: Site) -> None:
    evil, laptop = scene.outsider.machine, scene.laptop
    start_wireguard(evil, "evil0")
    evil.run("wg", "set", "evil0", "listen-port", "9443", "private-key", "/dev/stdin", input=EVIL.private)
    evil.run("wg", "set", "evil0", "peer", laptop.key.public, "allowed-ips", "0.0.0.0/0,::/0")
    evil.ip("addr add 10.66.0.1/24 dev evil0", "link set evil0 up")
    laptop.set_peer(EVIL.public, endpoint=f"{OUTSIDER}:9443")

    def has_session() -> bool:
        return not evil.run("wg", "show", "evil0", "latest-handshakes").stdout.endswith("\t0\n")

    wait_until(has_session, "handshake with the hostile beacon")
    targets = (MESH, "192.168.1.2", "127.0.0.1", "224.0.0.1")
    with scene.witness(laptop.machine) as witness:
        scene.outsider.inject("evil0", *(forge.udp("10.66.0.1", target, next(scene.tokens)) for target in targets))
        laptop.machine.run("wg", "set", "wg0", "peer", EVIL.public, "allowed-ips", "10.66.0.1/32")
        shown = next(scene.tokens)
        scene.outsider.inject("evil0", forge.udp("10.66.0.1", MESH, shown))
        witness.wait_for_line(f"delivered {shown.decode()}", exact=True)
        assert tokens_of(witness) == {shown.decode()}


def tokens_of(witness: Process) -> set[str]:
    return {line.split()[1] for line in witness.lines() if "<token" in line}


# --- when something dies ----------------------------------------------------------------------------------------------


def test_a_wireguard_that_dies_comes_back_and_calls_the_devices(scene: Site) -> None:
    scene.ask("admit", [scene.laptop.key.public])
    scene.laptop.greet(keepalive=25)
    before = scene.wait_seen(scene.laptop)
    pids = [scene.pid(f"meshnetb{number}") for number in (0, 1)]
    scene.coordinator.run("kill", "-9", *map(str, pids))
    # The device does nothing about it: its session is good, as far as it knows.
    assert scene.wait_seen(scene.laptop) == before
    assert scene.seen(scene.laptop) == before
    assert {scene.pid(f"meshnetb{number}") for number in (0, 1)}.isdisjoint(pids)
    assert scene.wg("show", "meshnetb0", "persistent-keepalive") == f"{scene.laptop.key.public}\toff\n"


def test_an_interface_that_another_program_changed_is_put_right(scene: Site) -> None:
    scene.ask("admit", [scene.laptop.key.public])
    scene.laptop.greet()
    scene.wait_seen(scene.laptop)
    scene.wg("set", "meshnetb0", "peer", scene.laptop.key.public, "remove")
    scene.wg("set", "meshnetb0", "peer", scene.outsider.key.public, "allowed-ips", "0.0.0.0/0")
    scene.coordinator.ip("link set meshnetb0 down", "link delete meshnetb1")
    assert scene.seen(scene.outsider) == (None, None)
    for name in ("meshnetb0", "meshnetb1"):
        assert scene.wg("show", name, "allowed-ips") == f"{scene.laptop.key.public}\t(none)\n"
    scene.laptop.greet()
    scene.wait_seen(scene.laptop)


def test_the_next_start_takes_over_what_a_killed_process_left(scene: Site) -> None:
    scene.ask("admit", [scene.laptop.key.public, scene.outsider.key.public])
    scene.laptop.greet()
    scene.outsider.greet()
    before = scene.wait_seen(scene.laptop)
    scene.wait_seen(scene.outsider)
    pid = scene.pid("meshnetb0")
    scene.process.kill()
    scene.process = scene.start_process()
    scene.start()
    scene.ask("admit", [scene.laptop.key.public])
    assert scene.seen(scene.laptop) == before
    assert scene.seen(scene.outsider) == (None, None)
    assert scene.wg("show", "meshnetb0", "peers").split() == [scene.laptop.key.public]
    assert scene.pid("meshnetb0") == pid


def test_a_start_with_other_ports_leaves_the_old_ones(scene: Site) -> None:
    scene.process.kill()
    scene.process = scene.start_process()
    scene.start((9443,))
    assert scene.wg("show", "meshnetb0", "listen-port") == "9443\n"
    assert scene.wg("show", "interfaces").split() == ["meshnetb0"]


def test_a_stop_leaves_no_trace_also_of_a_killed_process(scene: Site) -> None:
    assert scene.traces() != scene.clean
    scene.ask("stop")
    assert scene.traces() == scene.clean
    scene.start()
    scene.process.kill()
    assert scene.traces() != scene.clean
    scene.process = scene.start_process()
    scene.ask("stop")
    assert scene.traces() == scene.clean


def test_it_has_neither_addresses_nor_routes(scene: Site) -> None:
    look = "ip -o addr show dev meshnetb0; ip -4 route show table all dev meshnetb0; ip -6 route show table all"
    assert "meshnetb0" not in scene.coordinator.run("sh", "-c", look).stdout
    scene.coordinator.run("ip", "addr", "add", "10.1.1.1/24", "dev", "meshnetb0")
    assert "meshnetb0" in scene.coordinator.run("sh", "-c", look).stdout


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "::"])
def test_a_port_that_another_program_has_is_named(scene: Site, address: str) -> None:
    scene.ask("stop")
    with scene.occupied(address, PORTS[1]), pytest.raises(PlatformError, match=f"UDP port {PORTS[1]} is in use"):
        scene.start()
    assert scene.traces() == scene.clean
    scene.start()


def test_an_interface_of_somebody_elses_is_left_alone(scene: Site) -> None:
    scene.ask("stop")
    scene.coordinator.ip("link add meshnetb0 type veth peer name other")
    with pytest.raises(PlatformError, match="interface meshnetb0 already"):
        scene.start()
    scene.coordinator.ip("link delete meshnetb0")
    assert scene.traces() == scene.clean
