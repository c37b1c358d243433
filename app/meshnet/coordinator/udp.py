"""What the coordinator serves beside HTTPS, where its machine can: beacons and a relay, both carried by the kernel.

Without them it serves all the same; devices that cannot reach each other directly are then told so.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from meshnet.coordinator import machine
from meshnet.coordinator.beacons import Beacons
from meshnet.coordinator.changes import Hub
from meshnet.coordinator.files import StateDirectory
from meshnet.coordinator.lasting import LastingPorts
from meshnet.coordinator.machine import Place
from meshnet.coordinator.relays import Relays
from meshnet.coordinator.roster import Roster
from meshnet.errors import Code, MeshnetError
from meshnet_platform import api, backends

RELAY_PORTS = "20000-29999"
_LAST_PORT = 65535
log = logging.getLogger("meshnet.coordinator")


@dataclass(frozen=True, slots=True)
class Udp:
    """Beacons and relay as they are to be started; None where this machine has none."""

    beacon: api.Beacon | None = None
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    """Of the beacons: X25519, 32 bytes each."""
    relay: api.Relay | None = None
    relay_ports: range = range(0)
    places: tuple[Place, ...] = ()
    """Where the relay is reached."""
    own: Callable[[], frozenset[str]] = machine.own_addresses
    """The addresses of this machine, at any time."""
    lasting: LastingPorts = field(default_factory=LastingPorts)


class Beside:
    """What is served beside HTTPS (`port`) for these devices."""

    def __init__(self, udp: Udp, port: int, roster: Roster, hub: Hub, monotonic: Callable[[], float]) -> None:
        self.beacons = Beacons(udp.beacon, udp.keys, beacon_ports(port), roster, hub, monotonic)
        self.relays = Relays(
            udp.relay, udp.places, udp.relay_ports, roster, self.beacons.seen, udp.own, monotonic, udp.lasting
        )
        self.beacons.on_moved = self.relays.changed

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve until the block ends, without what the system refuses."""
        try:
            await self._start()
            running = asyncio.gather(self.beacons.run(), self.relays.run())
            try:
                yield
            finally:
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running
        finally:
            await self.relays.stop()
            await self.beacons.stop()

    async def _start(self) -> None:
        try:
            await self.beacons.start()
        except api.PlatformError as error:
            return say_missing("beacon and relay", error)
        try:
            await self.relays.start()
        except api.PlatformError as error:
            say_missing("relay", error)


def beacon_ports(port: int) -> tuple[int, int]:
    """The UDP ports of the beacons of a coordinator that serves HTTPS on this port."""
    return port, port + 1


def find(state: StateDirectory, port: int, host: str, chosen: range | None) -> Udp:
    """What this machine has; says in the log what it has not. Blocks while `host` is looked up.

    `chosen` are the relay's ports where somebody chose; MeshnetError `not-supported` where those cannot be.
    """
    if chosen is not None:
        _check_chosen(chosen, beacon_ports(port))
    try:
        _check_room(port)
        beacon = backends.choose_beacon(_private(state.path / "beacon"))
    except api.PlatformError as error:
        say_missing("beacon and relay", error)
        return Udp()
    found = Udp(beacon, state.beacon_keys())
    try:
        ports = chosen or _default_ports(beacon_ports(port))
        places = _places(host)
        relay = backends.choose_relay(_private(state.path / "relay"))
    except api.PlatformError as error:
        say_missing("relay", error)
        return found
    return Udp(beacon, found.keys, relay, ports, places, lasting=LastingPorts(state))


def clear(state: StateDirectory) -> None:
    """Undo what a process that was killed left, where there is to be neither beacon nor relay any more."""
    with contextlib.suppress(api.PlatformError):
        if _holds_something(state.path / "relay"):
            backends.choose_relay(state.path / "relay").stop()
        if _holds_something(state.path / "beacon"):
            backends.choose_beacon(state.path / "beacon").stop()


def _holds_something(directory: Path) -> bool:
    return directory.is_dir() and any(directory.iterdir())


def say_missing(what: str, error: api.PlatformError) -> None:
    """Say that the coordinator serves without it, why, and what to do."""
    log.warning("serving without %s: %s %s", what, error.message, error.cure)


def _check_room(port: int) -> None:
    if port == _LAST_PORT:
        raise api.PlatformError(
            f"The second beacon has the UDP port after that of HTTPS, and {port} is the last.",
            "Give another port with --listen.",
        )


def _check_chosen(ports: range, beacons: tuple[int, ...]) -> None:
    try:
        machine.check_ports(ports, beacons, machine.ephemeral_ports())
    except machine.PortsError as error:
        raise MeshnetError(Code.NOT_SUPPORTED, f"{error} {error.cure}") from error


def _default_ports(beacons: tuple[int, ...]) -> range:
    ports = machine.read_ports(RELAY_PORTS)
    try:
        machine.check_ports(ports, beacons, machine.ephemeral_ports())
    except machine.PortsError as error:
        raise api.PlatformError(str(error), error.cure) from error
    return ports


def _places(host: str) -> tuple[Place, ...]:
    found = machine.places(host)
    if not found:
        raise api.PlatformError(
            f"{host} leads to no address by which others reach this machine.",
            "Check its name (an entry in /etc/hosts comes first), or give an address as --public-host.",
        )
    return found


def _private(path: Path) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    return path
