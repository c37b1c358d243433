"""How fast devices behind NATs find each other, what a change of the way costs, and what an idle pair says.

A laptop behind a NAT that lets in only whom it sent to, and devices behind one of the same kind, which it meets
directly, and behind one with another port for each destination, which it meets by the relay. Ways are told from what
crosses the core, and are timed there; the clocks of all machines are one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench import stream
from bench.page import Aim, Of, Row, Samples, Section, Unit, cell, table
from bench.stream import Asking
from lab.net import Lab, Machine, wait_until
from lab.places import RELAY_PORTS, Kind, Places
from lab.services import Observer, Packet
from lab.tunnel_packets import BEACON_PORTS, carries_data

DIRECT, RELAY = "direct", "relay"
_KINDS: dict[str, Kind] = {DIRECT: "port-restricted", RELAY: "symmetric"}
FAST = 0.002
"""Seconds between two packets of the stream while ways change."""
_NOTHING = Aim("0", Of.MEASURED, most=0)
_SOON = Aim("under 3 s", Of.MEASURED, most=3.0)
_WHY = (
    "Under a route the way is asked every three seconds, and is dead after three silences half a second apart: 1.5 to"
    " 4.5 s. To ask more often would cost every routed device packets all day."
)
_PATIENCE = 60.0
_SETTLED = 8.0
"""Seconds after which a pair has met, and nothing is to be told any more."""
_AROUND = 1.0
"""Seconds of the stream before and after what is measured."""
_LAPTOP4 = "86.128.1.10"
_LAPTOP_INSIDE = "192.168.101.10"
_ANSWERED = 1.0
"""Seconds within which a packet is answered."""
AGAIN = "until the direct way that came back is in use"
_COORDINATOR, _BEACONS, _ELSE = "coordinator (TCP)", "beacons", "else"
_DIRECTLY, _BY_RELAY = "a peer, directly", "a peer, by the relay"
_TALK = (_COORDINATOR, _BEACONS, _DIRECTLY, _BY_RELAY, _ELSE)


@dataclass(slots=True)
class Found:
    """All that was measured, by what it is; seconds, or numbers."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, what: str, value: float) -> None:
        """One more."""
        self.values.setdefault(what, []).append(value)

    def row(self, what: str, unit: Unit = Unit.MILLISECONDS, aim: Aim | None = None, why: str = "") -> Row:
        """For the page."""
        return Row(what, Samples(tuple(self.values.get(what, ()))), unit=unit, aim=aim, why=why)


class Meeting:
    """The laptop, and those that it meets."""

    def __init__(self, lab: Lab) -> None:
        self.places = Places(lab)
        self.laptop = self.places.place("port-restricted", 1).device
        self.found = Found()
        self._number = 1
        self._public: dict[Machine, str] = {}
        self.places.start_mesh(self.laptop)

    # --- meeting ----------------------------------------------------------------------------------------------------

    def join(self, way: str) -> Machine:
        """One device more, and how long it takes until the laptop reaches it."""
        self._number += 1
        place = self.places.place(_KINDS[way], self._number)
        device = place.device
        self._public[device] = place.public4 or ""
        stream.start_reflector(device)
        self._start(device)
        link = self.places.meshnet(self.laptop, "invite")["link"]
        with self._met(f"`meshnet join` has returned, {way}", device, way):
            self.places.meshnet(device, "join", link, "--name", device.name, "--allow", "routing")
        return device

    def restart(self, device: Machine, way: str) -> None:
        """Both daemons begin anew; how long it takes from when both are connected."""
        with self._met(f"both daemons are connected, {way}", device, way), ThreadPoolExecutor(2) as together:
            list(together.map(self._start_anew, (self.laptop, device)))

    @contextmanager
    def _met(self, since: str, device: Machine, way: str) -> Iterator[None]:
        """Note how long the first packet and the best way take from the end of this on."""
        with Observer(self.places.core, "any", "udp") as observer:
            asking = Asking(self.laptop, stream.EVERY)
            yield
            begin = time.monotonic()
            asking.begin(self.places.mesh_address(device))
            self._await_way(device, way)
            wait_until(lambda: self._times(observer.packets(), device, way, begin), f"way {way}", _PATIENCE, 0.2)
            asked = asking.end()
        self.found.add(f"{since}: until the first packet", asked.first_answer() - begin)
        arrived = self._times(observer.packets(), device, way, begin)
        self.found.add(f"{since}: until one goes by the {way} way", arrived[0] - begin)

    def _start(self, machine: Machine) -> None:
        self.places.daemons[machine] = self.places.start_daemon(machine)

    def _start_anew(self, machine: Machine) -> None:
        self.places.daemons[machine].stop()
        self._start(machine)

        def is_connected() -> bool:
            return bool(self.places.meshnet(machine, "status")["coordinator"]["connected"])

        wait_until(is_connected, "word with the coordinator", _PATIENCE)

    def _await_way(self, device: Machine, way: str) -> None:
        def is_said() -> bool:
            seen = {one["name"]: one["path"] for one in self.places.meshnet(self.laptop, "devices")["devices"]}
            return seen.get(device.name) == way

        wait_until(is_said, f"way {way!r}", _PATIENCE, 0.1)

    def _times(self, packets: list[Packet], device: Machine, way: str, after: float) -> list[float]:
        """When (monotonic) data went by that way to the device while some comes back by it; nothing before that."""
        offset = time.time() - time.monotonic()
        data = [packet for packet in packets if carries_data(packet.payload) and packet.time - offset >= after]
        there, back = (
            [packet.time - offset for packet in data if self._goes(packet, device, way, is_back=is_back)]
            for is_back in (False, True)
        )
        return [at for at in there if back and at >= back[0] - _ANSWERED] if there and back else []

    def _goes(self, packet: Packet, device: Machine, way: str, *, is_back: bool) -> bool:
        ends = (packet.src, packet.sport), (packet.dst, packet.dport)
        (source, _), (target, port) = reversed(ends) if is_back else ends
        if source != _LAPTOP4:
            return False
        is_relay = target == self.places.server4 and port in RELAY_PORTS
        return is_relay if way == RELAY else target == self._public[device]

    # --- changing over ----------------------------------------------------------------------------------------------

    def change_over(self, home: Machine, *, one_way: bool) -> None:
        """While a route goes by it, the direct way dies, and comes back."""
        died = f"the direct way dies{' from home to the laptop' if one_way else ''}"
        back = "the direct way comes back" + (", which had died one way" if one_way else "")
        self.places.meshnet(self.laptop, "route", home.name)
        self._await_way(home, DIRECT)
        asking = Asking(self.laptop, FAST)
        asking.begin(self.places.mesh_address(home))
        time.sleep(_AROUND)
        begin = time.monotonic()
        self.places.cut(home, self.laptop, one_way=one_way)
        self._await_way(home, RELAY)
        time.sleep(_AROUND)
        middle = time.monotonic()
        self.places.mend()
        self._await_way(home, DIRECT)
        time.sleep(_AROUND)
        end = time.monotonic()
        asked = asking.end()
        self.places.meshnet(self.laptop, "route", "--off")
        for what, since, until in ((died, begin, middle), (back, middle, end)):
            self.found.add(f"{what}: without an answer", asked.silence(since, until))
            self.found.add(f"{what}: packets lost", asked.lost(since, until))
        self.found.add(AGAIN, end - _AROUND - middle)

    # --- at rest ----------------------------------------------------------------------------------------------------

    def rest(self, devices: dict[str, Machine], seconds: float) -> None:
        """Nobody sends anything: what crosses the laptop's wire in a minute."""
        time.sleep(_SETTLED)
        with Observer(self.laptop, "eth0") as observer:
            time.sleep(seconds)
        packets = observer.packets()
        for whose in _TALK:
            sizes = [_size(packet) for packet in packets if self._whose(packet, devices) == whose]
            self.found.add(f"{whose}: packets", len(sizes) * 60 / seconds)
            self.found.add(f"{whose}: bytes", sum(sizes) * 60 / seconds)

    def _whose(self, packet: Packet, devices: dict[str, Machine]) -> str:
        far = (packet.dst, packet.dport) if packet.src == _LAPTOP_INSIDE else (packet.src, packet.sport)
        if packet.proto == "tcp":
            return _COORDINATOR
        if far[0] == self.places.server4:
            return _BEACONS if far[1] in BEACON_PORTS else _BY_RELAY
        return _DIRECTLY if far[0] == self._public[devices[DIRECT]] else _ELSE


