"""Whoever moves while packets flow goes on: to another network, behind a NAT that forgets, out of sleep.

    laptop eth0 ── café (192.168.102.0/24) ── router2 86.128.2.10
    laptop eth1 ── the hotspot of a phone (172.20.10.0/28) ── hotspot 92.40.1.9; down at first
    home ── router1 86.128.1.10, which lets in only who was sent to; so does the café's, and the hotspot

The laptop routes through home, and has four peers besides. Law: a connection that was opened before is the same one
afterwards, and nothing but what `lab.tunnel_packets` permits is seen of the laptop on either network meanwhile.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.journey import tunnel_process
from lab.net import Lab, Machine, Process, wait_until
from lab.places import Kind, Places
from lab.probes import STREAM, Probes, start_echo
from lab.process import kill
from lab.services import Observer, Packet
from lab.tunnel_packets import Permitted, carries_data, is_probe, is_wireguard, tunnel_port
from lab.world import WHOAMI

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

GOES_ON_WITHIN = 75.0
"""Seconds: far more than it takes, for a machine that is busy."""
HOME4, HOME_MOVED4, CAFE4, HOTSPOT4 = "86.128.1.10", "86.128.1.77", "86.128.2.10", "92.40.1.9"
TO_HOTSPOT = ("link set eth0 down", "link set eth1 up", "route replace default via 172.20.10.1 dev eth1")
TO_CAFE = ("link set eth1 down", "link set eth0 up", "route replace default via 192.168.102.1 dev eth0")
CHANGED = 10.0
"""Seconds after a change in which what is sent for it is counted."""
PROBES_MOST, HANDSHAKES_MOST, CALLS_MOST = 300, 40, 6
"""Of a laptop with five peers, in that time."""
_OTHERS: tuple[Kind, ...] = ("public", "full-cone", "double", "symmetric")
_ASKED = (STREAM, "udp4", "tcp4", "names")
_STOP, _CONTINUE = 19, 18
"""Signals by number: Windows has no such names, and this module imports there too."""
_DOWNLOAD = ("curl", "--silent", "--fail", "--limit-rate", "100k", "--output", "/dev/null")


class Trip:
    """A laptop that routes through home, once `begin` was called."""

    def __init__(self, lab: Lab) -> None:
        self.places = places = Places(lab)
        home, cafe = places.place("port-restricted", 1), places.place("port-restricted", 2)
        others = [places.place(kind, number) for number, kind in enumerate(_OTHERS, 3)]
        assert home.router
        assert cafe.router
        self.home_router, self.cafe_router, self.hotspot = home.router, cafe.router, lab.router("hotspot")
        self.home, self.laptop = home.device, cafe.device
        self.symmetric = others[-1]
        self.host, self.way = self.home, "direct"
        """Whom the laptop routes through, and the best way there."""
        places.uplink(self.hotspot, "wan", HOTSPOT4)
        lab.wire(self.hotspot.port("lan", "172.20.10.1/28"), self.laptop.port("eth1", "172.20.10.2/28"))
        self.laptop.ip("link set eth1 down")
        self.hotspot.translate()
        start_echo(places.web)
        places.start_mesh(self.laptop, self.home, *(place.device for place in others))
        self._far = {HOME4, HOME_MOVED4, *(place.public4 for place in others)}
        self._lans = {"eth0": (self.cafe_router, "lan"), "eth1": (self.hotspot, "lan")}
        self.measured: list[str] = []
        self.moment = 0.0
        """Of the last change (monotonic)."""
        self.begin()

    def begin(self) -> None:
        """Route, with programs that were started since."""
        self.await_way(is_routed=False)
        self.places.meshnet(self.laptop, "route", self.host.name)
        self.probes = Probes(self.laptop, self.places.web4, self.places.web6, WHOAMI)
        self.probes.await_answers(GOES_ON_WITHIN, _ASKED)

    # --- what is said, and what is so -------------------------------------------------------------------------------

    def path(self, one: Machine, two: Machine) -> str:
        """What a device says of its path to another one."""
        devices = {device["name"]: device for device in self.places.meshnet(one, "devices")["devices"]}
        return str(devices[two.name]["path"])

    def state(self) -> str:
        """Of the laptop's route."""
        return str(self.places.meshnet(self.laptop, "status")["state"])

    def await_way(self, *, is_routed: bool = True) -> None:
        """Return when both ends say that the best way is in use, and the laptop that it is routing."""

        def is_so() -> bool:
            said = {self.path(self.laptop, self.host), self.path(self.host, self.laptop)}
            return said == {self.way} and (not is_routed or self.state() == "routing")

        wait_until(is_so, f"way {self.way!r}", GOES_ON_WITHIN, 0.2)

    def ways(self) -> set[tuple[str, str]]:
        """Between which addresses data goes through the core, for a second; of what bears home's address."""
        expression = f"udp and (host {HOME4} or host {HOME_MOVED4})"
        with Observer(self.places.core, "any", expression) as observer:
            time.sleep(1)
        return {(packet.src, packet.dst) for packet in observer.packets() if carries_data(packet.payload)}

    def opened(self) -> str:
        """When the connection was opened by which the last line came back."""
        return self.probes.answers(STREAM)[-1].said

    # --- what leaves ------------------------------------------------------------------------------------------------

    @contextmanager
    def watched(self) -> Iterator[list[Packet]]:
        """All that the laptop sends by both its networks; filled in at the end."""
        observers = []
        for interface, (machine, port) in self._lans.items():
            mac = self.laptop.file(f"/sys/class/net/{interface}/address").read_text().strip()
            observers.append(Observer(machine, port, f"(ip or ip6) and ether src {mac}"))
        seen: list[Packet] = []
        try:
            yield seen
        finally:
            for observer in observers:
                seen += observer.stop()

    def leaks(self, packets: list[Packet]) -> list[Packet]:
        """What may not be seen of a routed laptop; a NAT may give a peer any port."""
        ends = frozenset((packet.dst, packet.dport) for packet in packets if packet.dst in self._far)
        own = Permitted(tunnel_port(self.laptop), ends, (self.places.server4, self.places.server6))
        return [packet for packet in packets if packet not in own]

    # --- what happens -----------------------------------------------------------------------------------------------

    @contextmanager
    def going_on(self, what: str, *, keeps: bool = True) -> Iterator[None]:
        """Routes by the best way before and after; in between, nothing leaks, and connections go on.

        Without `keeps` they may end: the internet knows them by something of home's that is another one afterwards.
        """
        self.await_way()
        self.probes.await_answers(GOES_ON_WITHIN, _ASKED)
        opened, download = self.opened(), self._download()
        with self.watched() as seen:
            time.sleep(1)
            self.moment = time.monotonic()
            yield
            self.probes.await_answers(GOES_ON_WITHIN, _ASKED)
            self.measured.append(self._gaps(what))
            self.await_way()
            self.probes.await_answers(GOES_ON_WITHIN, _ASKED)
        assert self.leaks(seen) == []
        if keeps:
            assert self.opened() == opened
            assert download.wait(90) == 0
        else:
            download.kill()

    def _download(self) -> Process:
        """Of 15 seconds, if nothing holds it."""
        return self.laptop.spawn(*_DOWNLOAD, f"http://{self.places.web4}/bytes/1500000")

    def _gaps(self, what: str) -> str:
        end = time.monotonic()
        gaps = (f"{kind} {self.probes.longest_gap(kind, self.moment, end):.2f} s" for kind in ("udp4", STREAM))
        return f"{what}: {', '.join(gaps)} without an answer"

    def resume(self, machine: Machine, daemon: Process) -> None:
        """Let the daemon and the tunnel's process go on."""
        kill(tunnel_process(machine), _CONTINUE)
        # nsenter(1) stops together with what it started.
        parent = int(Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()[1])
        kill(parent, _CONTINUE)
        daemon.signal(_CONTINUE)


