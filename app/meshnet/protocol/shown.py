"""What the daemon tells front ends, and they show: the part of `meshnet.protocol.local` that asks for nothing."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Capability(StrEnum):
    """What a daemon may be able to do; one that is not named is not there."""

    ROUTE = "route"
    """Send this device's traffic through a host."""
    HOST = "host"
    """Carry others' traffic."""
    INCOMING = "incoming"
    """Keep peers from connecting to this device."""
    PAUSE = "pause"
    STOP_CLIENT = "stop-client"
    PHONE = "phone"
    """Add stock WireGuard apps."""
    EXTERNAL = "external"
    """Link this mesh with those of other people."""


class Permissions(msgspec.Struct, frozen=True):
    """What one device permits another."""

    incoming: bool = False
    routing: bool = False
    lan: bool = False


class ThisDevice(msgspec.Struct, frozen=True):
    """The device that the daemon runs on."""

    id: str
    name: str
    address4: str
    address6: str
    platform: str
    can_host: bool
    cannot_host: str | None


class CoordinatorStatus(msgspec.Struct, frozen=True):
    """The coordinator of the mesh, and whether it is connected."""

    url: str
    connected: bool


class Hop(msgspec.Struct, frozen=True):
    """A host on the way of the route."""

    name: str
    """"?" for one that this device may not see."""
    id: str | None
    online: bool


class RouteStatus(msgspec.Struct, frozen=True):
    """The route that is wanted."""

    host: str
    host_id: str
    path: str
    """"direct", "relay" or "none"."""
    since: str
    """ISO 8601, UTC."""
    chain: tuple[str, ...]
    """Names of the hosts in order, `host` first; "?" for one that this device may not see."""
    rtt_ms: float | None
    exit: str = "line"
    """By what the traffic leaves the last host: its own "line", a "vpn" it is on, or that VPN is "lost"."""
    instead_of: str | None = None
    """Name of the host that the person chose, while a fallback stands in for it."""
    hops: tuple[Hop, ...] = ()
    """The hosts of `chain`, with what is known of each."""
    public: tuple[str, ...] = ()
    """The addresses that the world sees, as far as the last host tells: one of each family at most."""
    rx_bytes: int | None = None
    """What came from the host, since the tunnel to it was set up; None from a daemon that does not tell."""
    tx_bytes: int | None = None
    """What was sent to it."""


class HostedClient(msgspec.Struct, frozen=True):
    """A device that routes through this one."""

    id: str
    name: str
    since: str
    """ISO 8601, UTC: since when, as far as this run of the daemon has seen."""
    rx_bytes: int
    """What it sent into the tunnel since then, in bytes."""
    tx_bytes: int
    """What it was sent."""


class StoppedClient(msgspec.Struct, frozen=True):
    """A device that may route through this one, and was stopped for now."""

    id: str
    name: str
    until: str
    """ISO 8601, UTC."""


class Pause(msgspec.Struct, frozen=True):
    """A route that was stopped for a while, and goes on by itself."""

    host: str
    host_id: str
    until: str
    """ISO 8601, UTC."""


class Status(msgspec.Struct, frozen=True):
    """This device and its route."""

    state: str
    """"not-joined", "idle", "connecting", "routing" or "blocked"."""
    reason: str | None = None
    device: ThisDevice | None = None
    coordinator: CoordinatorStatus | None = None
    route: RouteStatus | None = None
    clients: tuple[str, ...] = ()
    rx_bytes: int = 0
    tx_bytes: int = 0
    mesh: str | None = None
    """The mesh's id."""
    problems: tuple[str, ...] = ()
    """What keeps this system from serving, in words."""
    explanation: str | None = None
    """The reason in words, to stand behind a "because"."""
    unconfirmed: tuple[str, ...] = ()
    """Ids of devices that joined by an invite and wait for a front end with the mesh key."""
    version: str = ""
    """The daemon's."""
    capabilities: tuple[str, ...] = ()
    """What this daemon can do on this system (`Capability`); front ends show nothing else."""
    public: tuple[str, ...] = ()
    """The addresses that the world sees of this device while it is not routed: one of each family at most."""
    hosting: tuple[HostedClient, ...] = ()
    """Those of `clients`, with what is known of each."""
    stopped: tuple[StoppedClient, ...] = ()
    pause: Pause | None = None


class DeviceView(msgspec.Struct, frozen=True):
    """Another device, as this one sees it."""

    id: str
    name: str
    address4: str
    address6: str
    group: str
    """"yours" or "external"."""
    owner: str
    platform: str
    online: bool
    can_host: bool
    cannot_host: str | None
    path: str
    rtt_ms: float | None
    last_handshake: str | None
    grants: Permissions
    """What this device permits the peer."""
    granted: Permissions
    """What the peer permits this device."""
    route: str | None
    exit: str = "line"
    """As a host that is not routed itself: its peers leave by its "line", a "vpn", or that VPN is "lost"."""


class DeviceList(msgspec.Struct, frozen=True):
    """Other devices in the order of their ids, as many as fit; `more` says that there are others after the last."""

    devices: tuple[DeviceView, ...]
    more: bool = False


class Finding(msgspec.Struct, frozen=True):
    """What would keep hosting or routing from working, and the cure."""

    id: str
    severity: str
    message: str
    cure: str


class NatView(msgspec.Struct, frozen=True):
    """What is before this device, and whom it can meet."""

    kind: str
    """"none", "one-port" (for all destinations), "port-each" (another for each destination), "unknown"."""
    message: str


class Findings(msgspec.Struct, frozen=True):
    """What the doctor found; empty when all is well."""

    findings: tuple[Finding, ...]
    nat: NatView | None = None
    """None while the device is in no mesh."""


class Invitation(msgspec.Struct, frozen=True):
    """An invite link, to be shown once."""

    link: str
    expires: str
    """ISO 8601, UTC."""


class Statements(msgspec.Struct, frozen=True):
    """Bodies of records for the mesh key to sign, and what else the second step needs back."""

    bodies: tuple[str, ...]
    link: str = ""


class PhoneAdded(msgspec.Struct, frozen=True):
    """A stock WireGuard app that became a device, and what its configuration needs beside its secret key."""

    id: str
    name: str
    address4: str
    address6: str
    host: str
    """Name of the host that it uses."""
    host_key: str
    """WireGuard public key."""
    endpoint: str
    """Where it finds its host."""
    dns: str
    beacon_key: str | None = None
    """WireGuard public key of the beacon, which sees where the app is; None: there is none."""
    beacon_endpoint: str | None = None
    is_own_host: bool = False
    """The host is the device of the daemon that answers."""


class SettingValues(msgspec.Struct, frozen=True):
    """All settings, as text, by their keys."""

    values: dict[str, str]