def _size(packet: Packet) -> int:
    """In bytes, with the IPv4 header."""
    return len(packet.payload) + (28 if packet.proto == "udp" else 20)


def measure(rounds: int, seconds: float, say: Callable[[str], None]) -> Section:
    """Let devices meet, change over, and rest, in a small internet of their own."""
    with Lab() as lab:
        meeting = Meeting(lab)
        devices = {way: meeting.join(way) for way in (DIRECT, RELAY)}
        say("    joined")
        for number in range(rounds):
            meeting.rest(devices, seconds)
            for one_way in (False, True):
                meeting.change_over(devices[DIRECT], one_way=one_way)
            for way, device in devices.items():
                meeting.restart(device, way)
            say(f"    {number + 1} of {rounds}")
        for _ in range(rounds - 1):
            for way in devices:
                meeting.join(way)
        return _section(meeting.found, seconds)


def _section(found: Found, seconds: float) -> Section:
    words = (
        "A laptop behind a NAT that lets in only whom it sent to; it meets a device behind one of the same kind"
        " directly, and a device behind a NAT with another port for each destination by the relay. It asks the device"
        f" for an answer every {stream.EVERY * 1000:g} ms from the moment on that the row names; which way a packet"
        f" took is seen in the middle of the internet. Then it routes through the former and asks every"
        f" {FAST * 1000:g} ms, both ways through the tunnel, while the middle loses what goes directly, all of it or"
        " one direction, and then carries it again. A way that died is left alone for a while after it is back: that"
        f" costs no packet. At rest, in windows of {seconds:g} s, nobody sends anything, and all that crosses the"
        " laptop's wire is counted, there and back."
    )
    joined = [found.row(what, aim=_SOON if "first" in what else None) for what in found.values if ": until" in what]
    changed = [_changed(found, what) for what in found.values if what.startswith("the direct way")]
    rows = (*joined, *changed, found.row(AGAIN))
    return Section("Behind routers", words, rows=rows, after=_at_rest(found))


def _changed(found: Found, what: str) -> Row:
    unit = Unit.NUMBER if what.endswith("lost") else Unit.MILLISECONDS
    if what.endswith("lost"):
        return found.row(what, unit, _NOTHING if "comes back" in what else None)
    return found.row(what, unit, None if "comes back" in what else _SOON, _WHY)


def _at_rest(found: Found) -> str:
    cells = [
        (whose, *(cell(Samples(tuple(found.values[f"{whose}: {what}"])), Unit.NUMBER) for what in ("packets", "bytes")))
        for whose in _TALK
    ]
    return "What an idle laptop says and hears in a minute:\n\n" + table(("", "packets", "bytes"), cells)
