"""Peers that send whatever they like into their tunnels, at a host in the besieged world.

    traveller  routes through home; an attacker has it, and its daemon is dead
    friend     holds the mesh key; may route through home
    stranger   a device of the mesh that home permits nothing; an attacker has it too
    home       the host

Every machine that must not be reached has a witness, which notices a token in any packet that comes in by any
interface; home's own notices what home takes for itself. Law: a packet counts as refused only after later ones of the
same sender came in at home, and after an honest neighbour reached the same target.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from lab import forge
from lab.besieged import Besieged
from lab.net import Lab, Machine, Process, wait_until
from lab.ways_in import Target
from lab.world import HOME_PORT

INTERFACE = "meshnet0"

_SEND_PLAIN = """
import socket, sys
words = iter(sys.argv[1:])
for address, port, interface, text in zip(words, words, words, words):
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(kind, socket.SOCK_DGRAM) as sending:
        if interface:
            sending.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        if kind == socket.AF_INET:
            sending.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sending.sendto(text.encode(), (address, int(port)))
"""


class Siege:
    """The mesh in the besieged world, with the traveller routed through home, and everybody's witnesses."""

    def __init__(self, world: Besieged) -> None:
        self.world = world
        self.numbers = itertools.count(1)
        self.devices = {
            "home": world.home,
            "traveller": world.laptop,
            "friend": world.guest,
            "stranger": world.stranger,
        }
        self.daemons: dict[str, Process] = {}
        with ThreadPoolExecutor(5) as together:
            started = together.submit(world.start_coordinator)
            list(together.map(self.start, self.devices))
            self.coordinator = started.result()
        self._join()
        self._grant()
        self.mesh = self._mesh_addresses()
        world.meshnet(world.laptop, "route", "home")
        for name in ("traveller", "stranger"):
            self._turn(name)
        self.witnesses = {machine.name: self._witness(machine) for machine in world.lab.machines}

    # --- the mesh ---

    def start(self, name: str) -> None:
        """Start a device's daemon; one that died before finds its state again."""
        port = ("--listen-port", str(HOME_PORT)) if name == "home" else ()
        self.daemons[name] = self.world.start_daemon(self.devices[name], *port)

    def _join(self) -> None:
        friend = self.devices["friend"]
        self.world.meshnet(friend, "create", self.world.coordinator_address(), "--name", "friend")
        for name in ("home", "traveller", "stranger"):
            link = self.world.meshnet(friend, "invite")["link"]
            self.world.meshnet(self.devices[name], "join", link, "--name", name)
            self.world.meshnet(friend, "status")

    def _grant(self) -> None:
        wait_until(lambda: len(self.at_home("devices")["devices"]) == 3, "all devices known at home", 20)
        for name in ("traveller", "friend"):
            self.at_home("allow", name, "routing")
        for name in ("traveller", "friend", "stranger"):
            self.at_home("deny", name, "incoming")

    def _mesh_addresses(self) -> dict[str, str]:
        found = {name: self.world.meshnet(machine, "status")["device"] for name, machine in self.devices.items()}
        return {f"{name}{family}": one[f"address{family}"] for name, one in found.items() for family in "46"}

    def _turn(self, name: str) -> None:
        """The device falls into an attacker's hands: no daemon interferes, and all it sends goes to home."""
        self.daemons[name].kill()
        others = [address for key, address in self.mesh.items() if not key.startswith(name)]
        key = self.devices["home"].run("wg", "show", INTERFACE, "public-key").stdout.strip()
        wide = ",".join(["0.0.0.0/0", "::/0", *others])
        self.devices[name].run("wg", "set", INTERFACE, "peer", key, "allowed-ips", wide)

    def at_home(self, *argv: str) -> Any:
        """A command of the person at home."""
        return self.world.meshnet(self.world.home, *argv)

    # --- sending and noticing ---

    def _witness(self, machine: Machine) -> Process:
        process = machine.spawn(sys.executable, "-ISc", forge.WITNESS, name="witness")
        process.wait_for_line("ready", exact=True)
        return process

    def token(self) -> bytes:
        """A new one."""
        return forge.token(next(self.numbers))

    def address(self, text: str) -> str:
        """An address as `Target` writes it."""
        return text.format(**self.mesh)

    def machine(self, name: str) -> Machine:
        """A device of the mesh, or any other machine, by its name."""
        return self.devices.get(name) or next(one for one in self.world.lab.machines if one.name == name)

    def inject(self, name: str, *packets: bytes, interface: str = INTERFACE, neighbour: str = "") -> None:
        """Send packets out of a device's tunnel, or by another of its interfaces to a neighbour's hardware address."""
        words = [packet.hex() for packet in packets]
        self.machine(name).run(sys.executable, "-ISc", forge.SEND, interface, neighbour, *words)

    def hardware_address(self, name: str, interface: str = "eth0") -> str:
        """As `inject` wants it."""
        path = f"/sys/class/net/{interface}/address"
        return self.machine(name).run("cat", path).stdout.strip().replace(":", "")

    def where(self, token: bytes) -> set[str]:
        """The machines that a packet with this token came to; home only if it took the packet for itself."""
        # What comes back to the senders proves nothing: errors quote the packet that they are about.
        guarded = self.witnesses.keys() - {"laptop", "stranger", "switch"}
        return {name for name in guarded if self._has_noticed(name, token, _word_of(name))}

    def _has_noticed(self, name: str, token: bytes, word: str) -> bool:
        return f"{word} {token.decode()}" in self.witnesses[name].lines()

    def send_plain(self, name: str, address: str, port: int) -> None:
        """Send a datagram as any program would."""
        self._send_plain(name, address, str(port), "", "plain")

    def _send_plain(self, name: str, *words: str) -> None:
        self.machine(name).run(sys.executable, "-ISc", _SEND_PLAIN, *words)

    def has_seen(self, name: str, token: bytes) -> bool:
        """Whether a packet with this token has come in at the machine."""
        return self._has_noticed(name, token, "seen")

    def wait_for(self, name: str, token: bytes, word: str = "seen") -> None:
        """Wait until a machine has noticed the token."""
        self.witnesses[name].wait_for_line(f"{word} {token.decode()}", 30, exact=True)

    # --- trying ---

    def knocks(self, source: str, address: str, token: bytes, port: int = 7) -> list[bytes]:
        """A datagram, a first segment and a ping, each a flow never seen before."""
        fresh = 20000 + next(self.numbers) % 40000
        return [
            forge.udp(source, address, token, port, sport=fresh),
            forge.tcp(source, address, token, port if port > 1024 else 80, sport=fresh),
            forge.ping(source, address, token, identifier=fresh),
        ]

    def outcome(self, token: bytes, target: Target | None = None, name: str = "traveller") -> set[str]:
        """Where the token came to, once everything sent before is surely through or refused."""
        self.fence(name, internet=name != "stranger")
        if target is not None:
            self.show_reachable(target)
        return self.where(token)

    def fence(self, name: str = "traveller", *, internet: bool = True) -> None:
        """Return when home has taken in all that the device sent before, and the device's internet worked as well."""
        for source, address in ((self.mesh[name + "4"], self.world.web4), (self.mesh[name + "6"], self.world.web6)):
            token = self.token()
            self.inject(name, *self.knocks(source, address, token))
            self.wait_for("home", token)
            if internet:
                self.wait_for("web", token)

    def show_reachable(self, *targets: Target) -> None:
        """The same targets, reached by honest neighbours; LabError where a witness would be blind."""
        tokens = {target: self.token() for target in targets}
        words: dict[str, list[str]] = {target.neighbour: [] for target in targets}
        for target, token in tokens.items():
            address = self.address(target.address_for_neighbour or target.address)
            words[target.neighbour] += (address, str(target.port), target.interface, token.decode())
        for neighbour, datagrams in words.items():
            self._send_plain(neighbour, *datagrams)
        for target, token in tokens.items():
            self.wait_for(target.seen_by, token, _word_of(target.seen_by))

    def reached(
        self, targets: Iterable[Target], name: str = "traveller", *, internet: bool = False
    ) -> dict[str, set[str]]:
        """Where packets of a device for these targets came to, by the targets' names; all are tried at once.

        With `internet`, the device's internet is shown to have worked as well.
        """
        # WireGuard keeps few packets for a session that is not there yet.
        self.fence(name, internet=internet)
        tokens = {target: self.token() for target in targets}
        self.inject(name, *itertools.chain.from_iterable(self._packets(name, *pair) for pair in tokens.items()))
        for token in tokens.values():
            self.wait_for("home", token)
        self.fence(name, internet=internet)
        self.show_reachable(*tokens)
        return {target.name: places for target, token in tokens.items() if (places := self.where(token))}

    def _packets(self, name: str, target: Target, token: bytes) -> list[bytes]:
        address = self.address(target.address)
        return self.knocks(self.mesh[name + ("6" if ":" in address else "4")], address, token, target.port)

    # --- counting ---

    def count(self, name: str, match: str) -> Count:
        """Count the packets that come in at a machine and match this (nft(8))."""
        return Count(self.machine(name), f"c{next(self.numbers)}", match)


