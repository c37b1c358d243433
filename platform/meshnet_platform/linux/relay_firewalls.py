"""What other firewalls of this Linux machine would do to the relay's packets, and the one command that cures it.

It only reads. Relayed packets are forwarded, untracked, and known by their mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from meshnet_platform.api import PlatformError, Problem
from meshnet_platform.linux import problems
from meshnet_platform.linux.coexistence import manager_of
from meshnet_platform.linux.foreign import Obstacle, Packet, Stranger, Table, obstacles
from meshnet_platform.linux.marks import RELAYED
from meshnet_platform.runner import Runner

_ANY_PORTS = (1024, 65535)
"""What a NAT gives its devices."""
_LASTS = " It lasts until the system starts anew, or until that program writes its rules anew."


@dataclass(frozen=True, slots=True)
class Way:
    """How relayed packets of one family go through this machine."""

    family: int
    interface: str | None
    """The one with the default route, by which they come and go; None: not known."""
    ports: range


def obstacle(runner: Runner, ways: Iterable[Way], root: Path = Path("/")) -> Problem | None:
    """What stands in the way of the relay: an "error" where it does for certain, a "warning" where it may."""
    try:
        return judge(problems._foreign_tables(runner, root), ways)
    except (PlatformError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # A newer nft may print what the reader does not know: that must not keep the relay from serving.
        words = error.message if isinstance(error, PlatformError) else "its form is not known"
        return Problem(
            "relay-firewall-unread",
            "warning",
            f"The rules of other firewalls could not be read ({words}), so they may drop what is relayed.",
            f"Look at `nft list ruleset`; every forward chain must accept what has the mark {RELAYED:#x}.",
        )


def judge(tables: Iterable[Table], ways: Iterable[Way]) -> Problem | None:
    """The first that drops for certain, or else the first that may."""
    known = tuple(tables)
    found = [(one, way) for way in ways for one in obstacles(known, _packet(way))]
    return _problem(*min(found, key=lambda one: not one[0].is_certain)) if found else None


def _packet(way: Way) -> Packet:
    """A packet between two owners, as forward chains see it: the port is the relay's already, the address not yet."""
    return Packet(
        "forward",
        f"ipv{way.family}",
        way.interface,
        way.interface,
        Stranger.STRANGER,
        Stranger.STRANGER,
        "udp",
        _ANY_PORTS,
        (way.ports.start, way.ports.stop - 1),
        state="untracked",
        mark=RELAYED,
    )


def _problem(found: Obstacle, way: Way) -> Problem:
    manager = manager_of(found)
    name = manager
    if manager == "nft":
        name = f"Another firewall (nftables table {found.table.family} {found.table.name})"
    return Problem(
        f"{manager.lower()}-relay",
        "error" if found.is_certain else "warning",
        f"{name} {'drops' if found.is_certain else 'may drop'} what is forwarded over IPv{way.family}, so the relay "
        "cannot carry packets between devices.",
        _cure(found, manager, way),
    )


def _cure(found: Obstacle, manager: str, way: Way) -> str:
    if manager == "ufw":
        return f"Run `ufw route allow proto udp from any port {way.ports.start}:{way.ports.stop - 1}`."
    if manager == "firewalld":
        zone = f"--zone=$(firewall-cmd --get-zone-of-interface={way.interface or 'INTERFACE'})"
        return f"Run `firewall-cmd --permanent {zone} --add-forward` and `firewall-cmd --reload`."
    if manager == "nft":
        place = f"{found.table.family} {found.table.name} {found.chain}"
        return (
            f"Run `nft insert rule {place} meta mark {RELAYED:#x} accept`. To keep it beyond a restart, add it to the "
            "file that the rules come from, often /etc/nftables.conf."
        )
    tool = "ip6tables" if found.table.family == "ip6" else "iptables"
    tool += "-legacy" if found.table.program == "iptables-legacy" else ""
    chain = "DOCKER-USER" if manager == "Docker" else found.chain
    return f"Run `{tool} -I {chain} -m mark --mark {RELAYED:#x} -j ACCEPT`.{_LASTS}"
