"""A laptop with two hosts to choose from, and somebody who sees all that leaves it: what must hold, come what may.

`lab.deeds` has what may happen. A person's programs never cease to send; the laptop's wire is watched at the switch, by
its hardware address. Law: nothing is waited for here but what people wait for, and all that was done can be undone.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.net import Lab, LabError, Machine, wait_until
from lab.services import Observer, Packet
from lab.test_hosts_that_fail import TwoHosts
from lab.test_repairs import asleep
from lab.test_way_home import snapshot
from lab.tunnel_packets import permitted_to_laptop
from lab.world import SOCKET, World
from meshnet.errors import Code
from meshnet.protocol import local

TRUE_WITHIN = 60.0
"""Seconds: a host that fails is noticed within twenty, a fetch takes three, and the machine may be busy."""
NO_WAY = {"cable", "interface"}
"""What is wrong while the laptop has no network at all."""
MENDED_WITHIN = 60.0
_ASKED_WITHIN = 40.0

_SENDER = """
import socket, struct, sys, time
web4, web6, *servers = sys.argv[1:]
def is_6(address):
    return ":" in address
def one(address, kind, number=0, device=b""):
    made = socket.socket(socket.AF_INET6 if is_6(address) else socket.AF_INET, kind, number)
    made.setblocking(False)
    if device:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    return made
def ping(address, text):
    if is_6(address):
        return struct.pack("!BBHHH", 128, 0, 0, 7, 7) + text
    body = struct.pack("!HH", 7, 7) + text
    total = 8 << 8
    for at in range(0, len(body), 2):
        total += int.from_bytes(body[at:at + 2], "big")
    while total >> 16:
        total = (total & 65535) + (total >> 16)
    return struct.pack("!BBH", 8, 0, ~total & 65535) + body
jobs = [(one(server, socket.SOCK_DGRAM), server, 53, b"a name, perhaps") for server in servers]
for web in (web4, web6):
    for number, device in enumerate((b"", b"eth0")):
        jobs.append((one(web, socket.SOCK_DGRAM, device=device), web, 9001 + number, b"turmoil"))
        pinging = one(web, socket.SOCK_RAW, 58 if is_6(web) else 1, device)
        jobs.append((pinging, web, 0, ping(web, (b"plainly.", b"is bound")[number])))
