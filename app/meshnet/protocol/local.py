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
from meshnet.protocol import shown

VERSION = 1

T = TypeVar("T")

# --- what front ends show -------------------------------------------------------------------------------------------

Capability = shown.Capability
Permissions = shown.Permissions
ThisDevice = shown.ThisDevice
CoordinatorStatus = shown.CoordinatorStatus
Hop = shown.Hop
RouteStatus = shown.RouteStatus
HostedClient = shown.HostedClient
StoppedClient = shown.StoppedClient
Pause = shown.Pause
Status = shown.Status
DeviceView = shown.DeviceView
DeviceList = shown.DeviceList
Finding = shown.Finding
NatView = shown.NatView
Findings = shown.Findings
Invitation = shown.Invitation
Statements = shown.Statements
PhoneAdded = shown.PhoneAdded
SettingValues = shown.SettingValues

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


class PauseRoute(_Request, frozen=True, tag="pause"):
    """-> Status. Traffic goes out directly for so many seconds (at most a day); then the route is wanted again."""

    seconds: int


class ResumeRoute(_Request, frozen=True, tag="resume"):
    """-> Status, when the paused route is wanted again; `not-supported` where none is paused."""


class StopClient(_Request, frozen=True, tag="stop-client"):
    """-> Status. The device's routing through this one ends for so many seconds; 0 lets it go on."""

    device: str
    seconds: int


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
    | PauseRoute
    | ResumeRoute
    | StopClient
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
