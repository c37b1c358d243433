"""What strangers, recorded probes and a hostile member can do about ways: with real packets, at a whole daemon.

laptop 86.128.1.10    routes through host 86.128.3.10
member 86.128.2.10    belongs to the mesh, and has turned hostile: its daemon has ended, its keys are the attacker's
stranger 86.128.4.10  belongs to nothing
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from bench.counted import Started, read_notes
from bench.processes import log_of, start_counted
from lab import forge
from lab.net import Lab, Machine, wait_until
from lab.path_forge import pair_of
from lab.pcap import Packet
from lab.places import Places
from lab.services import Observer
from meshnet.core.probes import MAGIC, SIZE, Kind, Pair, Probe
from meshnet.daemon.known import ASKS_A_SECOND, ASKS_AT_ONCE, TURNS_A_SECOND, TURNS_AT_ONCE
from meshnet.daemon.model import Model
from meshnet.daemon.store import Store

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

_FORGE = str(Path(__file__).with_name("path_forge.py"))
_LOOKS = {"show", "list", "-j"}
_TICKS = 100
"""A second has so many in proc(5), on every architecture that Linux runs on today but one."""

_RAW = """
import socket, struct, sys
port, target, marked = sys.argv[1:]
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
if marked == "marked":
    raw.setsockopt(socket.SOL_SOCKET, 36, 0x20D53)
said = b"MnP1" + bytes(60)
try:
    raw.sendto(struct.pack("!HHHH", int(port), 7, 8 + len(said), 0) + said, (target, 0))
    print("sent")
except OSError as error:
    print(error.strerror)
"""
_PLAIN = """
import socket, sys
port, target = sys.argv[1:]
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
    one.setsockopt(socket.SOL_SOCKET, option, 1)
try:
    one.setsockopt(socket.SOL_SOCKET, 36, 0x20D53)
    print("marked")
except OSError:
    print("no mark")
try:
    one.bind(("", int(port)))
    one.sendto(b"MnP1" + bytes(60), (target, 7))
    print("sent")
except OSError as error:
    print(error.strerror)
"""


@dataclasses.dataclass
class Scene:
    """The mesh, and what its attackers know."""

    places: Places
    laptop: Machine
    member: Machine
    host: Machine
    stranger: Machine

    def __post_init__(self) -> None:
        self.hostile = Model(Store(self.places.daemon_state(self.member)), "linux")
        devices = {device.name: device for device in self.hostile.mesh.active()}
        self.laptop_id = devices[self.laptop.name].device
        self.pair: Pair = pair_of(self.hostile, self.laptop_id)
        """The member's, with the laptop."""
        self.port = Model(Store(self.places.daemon_state(self.laptop)), "linux").state.listen_port
        self.laptop_at = f"86.128.1.10:{self.port}"

    def state(self) -> str:
        return str(self.places.meshnet(self.laptop, "status")["state"])

    def forge(self, machine: Machine, *words: str) -> tuple[int, int]:
        """What path_forge.py counted."""
        one, other = machine.run(sys.executable, _FORGE, *words, timeout=60).stdout.split()
        return int(one), int(other)

    def hostile_state(self) -> str:
        return str(self.places.daemon_state(self.member))

    def is_quiet(self, observer: Observer) -> bool:
        """Whether the last packet was four seconds ago."""
        return time.time() - max(packet.time for packet in observer.packets()) > 4

    def place_of_host(self) -> str:
        lines = self.laptop.run("wg", "show", "meshnet0", "endpoints").stdout.splitlines()
        return next(line for line in lines if "86.128.3.10" in line)

    def started(self, since: int = 0) -> list[str]:
        """The programs that the laptop's daemon started, but for those that only look."""
        notes = read_notes(log_of(self.laptop), since)
        return [" ".join(note.words) for note in notes if isinstance(note, Started) and not _LOOKS & {*note.words}]


def probes_of(packets: list[Packet]) -> list[Packet]:
    """Those of them that are probes."""
    return [packet for packet in packets if packet.payload[:4] == MAGIC]


@pytest.fixture(scope="module")
def scene(shared_lab: Lab) -> Scene:
    places = Places(shared_lab)
    laptop, member, host, stranger = (places.place("public", number).device for number in (1, 2, 3, 4))
    places.start_mesh(laptop, member, host)
    places.daemons[laptop].stop()
    places.daemons[laptop] = start_counted(laptop, places.daemon_state(laptop))
    places.meshnet(laptop, "route", host.name)
    wait_until(lambda: places.meshnet(laptop, "status")["state"] == "routing", "a route", 30)
    places.daemons[member].stop()
    return Scene(places, laptop, member, host, stranger)


