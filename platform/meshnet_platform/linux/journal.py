"""The journal: every change that cannot be recognised as ours by its name is written here before it is made.

One JSON file, replaced atomically and synced, so that it survives a power cut. What holds only until the machine starts
anew (sysctls, processes) is bound to the kernel's boot id and forgotten with it; resolv.conf is a file and stays.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec

from meshnet_platform.linux.marks import DEFAULT_INTERFACE

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class ProcessIdentity(msgspec.Struct, frozen=True):
    """A process that no other can be taken for: number, and start in Unix seconds."""

    pid: int
    started: float


class ResolvFile(msgspec.Struct, frozen=True):
    """resolv.conf as it stood before us."""

    content: str
    link: str | None = None
    """Where it pointed, if it was a symbolic link."""
    existed: bool = True
    ours: str = ""
    """What we wrote in its place."""


class Entries(msgspec.Struct):
    """All that the journal holds."""

    interface: str = DEFAULT_INTERFACE
    boot: str = ""
    sysctls: dict[str, str] = {}
    """Values before us, in the order in which they were changed."""
    bridges: list[str] = []
    """Bridges that were there when forwarding was turned on."""
    process: ProcessIdentity | None = None
    resolv: ResolvFile | None = None


class Journal:
    """The journal of one state directory."""

    def __init__(self, state_dir: Path, boot_id: str | None = None) -> None:
        self._path = state_dir / "system-journal.json"
        self._boot = boot_id if boot_id is not None else _boot_id()
        self.entries = self._read()

    def write(self) -> None:
        """Bring the entries to the disk; returns when they are there."""
        self.entries.boot = self._boot
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(self.entries))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self._path)

    def forget(self) -> None:
        """Nothing is left to undo."""
        self._path.unlink(missing_ok=True)
        self.entries = Entries()

    def _read(self) -> Entries:
        try:
            entries = msgspec.json.decode(self._path.read_bytes(), type=Entries)
        except (OSError, msgspec.DecodeError):
            # Without it what bears our name is still found; better than a daemon that cannot start.
            return Entries()
        if entries.boot != self._boot:
            entries.sysctls, entries.bridges, entries.process = {}, [], None
        return entries


def _boot_id() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
