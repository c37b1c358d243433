"""The vocabulary between the product and the systems: plain data in, plain data out.

A `SystemPlan` says what the whole system should look like; `Backend.apply` makes it so. The same plan twice does
nothing, an empty plan leaves no trace, and `Backend.restore` needs no memory of the process that made the mess.

Formats: addresses are in their canonical text form ("100.64.3.7", "fd00::1"); prefixes carry a length
("100.64.3.7/32"); endpoints are "ADDRESS:PORT" or "[ADDRESS6]:PORT"; WireGuard keys are base64 (wg(8)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol


class PlatformError(Exception):
    """A step on the system failed: what happened, and what the person can do about it."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure


# --- what is wanted -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Peer:
    """One WireGuard peer."""

    public_key: str
    allowed: tuple[str, ...]
    """Prefixes that may come from and are sent to this peer; a prefix belongs to one peer of a tunnel at most."""
    endpoint: str | None = None
    """Where to send, from when this is said; None leaves whatever the tunnel knows (WireGuard roams by itself)."""
    keepalive: int = 0
    """Seconds between keepalives; 0 is off."""
    aliases: tuple[str, ...] = ()
    """Other endpoints of the same peer: what comes from there is taken as if it came from `endpoint`, so that
    WireGuard does not roam there. Of the same family as `endpoint`; others are passed over."""
    saying: int = 0
    """Rises where `endpoint` is to be said once more although it is the same: WireGuard sends elsewhere by now."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """The WireGuard interface of this device."""

    interface: str
    private_key: str = field(repr=False)
    listen_port: int
    addresses: tuple[str, ...]
    """This device's own mesh addresses, as /32 and /128."""
    mtu: int = 1420
    peers: tuple[Peer, ...] = ()
    unreachable: tuple[str, ...] = ()
    """Mesh prefixes that belong to no configured peer: they must go nowhere, a route or not."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the system's default route of one family leaves: by a neighbour, or by a device that needs none."""

    interface: str
    address: str | None
    family: int
    """4 or 6."""


@dataclass(frozen=True, slots=True)
class Hosting:
    """Who may use this device as a way out. Without an entry in `routing` nothing is forwarded."""

    routing: tuple[str, ...]
    """Mesh addresses (both families) of peers that may route through this device."""
    lan: tuple[str, ...] = ()
    """Those of them that may also reach `lan_prefixes`."""
    lan_prefixes: tuple[str, ...] = ()
    lan_interfaces: tuple[str, ...] = ()
    """The interfaces by which `lan_prefixes` are reached, and by no other: a narrower route may lead elsewhere."""
    inner_interfaces: tuple[str, ...] = ()
    """Behind these are containers and virtual machines of this device, which go on being forwarded; machines behind
    all others are not, where forwarding is on for our sake."""
    denied: tuple[str, ...] = ()
    """Prefixes that no routed peer reaches (other than through `lan`)."""
    gateways: tuple[Gateway, ...] = ()
    """Ways that lead to the internet; a packet that would leave by another is dropped."""
    through_tunnel: bool = False
    """This host is itself routed: its peers' packets leave by the tunnel again, and may leave by nothing else."""
    resolver_port: int | None = None
    """Port on this device's own mesh addresses where the forwarder for names listens (UDP and TCP); port 53 of
    routed peers is redirected there. None: no name service for peers."""


@dataclass(frozen=True, slots=True)
class Control:
    """A TCP endpoint outside the tunnel that root's marked sockets may reach while routed."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Route:
    """All traffic of this device goes through the tunnel, or nowhere."""

    passing: bool
    """False: blocked. Nothing leaves but what keeps the mesh alive."""
    ipv6: bool = True
    """The host carries IPv6; otherwise IPv6 fails at once, as unreachable."""
    guarded: bool = True
    """The kill switch is on: a firewall of our own rejects what would leave beside the tunnel."""
    at_boot: bool = False
    """With `guarded`: also between the start of the system and that of the daemon."""
    control: tuple[Control, ...] = ()
    uplinks: tuple[str, ...] = ()
    """The interfaces by which this device would leave without the tunnel: nobody there may use it as a router."""
    resolvers: tuple[str, ...] = ()
    """Name servers outside the tunnel that root's marked sockets may ask (UDP and TCP, port 53)."""
    local: tuple[str, ...] = ()
    """Prefixes of the network this device is in that stay reachable directly, but not for names (ports 53 and 853)."""
    local_resolvers: tuple[str, ...] = ()
    """Name servers within `local` that programs may ask nevertheless (UDP and TCP, ports 53 and 853)."""

    def carries(self, family: int) -> bool:
        """Whether traffic of this family (4, 6) may flow into the tunnel now."""
        return self.passing and (family == 4 or self.ipv6)


@dataclass(frozen=True, slots=True)
class SystemPlan:
    """The whole of what is wanted of the system. The empty plan wants nothing."""

    tunnel: Tunnel | None = None
    incoming: tuple[str, ...] = ()
    """Mesh addresses of peers that may open connections to this device's mesh addresses."""
    hosting: Hosting | None = None
    route: Route | None = None
    resolvers: tuple[str, ...] = ()
    """Name servers the system is to use; empty leaves the system's own."""


