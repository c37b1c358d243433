"""The journal: every change that cannot be recognised as ours by its name is written here before it is made.

One JSON file, replaced atomically and synced, so that it survives a power cut. What holds only until the machine starts
anew (sysctls, processes) is bound to the kernel's boot id and forgotten with it; resolv.conf is a file and stays.

A change needs its note first, so a full disk refuses the change. Undoing needs none: where the note cannot be taken
back, it stays, and undoing twice does no harm.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from meshnet_platform import files
from meshnet_platform.api import PlatformError
from meshnet_platform.linux.marks import DEFAULT_INTERFACE

log = logging.getLogger("meshnet.journal")

VERSION = 1
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class ProcessIdentity(msgspec.Struct, frozen=True):
    """A process that no other can be taken for: number, and start in Unix seconds."""

    pid: int
    started: float


class ResolvFile(msgspec.Struct, frozen=True):
    """resolv.conf as it stood before us."""

    content: str
    """Each byte as the character of that number, so that a file of any encoding comes back."""
    link: str | None = None
    """Where it pointed, if it was a symbolic link."""
    existed: bool = True
    ours: str = ""
    """What we wrote in its place."""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    at: str = ""
    """The file behind the link that ours took the place of, where it is not resolv.conf itself."""


class LinkServers(msgspec.Struct, frozen=True):
    """Name servers that systemd-resolved was told to ask by our interface."""

    interface: str
    servers: tuple[str, ...]


class Entries(msgspec.Struct):
    """All that the journal holds."""

    v: int = VERSION
    interface: str = DEFAULT_INTERFACE
    boot: str = ""
    sysctls: dict[str, str] = {}
    """Values before us, in the order in which they were changed."""
    bridges: list[str] = []
    """Bridges that were there when forwarding was turned on."""
    process: ProcessIdentity | None = None
    resolv: ResolvFile | None = None
    resolved: LinkServers | None = None
    resolvconf: str = ""
    """The name of our record with resolvconf(8)."""


class Journal:
    """The journal of one state directory."""

    def __init__(self, state_dir: Path, boot_id: str | None = None) -> None:
        self._path = state_dir / "system-journal.json"
        self._boot = boot_id if boot_id is not None else _boot_id()
        self._is_damaged = False
        self.entries = self._read()

    def write(self) -> None:
        """Bring the entries to the disk; returns when they are there. PlatformError where they cannot be kept."""
        try:
            self._write()
        except OSError as error:
            raise PlatformError(
                f"{self._path} could not be written: {error.strerror}. Without it this system could not be put back "
                "after a crash, so nothing was changed.",
                "Make room on the disk, and let root write there.",
            ) from error

    def write_if_possible(self) -> None:
        """The same where nothing is lost without: after something was put back, or for what is found again anyhow."""
        try:
            self._write()
        except OSError as error:
            log.warning("%s could not be written: %s. It says more than is still to be undone.", self._path, error)

    def _write(self) -> None:
        self.entries.boot = self._boot
        self._set_damaged_aside()
        files.write_whole(self._path, msgspec.json.encode(self.entries))

    def forget(self) -> None:
        """Nothing is left to undo."""
        try:
            files.remove(self._path)
        except OSError as error:
            raise PlatformError(
                f"{self._path} could not be removed: {error.strerror}.", "Let root write there."
            ) from error
        self.entries = Entries()

    def _read(self) -> Entries:
        try:
            data = self._path.read_bytes()
            self._refuse_newer(data)
            entries = msgspec.json.decode(data, type=Entries)
        except FileNotFoundError:
            return Entries()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            # Without it what bears our name is still found; better than a daemon that cannot start.
            self._is_damaged = True
            log.error(
                "%s cannot be used (%s). Look at the name servers and kernel settings yourself.", self._path, error
            )
            return Entries()
        if entries.boot != self._boot:
            entries.sysctls, entries.bridges, entries.process, entries.resolved = {}, [], None, None
        return entries

    def _refuse_newer(self, data: bytes) -> None:
        version = msgspec.json.decode(data, type=_Version).v
        if version > VERSION:
            raise PlatformError(
                f"{self._path} was written by a newer Meshnet (format {version}), which alone knows how to undo what "
                "it says. Nothing in it was changed.",
                "Start that version, or run its `meshnetd revert`, before going back to this one.",
            )

    def _set_damaged_aside(self) -> None:
        """Somebody may still read in it what this system was like."""
        if self._is_damaged:
            self._path.replace(self._path.with_suffix(".damaged"))
            self._is_damaged = False


class _Version(msgspec.Struct):
    v: int = VERSION


def _boot_id() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
