"""What other firewalls would do to this device's mesh, as problems with the one command that cures each. Pure.

Each cure lets our interface pass the other firewall, and opens nothing by that: our own table judges the same packets
before, and ends in a drop.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from meshnet_platform.api import Gateway, Problem
from meshnet_platform.linux import marks
from meshnet_platform.linux.foreign import Network, Obstacle, Packet, Stranger, Table, obstacles

_ANY_PORTS = (32768, 60999)
"""Where the kernel puts programs that ask for no port (ip_local_port_range), as the forwarder for names does."""
_HTTPS = (443, 443)
_MESH_RANGE = {"ipv4": ipaddress.ip_network("100.64.0.0/10"), "ipv6": ipaddress.ip_network("fd00::/8")}


@dataclass(frozen=True, slots=True)
class Place:
    """Where this device stands: what the packets of its mesh look like."""

    interface: str
    gateways: tuple[Gateway, ...] = ()
    listen_port: int | None = None
    own: tuple[str, ...] = ()
    """Own mesh addresses."""
    peers: tuple[str, ...] = ()
    """Mesh addresses of the peers."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of traffic that others may cut: who sees it, and what is to be said."""

    id: str
    consequence: str
    needed: frozenset[str] = frozenset()
    """Where it is cut for certain in these families, as far as they are there, nobody can route through this device;
    empty: that is possible all the same.
    """


_IPV4 = frozenset({"ipv4"})
_FORWARD = _Kind("forwarding", "so the devices that you allow to route through this one get no answers", _IPV4)
_NAMES = _Kind(
    "names",
    "so devices that route through this one get no names, and cannot see that the way works",
    _IPV4,
)
_INCOMING = _Kind("incoming", "so nobody in the mesh can connect to this device, though you permit it")
_HANDSHAKE = _Kind("handshake", "so a device that this one has not spoken to lately cannot reach it")
_OUTGOING = _Kind("outgoing", "so this device cannot reach the others", frozenset({"ipv4", "ipv6"}))
_WHAT = {
    "forwarding": "what is forwarded from and to {interface}",
    "names": "name queries that arrive on {interface}",
    "incoming": "connections that arrive on {interface}",
    "handshake": "what other devices send to UDP port {port}",
    "outgoing": "what WireGuard sends from UDP port {port}",
}


_UFW = {
    "forwarding": "ufw route allow in on {interface}",
    "names": "ufw allow in on {interface}",
    "incoming": "ufw allow in on {interface}",
    "handshake": "ufw allow {port}/udp",
    "outgoing": "ufw allow out proto udp from any port {port}",
}
_IPTABLES = {
    "forwarding": ("-i {interface}", "-o {interface}"),
    "names": ("-i {interface}",),
    "incoming": ("-i {interface}",),
    "handshake": ("-p udp --dport {port}",),
    "outgoing": ("-p udp --sport {port}",),
}
_NFT = {
    "forwarding": ("iifname {interface}", "oifname {interface}"),
    "names": ("iifname {interface}",),
    "incoming": ("iifname {interface}",),
    "handshake": ("udp dport {port}",),
    "outgoing": ("udp sport {port}",),
}
_LASTS = {"nft": "To keep it beyond a restart, add it to the file that the rules come from, often /etc/nftables.conf."}
_LASTS_ELSE = "It lasts until the system starts anew, or until that program writes its rules anew."


@dataclass(slots=True)
class _Finding:
    """The obstacles that one firewall puts before one kind of traffic."""

    obstacles: dict[str, Obstacle] = field(default_factory=dict)
    """By family."""
    uncertain: set[str] = field(default_factory=set)

    def add(self, family: str, obstacle: Obstacle) -> None:
        """One more; the certain one of two counts."""
        known = self.obstacles.get(family)
        if known is None or obstacle.is_certain:
            self.obstacles[family] = obstacle
            (self.uncertain.discard if obstacle.is_certain else self.uncertain.add)(family)


def find_obstacles(tables: Iterable[Table], place: Place) -> Iterator[Problem]:
    """What the other firewalls would cut, one problem for each program and each kind of traffic."""
    known, told = tuple(tables), set[str]()
    for kind, packets in _packets(place).items():
        found: dict[str, _Finding] = {}
        for packet in packets:
            for obstacle in obstacles(known, packet):
                found.setdefault(manager_of(obstacle), _Finding()).add(packet.nfproto, obstacle)
        families = {packet.nfproto for packet in packets}
        if kind is _NAMES:
            told = set(found)
        elif kind is _INCOMING:
            # Cut by the same rules, and cured by the same command.
            found = {manager: finding for manager, finding in found.items() if manager not in told}
        yield from (_problem(kind, manager, finding, families, place) for manager, finding in found.items())


def manager_of(obstacle: Obstacle) -> str:
    """The program whose rule it is, by the chains it makes: "ufw", "firewalld", "Docker", "Tailscale"; or the kind
    of rules: "iptables", "nft".
    """
    table = obstacle.table
    if obstacle.dropped_in.startswith("ts-"):
        return "Tailscale"
    if any(name.startswith(("ufw-", "ufw6-")) for name in table.chains):
        return "ufw"
    if table.name == "firewalld":
        return "firewalld"
    if "DOCKER-USER" in table.chains and obstacle.chain == "FORWARD":
        return "Docker"
    return "nft" if table.program == "nft" and not _is_like_iptables(table) else "iptables"


# --- the packets ----------------------------------------------------------------------------------------------------


