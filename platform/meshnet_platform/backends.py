"""Which backend serves this system. The only place that knows all four."""

from __future__ import annotations

import sys
from pathlib import Path

from meshnet_platform.api import Backend, PlatformError


def hold(state_dir: Path, dry_run: bool) -> bool:
    """The first act of a daemon: close again what an earlier one left closed, before anything is read or asked.

    Returns whether traffic beside the tunnel is closed now. PlatformError where it should be, and cannot.
    """
    if dry_run or sys.platform != "linux":
        return False
    from meshnet_platform.linux.boot import BootGuard
    from meshnet_platform.runner import Runner

    return BootGuard(Runner(), state_dir).hold()


def choose_backend(state_dir: Path, dry_run: bool, interface: str = "meshnet0") -> Backend:
    """The backend of this system, or the fake one that changes nothing; PlatformError on an unknown system.

    `state_dir` is where the backend may keep its journal; it must exist and be private to root.
    """
    if dry_run:
        from meshnet_platform.fake import FakeBackend

        return FakeBackend()
    if sys.platform == "linux":
        from meshnet_platform.linux.backend import LinuxBackend

        return LinuxBackend(state_dir, interface)
    if sys.platform == "darwin":
        from meshnet_platform.macos.backend import MacosBackend

        return MacosBackend()
    if sys.platform == "win32":
        from meshnet_platform.windows.backend import WindowsBackend

        return WindowsBackend()
    raise PlatformError(f"Meshnet does not know the system {sys.platform!r}.", "Use Linux, macOS or Windows.")
