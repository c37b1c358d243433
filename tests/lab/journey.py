"""A routed laptop on the move: the household, with more than one way out of the café, and what may befall it.

    laptop eth0 ── café (192.168.50.0/24; its router has a second address, and a second network)
    laptop eth1 ── the network of a phone (172.20.10.0/28), behind a public address of its own; down at first

Programs of the laptop (`lab.probes`) ask the internet all the while; observers outside it see every packet that it
sends past the tunnel. A `Fault` is what befalls it, and how that passes. Law: whoever causes a fault puts back what it
changed, and waits for nothing; what is to be seen of it meanwhile is for tests and benchmarks to say.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.household import Household
from lab.net import Lab, Machine, Process, wait_until
from lab.probes import Probes, start_echo
from lab.process import kill
from lab.services import Observer, Packet
from lab.tunnel_packets import TUNNEL, permitted_to_laptop
from lab.world import HOME_PORT, WHOAMI, World

PHONE_PUBLIC = "92.40.1.9"
_STOP, _CONTINUE = 19, 18
"""Signals by number: Windows has no such names, and this module imports there too."""
_CAFE6 = ("addr replace 2a00:23c5:1100:50::20/64 dev eth0 nodad", "route replace default via 2a00:23c5:1100:50::1")
_FLAPS = 15
_CLOCK = """import pathlib, time
real, file = time.time, pathlib.Path(__file__).with_name("offset")
time.time = lambda: real() + float(file.read_text())
"""
"""Python runs it before a program; what the program takes for the time of day follows a file from then on."""
TEN_YEARS = 315360000.0
"""In seconds."""


class Journey:
    """A laptop that routes through home, once `begin` was called."""

    def __init__(self, lab: Lab) -> None:
        self.world = world = World(lab)
        self.laptop, self.home = world.laptop, world.home
        self._wire_phone(lab)
        self._clock = self.laptop.directory / "clock"
        self._clock.mkdir()
        self.set_clock(0)
        (self._clock / "sitecustomize.py").write_text(_CLOCK)
        self.laptop.environment["PYTHONPATH"] = str(self._clock)
        self.household = Household(world)
        self.permitted = permitted_to_laptop(world)
        start_echo(world.web)
        self.probes = self.start_probes()

    def _wire_phone(self, lab: Lab) -> None:
        world = self.world
        world.cafe_router.ip("addr add 192.168.50.254/24 dev lan", "addr add 10.20.30.1/24 dev lan")
        self.phone = lab.router("phone")
        world.uplink(self.phone, "wan", PHONE_PUBLIC, "2a01:4c80:0:1::9")
        lab.wire(self.phone.port("lan", "172.20.10.1/28"), world.laptop.port("eth1", "172.20.10.2/28"))
        self.phone.translate()
        world.laptop.ip("link set eth1 down")

    def start_probes(self) -> Probes:
        """Programs of the laptop that ask the web server and the name server."""
        return Probes(self.laptop, self.world.web4, self.world.web6, WHOAMI)

    def begin(self) -> None:
        """Route, with programs that were started since."""
        self.probes.process.kill()
        self.household.route()
        self.probes = self.start_probes()
        self.probes.await_answers()

    # --- what is seen of it -----------------------------------------------------------------------------------------

    def outside(self) -> Observer:
        """Sees what the laptop sends in the café, whoever it is for: at the switch, so without the laptop's help."""
        peer = self.laptop.file("/sys/class/net/eth0/iflink").read_text().strip()
        switch = self.world.lab.switch
        ports = switch.run("ip", "-o", "link").stdout.splitlines()
        port = next(line.split()[1].partition("@")[0] for line in ports if line.startswith(f"{peer}:"))
        return Observer(switch, port, self._sent_by("eth0"))

    def outside_by_phone(self) -> Observer:
        """Sees what the laptop sends by the phone."""
        return Observer(self.phone, "lan", self._sent_by("eth1"))

    def _sent_by(self, interface: str) -> str:
        mac = self.laptop.file(f"/sys/class/net/{interface}/address").read_text().strip()
        return f"(ip or ip6) and ether src {mac}"

    def is_leak(self, packet: Packet) -> bool:
        """Whether it is neither the tunnel's, nor the daemon's word with the coordinator, nor of neighbours."""
        return packet not in self.permitted

    def path_of_tunnel(self) -> str:
        """The address from which home hears the laptop's tunnel."""
        key = self.laptop.run("wg", "show", TUNNEL, "public-key").stdout.strip()
        shown = self.home.run("wg", "show", TUNNEL, "endpoints").stdout.splitlines()
        endpoint = next(words[1] for words in map(str.split, shown) if words[0] == key)
        return endpoint.rpartition(":")[0].strip("[]")

    # --- parts of faults --------------------------------------------------------------------------------------------

    def daemon(self, machine: Machine | None = None) -> Process:
        """The laptop's daemon, or that of another machine."""
        return self.household.daemons[machine or self.laptop]

    def move(self, address: str, gateway: str) -> None:
        """Have eth0 this IPv4 address and gateway, and no other address: a lease in place of an earlier one."""
        self.laptop.ip(
            "addr flush dev eth0 scope global",
            f"addr add {address} dev eth0",
            f"route replace default via {gateway} dev eth0",
        )

    def return_to_cafe(self) -> None:
        """As at first: eth0 alone, with the lease and the router advertisement of the café."""
        self.laptop.ip("link set eth1 down", "link set eth0 up")
        self.move(f"{self.world.laptop4}/24", "192.168.50.1")
        self.laptop.ip(*_CAFE6)

    def lose_ipv6(self) -> None:
        """The café's router advertises none any more."""
        self.laptop.ip(f"addr del {self.world.laptop6}/64 dev eth0")

    def set_clock(self, ahead: float) -> None:
        """Have the laptop's daemon take the time of day for another, so many seconds ahead, from now on.

        The tunnel's own process goes by the machine's clock: it is no Python, and asks the kernel.
        """
        fresh = self._clock / "fresh"
        fresh.write_text(str(ahead))
        fresh.replace(self._clock / "offset")

    def sleep(self) -> None:
        """What a suspended laptop is: nothing of it runs, and its link is down."""
        self.daemon().signal(_STOP)
        kill(tunnel_process(self.laptop), _STOP)
        self.laptop.ip("link set eth0 down")

    def wake(self) -> None:
        """Its link comes up before its programs run."""
        self.return_to_cafe()
        kill(tunnel_process(self.laptop), _CONTINUE)
        # nsenter(1) stops together with what it started.
        parent = int(Path(f"/proc/{self.daemon().pid}/stat").read_text().rpartition(")")[2].split()[1])
        kill(parent, _CONTINUE)
        self.daemon().signal(_CONTINUE)

    def flap(self) -> None:
        """The café's link goes down and up five times a second."""
        for _ in range(_FLAPS):
            self.laptop.ip("link set eth0 down")
            time.sleep(0.1)
            self.return_to_cafe()
            time.sleep(0.1)

    def cut_way(self) -> None:
        """Nothing of the tunnel passes the café's router any more in the family that it goes by; nobody says so."""
        family = "ipv6" if ":" in self.path_of_tunnel() else "ipv4"
        lines = (f"meta nfproto {family} udp {end} {HOME_PORT} drop" for end in ("sport", "dport"))
        chain = "\n".join(("type filter hook forward priority -10", *lines))
        self.world.cafe_router.nft(f"table inet cut {{ chain forward {{\n{chain}\n}}; }}\n")

    def mend_way(self) -> None:
        """Undo `cut_way`."""
        self.world.cafe_router.nft("delete table inet cut\n")

    def home_returns(self) -> None:
        """Home's link is up again; going down took its IPv6 address and its routes."""
        world = self.world
        self.home.ip(
            "link set eth0 up",
            "route replace default via 192.168.1.1 dev eth0",
            f"addr replace {world.home6}/64 dev eth0 nodad",
            "route replace default via 2a02:8010:6a00:1::1 dev eth0",
        )