@pytest.fixture(scope="module")
def trip(shared_lab: Lab) -> Iterator[Trip]:
    made = Trip(shared_lab)
    yield made
    print("\n".join(made.measured))


def test_a_leak_would_be_seen_on_both_networks(trip: Trip) -> None:
    trip.places.meshnet(trip.laptop, "route", "--off")
    for commands in (TO_HOTSPOT, TO_CAFE):
        with trip.watched() as seen:
            trip.laptop.ip(*commands)
            wait_until(lambda: trip.places.public_address(trip.laptop), "the internet", GOES_ON_WITHIN)
        assert {packet.proto for packet in trip.leaks(seen)} >= {"tcp", "udp"}
    trip.probes.process.kill()
    trip.begin()


def test_a_download_goes_on_from_a_cafe_to_a_hotspot_and_back(trip: Trip) -> None:
    for public4, commands in ((HOTSPOT4, TO_HOTSPOT), (CAFE4, TO_CAFE)):
        with trip.going_on(f"to {public4}"):
            trip.laptop.ip(*commands)
        assert trip.ways() == {(public4, HOME4), (HOME4, public4)}


def test_a_move_makes_no_storm(trip: Trip) -> None:
    for commands in (TO_HOTSPOT, TO_CAFE):
        with trip.watched() as seen:
            trip.laptop.ip(*commands)
            time.sleep(CHANGED)
        sent = Counter(_kind(packet) for packet in seen)
        trip.measured.append(f"sent within {CHANGED:g} s: {dict(sent)}")
        assert sent["probe"] <= PROBES_MOST
        assert sent["handshake"] <= HANDSHAKES_MOST
        assert sent["call"] <= CALLS_MOST
        trip.await_way()


