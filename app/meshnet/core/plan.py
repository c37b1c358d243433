"""From what is known and wanted to what the system should look like: `plan`, a pure function.

facts + mesh map + grants + settings + route -> SystemPlan
"""

from __future__ import annotations

from dataclasses import dataclass, field

from meshnet.core.exits import NESTED_MTU, PLAIN_MTU, Exit, ways_of
from meshnet.core.grants import Choice, Permission, granted_by, permitted
from meshnet.core.lan import LocalNetworks, denied, inner_interfaces, local_networks
from meshnet.core.localnames import within
from meshnet.core.records import Device
from meshnet.core.settings import Settings
from meshnet.core.special import NOT_PUBLIC, ON_LINK_ONLY, TRANSLATED, Network, is_within, network_of, texts_of
from meshnet.core.trust import Ledger
from meshnet_platform.api import Control, Facts, Hosting, Peer, PeerSight, Route, SystemPlan, Tunnel

KEEPALIVE = 25
"""Seconds; common NATs forget a UDP flow after 30 (RFC 4787 asks for 120, many do not care)."""
FRESH = 180
"""Seconds after which WireGuard itself gives a session up (REJECT_AFTER_TIME of its paper)."""
RELAY_MTU = 1280
ALL = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Wish:
    """The route that the person wants: the host in use, and whether traffic may flow through it now."""

    host: str
    passing: bool
    gives_way: bool = False
    """Two routes closed a loop, and this device's is the one that waits: as a host it serves by its own line."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where the tunnel is to send to a peer, as probes have found out."""

    endpoint: str
    aliases: tuple[str, ...] = ()
    """Other endpoints that its packets may come from."""
    is_relay: bool = False
    saying: int = 0
    """Rises when the tunnel is to be told once more."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan is made of."""

    me: str
    ledger: Ledger
    choices: dict[str, Choice]
    settings: Settings
    facts: Facts
    interface: str
    private_key: str = field(repr=False)
    listen_port: int
    wish: Wish | None = None
    sights: dict[str, PeerSight] = field(default_factory=dict)
    """By WireGuard public key."""
    turns: dict[str, int] = field(default_factory=dict)
    """Device id → how often its candidates have been tried in vain; the next one is up."""
    ways: dict[str, Way] | None = None
    """Device id → where to send; None where this system has no probes: then candidates are tried by their turns."""
    beacons: tuple[tuple[str, str], ...] = ()
    """(WireGuard key, endpoint) of each."""
    control: tuple[Control, ...] = ()
    resolver_port: int | None = None
    can_host: bool = True
    exit: Exit = Exit.LINE
    own_public: tuple[str, ...] = ()
    """Addresses under which the world sees this device: its router's own pages are there too (hairpin)."""
    now: int = 0


def plan(situation: Situation) -> SystemPlan:
    """What the system should look like."""
    peers = [device for device in situation.ledger.active() if device.device != situation.me]
    permissions = {
        peer.device: permitted(situation.ledger, situation.choices, situation.settings, peer.device) for peer in peers
    }
    hosting = _hosting(situation, permissions)
    incoming = [a for p in peers if permissions[p.device].incoming for a in _addresses(situation, p.device)]
    return SystemPlan(
        tunnel=_tunnel(situation, peers, permissions),
        incoming=tuple(sorted(incoming)),
        hosting=hosting,
        route=_route(situation, hosts=hosting is not None),
        resolvers=_resolvers(situation),
    )


def choose_endpoint(device: Device, sight: PeerSight | None, turn: int, now: int) -> str | None:
    """Where to send to this peer first; None where the tunnel knows better.

    A session that lives has told the tunnel where its peer really is (WireGuard roams); a candidate that was merely
    announced must not overwrite that.
    """
    # A handshake of the future is one from before the clock was set back: it says nothing.
    if not device.candidates or (sight is not None and abs(now - sight.last_handshake) < FRESH):
        return None
    return device.candidates[turn % len(device.candidates)]


def _way(situation: Situation, device: Device) -> Way:
    """Where to send to this device; nowhere, where no way is known."""
    if situation.ways is not None:
        return situation.ways.get(device.device, Way(""))
    sight = situation.sights.get(device.wireguard)
    return Way(choose_endpoint(device, sight, situation.turns.get(device.device, 0), situation.now) or "")


def own_mtu(exit_now: Exit, host: Device | None) -> int:
    """The MTU of this device's tunnel, in bytes: the least of all tunnels on the way."""
    own = NESTED_MTU if exit_now is Exit.VPN else PLAIN_MTU
    return min(own, host.mtu) if host else own


def _addresses(situation: Situation, device: str) -> tuple[str, str]:
    member = situation.ledger.members[device]
    return member.address4, member.address6


def _host(situation: Situation) -> Device | None:
    if situation.wish is None or not situation.ledger.is_member(situation.wish.host):
        return None
    return situation.ledger.devices.get(situation.wish.host)


def _tunnel(situation: Situation, peers: list[Device], permissions: dict[str, Permission]) -> Tunnel:
    own4, own6 = _addresses(situation, situation.me)
    host = _host(situation)
    mesh = situation.ledger.mesh
    absent = situation.ledger.members.keys() - {situation.me} - {peer.device for peer in peers}
    gone = [prefix for device in absent for prefix in _prefixes(situation, device)]
    return Tunnel(
        interface=situation.interface,
        private_key=situation.private_key,
        listen_port=situation.listen_port,
        addresses=(f"{own4}/32", f"{own6}/128"),
        mtu=_mtu(situation, host),
        peers=(*(_peer(situation, peer, permissions[peer.device]) for peer in peers), *_beacons(situation, peers)),
        unreachable=tuple(sorted([*gone, *([mesh.network6] if mesh else [])])),
    )


