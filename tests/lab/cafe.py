"""A routed laptop in a café, driven by plans made by hand: whatever leaves it is looked at, frame by frame.

    box 10.77.0.2 ── laptop 192.168.50.20 ─┬─ net: the café's router, and the internet behind it ── home 81.2.69.10
                     guest  192.168.50.30 ─┘

The box is a container, or somebody at the laptop's hotspot. Law: the laptop's wire is watched at the switch, so that
nothing that leaves it can be missed, and only by its hardware address, so that no source hides anything.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from lab import forge
from lab.net import Lab, LabError, Machine, wait_until
from lab.services import Observer, Packet
from lab.test_backend import Device
from lab.tunnel_packets import is_discovery, is_wireguard
from meshnet_platform.api import Control, Gateway, Hosting, Route, SystemPlan

__all__ = ["NOBODY", "Cafe", "Device", "Probe"]

WEB4, WEB6 = "93.184.215.14", "2606:2800:21f:cb07::14"
COORDINATOR4, COORDINATOR_PORT = "46.101.10.20", 8443
LAPTOP4, LAPTOP6 = "192.168.50.20", "2a00:23c5:1100:50::20"
GUEST4, GUEST6, GUEST_LINK = "192.168.50.30", "2a00:23c5:1100:50::30", "fe80::30"
GATEWAY4, GATEWAY6 = "192.168.50.1", "2a00:23c5:1100:50::1"
BROADCAST4 = "192.168.50.255"
CAFE4 = "192.168.50.0/24"
HOME4, HOME6 = "81.2.69.10", "2a02:8010:0:1::10"
BOX4, BOX6 = "10.77.0.2", "fd77::2"
PORT = 21820
UPLINK = "eth0"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")
"""Puts the rest of the words to a program without any rights."""

_PYTHON = ("/usr/bin/python3", "-ISc")

_SEND = """
import errno, json, socket, struct, sys, time
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM, "icmp": socket.SOCK_DGRAM, "raw": socket.SOCK_RAW}
def send(job):
    address, family = job["address"], socket.AF_INET6 if ":" in job["address"] else socket.AF_INET
    is_4 = family == socket.AF_INET
    numbers = {"icmp": 1 if is_4 else 58, "raw": socket.IPPROTO_RAW}
    one = socket.socket(family, KINDS[job["kind"]], numbers.get(job["kind"], 0))
    # Kept open: a segment that waits for its neighbour's hardware address would go with its socket.
    kept.append(one)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if job["mark"]:
        one.setsockopt(socket.SOL_SOCKET, 36, job["mark"])
    if job["device"]:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, job["device"].encode())
    if job["source"] or job["sport"]:
        one.bind((job["source"] or ("0.0.0.0" if is_4 else "::"), job["sport"]))
    one.setblocking(False)
    there = socket.getaddrinfo(address, job["port"], family, socket.SOCK_DGRAM)[0][4]
    text = bytes.fromhex(job["data"])
    if job["kind"] == "tcp":
        return one.connect(there)
    if job["kind"] == "raw":
        there = (there[0], 0, *there[2:])
    if job["kind"] == "icmp":
        text = struct.pack("!BBHHH", 8 if is_4 else 128, 0, 0, 0, 1) + text
    one.sendto(text, there)
kept, told = [], []
for job in json.load(sys.stdin):
    try:
        before = len(kept)
        send(job)
    except BlockingIOError:
        pass
    except OSError as error:
        del kept[before:]
        kept.append(error.errno)
time.sleep(0.3)
for one in kept:
    number = one if isinstance(one, int) else one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    told.append(errno.errorcode.get(number, "") if number else "")
print(json.dumps(told))
"""
"""Sends what it is told (JSON on standard input) as any program would; prints for each what the kernel said to it."""


class Probe(NamedTuple):
    """One thing that a program sends; no two of a test have the same kind, address and port, or data."""

    kind: str
    """"tcp", "udp", "icmp" (a ping), or "raw" (a whole IP packet as `data`)."""
    address: str
    port: int = 0
    device: str = ""
    """SO_BINDTODEVICE."""
    source: str = ""
    sport: int = 0
    mark: int = 0
    data: str = "70726f6265"
    """Hexadecimal."""

    def is_in(self, packets: Iterable[Packet]) -> bool:
        """Whether the probe is among these packets."""
        return any(self._is(packet) for packet in packets)

    def _is(self, packet: Packet) -> bool:
        if packet.dst != self.address.partition("%")[0]:
            return False
        if self.kind in ("tcp", "udp"):
            return packet.proto == self.kind and packet.dport == self.port
        return bytes.fromhex(self.data)[-8:] in packet.payload


class Wire:
    """What left the laptop by its wire while this was in force."""

    def __init__(self, cafe: Cafe) -> None:
        self._observer = Observer(cafe.lab.switch, cafe.laptop_port, f"ether src {cafe.hardware_address}")
        self.packets: list[Packet] = []

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_error: object) -> None:
        self.packets = self._observer.stop()

    def so_far(self) -> list[Packet]:
        """What it saw up to now."""
        return self._observer.packets()

    @property
    def leaks(self) -> list[Packet]:
        """All but WireGuard's own packets to home, and the neighbour discovery that the link needs."""
        return [packet for packet in self.packets if not (is_tunnel(packet) or is_discovery(packet))]


def unseen(probes: Iterable[Probe], packets: Sequence[Packet]) -> list[Probe]:
    """Those of the probes that are not among the packets."""
    return [probe for probe in probes if not probe.is_in(packets)]


def is_tunnel(packet: Packet) -> bool:
    """WireGuard's, to home."""
    ports = packet.sport == packet.dport == PORT
    return ports and packet.proto == "udp" and packet.dst == HOME4 and is_wireguard(packet.payload)


