"""State files: written whole or not at all, never overwritten when they cannot be read.

state.json  what this device is and what its person chose (holds the device's secret keys, hence mode 0600)
map.json    the records of the mesh and the revision they reach to, so that the mesh works without its coordinator
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TypeVar

import msgspec

from meshnet.core.grants import Choice
from meshnet.core.identity import KEY_BYTES, decode
from meshnet.core.records import Signed
from meshnet.core.settings import Settings
from meshnet.errors import Code, MeshnetError
from meshnet_platform import files

VERSION = 1
STATE, MAP = "state.json", "map.json"
T = TypeVar("T")


class Joined(msgspec.Struct):
    """The mesh that this device is in."""

    mesh_key: str
    coordinator_host: str
    coordinator_port: int
    coordinator_key: str
    name: str
    owner: int
    """User id of whoever created or joined."""
    coordinator_addresses: list[str] = []
    """Where the coordinator's name led last; used while names cannot be resolved."""

    def __post_init__(self) -> None:
        """ValueError for keys that are none: whoever edited the file is told at once."""
        decode(self.mesh_key)
        decode(self.coordinator_key)


class Paused(msgspec.Struct, frozen=True):
    """A route that goes on by itself after a while."""

    host: str
    instead_of: str | None
    until: float
    """Unix time."""
    seconds: int
    """How long it was to last: never longer, whatever a clock that was set says."""


class State(msgspec.Struct):
    """What this device is, and what its person chose."""

    device_seed: bytes
    wireguard_key: bytes
    listen_port: int
    v: int = VERSION
    settings: Settings = Settings()
    choices: dict[str, Choice] = {}
    joined: Joined | None = None
    route: str | None = None
    """Id of the host that all traffic is to go through."""
    instead_of: str | None = None
    """Id of the host that the person chose, while a fallback stands in for it."""
    paused: Paused | None = None
    """In place of `route`, while that is paused."""
    seen_addresses: list[str] = []
    """Where the coordinator last saw this device: peers must not reach that from within, from the first moment on."""
    on_vpn: bool = False
    """Peers may route through this device and leave by a VPN that it is on, or was on before that dropped."""
    outbox: list[Signed] = []
    """Records that the coordinator has not taken yet."""

    def __post_init__(self) -> None:
        """ValueError for what no device can work with."""
        if len(self.device_seed) != KEY_BYTES or len(self.wireguard_key) != KEY_BYTES:
            raise ValueError(f"a secret key has {KEY_BYTES} bytes")
        if not 0 < self.listen_port < 65536:
            raise ValueError("a port is between 1 and 65535")


class MeshMap(msgspec.Struct):
    """The records of the mesh."""

    revision: int = 0
    records: list[Signed] = []
    v: int = VERSION


class _Version(msgspec.Struct):
    v: int


def new_state() -> State:
    """A device that is in no mesh, with fresh keys and a port of its own."""
    # Below Linux's ephemeral range (32768-60999), so that no program is given the port while the tunnel is down.
    port = 20000 + secrets.randbelow(12000)
    return State(secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES), port)


class Store:
    """The state directory of one daemon."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._state = directory / STATE
        self._map = directory / MAP

    def load_state(self) -> State:
        """The state; a new one, saved, where there is none. MeshnetError for a file that cannot be used."""
        for left_by_a_power_cut in self.directory.glob(".*.json.*"):
            left_by_a_power_cut.unlink()
        state = _read(self._state, State)
        if state is None:
            state = new_state()
            self.save_state(state)
        return state

    def save_state(self, state: State) -> None:
        """Write the state; when this returns it survives a power cut."""
        _write(self._state, msgspec.json.encode(state))

    def load_map(self) -> MeshMap:
        """The records last stored; an empty map where there are none. MeshnetError for a file that cannot be used."""
        return _read(self._map, MeshMap) or MeshMap()

    def save_map(self, mesh_map: MeshMap) -> None:
        """Write the records."""
        _write(self._map, msgspec.json.encode(mesh_map))

    def forget_map(self) -> None:
        """Forget the records, on leaving."""
        self._map.unlink(missing_ok=True)


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MeshnetError(Code.SYSTEM_ERROR, f"{path} cannot be read: {error.strerror}.") from error
    kept = "Nothing in it was changed. Put a good copy in its place, or move it away to begin anew (and join again)."
    try:
        version = msgspec.json.decode(data, type=_Version).v
        if version > VERSION:
            raise MeshnetError(
                Code.VERSION_MISMATCH, f"{path} was written by a newer Meshnet (format {version}). {kept}"
            )
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MeshnetError(Code.SYSTEM_ERROR, f"{path} is damaged ({error}). {kept}") from error


def _write(path: Path, data: bytes) -> None:
    try:
        files.write_whole(path, data)
    except OSError as error:
        raise MeshnetError(Code.SYSTEM_ERROR, f"{path} cannot be written: {error.strerror}.") from error
