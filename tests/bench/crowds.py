"""What a permission costs a host on which many hold one already: hosts alone with their records, without coordinator.

The peers are made up, their keys and records real: the daemon reads them from its state directory as it would after a
start without its coordinator. Each host's kernel tells itself when its set of permitted peers changes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from bench import inside
from bench.counted import Took, read_notes
from bench.page import Aim, Of, Row, Samples, Section, Unit, table
from bench.processes import log_of, start_counted, tools, words_of
from lab.net import Lab, Machine, Process, wait_until
from lab.world import SOCKET
from meshnet.cli.client import Client
from meshnet.core.grants import Choice
from meshnet.core.records import Signed
from meshnet.daemon.store import Joined, MeshMap, State, Store
from meshnet.protocol import local
from support.meshes import COORDINATOR, FakeDevice, FakeMesh, seed

SIZES = (1, 100, 1000)
"""How many peers may route already."""
AIM = Aim("flat: at most 1.5 times of that", Of.RATIO, most=1.5)
_WHY = (
    "The kernel changes one element of a set; what grows is the daemon's own work before it: it plans all peers anew."
)
_PORT = 51820
_FIRST_ADDRESS = IPv4Address("100.64.1.0")
_GATEWAY = "198.18.{}.1"
_ADDRESS = "198.18.{}.2"
_ROUTING = ("routing",)
_PATIENCE = 30.0


@dataclass(slots=True)
class Times:
    """Seconds and processes, of all rounds, for one direction on one host."""

    in_force: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    processes: list[float] = field(default_factory=list)
    in_tools: list[float] = field(default_factory=list)
    tools: str = ""


class Crowd:
    """A host on which `size` peers may route already, and one more device that may not yet."""

    def __init__(self, machine: Machine, size: int, coordinator: str) -> None:
        self.size = size
        self._machine = machine
        self.guest = FakeDevice("guest")
        self.guest4 = str(_FIRST_ADDRESS)
        self._state = machine.directory / "meshnetd"
        self._write_state(coordinator)
        self.times = {True: Times(), False: Times()}
        self._client: Client
        self._kernel: Process

    @contextmanager
    def run(self) -> Iterator[None]:
        """Start the daemon, and listen to the kernel."""
        start_counted(self._machine, self._state)
        self._kernel = inside.start(self._machine, "sets")
        with Client(str(self._machine.file(SOCKET))) as self._client:
            self._warm_up()
            yield

    def turn(self, allowed: bool) -> None:
        """Give the guest the permission, or take it back."""
        times, log = self.times[allowed], log_of(self._machine)
        before = len(read_notes(log))
        began = time.monotonic()
        self._ask(allowed)
        times.answered.append(time.monotonic() - began)
        told = wait_until(lambda: self._told(allowed, began), "change of the kernel's set", _PATIENCE)
        times.in_force.append(told[0] - began)
        notes = read_notes(log, before)
        words = words_of(notes)
        times.in_tools.append(sum(note.seconds for note in notes if isinstance(note, Took)))
        times.processes.append(float(len(words)))
        times.tools = tools(words)

    def _warm_up(self) -> None:
        """Until the kernel is heard: what listens to it does not say when it begins."""

        def is_heard() -> bool:
            self._ask(True)
            self._ask(False)
            return bool(self._told(False, 0.0))

        wait_until(is_heard, "word from the kernel of its sets", _PATIENCE, 0.5)

    def _ask(self, allowed: bool) -> None:
        request: local.Request = (local.Allow if allowed else local.Deny)(self.guest.id, _ROUTING)
        self._client.ask(request, local.Status)

    def _told(self, added: bool, since: float) -> list[float]:
        """The moments since then at which the kernel took the guest's address in, or out."""
        found = changes(self._kernel.lines(), "add" if added else "delete", self.guest4)
        return [moment for moment in found if moment > since]

    def _write_state(self, coordinator: str) -> None:
        mesh, host = FakeMesh("crowd"), FakeDevice("host")
        peers = [FakeDevice(f"peer-{number}") for number in range(self.size)]
        records: list[Signed] = [mesh.founding()]
        for number, device in enumerate((self.guest, host, *peers)):
            records += [mesh.membership(device, str(_FIRST_ADDRESS + number)), mesh.device(device)]
        records += [mesh.grants(host, peer, routing=True) for peer in peers]
        self._state.mkdir(mode=0o700)
        store = Store(self._state)
        store.save_map(MeshMap(1, records))
        store.save_state(
            State(
                device_seed=seed("device host"),
                wireguard_key=seed("wireguard host"),
                listen_port=_PORT,
                choices={peer.id: Choice(routing=True) for peer in peers},
                joined=Joined(mesh.key.public, coordinator, 8443, COORDINATOR.public, "host", 0),
            )
        )