def _packets(place: Place) -> dict[_Kind, tuple[Packet, ...]]:
    carried = sorted({f"ipv{gateway.family}" for gateway in place.gateways}) or ["ipv4"]
    port = (place.listen_port, place.listen_port) if place.listen_port is not None else None
    return {
        _FORWARD: tuple(packet for family in carried for packet in _forwarded(place, family)),
        _NAMES: tuple(_arriving(place, family, "udp", frozenset({"dnat"})) for family in _MESH_RANGE),
        _INCOMING: tuple(_arriving(place, family, "tcp", frozenset()) for family in _MESH_RANGE),
        _HANDSHAKE: tuple(_outer("input", place, family, port) for family in carried if port),
        _OUTGOING: tuple(_outer("output", place, family, port) for family in carried if port),
    }


def _forwarded(place: Place, family: str) -> Iterator[Packet]:
    uplink, peer, public = _uplink(place, family), _address(place.peers, family), Stranger.STRANGER
    yield Packet("forward", family, place.interface, uplink, peer, public, "tcp", _HTTPS, _ANY_PORTS)
    yield Packet(
        "forward", family, uplink, place.interface, public, peer, "tcp", _ANY_PORTS, _HTTPS, "established", "reply"
    )


def _arriving(place: Place, family: str, protocol: str, status: frozenset[str]) -> Packet:
    peer, own = _address(place.peers, family), _address(place.own, family)
    return Packet(
        "input",
        family,
        place.interface,
        None,
        peer,
        own,
        protocol,
        _ANY_PORTS,
        _ANY_PORTS,
        status=status,
        daddr_type="local",
    )


def _outer(hook: str, place: Place, family: str, port: tuple[int, int] | None) -> Packet:
    """WireGuard's own packet, first of its flow."""
    uplink = _uplink(place, family)
    if hook == "input":
        return Packet(
            hook,
            family,
            uplink,
            None,
            Stranger.STRANGER,
            None,
            "udp",
            port,
            _ANY_PORTS,
            mark=marks.PACKET_MARK,
            daddr_type="local",
        )
    return Packet(hook, family, None, uplink, None, Stranger.STRANGER, "udp", _ANY_PORTS, port, mark=marks.PACKET_MARK)


def _is_like_iptables(table: Table) -> bool:
    """iptables-nft writes plain nftables rules too, where it needs no conditions of its own."""
    return (
        table.family != "inet"
        and table.name == "filter"
        and {"INPUT", "FORWARD", "OUTPUT"} & set(table.chains) != set()
    )


def _uplink(place: Place, family: str) -> str | None:
    ways = (gateway.interface for gateway in place.gateways if f"ipv{gateway.family}" == family)
    return next(ways, None)


def _address(addresses: tuple[str, ...], family: str) -> Network:
    """The first of the family; the whole range of meshes while none is known."""
    of_family = (one for one in addresses if (":" in one) == (family == "ipv6"))
    first = next(of_family, None)
    return ipaddress.ip_network(first.partition("/")[0]) if first else _MESH_RANGE[family]


# --- the words ------------------------------------------------------------------------------------------------------


def _problem(kind: _Kind, manager: str, finding: _Finding, families: set[str], place: Place) -> Problem:
    certain = finding.obstacles.keys() - finding.uncertain
    stops = bool(kind.needed) and certain >= (kind.needed & families or families)
    some = "" if finding.obstacles.keys() == families else f" ({' and '.join(sorted(_cased(finding)))} only)"
    what = _WHAT[kind.id].format(interface=place.interface, port=place.listen_port)
    verb = "drops" if certain else "may drop"
    return Problem(
        f"{manager.lower()}-{kind.id}",
        "error" if stops else "warning",
        f"{_name(manager, finding)} {verb} {what}{some}, {kind.consequence}.",
        _cure(kind, manager, finding, place),
        stops_hosting=stops,
    )


def _cased(finding: _Finding) -> set[str]:
    return {family.replace("ip", "IP") for family in finding.obstacles}


def _name(manager: str, finding: _Finding) -> str:
    if manager not in ("iptables", "nft"):
        return manager
    table = next(iter(finding.obstacles.values())).table
    return f"Another firewall (nftables table {table.family} {table.name})" if manager == "nft" else "iptables"


def _cure(kind: _Kind, manager: str, finding: _Finding, place: Place) -> str:
    mesh, port = place.interface, place.listen_port
    if manager == "ufw":
        return f"Run `{_UFW[kind.id].format(interface=mesh, port=port)}`."
    if manager == "firewalld" and kind is not _OUTGOING:
        change = f"--add-port={port}/udp" if kind is _HANDSHAKE else f"--zone=trusted --add-interface={mesh}"
        return f"Run `firewall-cmd --permanent {change}` and `firewall-cmd --reload`."
    words = _NFT if manager == "nft" else _IPTABLES
    matches = [match.format(interface=mesh, port=port) for match in words[kind.id]]
    command = _nft_command if manager == "nft" else _iptables_command
    commands = [command(one, match) for one in finding.obstacles.values() for match in matches]
    return f"Run {' and '.join(f'`{one}`' for one in dict.fromkeys(commands))}. {_LASTS.get(manager, _LASTS_ELSE)}"


def _nft_command(obstacle: Obstacle, match: str) -> str:
    return f"nft insert rule {obstacle.table.family} {obstacle.table.name} {obstacle.chain} {match} accept"


def _iptables_command(obstacle: Obstacle, match: str) -> str:
    tool = "ip6tables" if obstacle.table.family == "ip6" else "iptables"
    tool += "-legacy" if obstacle.table.program == "iptables-legacy" else ""
    chain = "DOCKER-USER" if manager_of(obstacle) == "Docker" else obstacle.chain
    return f"{tool} -I {chain} {match} -j ACCEPT"
