"""Kernel settings a plan needs, changed through /proc/sys (the one of this network namespace) and put back.

Forwarding is the last thing turned on and the first turned off: the firewall stands around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from meshnet_platform import files
from meshnet_platform.api import PlatformError, SystemPlan
from meshnet_platform.linux.journal import Journal

IP_FORWARD = "net/ipv4/ip_forward"
IP6_FORWARD = "net/ipv6/conf/all/forwarding"
_MARKED = "net/ipv4/conf/all/src_valid_mark"
_ARP_IGNORE = "net/ipv4/conf/all/arp_ignore"
_REDIRECTS = ("net/ipv4/conf/all/accept_redirects", "net/ipv4/conf/all/send_redirects")
_FORWARDING = {IP_FORWARD: 4, IP6_FORWARD: 6}


class Sysctls:
    """The settings that we changed."""

    def __init__(self, journal: Journal, bridges: Callable[[], set[str]], root: Path = Path("/proc/sys")) -> None:
        self._journal = journal
        self._bridges = bridges
        self._root = root

    def wanted(self, plan: SystemPlan) -> dict[str, str]:
        """The settings that a plan needs, in the order in which they are to be made."""
        settings: dict[str, str] = {}
        if plan.route is not None:
            # The filter judges ARP too, which bears no mark: with our tables its verdict is "no way back", and the
            # neighbours, the gateway among them, would get no answer. The firewall drops what matters of spoofing.
            settings |= {_MARKED: "1"} | dict.fromkeys(self._changed_from("net/ipv4/conf/*/rp_filter", "12"), "0")
            # Otherwise any interface answers for the address of any other, and whoever is in the same network finds
            # out which mesh address this device has.
            settings |= dict.fromkeys(self._changed_from(_ARP_IGNORE, "0"), "1")
        if plan.hosting is not None and plan.hosting.lan:
            settings |= {_MARKED: "1"}
        routing = plan.hosting.routing if plan.hosting else ()
        if any(":" not in address for address in routing):
            # Turning forwarding on or off makes the kernel choose the first anew, so it is kept in the journal too. The
            # second holds for our interface only while it is off for all; the others keep their own.
            settings |= dict.fromkeys(_REDIRECTS, "0") | {IP_FORWARD: "1"}
        if any(":" in address for address in routing):
            # A router ignores router advertisements unless told otherwise, and would lose its own default route.
            settings |= dict.fromkeys(self._changed_from("net/ipv6/conf/*/accept_ra", "1"), "2") | {IP6_FORWARD: "1"}
        return {name: value for name, value in settings.items() if self._root.joinpath(name).exists()}

    def close(self, wanted: Iterable[str]) -> None:
        """Put back whatever is no longer wanted."""
        for name in [name for name in reversed(self._journal.entries.sysctls) if name not in wanted]:
            self._put_back(name)

    def open(self, wanted: dict[str, str]) -> None:
        """Make what is wanted, having noted what was there."""
        missing = {name: value for name, value in wanted.items() if self._read(name) != value}
        if not missing:
            return
        entries = self._journal.entries
        if not entries.sysctls:
            entries.bridges = sorted(self._bridges())
        for name in missing:
            entries.sysctls.setdefault(name, self._read(name))
        self._journal.write()
        for name, value in missing.items():
            self._write(name, value)

    def stand(self, wanted: dict[str, str]) -> bool:
        """Whether all that is wanted is so."""
        return all(self._read(name) == value for name, value in wanted.items())

    def opened_forwarding(self, wanted: Iterable[str]) -> frozenset[int]:
        """The families (4, 6) for which forwarding is, or is about to be, on because of us."""
        asked = [name for name in _FORWARDING if name in wanted]
        ours = [name for name in asked if name in self._journal.entries.sysctls or self._read(name) == "0"]
        return frozenset(_FORWARDING[name] for name in ours)

    def _put_back(self, name: str) -> None:
        entries = self._journal.entries
        value = entries.sysctls[name]
        if self._root.joinpath(name).exists() and not self._needed_by_others(name):
            self._write(name, value)
        # Only now: a crash in between must find it still noted.
        del entries.sysctls[name]
        self._journal.write_if_possible()

    def _needed_by_others(self, name: str) -> bool:
        # A container runtime that came after us found forwarding on, and would not turn it on again.
        return name in _FORWARDING and bool(self._bridges() - set(self._journal.entries.bridges))

    def _changed_from(self, pattern: str, values: str) -> list[str]:
        """The settings of that pattern that have one of these values, or had until we changed them."""
        names = sorted(path.relative_to(self._root).as_posix() for path in self._root.glob(pattern))
        ours = self._journal.entries.sysctls
        return [name for name in names if name in ours or self._read(name) in tuple(values)]

    def _read(self, name: str) -> str:
        return files.text_of(self._root / name).strip()

    def _write(self, name: str, value: str) -> None:
        write(self._root, name, value)


def write(root: Path, name: str, value: str) -> None:
    """Set a setting below /proc/sys, which `root` is; PlatformError where the kernel refuses."""
    try:
        # With a line's end: to write nothing would change nothing, and some settings are empty.
        root.joinpath(name).write_text(value + "\n")
    except OSError as error:
        raise PlatformError(
            f"The kernel setting {name} could not be set to {value}: {error.strerror}.",
            "Run the daemon as root, outside a container that makes /proc/sys read-only.",
        ) from error