def _kind(packet: Packet) -> str:
    if packet.proto == "tcp":
        return "call" if packet.payload[13] & 0x12 == 0x02 else "control"
    if is_probe(packet.payload):
        return "probe"
    if is_wireguard(packet.payload):
        return "data" if packet.payload[0] == 4 else "handshake"
    return packet.proto


@pytest.mark.long
def test_the_host_gets_another_address(trip: Trip) -> None:
    for public4 in (HOME_MOVED4, HOME4):
        with trip.going_on(f"home at {public4}", keeps=False):
            trip.home_router.ip(
                "addr flush dev wan",
                f"addr add {public4}/24 dev wan",
                "route replace default via 86.128.1.1 dev wan",
            )
        assert trip.ways() == {(public4, CAFE4), (CAFE4, public4)}


@pytest.mark.long
def test_the_routers_forget(trip: Trip) -> None:
    for router in (trip.cafe_router, trip.home_router):
        with trip.going_on(f"{router.name} forgets", keeps=router is trip.cafe_router):
            router.run("conntrack", "-F")


@pytest.mark.long
def test_the_router_of_a_host_that_is_reached_by_the_relay_gives_other_ports(trip: Trip) -> None:
    device, router = trip.symmetric.device, trip.symmetric.router
    assert router is not None
    trip.host, trip.way = device, "relay"
    trip.places.meshnet(trip.laptop, "route", device.name)
    with trip.going_on("the host's symmetric router forgets", keeps=False):
        router.run("conntrack", "-F")
    trip.host, trip.way = trip.home, "direct"
    trip.places.meshnet(trip.laptop, "route", trip.home.name)


@pytest.mark.long
def test_a_router_forgets_while_the_coordinator_is_away(trip: Trip) -> None:
    trip.places.core.nft(_AWAY)
    with trip.going_on("cafe forgets, nobody to ask"):
        trip.cafe_router.run("conntrack", "-F")
    trip.places.core.nft("delete table inet away\n")


_AWAY = """
table inet away {
    chain forward {
        type filter hook forward priority filter;
        ip daddr 46.101.10.20 drop
        ip saddr 46.101.10.20 drop
    }
}
"""


@pytest.mark.long
def test_a_laptop_sleeps_in_the_cafe_and_wakes_there_or_elsewhere(trip: Trip) -> None:
    daemon = trip.places.daemons[trip.laptop]
    for commands in (TO_CAFE, TO_HOTSPOT):
        with trip.going_on(f"asleep, then {'there' if commands == TO_CAFE else 'elsewhere'}"):
            daemon.signal(_STOP)
            kill(tunnel_process(trip.laptop), _STOP)
            trip.laptop.ip("link set eth0 down")
            time.sleep(20)
            trip.moment = time.monotonic()
            trip.laptop.ip(*commands)
            trip.resume(trip.laptop, daemon)