def _word_of(name: str) -> str:
    """How a machine's witness tells what counts there: home forwards what it must not take for itself."""
    return "delivered" if name == "home" else "seen"


class Count:
    """How many packets came in at a machine, before any other rule was asked."""

    def __init__(self, machine: Machine, name: str, match: str) -> None:
        self._machine, self._name = machine, name
        table = "table inet tally { chain entry { type filter hook prerouting priority -310; }; }"
        lines = (table, f"add counter inet tally {name}", f'add rule inet tally entry {match} counter name "{name}"')
        machine.run("nft", "-f", "-", input="\n".join(lines) + "\n")

    def value(self) -> int:
        """So far."""
        words = self._machine.run("nft", "list", "counter", "inet", "tally", self._name).stdout.split()
        return int(words[words.index("packets") + 1])

    def wait_for_more(self, number: int, timeout: float = 30.0) -> None:
        """Wait for so many more."""
        before = self.value()
        wait_until(lambda: self.value() >= before + number, f"{number} more packets", timeout, 0.1)


@contextmanager
def besieged() -> Iterator[Siege]:
    """A siege of its own; the logs of all machines are shown where it ends badly."""
    with Lab() as lab:
        try:
            yield Siege(Besieged(lab))
        except BaseException:
            print(lab.logs())
            raise
