"""What keeps this Linux system from serving: missing tools, rights and devices, each with its cure."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from meshnet_platform.api import Problem
from meshnet_platform.linux.tunnel import USERSPACE
from meshnet_platform.runner import Runner

_PACKAGES = {"ip": "iproute2", "wg": "wireguard-tools", "nft": "nftables"}


def find_problems(runner: Runner, root: Path = Path("/")) -> tuple[Problem, ...]:
    """All that is wrong now."""
    return (*_rights(), *_tools(runner), *_wireguard(runner, root))


def _rights() -> Iterator[Problem]:
    if not _is_root():
        yield _error("not-root", "The daemon does not run as root.", "Start it with `systemctl start meshnetd`.")


def _is_root() -> bool:
    if sys.platform == "win32":
        return True
    return os.geteuid() == 0


def _tools(runner: Runner) -> Iterator[Problem]:
    for tool, package in _PACKAGES.items():
        if runner.find(tool) is None:
            yield _error(
                f"tool-missing-{tool}",
                f"The tool `{tool}` is not installed.",
                f"Install {package} (on Debian: `apt install {package}`).",
            )


def _wireguard(runner: Runner, root: Path) -> Iterator[Problem]:
    if _kernel_has_wireguard(root):
        return
    if runner.find(USERSPACE) is None:
        yield _error(
            "wireguard-missing",
            "This kernel has no WireGuard, and wireguard-go is not installed.",
            "Install wireguard-go (on Debian: `apt install wireguard-go`), or a kernel with WireGuard.",
        )
    elif not (root / "dev/net/tun").exists():
        yield _error(
            "tun-missing",
            "There is no /dev/net/tun, which wireguard-go needs.",
            "Load the module with `modprobe tun`; in a container, pass the device in.",
        )


def _kernel_has_wireguard(root: Path) -> bool:
    if (root / "sys/module/wireguard").exists():
        return True
    modules = root / "lib/modules" / platform.release()
    if any(modules.glob("kernel/drivers/net/wireguard/wireguard.ko*")):
        return True
    built_in = modules / "modules.builtin"
    return built_in.is_file() and "/wireguard.ko" in built_in.read_text(errors="replace")


def _error(identity: str, message: str, cure: str) -> Problem:
    return Problem(identity, "error", message, cure, stops_hosting=True, stops_routing=True)