def tunnel_process(machine: Machine) -> int:
    """The process id, seen from outside, of the machine's wireguard-go."""

    def look() -> int | None:
        ours = os.readlink(f"/proc/{machine.pid}/ns/pid")
        return next((pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_tunnel(pid, ours)), None)

    return wait_until(look, f"tunnel of {machine.name}")


def _is_tunnel(pid: int, namespace: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return words[0].endswith(b"/wireguard-go") and os.readlink(f"/proc/{pid}/ns/pid") == namespace
    except OSError:
        return False


# --- faults ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls the laptop, or its host."""

    name: str
    cause: Callable[[Journey], object]
    cure: Callable[[Journey], object] | None = None
    """What makes the cause go; None: it is the daemon that has to get over it."""
    reason: str | None = None
    """Why the route is `blocked` meanwhile; None: it need not be, for the cause is too short, or stops nothing."""
    lasts: float = 0.0
    """Seconds from cause to cure, where there is no reason to wait for."""
    after: Callable[[Journey], object] | None = None
    """What puts back what it changed, when it is over."""
    cuts: bool = False
    """Nothing can pass while it lasts."""
    slow: bool = False


def _coordinator_back(journey: Journey) -> None:
    journey.household.coordinator = journey.world.start_coordinator()


def _restart_without_coordinator(journey: Journey) -> None:
    journey.household.coordinator.kill()
    journey.daemon().kill()
    journey.household.start(journey.laptop)


def _plug_in(journey: Journey) -> None:
    """A cable beside the Wi-Fi, and better."""
    journey.laptop.run("ip", "route", "flush", "default")
    journey.laptop.ip("route add default via 192.168.50.1 dev eth0 metric 600", "link set eth1 up")
    journey.laptop.ip("route add default via 172.20.10.1 dev eth1 metric 100")


def _from_one_to_the_other(journey: Journey) -> None:
    journey.laptop.ip("link set eth1 up", "route add default via 172.20.10.1 dev eth1 metric 600", "link set eth0 down")


def _revoke(journey: Journey) -> None:
    journey.world.meshnet(journey.home, "deny", "laptop", "routing")


def _permit(journey: Journey) -> None:
    journey.world.meshnet(journey.home, "allow", "laptop", "routing")


def _back(journey: Journey) -> None:
    journey.return_to_cafe()


def _jump(journey: Journey, ahead: float) -> None:
    """The tunnel is to be made anew while nothing that was seen seems to be of today."""
    journey.set_clock(ahead)
    journey.household.status()
    kill(tunnel_process(journey.laptop))


def _clock_set(journey: Journey) -> None:
    journey.set_clock(0)


_DHCP_CLIENT = "echo nameserver 192.168.50.1 >/run/lease; mv /run/lease /etc/resolv.conf"

FAULTS = (
    Fault("daemon killed", lambda j: j.daemon().kill(), lambda j: j.household.start(j.laptop), lasts=2),
    Fault("tunnel process killed", lambda j: kill(tunnel_process(j.laptop))),
    Fault("interface deleted", lambda j: j.laptop.ip("link del meshnet0")),
    Fault("interface down", lambda j: j.laptop.ip("link set meshnet0 down"), slow=True),
    Fault("interface down and up", lambda j: j.laptop.ip("link set meshnet0 down", "link set meshnet0 up")),
    Fault("host's tunnel process killed", lambda j: kill(tunnel_process(j.home))),
    Fault("host's daemon killed", lambda j: j.daemon(j.home).kill(), lambda j: j.household.start(j.home), lasts=1),
    Fault(
        "host unplugged",
        lambda j: j.home.ip("link set eth0 down"),
        Journey.home_returns,
        reason="host-unreachable",
        slow=True,
    ),
    Fault("permission taken and given", _revoke, _permit, reason="routing-revoked"),
    Fault("coordinator gone, daemon restarted", _restart_without_coordinator, _coordinator_back, lasts=2, slow=True),
    Fault("another gateway and address", lambda j: j.move("192.168.50.21/24", "192.168.50.254"), after=_back),
    Fault("another network", lambda j: j.move("10.20.30.40/24", "10.20.30.1"), after=_back, slow=True),
    Fault("from Wi-Fi to cable", _from_one_to_the_other, after=_back),
    Fault("a cable beside the Wi-Fi", _plug_in, after=_back),
    Fault("way of the tunnel cut", Journey.cut_way, after=Journey.mend_way),
    Fault("IPv6 goes", Journey.lose_ipv6, after=_back, slow=True),
    Fault(
        "link down",
        lambda j: j.laptop.ip("link set eth0 down"),
        _back,
        reason="network-down",
        slow=True,
    ),
    Fault("asleep", Journey.sleep, Journey.wake, lasts=25, cuts=True, slow=True),
    Fault("clock ten years ahead, tunnel process killed", lambda j: _jump(j, TEN_YEARS), after=_clock_set),
    Fault("clock ten years back, tunnel process killed", lambda j: _jump(j, -TEN_YEARS), after=_clock_set),
    Fault("link flapping", Journey.flap, slow=True),
    Fault("resolv.conf replaced", lambda j: j.laptop.run("sh", "-c", _DHCP_CLIENT), slow=True),
)
