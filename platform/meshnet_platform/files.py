"""Small files: read, and written whole or not at all, so that a crash, a power cut or a full disk leaves the old one.

The new content goes to a neighbour with a fixed name, so that however often a process dies there, one is left at most,
and whoever removes the file knows what to remove with it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def text_of(path: Path) -> str:
    """What is there, each byte as the character of that number; empty where nothing can be read."""
    try:
        return path.read_bytes().decode("latin-1")
    except OSError:
        return ""


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace the file; when this returns it survives a power cut. OSError leaves the old one, and nothing beside it.

    Rename is atomic (rename(2)); the directory is synced too, or a power cut might bring the old one back (fsync(2)).
    """
    new = beside(path)
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            if os.name == "posix":
                os.chmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        sync_directory(path.parent)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Remove the file, and what a process that died while writing it left."""
    beside(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def beside(path: Path) -> Path:
    """Where the new content stands until it is whole."""
    return path.with_name(f".{path.name}.meshnet-new")


def sync_directory(directory: Path) -> None:
    """Bring the names in a directory to the disk, where a directory can be opened for that."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
