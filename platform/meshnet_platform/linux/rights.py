"""What the kernel permits this process."""

from __future__ import annotations

from pathlib import Path

_CAP_NET_ADMIN = 12
"""capabilities(7): interfaces, firewalls, routes, and the settings below /proc/sys/net."""


def may_change_network(status: Path = Path("/proc/self/status")) -> bool:
    """Whether this process may change interfaces and firewalls of its network namespace (proc_pid_status(5))."""
    for line in status.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff":
            return bool(int(value, 16) >> _CAP_NET_ADMIN & 1)
    return False
