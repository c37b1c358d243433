"""The relay of a Linux machine: the kernel carries the packets by the table of `nft_relay`; here it is set up, told of
pairs, asked, and taken away.

Law: the table is recognised by its name, and each kernel setting is in a journal before it is changed, so that `start`
and `stop` undo what a process that was killed left. The firewall stands before forwarding is on. Giving a pair its
ports, and taking them back, is one transaction of a few set elements.
"""

from __future__ import annotations

import ipaddress
import itertools
import logging
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from meshnet_platform.api import Hosting, PlatformError, Relay, SystemPlan
from meshnet_platform.linux import facts, nft_relay
from meshnet_platform.linux.ip_words import entries
from meshnet_platform.linux.journal import Journal
from meshnet_platform.linux.marks import DEFAULT_INTERFACE
from meshnet_platform.linux.nft_relay import TABLE, End, Surroundings, family_of
from meshnet_platform.linux.relay_firewalls import Way, obstacle
from meshnet_platform.linux.sysctl import Sysctls
from meshnet_platform.runner import Runner

log = logging.getLogger("meshnet.relay")

_RESERVED = "net/ipv4/ip_local_reserved_ports"
_SLACK = 0.05
"""Seconds by which the kernel's clock for timeouts may be behind (ticks of 10 ms at most)."""
_SENT = re.compile(r"(\d+)(?: timeout \w+)? limit [^,}]*? expires (\w+)")
_LEARNT = re.compile(r": (\d+)")
_DURATION = re.compile(r"(\d+)(ms|[dhms])")
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_WITHOUT = "or start the coordinator with `--no-relay`: then devices meet only where they reach one another directly."


@dataclass(frozen=True, slots=True)
class _Pair:
    """Who owns a pair of ports, and since when (monotonic seconds)."""

    ends: tuple[End, End]
    since: float


