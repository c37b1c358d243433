"""Messages between a front end and the daemon: JSON lines over a Unix socket.

A front end sends `Call`s, each with an id of its choice; the daemon answers each with a `Reply` or a `Failure` of that
id. After `Watch`, `Update`s come by themselves, with no id, whenever something changed. One closed union per direction.

Whatever needs the mesh key goes in two steps: `Prepare*` returns statements, the front end signs them, and the call of
the same name carries the signed records back. The daemon never sees the mesh key.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from meshnet.core.records import Signed
from meshnet.errors import Code, MeshnetError

VERSION = 1

T = TypeVar("T")

# --- what front ends show -------------------------------------------------------------------------------------------


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


# --- requests -------------------------------------------------------------------------------------------------------


class _Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb"):
    pass


class GetStatus(_Request, frozen=True, tag="status"):
    """-> Status"""


class GetDevices(_Request, frozen=True, tag="devices"):
    """-> DeviceList of the devices after this id"""

    after: str = ""


class Watch(_Request, frozen=True, tag="watch"):
    """-> Status; then `Update`s that tell all devices, and from then on one for every change"""


class Doctor(_Request, frozen=True, tag="doctor"):
    """-> Findings"""


class StartRoute(_Request, frozen=True, tag="route"):
    """-> Status, when traffic flows through the device, or a failure that says why not"""

    device: str


class StopRoute(_Request, frozen=True, tag="route-off"):
    """-> Status"""


class Allow(_Request, frozen=True, tag="allow"):
    """-> Status. Grants: "incoming", "routing", "lan"."""

    device: str
    grants: tuple[str, ...]


class Deny(_Request, frozen=True, tag="deny"):
    """-> Status"""

    device: str
    grants: tuple[str, ...]


class Rename(_Request, frozen=True, tag="rename"):
    """-> Status. Only this device has its name in hand; another one is renamed where it runs."""

    device: str
    name: str


class GetSettings(_Request, frozen=True, tag="settings"):
    """-> SettingValues"""


class SetSetting(_Request, frozen=True, tag="set"):
    """-> SettingValues with this key alone"""

    key: str
    value: str


class PrepareCreate(_Request, frozen=True, tag="prepare-create"):
    """-> Statements: Mesh and Membership"""

    coordinator: str
    mesh_key: str
    name: str | None = None


class Create(_Request, frozen=True, tag="create"):
    """-> Status"""

    coordinator: str
    records: tuple[Signed, ...]
    name: str | None = None


class PrepareInvite(_Request, frozen=True, tag="prepare-invite"):
    """-> Statements: Invite, and the link"""

    expires_in: int
    """Seconds."""


class PostInvite(_Request, frozen=True, tag="invite"):
    """-> Status"""

    records: tuple[Signed, ...]


class Join(_Request, frozen=True, tag="join"):
    """-> Status"""

    link: str
    name: str | None = None
    allow: tuple[str, ...] = ()


class AddPhone(_Request, frozen=True, tag="phone"):
    """-> PhoneAdded. The link is one of this mesh; the app uses the host `via`, which may be this device."""

    link: str
    name: str
    wireguard: str
    """The app's WireGuard public key."""
    via: str
    endpoint: str | None = None
    """Where the app is to find the host, where the person knows better."""


class Leave(_Request, frozen=True, tag="leave"):
    """-> Status"""


class PrepareRemove(_Request, frozen=True, tag="prepare-remove"):
    """-> Statements: Removal"""

    device: str


class PrepareConfirm(_Request, frozen=True, tag="prepare-confirm"):
    """-> Statements: a Confirmation for each device of `Status.unconfirmed`"""


class PostSigned(_Request, frozen=True, tag="post"):
    """-> Status. Removals and confirmations that the mesh key signed."""

    records: tuple[Signed, ...]


Request = (
    GetStatus
    | GetDevices
    | Watch
    | Doctor
    | StartRoute
    | StopRoute
    | Allow
    | Deny
    | Rename
    | GetSettings
    | SetSetting
    | PrepareCreate
    | Create
    | PrepareInvite
    | PostInvite
    | Join
    | AddPhone
    | Leave
    | PrepareRemove
    | PrepareConfirm
    | PostSigned
)

Result = Status | DeviceList | Findings | SettingValues | Statements | PhoneAdded


# --- envelopes ------------------------------------------------------------------------------------------------------


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request with the id that its answer will carry."""

    id: int
    request: Request
    version: int = VERSION


class Reply(msgspec.Struct, frozen=True, tag_field="kind", tag="reply"):
    """The answer to a call; `result` is read by what the request promises (`read_result`)."""

    id: int
    result: msgspec.Raw


class Failure(msgspec.Struct, frozen=True, tag_field="kind", tag="failure"):
    """The refusal of a call; `id` is 0 where the call could not be read."""

    id: int
    code: Code
    message: str


class Update(msgspec.Struct, frozen=True, tag_field="kind", tag="update"):
    """What changed for those who watch."""

    status: Status
    devices: tuple[DeviceView, ...] = ()
    """Those that are new, or changed."""
    gone: tuple[str, ...] = ()
    """Ids of those that are no longer there."""


FromDaemon = Reply | Failure | Update

_encoder = msgspec.json.Encoder()
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""RecursionError: msgspec's word for JSON that is nested too deeply."""
_calls: msgspec.json.Decoder[Call] = msgspec.json.Decoder(Call)
_from_daemon: msgspec.json.Decoder[Reply | Failure | Update] = msgspec.json.Decoder(Reply | Failure | Update)


def to_line(message: Call | FromDaemon) -> bytes:
    """One message as a line."""
    return _encoder.encode(message) + b"\n"


def reply(call_id: int, result: Result) -> Reply:
    """The reply that carries this result."""
    return Reply(call_id, msgspec.Raw(_encoder.encode(result)))


def read_call(line: bytes) -> Call:
    """Read a line of a front end; MeshnetError `invalid-message` or `version-mismatch`."""
    try:
        call = _calls.decode(line)
    except _UNREADABLE as error:
        raise MeshnetError(Code.INVALID_MESSAGE, f"The daemon does not understand this message: {error}") from error
    if call.version != VERSION:
        raise MeshnetError(
            Code.VERSION_MISMATCH, f"The program speaks version {call.version}, the daemon version {VERSION}."
        )
    return call


def read_from_daemon(line: bytes) -> FromDaemon:
    """Read a line of the daemon; MeshnetError `version-mismatch` where it is none that this program knows."""
    try:
        return _from_daemon.decode(line)
    except _UNREADABLE as error:
        raise MeshnetError(Code.VERSION_MISMATCH, "The daemon answers in a way this program does not know.") from error


def read_result(answer: Reply, kind: type[T]) -> T:
    """The result of a reply as what the request promises."""
    return msgspec.json.decode(answer.result, type=kind)