def _prefixes(situation: Situation, device: str) -> tuple[str, str]:
    address4, address6 = _addresses(situation, device)
    return f"{address4}/32", f"{address6}/128"


def _peer(situation: Situation, device: Device, permission: Permission) -> Peer:
    wish = situation.wish
    is_host = wish is not None and wish.host == device.device
    granted = granted_by(situation.ledger, device.device, situation.me)
    related = is_host or any((permission.incoming, permission.routing, granted.incoming, granted.routing))
    way = _way(situation, device)
    is_met = situation.ways is None or bool(way.endpoint)
    return Peer(
        public_key=device.wireguard,
        allowed=_prefixes(situation, device.device) + (ALL if is_host else ()),
        endpoint=way.endpoint or None,
        keepalive=KEEPALIVE if related and is_met else 0,
        aliases=way.aliases,
        saying=way.saying,
    )


def _beacons(situation: Situation, peers: list[Device]) -> list[Peer]:
    """They may send nothing, and nothing is sent to them but what keeps the mapping of a NAT open."""
    taken = {peer.wireguard for peer in peers}
    return [Peer(key, (), endpoint, KEEPALIVE) for key, endpoint in situation.beacons if key not in taken]


def _mtu(situation: Situation, host: Device | None) -> int:
    """Through the relay the least that IPv6 permits (RFC 8200): word of a packet too big does not come back there."""
    mtu = own_mtu(situation.exit, host)
    return min(mtu, RELAY_MTU) if host is not None and _way(situation, host).is_relay else mtu


# --- hosting --------------------------------------------------------------------------------------------------------


def _hosting(situation: Situation, permissions: dict[str, Permission]) -> Hosting | None:
    routing = [device for device, permission in permissions.items() if permission.routing]
    if not routing or not situation.can_host:
        return None
    lan = [device for device in routing if permissions[device].lan]
    facts = situation.facts
    networks = local_networks(facts, situation.ledger.networks()) if lan else LocalNetworks((), ())
    return Hosting(
        routing=_all_addresses(situation, routing),
        lan=_all_addresses(situation, lan),
        lan_prefixes=networks.prefixes,
        lan_interfaces=networks.interfaces,
        denied=denied(facts, (*situation.own_public, *_lan_of_host(situation))),
        inner_interfaces=inner_interfaces(facts),
        gateways=ways_of(situation.exit, facts),
        through_tunnel=situation.wish is not None and not situation.wish.gives_way,
        resolver_port=situation.resolver_port,
    )


def _lan_of_host(situation: Situation) -> tuple[str, ...]:
    """What the next host may permit this one to reach is not permitted to this one's peers."""
    host = _host(situation)
    return host.lan if host else ()


def _all_addresses(situation: Situation, devices: list[str]) -> tuple[str, ...]:
    return tuple(sorted(a for device in devices for a in _addresses(situation, device)))


# --- routing --------------------------------------------------------------------------------------------------------


def _route(situation: Situation, *, hosts: bool) -> Route | None:
    wish = situation.wish
    if wish is None:
        return None
    host = _host(situation)
    local = _local(situation.facts) if situation.settings.local_network else ()
    return Route(
        passing=wish.passing and host is not None,
        ipv6=host is not None and host.ipv6,
        guarded=situation.settings.guarded,
        at_boot=situation.settings.at_boot,
        control=situation.control,
        uplinks=_uplinks(situation.facts),
        resolvers=_own_resolvers(situation, wish, local) if hosts else (),
        local=local,
        local_resolvers=_local_resolvers(situation, local),
    )


def _local(facts: Facts) -> tuple[str, ...]:
    """(prefixes of the interfaces ∩ ranges that are never public), plus multicast and broadcast on the link.

    Never a public range because DHCP says that it is local: that is how TunnelCrack (CVE-2023-36672) leaks.
    """
    found: set[Network] = set(ON_LINK_ONLY)
    for link in facts.links:
        for address in link.addresses:
            network = network_of(address)
            if not link.is_loopback and network.prefixlen > 0 and _is_private(network):
                found.add(network)
    return texts_of(found)


def _uplinks(facts: Facts) -> tuple[str, ...]:
    """By a network without a default route, too: who is in it may still use this device as a router."""
    outer = {*facts.uplinks} - {*inner_interfaces(facts)}
    return tuple(sorted({gateway.interface for gateway in facts.gateways} | outer))


def _own_resolvers(situation: Situation, wish: Wish, local: tuple[str, ...]) -> tuple[str, ...]:
    """The name servers that the forwarder may ask beside the tunnel, for this device's peers."""
    return situation.facts.resolvers if wish.gives_way else within(situation.facts.resolvers, local)


def _local_resolvers(situation: Situation, local: tuple[str, ...]) -> tuple[str, ...]:
    """The name servers of the network this device is in, where the person chose them rather than the host's."""
    dns = situation.settings.dns
    if dns == "host":
        return ()
    return within(situation.facts.resolvers if dns == "system" else (dns,), local)


def _is_private(network: Network) -> bool:
    return is_within(network, NOT_PUBLIC) and not any(network.overlaps(one) for one in TRANSLATED)


def _resolvers(situation: Situation) -> tuple[str, ...]:
    wish, dns = situation.wish, situation.settings.dns
    if wish is None or dns == "system" or wish.host not in situation.ledger.members:
        return ()
    return (situation.ledger.members[wish.host].address4,) if dns == "host" else (dns,)
