"""The coordinator's own directory: its identity, the right to create a mesh, the lock, the address line.

Everything in it is for the coordinator's user alone (0600 in a 0700 directory); files are replaced whole, so that a
power cut leaves the old one or the new one.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path

import platformdirs

from meshnet.core.identity import KEY_BYTES, SigningKey, decode, encode
from meshnet.errors import Code, MeshnetError
from meshnet_platform import files

_LOCK_TRIES = 10
_LOCK_PAUSE = 0.1


def default_directory() -> Path:
    """/var/lib/meshnet-coordinator for root, the user's own state directory otherwise."""
    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/meshnet-coordinator")
    return Path(platformdirs.user_state_dir("meshnet-coordinator", appauthor=False))


class StateDirectory:
    """The files of one coordinator."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def database(self) -> Path:
        """Where the records are, unless told otherwise."""
        return self.path / "coordinator.sqlite"

    def prepare(self) -> None:
        """Make the directory, and keep others out of it; MeshnetError `system-error`."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._is_ours():
                self.path.chmod(0o700)
        except OSError as error:
            raise _trouble(self.path, "cannot be used as the state directory", error) from error

    def _is_ours(self) -> bool:
        # A directory that holds other things (somebody passed /tmp) must keep the mode it has.
        return (self.path / "identity.key").exists() or not any(self.path.iterdir())

    def lock(self) -> None:
        """Keep every other coordinator off this directory until the process ends; MeshnetError when one has it."""
        for _ in range(_LOCK_TRIES):
            try:
                self._lock = _try_lock(self.path / "lock", create=True)
            except OSError as error:
                raise _trouble(self.path, "cannot be written", error) from error
            if self._lock is not None:
                self.forget_address()
                return
            time.sleep(_LOCK_PAUSE)  # `address` holds it for the moment that it looks
        raise MeshnetError(
            Code.SYSTEM_ERROR, f"Another coordinator is running with {self.path}. Stop it, or use another --state-dir."
        )

    def unlock(self) -> None:
        """Let go of the directory."""
        if self._lock is not None:
            self.forget_address()
            os.close(self._lock)
            self._lock = None

    def identity(self) -> SigningKey:
        """The coordinator's key, made on first use."""
        return SigningKey(self._secret("identity.key"))

    def create_token(self) -> bytes:
        """What lets somebody create a mesh, made on first use."""
        return self._secret("create.token")

    def beacon_keys(self) -> tuple[bytes, bytes]:
        """The WireGuard keys of the two beacons, made on first use."""
        return self._secret("beacon-1.key"), self._secret("beacon-2.key")

    def write(self, name: str, data: bytes) -> Path:
        """Put a file in place, whole or not at all."""
        path = self.path / name
        try:
            files.write_whole(path, data)
        except OSError as error:
            raise _trouble(path, "cannot be written", error) from error
        return path

    def publish_address(self, line: str) -> None:
        """Have `running_address` find the line."""
        self.write("address", line.encode() + b"\n")

    def forget_address(self) -> None:
        """Have `running_address` find nothing."""
        (self.path / "address").unlink(missing_ok=True)

    def running_address(self) -> str | None:
        """The address line of the coordinator that serves with this directory now; None when none does."""
        try:
            held = _try_lock(self.path / "lock", create=False)
            if held is not None:
                os.close(held)
                return None
            return (self.path / "address").read_text().strip() or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _trouble(self.path, "cannot be read", error) from error

    def _secret(self, name: str) -> bytes:
        path = self.path / name
        if not path.exists():
            self.write(name, encode(secrets.token_bytes(KEY_BYTES)).encode() + b"\n")
        try:
            return decode(path.read_text().strip())
        except (OSError, ValueError) as error:
            raise MeshnetError(
                Code.SYSTEM_ERROR, f"{path} is damaged. Put back a copy of it: devices know the coordinator by it."
            ) from error


def _trouble(path: Path, what: str, error: OSError) -> MeshnetError:
    return MeshnetError(Code.SYSTEM_ERROR, f"{path} {what}: {error.strerror or error}.")


def _try_lock(path: Path, *, create: bool) -> int | None:
    handle = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
