"""The ports of the relay that were given out for good: to a stock WireGuard app, which has them in its configuration,
and to the host that it uses. Kept in a file, with where the two were last, so that they outlive the coordinator.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from meshnet.coordinator.files import StateDirectory
from meshnet.coordinator.ports import Allotment, Ends
from meshnet.errors import Code, MeshnetError

NAME = "lasting-ports.json"
_VERSION = 1


class Kept(msgspec.Struct, frozen=True):
    """A pair of ports."""

    port: int
    """The even one."""
    ends: Ends
    public: str
    """The address of the relay that the app was told."""
    addresses: tuple[str, str] | None = None
    """Where the beacons saw the two last; None: they were never seen both."""


class _File(msgspec.Struct):
    v: int
    pairs: list[Kept]


class LastingPorts:
    """The file; without a state directory, nothing is remembered."""

    def __init__(self, state: StateDirectory | None = None) -> None:
        self._state = state

    def load(self) -> list[Kept]:
        """What was kept; MeshnetError `system-error` for a file that cannot be read, which is left as it is."""
        if self._state is None:
            return []
        path = self._state.path / NAME
        try:
            found = msgspec.json.decode(path.read_bytes(), type=_File)
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _damaged(str(path), str(error)) from error
        if found.v != _VERSION:
            raise _damaged(str(path), f"format {found.v}")
        return found.pairs

    def save(self, pairs: list[Kept]) -> None:
        """Keep these; MeshnetError `system-error` where that cannot be."""
        if self._state is not None:
            self._state.write(NAME, msgspec.json.encode(_File(_VERSION, pairs)) + b"\n")


def kept(allotments: Iterable[Allotment]) -> list[Kept]:
    """These, as they are now."""
    return [
        Kept(one.port, one.ends, one.lasts_at or "", one.binding.addresses if one.binding else None)
        for one in allotments
    ]


def _damaged(path: str, why: str) -> MeshnetError:
    return MeshnetError(
        Code.SYSTEM_ERROR,
        f"{path} cannot be used ({why}). Put back a copy of it, or move it away: then phones need to be added anew.",
    )