# --- what is there --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """A network interface with the prefixes of its addresses ("192.168.1.20/24")."""

    name: str
    addresses: tuple[str, ...]
    is_up: bool = True
    is_loopback: bool = False
    kind: str = ""
    """What a virtual link is, in the words of ip-link(8) ("wireguard", "tun", "ppp", "bridge"); empty: hardware."""
    bridge: str = ""
    """The bridge, bond or the like that this link is a port of."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the planner must know of the system, gathered at one moment. Our own tunnel is not among the links."""

    links: tuple[Link, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    resolvers: tuple[str, ...] = ()
    """The name servers that the system really asks, ours not among them."""
    search: tuple[str, ...] = ()
    """Domains that the system completes short names with: those of the networks it is in."""
    uplinks: tuple[str, ...] = ()
    """Interfaces by which anything is reached through a neighbour, or whose addresses a network gave out."""
    routed: tuple[str, ...] = ()
    """Prefixes with a route of their own beside the default one: they may lead elsewhere than to the internet."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps this system from serving, or hosting, or routing."""

    id: str
    severity: str
    """"error" (it does not work), "warning" (it may not)."""
    message: str
    cure: str
    stops_hosting: bool = False
    stops_routing: bool = False


@dataclass(frozen=True, slots=True)
class PeerSight:
    """What the tunnel knows of one peer now."""

    public_key: str
    endpoint: str | None
    last_handshake: int
    """Unix time in seconds; 0: never."""
    rx_bytes: int
    tx_bytes: int


@dataclass(frozen=True, slots=True)
class Observation:
    """What the tunnel says of itself; no peers when there is no tunnel."""

    peers: tuple[PeerSight, ...] = ()


@dataclass(frozen=True, slots=True)
class Traffic:
    """Packets that went through the tunnel; each number begins anew when what counts it is made anew."""

    sent: int = 0
    """All that went in."""
    returned: int = 0
    """What programs of this device got back from beyond the mesh."""


class Probes(Protocol):
    """Datagrams of our own from and to the tunnel's UDP port, beside a running WireGuard; closed with `close`.

    They take the same way as WireGuard's: past the route and the kill switch, and through the same mapping of a NAT.
    """

    def fileno(self) -> int:
        """Readable while `receive` has something: for asyncio's `add_reader`."""
        ...

    def send(self, endpoint: str, payload: bytes) -> bool:
        """Send it, without waiting; False where the system does not let it out (no way there, no such family)."""
        ...

    def receive(self) -> tuple[str, bytes] | None:
        """What came, and from which endpoint; None: nothing more. Never longer than 512 bytes."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Backend(Protocol):
    """One system's way of carrying out plans.

    Methods may block; the daemon calls them from one worker thread, and `watch` and `close` from its own.
    """

    @property
    def platform(self) -> str:
        """The word for this system in device records: "linux", "macos", "windows", "fake"."""
        ...

    @property
    def control_mark(self) -> int | None:
        """SO_MARK for the daemon's own sockets that must pass beside the tunnel; None where that is not a thing."""
        ...

    def problems(self) -> tuple[Problem, ...]:
        """What is missing or in the way (tools, TUN, rights); empty when all is well."""
        ...

    def facts(self) -> Facts:
        """What the planner must know, read now."""
        ...

    def apply(self, plan: SystemPlan) -> None:
        """Make the system as the plan says; raise PlatformError, leaving nothing open that was closed."""
        ...

    def observe(self) -> Observation:
        """What the tunnel says now; cheap enough for once a second."""
        ...

    def traffic(self) -> Traffic:
        """What went through the tunnel."""
        ...

    def open_probes(self, listen_port: int, magic: bytes) -> Probes | None:
        """Datagrams to and from this UDP port that begin with `magic` (4 bytes); None where that is not a thing.

        PlatformError where the system refuses. May be called before the tunnel is there, and from the daemon's loop.
        """
        ...

    def restore(self) -> None:
        """Undo all that any earlier process of ours left on this system; harmless when there is nothing."""
        ...

    def watch(self, on_trouble: Callable[[str], None], on_news: Callable[[], None]) -> None:
        """Have what happens by itself told, from any thread, until `close`.

        `on_trouble(words)`: something of a plan in force died, or another program changed it; it was put right, or
        could not be. `on_news()`: what `facts` tells may have changed.
        """
        ...

    def close(self) -> None:
        """End watching and what runs for it; leaves the system as the last plan made it."""
        ...


# --- what a coordinator's machine serves ----------------------------------------------------------------------------


class Beacon(Protocol):
    """WireGuard interfaces that every device is a peer of, and that carry nothing: where do they see a device?

    Methods may block; they are called from one worker thread.
    """

    def start(self, private_keys: tuple[str, ...], ports: tuple[int, ...]) -> None:
        """Have one interface for each key and UDP port; undoes first what a process that died left. PlatformError."""
        ...

    def admit(self, public_keys: Iterable[str]) -> None:
        """Let these devices in, all at once; those already in stay as they are."""
        ...

    def dismiss(self, public_keys: Iterable[str]) -> None:
        """Put these devices out."""
        ...

    def sightings(self) -> tuple[dict[str, str], ...]:
        """For each interface: device's public key → endpoint under which it was heard, authenticated, last."""
        ...

    def stop(self) -> None:
        """Leave no trace."""
        ...


class Relay(Protocol):
    """Pairs of adjacent UDP ports, 2k and 2k+1: what arrives at one, from its owner, leaves from the other.

    Methods may block; they are called from one worker thread.
    """

    def start(self, addresses: tuple[str, ...], ports: range) -> None:
        """Serve on these addresses of this machine, at most one of each family; undoes first what a process that died
        left. PlatformError where the system cannot.
        """
        ...

    def bind(self, port: int, address: str, partner: str) -> None:
        """Give the two ports of a pair to their owners: the even one, `port`, takes packets from `address` alone, the
        odd one from `partner`. Both of one family, which is also that of the relay's address in use. Again with other
        addresses: they moved.
        """
        ...

    def release(self, port: int) -> None:
        """Nobody owns the pair of this even port any more."""
        ...

    def used(self) -> frozenset[int]:
        """Even ports of the pairs through which anything went since this was asked last."""
        ...

    def stop(self) -> None:
        """Leave no trace."""
        ...
