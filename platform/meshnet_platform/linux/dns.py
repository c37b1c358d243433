"""Names while a route is on: chooses how the system's programs are led to the plan's name servers, and leads back.

Law: chosen by what works at the moment, and anew at each `apply` that finds something changed; written to the journal
first; seen by looking at files only. Programs that read resolv.conf are served by openresolv where that writes the
file, and else by us; not by systemd-resolved's stub, where the file also names the domains of the network that this
device is in: each name that does not exist would then be asked for there too, and waited for. Those that ask
systemd-resolved by other ways are served by telling it, wherever it runs.
"""

from __future__ import annotations

from pathlib import Path

from meshnet_platform.linux.dns_file import ResolvConf
from meshnet_platform.linux.dns_resolvconf import Resolvconf
from meshnet_platform.linux.dns_resolved import Resolved, mark_of
from meshnet_platform.linux.facts import STUB_RESOLVERS, parse_resolvers, parse_search
from meshnet_platform.linux.journal import Journal
from meshnet_platform.runner import Runner

_SEEN = ("etc/resolv.conf", "run/systemd/resolve", "run/systemd/resolve/resolv.conf", "run/systemd/resolve/netif")
_RECORDS = "run/resolvconf/*/*"
"""What openresolv was told, one file for each interface, in folders that may be written in place."""


class Resolvers:
    """The name servers that the system's programs use."""

    def __init__(self, journal: Journal, runner: Runner, root: Path = Path("/")) -> None:
        self._journal = journal
        self._root = root
        self._file = ResolvConf(journal, root)
        self._resolved = Resolved(runner, journal, self._file, root)
        self._resolvconf = Resolvconf(runner, journal, self._file, root)
        self._in_force: tuple[str, tuple[str, ...]] | None = None

    def apply(self, servers: tuple[str, ...], interface: str) -> None:
        """Use these servers, which are reached by this interface; none gives the system its own back."""
        if not servers:
            self.restore()
            return
        if self._in_force == (interface, servers) and self.stand():
            return
        self._in_force = None
        # First, for it writes its own resolv.conf whenever it is told something.
        self._resolved.use(interface, servers)
        if not self._resolvconf.use(interface, servers):
            self._file.write(servers)
        self._in_force = interface, servers

    def marks(self) -> tuple[tuple[int, int], ...]:
        """Differs whenever a file was written or replaced that `stand`, `servers` or `search` may have read."""
        paths = [*(self._root / path for path in _SEEN), *self._root.glob(_RECORDS)]
        return tuple(mark_of(path) for path in (*paths, paths[0].resolve()))

    def stand(self) -> bool:
        """Whether all is still as we left it; also where we changed nothing."""
        return self._resolved.stands() and self._file.stands()

    def restore(self) -> None:
        """Put back what was there, unless somebody else has changed it since."""
        entries = self._journal.entries
        is_clean = not (entries.resolved or entries.resolv or entries.resolvconf or self._file.is_orphan())
        self._in_force = None
        self._resolved.restore()
        if is_clean:
            return
        self._resolvconf.restore()
        self._file.restore()
        self._journal.write_if_possible()

    def servers(self) -> tuple[str, ...]:
        """The servers that the system itself would ask, ours not among them."""
        own = parse_resolvers(self._own())
        if any(stub in own for stub in STUB_RESOLVERS):
            # The stub also tells what this machine alone knows, its hosts file among it: only where there is no other.
            own = self._resolved.servers() or own
        told = self._journal.entries.resolved
        return tuple(dict.fromkeys(one for one in own if told is None or one not in told.servers))

    def search(self) -> tuple[str, ...]:
        """The domains that the system completes short names with."""
        return tuple(dict.fromkeys(parse_search(self._own()) + self._resolved.search()))

    def _own(self) -> str:
        """The system's own resolv.conf, also while ours stands in its place."""
        others = self._resolvconf.own()
        return others if others is not None else self._file.own()