class Cafe:
    """The café, and the laptop's plans."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.net, self.guest, self.box = lab.router("net"), lab.machine("guest"), lab.machine("box")
        laptop, home = lab.machine("laptop"), lab.machine("home")
        for address in (f"{WEB4}/32", f"{COORDINATOR4}/32", f"{WEB6}/128"):
            self.net.run("ip", "addr", "add", address, "dev", "lo")
        gateways = (GATEWAY4, GATEWAY6)
        lab.wire(
            self.net.port("lan", f"{GATEWAY4}/24", f"{GATEWAY6}/64"),
            laptop.port(UPLINK, f"{LAPTOP4}/24", f"{LAPTOP6}/64", gateways=gateways),
            self.guest.port("eth0", f"{GUEST4}/24", f"{GUEST6}/64", f"{GUEST_LINK}/64", gateways=gateways),
        )
        self.laptop_port = "br1-1"
        lab.wire(
            home.port("wan", f"{HOME4}/24", f"{HOME6}/64", gateways=("81.2.69.1", "2a02:8010:0:1::1")),
            self.net.port("to-home", "81.2.69.1/24", "2a02:8010:0:1::1/64"),
        )
        lab.wire(
            self.box.port("eth0", f"{BOX4}/24", f"{BOX6}/64", gateways=("10.77.0.1", "fd77::1")),
            laptop.port("box0", "10.77.0.1/24", "fd77::1/64"),
        )
        _forward_for_box(laptop)
        # Whoever leads traffic to himself passes it on, to stay unnoticed.
        _forward(self.guest)
        for machine in (laptop, self.box):
            # Programs without rights may ping, as on desktops.
            machine.run("sh", "-c", "echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range")
        self.laptop = Device(laptop, 2, f"{LAPTOP4}:{PORT}")
        self.home = Device(home, 1, f"{HOME4}:{PORT}")
        self.home.apply(self.home_plan())

    @cached_property
    def hardware_address(self) -> str:
        """The laptop's, in the café."""
        return self.laptop.machine.run("cat", f"/sys/class/net/{UPLINK}/address").stdout.strip()

    def home_plan(self, *, ipv6: bool = True) -> SystemPlan:
        """Home lets the laptop route through it."""
        gateways = (Gateway("wan", "81.2.69.1", 4), *((Gateway("wan", "2a02:8010:0:1::1", 6),) if ipv6 else ()))
        denied = ("10.0.0.0/8", "192.168.0.0/16", "100.64.0.0/10", "81.2.69.0/24", "fc00::/7", "fe80::/10")
        hosting = Hosting(self.laptop.addresses, denied=denied, gateways=gateways)
        return SystemPlan(self.home.tunnel(self.laptop.as_peer()), self.laptop.addresses, hosting)

    def plan(self, route: Route | None) -> SystemPlan:
        """The laptop's plan; the coordinator may be reached by the daemon."""
        if route is not None:
            route = dataclasses.replace(route, control=(Control(COORDINATOR4, COORDINATOR_PORT),), uplinks=(UPLINK,))
        return SystemPlan(self.laptop.tunnel(self.home.as_peer(everything=route is not None)), route=route)

    def apply(self, route: Route | None) -> None:
        """Put a route of the laptop in force, or none."""
        self.laptop.apply(self.plan(route))

    def send(self, probes: Sequence[Probe], *, machine: Machine | None = None, as_nobody: bool = False) -> list[str]:
        """Send them all; for each what the kernel told the program (an errno's name), empty where it took it."""
        words = (*(NOBODY if as_nobody else ()), *_PYTHON, _SEND)
        jobs = json.dumps([probe._asdict() for probe in probes])
        told = (machine or self.laptop.machine).run(*words, input=jobs, timeout=30).stdout
        return [str(word) for word in json.loads(told)]

    def show(self, probes: Sequence[Probe], *, machine: Machine | None = None, as_nobody: bool = False) -> None:
        """All of them are seen to leave the laptop where nothing holds them: LabError where a leak would be missed."""
        self.apply(None)
        with Wire(self) as wire:

            def seen() -> bool:
                # Again and again: what waits for a neighbour's hardware address may be given up.
                self.send(probes, machine=machine, as_nobody=as_nobody)
                return not unseen(probes, wire.so_far())

            try:
                wait_until(seen, "sight of all probes", 20)
            except LabError as error:
                raise LabError(f"{error}: {unseen(probes, wire.so_far())}") from None

    def inject(self, machine: Machine, *packets: bytes, interface: str = "eth0") -> None:
        """Have a machine put packets on the café's wire for the laptop, or into its tunnel."""
        neighbour = "" if interface == "meshnet0" else self.hardware_address.replace(":", "")
        words = [packet.hex() for packet in packets]
        machine.run(*_PYTHON, forge.SEND, interface, neighbour, *words)

    def watched(self, probes: Sequence[Probe], *, machine: Machine | None = None, as_nobody: bool = False) -> Wire:
        """What leaves the laptop while the probes are sent."""
        with Wire(self) as wire:
            self.send(probes, machine=machine, as_nobody=as_nobody)
        return wire


def _forward_for_box(laptop: Machine) -> None:
    """As a container runtime or a hotspot does it."""
    rules = "table inet box { chain post { type nat hook postrouting priority srcnat; %s; }; }"
    laptop.run("nft", "-f", "-", input=rules % f'oifname "{UPLINK}" masquerade')
    _forward(laptop)


def _forward(machine: Machine) -> None:
    switches = "ipv4/ip_forward ipv6/conf/all/forwarding"
    machine.run("sh", "-c", f"for s in {switches}; do echo 1 >/proc/sys/net/$s; done")