def changes(lines: Iterable[str], verb: str, address: str) -> list[float]:
    """The moments in what `inside.run_sets` printed at which the kernel did this (`add`, `delete`) to the address."""
    pattern = re.compile(rf"(\S+) {verb} element \S+ \S+ routing4 {{ (.+) }}")
    found = (pattern.match(line) for line in lines)
    return [float(match[1]) for match in found if match and address in match[2].split(", ")]


def measure(rounds: int, say: Callable[[str], None]) -> Section:
    """Give and take a permission `rounds` times on each host, in turns."""
    with Lab() as lab, ExitStack() as running:
        crowds = [_crowd(lab, number, size) for number, size in enumerate(SIZES)]
        for crowd in crowds:
            running.enter_context(crowd.run())
        for number in range(rounds):
            for allowed in (True, False):
                for crowd in crowds if number % 2 == 0 else reversed(crowds):
                    crowd.turn(allowed)
            say(f"    {number + 1} of {rounds}")
    return _section(crowds)


def _crowd(lab: Lab, number: int, size: int) -> Crowd:
    """A host with a line to a gateway on which nothing answers: neither internet nor coordinator."""
    gateway, machine = lab.machine(f"gateway{number}"), lab.machine(f"host{number}")
    address, way = (pattern.format(number) for pattern in (_ADDRESS, _GATEWAY))
    lab.wire(machine.port("eth0", f"{address}/24", gateways=(way,)), gateway.port("eth0", f"{way}/24"))
    return Crowd(machine, size, way)


def _section(crowds: list[Crowd]) -> Section:
    words = (
        "Hosts of their own, whose records say that so many made-up peers may route already; the coordinator does not"
        " answer. One more device is given the permission and loses it, asked for by a client that is already running."
        " In force it is when the kernel itself (`nft monitor`) tells that its set of permitted peers has changed. The"
        " reference is the same with one peer, in turns."
    )
    few, *many = crowds
    rows = [row for allowed in (True, False) for row in _rows(few.times[allowed], many, allowed)]
    return Section("Permissions among many", words, "with 1 peer", tuple(rows), _processes(crowds))


def _rows(few: Times, many: list[Crowd], allowed: bool) -> Iterator[Row]:
    word = _word(allowed)
    for crowd in many:
        measured, reference = Samples(tuple(crowd.times[allowed].in_force)), Samples(tuple(few.in_force))
        yield Row(f"from {word} until it is in force, {crowd.size:,} peers", measured, reference, aim=AIM, why=_WHY)
    for crowd in many:
        measured, reference = Samples(tuple(crowd.times[allowed].answered)), Samples(tuple(few.answered))
        yield Row(f"until {word} is answered, {crowd.size:,} peers", measured, reference)


def _processes(crowds: list[Crowd]) -> str:
    cells = [
        (
            f"{_word(allowed)}, {crowd.size:,} {'peer' if crowd.size == 1 else 'peers'}",
            Unit.NUMBER.show(Samples(tuple(times.processes)).median),
            Unit.MILLISECONDS.show(Samples(tuple(times.in_tools)).median),
            times.tools,
        )
        for allowed in (True, False)
        for crowd in crowds
        for times in (crowd.times[allowed],)
    ]
    head = ("", "processes", "time in them", "the tools")
    return "What the daemon starts for it (the tools are of one run):\n\n" + table(head, cells)


def _word(allowed: bool) -> str:
    return "`allow`" if allowed else "`deny`"