print("sending", flush=True)
while True:
    calls = []
    for web in (web4, web6):
        for port, device in ((80, b""), (81, b"eth0")):
            calls.append(one(web, socket.SOCK_STREAM, device=device))
            try:
                calls[-1].connect_ex((web, port))
            except OSError:
                pass
    for sending, address, port, data in jobs:
        try:
            sending.sendto(data, (address, port))
        except OSError:
            pass
    time.sleep(0.05)
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the laptop says of its route."""

    state: str
    host: str | None
    reason: str | None
    explanation: str | None


class Wishes:
    """What the person asked for, and since when nothing may leave beside the host."""

    def __init__(self) -> None:
        self.may_be: set[str | None] = {None}
        """The hosts (None: none) of which one is wanted now; more than one where an answer left it open."""
        self._closed: list[tuple[float, float | None]] = []
        self._excused: list[tuple[float, float]] = []

    def open(self) -> None:
        """The person is about to stop the route: from now on anything may leave."""
        if self._closed and self._closed[-1][1] is None:
            self._closed[-1] = (self._closed[-1][0], time.time())

    def settle(self, *may_be: str | None) -> None:
        """Commands were answered."""
        self.may_be = set(may_be)
        if None in self.may_be:
            self.open()
        elif not self._closed or self._closed[-1][1] is not None:
            self._closed.append((time.time(), None))

    def excuse(self, begin: float, end: float) -> None:
        """In this time (Unix) programs that bind to an interface may pass."""
        self._excused.append((begin, end))

    def excuses(self, moment: float) -> bool:
        """Whether it was so then."""
        return any(begin <= moment <= end for begin, end in self._excused)

    def forbid(self, moment: float) -> bool:
        """Whether the laptop was closed then (Unix time)."""
        return any(begin <= moment and (end is None or moment <= end) for begin, end in self._closed)


class Turmoil:
    """The laptop, what was wished on it, and what must hold."""

    def __init__(self, lab: Lab) -> None:
        self.world = World(lab)
        self.before = snapshot(self.world.laptop)
        self.hosts = TwoHosts(self.world)
        self.household = self.hosts.household
        self.last = ""
        self.may_move = False
        """Another host may have taken over by itself."""
        self.wishes = Wishes()
        self.cures: dict[str, Callable[[], None]] = {}
        """What undoes what was done, by the name of what is wrong."""
        self.begun = time.time()
        self.told: list[str] = []
        """Every deed and how it ended, to be shown when something fails."""
        self.port = _own_port(lab, self.world.laptop)
        self._hardware_address = self.world.laptop.run("cat", "/sys/class/net/eth0/address").stdout.strip()
        self._permitted = permitted_to_laptop(self.world, with_server=True)
        self.gateway4 = self.world.cafe_prefix4.replace("0/24", "1")
        servers = (self.gateway4, self.world.resolver4)
        self._sender = self.world.laptop.spawn(
            "/usr/bin/python3", "-ISc", _SENDER, self.world.web4, self.world.web6, *servers, name="sender"
        )
        self._sender.wait_for_line("sending")
        webs = (self.world.web4, self.world.web6)
        kinds = [("udp", 9001), ("udp", 9002), ("tcp", 80), ("tcp", 81)]
        self._kinds = {(proto, web, port) for web in webs for proto, port in kinds}
        self._kinds |= {("icmp", webs[0], 0), ("icmp6", webs[1], 0), *(("udp", server, 53) for server in servers)}

    def tell(self, words: str) -> None:
        """Add to what was told."""
        self.told.append(f"{time.time() - self.begun:8.3f} {words}")

    @property
    def is_alive(self) -> bool:
        """Whether the laptop's daemon runs."""
        return self.household.daemons[self.world.laptop].returncode is None

    # --- what leaves ------------------------------------------------------------------------------------------------

    @contextmanager
    def watch(self) -> Iterator[Observer]:
        """Somebody who sees all that leaves the laptop, from now on; shown to see what programs send."""
        bridge = self.port.partition("-")[0]
        observer = Observer(self.world.lab.switch, bridge, f"ether src {self._hardware_address}")

        def sees_all() -> bool:
            return {(packet.proto, packet.dst, packet.dport) for packet in observer.packets()} >= self._kinds

        try:
            wait_until(sees_all, f"sight of {self._kinds}", 20, 0.1)
            yield observer
        finally:
            # Whoever is to have read everything must not be sent more and more.
            with asleep(self._sender):
                observer.stop()

    def leaks(self, observer: Observer) -> list[str]:
        """What left beside the host while it must not, in the times of `told`."""
        leaks = [p for p in observer.packets() if self.wishes.forbid(p.time) and not self._may_leave(p)]
        return [f"{p.time - self.begun:.3f} {p.proto} {p.src} -> {p.dst} {p.dport} {p.payload[-8:]!r}" for p in leaks]

    def _may_leave(self, packet: Packet) -> bool:
        if self.wishes.excuses(packet.time) and (packet.dport in (9002, 81) or b"bound" in packet.payload):
            return True
        return packet in self._permitted

    # --- what is said -----------------------------------------------------------------------------------------------

    def ask(self, *requests: local.Request) -> list[local.Reply | local.Failure]:
        """Ask the laptop's daemon all of this at once, in this order; its answers, in the same order."""
        return ask(self.world.laptop, *requests)

    def status(self) -> Seen:
        """What the laptop says now."""
        (answer,) = self.ask(local.GetStatus())
        assert isinstance(answer, local.Reply), answer
        status = local.read_result(answer, local.Status)
        return Seen(status.state, status.route.host if status.route else None, status.reason, status.explanation)

    def wish(self, *hosts: str | None) -> None:
        """Ask for these routes at once (None: stop); as the last one is answered, so it is."""
        if None in hosts:
            self.wishes.open()
        answers = self.ask(*(local.StartRoute(host) if host else local.StopRoute() for host in hosts))
        may_be = self.wishes.may_be
        for host, answer in zip(hosts, answers, strict=True):
            if isinstance(answer, local.Reply):
                may_be = {host}
            elif answer.code is Code.SYSTEM_ERROR:
                may_be = may_be | {host}
        self.wishes.settle(*may_be)
        self.tell(f"{[_in_short(answer) for answer in answers]} -> {may_be}")
        assert self.may_move or self.status().host in may_be, f"{self.status()}, wished {may_be}"

    # --- what must hold ---------------------------------------------------------------------------------------------

    def look(self) -> bool:
        """Whether what the laptop says is so; AssertionError where traffic takes another way than it says."""
        before, address, after = self.status(), self.world.public_address(self.world.laptop), self.status()
        self.last = f"{before}, and the web server sees {address}"
        if before != after:
            return False
        assert before.state != "blocked" or (before.reason and before.explanation), before
        own = {"home-pc": self.world.home_public4, "server": self.world.server4}
        # A host that was lost may carry again a moment before that is noticed.
        expected = own[before.host] if before.host and before.state != "connecting" else self.world.cafe_public4
        assert address in (None, expected), f"{before}, but traffic leaves as {address}"
        if before.state == "routing":
            # Silence is not believed of a host beyond which nobody ever answered.
            return address is not None or "swallowing" in self.cures
        return address is None if before.state == "blocked" else address is not None or bool(NO_WAY & self.cures.keys())

    def await_truth(self) -> None:
        """Return when what the laptop says is so."""
        try:
            wait_until(self.look, "truth in the status", TRUE_WITHIN, 0.2)
        except LabError as error:
            raise AssertionError(f"{error}: {self.last}") from error

    def rest(self) -> None:
        """All is well, and nothing is routed."""
        self.heal()
        self.wish(None)
        self.may_move = False
        self.await_wish()

    def heal(self) -> None:
        """Undo whatever is wrong, and start what does not run."""
        while self.cures:
            self.tell(f"cure: {next(iter(self.cures))}")
            self.cures.pop(next(iter(self.cures)))()

    def await_wish(self) -> None:
        """All is well again, and so is the route, by itself: as it was wished last."""

        def holds() -> bool:
            seen = self.status()
            is_so = seen.state == ("routing" if seen.host else "idle")
            hosts = self.wishes.may_be | ({"home-pc", "server"} if self.may_move and seen.host else set())
            return is_so and seen.host in hosts and self.look() and self._has_names()

        try:
            wait_until(holds, f"route by {self.wishes.may_be}", MENDED_WITHIN, 0.2)
        except LabError as error:
            raise AssertionError(f"{error}: {self.status()}, {self.last}") from error

    def _has_names(self) -> bool:
        """Whether names lead where addresses lead."""
        laptop = self.world.laptop
        return self.world.public_address(laptop, by_name=True) == self.world.public_address(laptop)