class LinuxRelay:
    """See `Relay`. Its journal is in a directory of its own below `state_dir`.

    `used` also raises PlatformError when another program took away what the relay needs: `start` it again.
    """

    def __init__(self, state_dir: Path, runner: Runner | None = None, root: Path = Path("/")) -> None:
        """`state_dir` must exist and be private to root; `root` is where the system's files are."""
        self._runner = runner or Runner()
        self._directory = state_dir / "relay"
        self._root = root
        self._sysctls: Sysctls | None = None
        self._wanted: dict[str, str] = {}
        self._addresses: tuple[str, ...] = ()
        self._own: frozenset[str] = frozenset()
        """All addresses of this machine."""
        self._ports = range(0)
        self._pairs: dict[int, _Pair] = {}
        self._numbers = itertools.count(1)
        self._asked = 0.0

    def start(self, addresses: tuple[str, ...], ports: range) -> None:
        """See `Relay`; addresses are those that this machine itself has, also behind a cloud's 1:1 NAT."""
        self._require_nft()
        self.stop()
        addresses = tuple(str(ipaddress.ip_address(address)) for address in addresses)
        self._own = self._addresses_here()
        _refuse_foreign(addresses, self._own)
        uplinks = {family: self._uplinks(family) for family in map(family_of, addresses)}
        ways = (Way(family, names[0] if names else None, ports) for family, names in uplinks.items())
        self._look_at_firewalls(ways)
        sysctls = self._open_journal()
        try:
            self._serve(sysctls, addresses, ports, tuple(dict.fromkeys(itertools.chain(*uplinks.values()))))
        except PlatformError:
            with suppress(PlatformError):
                self.stop()
            raise
        self._addresses, self._ports, self._asked = addresses, ports, time.monotonic()

    def bind(self, port: int, address: str, partner: str) -> None:
        """See `Relay`. An owner that is the same as before may come from another source port at once."""
        owners = tuple(str(ipaddress.ip_address(one)) for one in (address, partner))
        self._refuse(port, owners)
        before = self._pairs.get(port)
        old = before.ends if before else ()
        low, high = (self._end(port + at, owner, old[at] if old else None) for at, owner in enumerate(owners))
        self._load(nft_relay.dismissal(old) + nft_relay.admission((low, high)))
        self._pairs[port] = _Pair((low, high), before.since if before else time.monotonic())

    def release(self, port: int) -> None:
        """See `Relay`."""
        pair = self._pairs.pop(port, None)
        if pair is not None:
            self._load(nft_relay.dismissal(pair.ends))

    def used(self) -> frozenset[int]:
        """See `Relay`; those of a pair in which one end sent and the other was not known yet are not among them."""
        began = time.monotonic()
        listed = self._runner.run("nft", "list", "set", *TABLE, "sent")
        ended = time.monotonic()
        if self._sysctls is None or not self._sysctls.stand(self._wanted):
            raise PlatformError(
                "Another program changed kernel settings that the relay needs.", "It is started anew by itself."
            )
        asked, self._asked = self._asked, began
        last = {port & ~1: 0.0 for port, _ in _sent(listed)}
        for port, age in _sent(listed):
            last[port & ~1] = max(last[port & ~1], ended - age)
        return frozenset(
            port
            for port, when in last.items()
            if port in self._pairs and when >= max(asked, self._pairs[port].since) - _SLACK
        )

    def stop(self) -> None:
        """See `Relay`; by the journal and by the table's name, whoever left them."""
        self._pairs.clear()
        self._wanted, self._own = {}, frozenset()
        if self._directory.exists():
            journal = Journal(self._directory)
            self._settings(journal).close(())
            journal.forget()
            with suppress(OSError):
                self._directory.rmdir()
        self._sysctls = None
        if self._runner.find("nft") is not None and self._runner.ask("nft", "--terse", "list", "table", *TABLE):
            self._load(nft_relay.removal())

    # --- what is needed ---------------------------------------------------------------------------------------------

    def _serve(self, sysctls: Sysctls, addresses: tuple[str, ...], ports: range, uplinks: tuple[str, ...]) -> None:
        # What a host needs to forward, a relay needs too.
        settings = sysctls.wanted(SystemPlan(hosting=Hosting(addresses)))
        reserved = {_RESERVED: with_reserved((self._root / "proc/sys" / _RESERVED).read_text(), ports)}
        self._wanted = reserved | settings
        around = Surroundings(sysctls.opened_forwarding(settings), uplinks, DEFAULT_INTERFACE)
        self._load(nft_relay.render(addresses, around))
        sysctls.open(self._wanted)
        self._sysctls = sysctls

    def _require_nft(self) -> None:
        if self._runner.find("nft") is None:
            raise PlatformError(
                "The relay needs nftables, which is not installed.",
                f"Install it (on Debian: `apt install nftables`), {_WITHOUT}",
            )

    def _open_journal(self) -> Sysctls:
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise PlatformError(
                f"{self._directory} could not be made: {error.strerror}.", "Make room on the disk."
            ) from error
        return self._settings(Journal(self._directory))

    def _settings(self, journal: Journal) -> Sysctls:
        return Sysctls(journal, self._bridges, self._root / "proc/sys")

    def _bridges(self) -> set[str]:
        return {entry["ifname"] for entry in entries(self._runner.run("ip", "-j", "link", "show", "type", "bridge"))}

    def _addresses_here(self) -> frozenset[str]:
        links = facts.parse_links(self._runner.run("ip", "-d", "-j", "addr"), "")
        return frozenset(prefix.partition("/")[0] for link in links for prefix in link.addresses)

    def _uplinks(self, family: int) -> tuple[str, ...]:
        text = self._runner.ask("ip", "-j", f"-{family}", "route", "show", "default")
        gateways = facts.parse_gateways(text, family, DEFAULT_INTERFACE)
        return tuple(dict.fromkeys(gateway.interface for gateway in gateways))

    def _look_at_firewalls(self, ways: Iterable[Way]) -> None:
        found = obstacle(self._runner, ways, self._root)
        if found is None:
            return
        if found.severity == "error":
            raise PlatformError(found.message, found.cure)
        log.warning("%s %s", found.message, found.cure)

    def _load(self, text: str) -> None:
        self._runner.run("nft", "-f", "-", stdin=text)

    # --- who may own a port -----------------------------------------------------------------------------------------

    def _refuse(self, port: int, owners: tuple[str, ...]) -> None:
        if port % 2 or port not in self._ports or port + 1 not in self._ports:
            raise PlatformError(f"{port} is not the even port of a pair of this relay.")
        families = set(map(family_of, owners))
        if len(families) > 1 or families != families & set(map(family_of, self._addresses)):
            raise PlatformError(f"The relay cannot carry packets between {owners[0]} and {owners[1]}.")
        for owner in owners:
            address = ipaddress.ip_address(owner)
            is_odd = address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local
            if is_odd or owner in self._own or owner == "255.255.255.255":
                raise PlatformError(f"{owner} cannot own a port of the relay: it is no other machine's address.")

    def _end(self, port: int, address: str, old: End | None) -> End:
        source = self._learnt(old) if old is not None and old.address == address else None
        return End(port, address, next(self._numbers), source)

    def _learnt(self, end: End) -> int | None:
        """Where it is sent to until the owner is heard again: a binding that changes nothing must not interrupt."""
        found = _LEARNT.search(self._runner.ask("nft", "get", "element", *TABLE, "learnt", f"{{ {end.number} }}"))
        return int(found[1]) if found else end.source


def with_reserved(text: str, ports: range) -> str:
    """A list of port ranges (ip-sysctl, ip_local_reserved_ports) with these ports added, as the kernel writes it."""
    spans = [
        (int(low), int(high or low)) for low, _, high in (one.partition("-") for one in text.strip().split(",") if one)
    ]
    merged: list[tuple[int, int]] = []
    for low, high in sorted([*spans, (ports.start, ports.stop - 1)]):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return ",".join(f"{low}-{high}" if low < high else str(low) for low, high in merged)


def _refuse_foreign(addresses: Iterable[str], own: frozenset[str]) -> None:
    given = list(addresses)
    if not given or len(set(map(family_of, given))) < len(given):
        raise PlatformError("The relay serves one address of each family, and at least one.")
    for address in given:
        if address not in own:
            raise PlatformError(
                f"{address} is not an address of this machine, so the relay cannot serve there.",
                "Behind a NAT of the provider, name the address that `ip addr` shows.",
            )


def _sent(listed: str) -> Iterator[tuple[int, float]]:
    """The ports from which something was sent, and how many seconds ago."""
    for port, expires in _SENT.findall(listed):
        left = sum(int(count) * _SECONDS[unit] for count, unit in _DURATION.findall(expires))
        yield int(port), nft_relay.COUNTED - left


_: type[Relay] = LinuxRelay
