"""What a run was made on: the first thing a reader of numbers must know."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path

from meshnet import __version__


def load() -> str:
    """How busy the machine was of late: a run on a busy one is worth less."""
    return ", ".join(Path("/proc/loadavg").read_text().split()[:3])


def describe(tunnel: str, busy: str) -> tuple[tuple[str, str], ...]:
    """Name and value of each fact; `tunnel` says which WireGuard carried the packets, `busy` is an earlier `load()`."""
    return (
        ("date", datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("Python", platform.python_version()),
        ("Meshnet", __version__),
        ("tunnel", _wireguard_go() if tunnel == "wireguard-go" else tunnel),
        ("nft", _said("nft", "--version")),
        ("wg", _said("wg", "--version")),
        ("load before the run (1, 5, 15 minutes)", busy),
    )


def _wireguard_go() -> str:
    """Its name and version, as it says itself."""
    return _said("wireguard-go", "--version")


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    # Some virtual machines hide the name behind a number.
    if found and not found[1].strip().isdigit():
        return found[1].strip()
    family = re.search(r"^vendor_id\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{family[1].strip() if family else 'unknown'} {platform.machine()}, of a virtual machine that hides which"


def _said(*argv: str) -> str:
    try:
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=5)
    except OSError:
        return "not installed"
    first = next(iter(done.stdout.splitlines()), "unknown")
    return first.strip()