def ask(machine: Machine, *requests: local.Request) -> list[local.Reply | local.Failure]:
    """Ask a machine's daemon all of this at once; its answers, in the order of the requests."""
    if sys.platform == "win32":
        raise LabError("the lab needs Linux")
    calls = [local.Call(number, request) for number, request in enumerate(requests)]
    found: dict[int, local.Reply | local.Failure] = {}
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(_ASKED_WITHIN)
        asking.connect(str(machine.file(SOCKET)))
        asking.sendall(b"".join(map(local.to_line, calls)))
        lines = asking.makefile("rb")
        while len(found) < len(calls):
            message = local.read_from_daemon(lines.readline())
            if not isinstance(message, local.Update):
                found[message.id] = message
    return [found[call.id] for call in calls]


def _own_port(lab: Lab, machine: Machine) -> str:
    """The name of the switch's port that the machine's eth0 is plugged into."""
    number = machine.run("cat", "/sys/class/net/eth0/iflink").stdout.strip()
    script = 'for one in /sys/class/net/br*; do echo "$(cat $one/ifindex) ${one##*/}"; done'
    ports = dict(line.split() for line in lab.switch.run("sh", "-c", script).stdout.splitlines())
    return str(ports[number])


def _in_short(answer: local.Reply | local.Failure) -> str:
    if isinstance(answer, local.Failure):
        return f"{answer.code}: {answer.message}"
    status = local.read_result(answer, local.Status)
    return f"{status.state} {status.route.host if status.route else ''}"