def processor_seconds(machine: Machine, name: str) -> float:
    """Of a process of the machine, by a word of its command line (proc(5))."""
    for pid in machine.run("pgrep", "-f", name).stdout.split():
        fields = machine.file(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    raise AssertionError(f"no {name}")


def test_a_flood_of_what_is_nobodys_gets_no_answer_and_the_route_stays(scene: Scene) -> None:
    good = scene.pair.encode(Probe(Kind.ASK, bytes(12)))
    sent, back = scene.forge(scene.stranger, "flood", scene.laptop_at, "1", "5", good.hex())
    assert 0 < back <= 6 * sent, "an answer would be seen"
    bad = [good[:-1] + bytes([good[-1] ^ 1]), MAGIC + bytes(SIZE - 4), MAGIC + bytes(500), MAGIC]
    for datagrams in ([bad[0]], bad[1:]):
        before = processor_seconds(scene.laptop, "bench.counted")
        sent, back = scene.forge(
            scene.stranger, "flood", scene.laptop_at, "4", "5000", *[one.hex() for one in datagrams]
        )
        spent = processor_seconds(scene.laptop, "bench.counted") - before
        print(f"{sent} datagrams in 4 s: {spent:.2f} s of processor time")
        assert (sent > 10000, back) == (True, 0)
        assert scene.state() == "routing"


def test_recorded_probes_from_elsewhere_choose_nothing_and_are_worth_little_to_who_aims_them(scene: Scene) -> None:
    with Observer(scene.laptop, "eth0", f"udp port {scene.port} and src host 86.128.3.10") as observer:
        wait_until(lambda: _kinds(probes_of(observer.packets()))[Kind.ASK] >= 2, "probes of the route", 60, 0.2)
        recorded = [packet.payload for packet in probes_of(observer.stop())]
    before, started = scene.place_of_host(), len(read_notes(log_of(scene.laptop)))
    asks = sum(payload[4] == Kind.ASK for payload in recorded)
    victim, rounds = scene.places.web4, 100
    packets = [
        forge.udp(victim, "86.128.1.10", one, scene.port, sport=9000 + n).hex()
        for n in range(rounds)
        for one in recorded
    ]
    with Observer(scene.places.web, "eth0", "udp and src 86.128.1.10") as observer:
        gateway = scene.stranger.run("ip", "neigh", "show", "86.128.4.1").stdout.split()[4].replace(":", "")
        for at in range(0, len(packets), 200):
            scene.stranger.run(sys.executable, "-ISc", forge.SEND, "eth0", gateway, *packets[at : at + 200])
        wait_until(lambda: _kinds(observer.packets())[Kind.ANSWER] >= rounds * asks // 2, "answers", 30, 0.2)
        # A burst of asks is over after three seconds, and begins anew with each repetition.
        wait_until(lambda: scene.is_quiet(observer), "nothing more", 30, 4)
        came = observer.stop()
    kinds = _kinds(came)
    print(f"{len(packets)} repeated; the victim got {kinds[Kind.ANSWER]} answers and {kinds[Kind.ASK]} asks")
    assert kinds[Kind.ANSWER] <= rounds * asks
    assert kinds[Kind.ASK] <= ASKS_AT_ONCE + 30 * ASKS_A_SECOND
    assert len(came) == kinds[Kind.ANSWER] + kinds[Kind.ASK]
    assert scene.place_of_host() == before
    # Others' ways may change meanwhile: the member's daemon has ended.
    host_key = before.split()[0]
    assert [words for words in scene.started(started) if host_key in words] == []
    assert scene.state() == "routing"


def _kinds(packets: list[Packet]) -> Counter[int]:
    return Counter(packet.payload[4] for packet in packets)


@pytest.mark.long
def test_a_member_that_names_a_third_party_sends_it_little(scene: Scene) -> None:
    with Observer(scene.places.web, "eth0", "udp and src 86.128.1.10") as observer:
        seconds = 15
        told, _ = scene.forge(
            scene.member, "name", scene.hostile_state(), scene.laptop_id, scene.places.web4, str(seconds)
        )
        came = observer.stop()
    print(f"{told} offers of eight endpoints in {seconds} s; the victim got {len(came)} probes of {SIZE} bytes")
    assert told > 10
    assert 8 <= len(came) <= ASKS_AT_ONCE + 2 * seconds * ASKS_A_SECOND
    assert {len(packet.payload) for packet in came} == {SIZE}
    assert scene.state() == "routing"


@pytest.mark.long
def test_a_member_that_flees_from_port_to_port_starts_few_programs(scene: Scene) -> None:
    before = len(read_notes(log_of(scene.laptop)))
    seconds = 15
    ports, answers = scene.forge(
        scene.member, "flee", scene.hostile_state(), scene.laptop_id, scene.laptop_at, str(seconds)
    )
    started = scene.started(before)
    print(f"from {ports} ports, {answers} times answered; {len(started)} programs started")
    assert answers > 10, "it was believed"
    assert started
    assert len(started) <= 6 * (TURNS_AT_ONCE + 2 * seconds * TURNS_A_SECOND)
    assert scene.state() == "routing"


def test_what_lets_probes_out_of_a_closed_device_lets_nothing_else_out(scene: Scene) -> None:
    web, port = scene.places.web4, str(scene.port)
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", sys.executable, "-ISc")
    with Observer(scene.laptop, "eth0", f"udp and dst {web} and dst port 7") as observer:
        assert scene.laptop.python(_RAW, port, web, "marked") == "sent\n"
        observer.wait_for_packet(sport=scene.port)
        seen = len(observer.packets())
        # Without the mark it goes into the tunnel, as everything does.
        scene.laptop.python(_RAW, port, web, "unmarked")
        assert scene.laptop.python(_RAW, "4711", web, "marked") != "sent\n"
        said = scene.laptop.run(*nobody, _PLAIN, port, web).stdout.splitlines()
        assert said[0] == "no mark"
        assert said[1] != "sent"
        assert len(observer.stop()) == seen
