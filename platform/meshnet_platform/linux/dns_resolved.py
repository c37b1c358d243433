"""systemd-resolved: our interface is made the one whose name servers are asked for everything.

It keeps name servers for each network interface, and asks those of the interface whose domain fits a name best: `~.`
fits every name (resolvectl(1), systemd-resolved.service(8)). An interface with a domain of its own would still be asked
for the names in it, and a routed device would wait for servers that it cannot reach; so each such domain is made ours
as well. A name in it that does not exist is still waited for, by who asks here and not by who reads resolv.conf.

What it was told for an interface it keeps in a file, also for its next start; there is seen, without asking, whether
somebody told it otherwise.
"""

from __future__ import annotations

import time
from pathlib import Path

from meshnet_platform import files
from meshnet_platform.api import PlatformError
from meshnet_platform.linux.dns_file import ResolvConf
from meshnet_platform.linux.events import index_of
from meshnet_platform.linux.facts import RESOLVED_DIRECTORY, parse_resolvers, parse_search
from meshnet_platform.linux.journal import Journal, LinkServers
from meshnet_platform.runner import Result, Runner

_SIGNS_OF_LIFE = ("resolv.conf", "stub-resolv.conf", "io.systemd.Resolve")
"""Files that it makes when it starts."""
_PLAIN = (("default-route", "yes"), ("llmnr", "no"), ("mdns", "no"), ("dnssec", "no"), ("dnsovertls", "no"))
"""What goes with it: a host's forwarder speaks no TLS, and a name is not to be looked for in any other way."""
_PATIENCE = 5.0
_TRIES, _BETWEEN_TRIES = 20, 0.1
"""It learns of a new interface by itself, but later than we do."""


class Resolved:
    """The systemd-resolved of this system, where there is one."""

    def __init__(self, runner: Runner, journal: Journal, file: ResolvConf, root: Path) -> None:
        self._runner = runner
        self._journal = journal
        self._directory = root / RESOLVED_DIRECTORY
        self._file = file
        self._wanted: LinkServers | None = None
        self._is_told = False
        self._signs: dict[Path, tuple[int, int]] = {}
        self._saved = ""
        self._search: tuple[str, ...] = ()

    def use(self, interface: str, servers: tuple[str, ...]) -> None:
        """Have it ask these servers, and no others, if it is there and listens to us."""
        self._wanted = LinkServers(interface, servers)
        # Looked at before it is told: what changes meanwhile is then seen to have changed.
        self._signs, self._search, self._is_told = self._look(), self.search(), False
        if not self._directory.is_dir() or self._runner.find("resolvectl") is None:
            return
        self._journal.entries.resolved = self._wanted
        self._journal.write()
        self._is_told = self._tell(interface, servers)
        self._saved = self._settings(interface)

    def stands(self) -> bool:
        """Whether it is as we left it; False also where it could not be told and there is hope that it can now."""
        if self._wanted is None:
            return True
        if not self._is_told:
            return not self._was_started()
        return self._settings(self._wanted.interface) == self._saved and self.search() == self._search

    def restore(self) -> None:
        """Take back what it was told, also where it does not run at present. The journal is not yet written."""
        told, self._wanted, self._is_told = self._journal.entries.resolved, None, False
        if told is None:
            return
        index = index_of(told.interface)
        try:
            if index and self._run("revert", told.interface).status != 0:
                # It does not run, and would read this when it is started.
                (self._directory / "netif" / str(index)).unlink(missing_ok=True)
        except PlatformError:
            # It hangs and will go on with what it was told: to be taken back another time, so it stays in the journal.
            return
        self._journal.entries.resolved = None

    def servers(self) -> tuple[str, ...]:
        """Whom it asks, also ours."""
        return parse_resolvers(self._known())

    def search(self) -> tuple[str, ...]:
        """The domains with which it completes short names."""
        return parse_search(self._known())

    def _known(self) -> str:
        """All servers and domains that it knows, as it writes them down for programs that ask them directly."""
        return self._file.own_at((self._directory / "resolv.conf").resolve())

    def _tell(self, interface: str, servers: tuple[str, ...]) -> bool:
        try:
            if not self._introduce(interface, servers):
                return False
            domains = ("~.", *(f"~{domain}" for domain in self._others_domains(interface)))
            if self._run("domain", interface, *domains).status != 0:
                return False
            for setting, value in _PLAIN:
                # An older one may not know all of them, and then does not do what they forbid either.
                self._run(setting, interface, value)
        except PlatformError:
            return False
        return True

    def _introduce(self, interface: str, servers: tuple[str, ...]) -> bool:
        for _ in range(_TRIES):
            result = self._run("dns", interface, *servers)
            if result.status == 0 or "not known" not in result.err:
                break
            time.sleep(_BETWEEN_TRIES)
        return result.status == 0

    def _others_domains(self, interface: str) -> tuple[str, ...]:
        """Domains, also those for routing alone, that other interfaces have. Lines: `Link 2 (eth0): lan ~corp.net`."""
        lines = (line.partition(":") for line in self._run("domain").out.splitlines())
        others = (words for head, _, words in lines if not head.endswith(f"({interface})"))
        domains = (word.removeprefix("~").rstrip(".") for words in others for word in words.split())
        return tuple(dict.fromkeys(domain for domain in domains if domain))

    def _run(self, *words: str) -> Result:
        return self._runner.result("resolvectl", *words, timeout=_PATIENCE)

    def _settings(self, interface: str) -> str:
        """What it keeps of what it was told for the interface."""
        return files.text_of(self._directory / "netif" / str(index_of(interface)))

    def _look(self) -> dict[Path, tuple[int, int]]:
        return {self._directory / name: mark_of(self._directory / name) for name in _SIGNS_OF_LIFE}

    def _was_started(self) -> bool:
        """Whether it made a file since it was last told something; the one that is ours says nothing."""
        kept = self._journal.entries.resolv
        ours = kept.at if kept is not None else ""
        return any(mark_of(path) != sign for path, sign in self._signs.items() if str(path.resolve()) != ours)


def mark_of(path: Path) -> tuple[int, int]:
    """Differs for every file that was made anew."""
    try:
        there = path.lstat()
    except OSError:
        return 0, 0
    return there.st_ino, there.st_ctime_ns
