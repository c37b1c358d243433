"""Which backend serves this system, and what a coordinator's machine can. The only place that knows all four."""

from __future__ import annotations

import sys
from pathlib import Path

from meshnet_platform.api import Backend, Beacon, PlatformError, Relay

_WITHOUT = "or start the coordinator with `--no-relay`: then devices meet only where they reach one another directly."


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


def choose_beacon(state_dir: Path) -> Beacon:
    """The beacon of this machine; PlatformError where it can have none. `state_dir` is as for `choose_backend`."""
    _require("beacon", {"ip": "iproute2", "wg": "wireguard-tools"})
    from meshnet_platform.linux.beacon import LinuxBeacon

    return LinuxBeacon(state_dir)


def choose_relay(state_dir: Path) -> Relay:
    """The relay of this machine; PlatformError where it can have none. `state_dir` is as for `choose_backend`."""
    _require("relay", {"nft": "nftables"})
    from meshnet_platform.linux.relay import LinuxRelay

    return LinuxRelay(state_dir)


def _require(what: str, tools: dict[str, str]) -> None:
    """Linux, the right to change its network, and these tools; PlatformError for the first that is missing."""
    from meshnet_platform.linux import rights
    from meshnet_platform.runner import Runner

    if sys.platform != "linux":
        raise PlatformError(f"The {what} needs Linux.", f"Run the coordinator on Linux, {_WITHOUT}")
    if not rights.may_change_network():
        raise PlatformError(
            f"The {what} needs root, or the capability CAP_NET_ADMIN.", f"Start the coordinator so, {_WITHOUT}"
        )
    for tool, package in tools.items():
        if Runner().find(tool) is None:
            raise PlatformError(
                f"The {what} needs the tool `{tool}`, which is not installed.",
                f"Install {package} (on Debian: `apt install {package}`), {_WITHOUT}",
            )
