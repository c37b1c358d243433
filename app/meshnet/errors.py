"""The one tree of errors, and every code of refusal with its cure.

    MeshnetError             carries a Code and a sentence for people
    └── Refusal              same; raised where the person can do something about it

`docs/errors.md` is made from `EXPLANATIONS`, so a code without an explanation fails a test.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Code(StrEnum):
    """Why something was refused; part of the public contract of the command line."""

    NOT_JOINED = "not-joined"
    ALREADY_JOINED = "already-joined"
    UNKNOWN_DEVICE = "unknown-device"
    AMBIGUOUS_DEVICE = "ambiguous-device"
    DEVICE_OFFLINE = "device-offline"
    CANNOT_HOST = "cannot-host"
    ROUTING_NOT_ALLOWED = "routing-not-allowed"
    WOULD_LOOP = "would-loop"
    COORDINATOR_UNREACHABLE = "coordinator-unreachable"
    INVITE_INVALID = "invite-invalid"
    INVITE_USED = "invite-used"
    INVITE_EXPIRED = "invite-expired"
    INVITE_FOREIGN = "invite-foreign"
    CREATE_NOT_ALLOWED = "create-not-allowed"
    NO_MESH_KEY = "no-mesh-key"
    NAME_TAKEN = "name-taken"
    INVALID_NAME = "invalid-name"
    INVALID_SETTING = "invalid-setting"
    TOOLS_MISSING = "tools-missing"
    ADDRESS_POOL_EMPTY = "address-pool-empty"
    VERSION_MISMATCH = "version-mismatch"
    NOT_SUPPORTED = "not-supported"
    DAEMON_UNREACHABLE = "daemon-unreachable"
    NOT_PERMITTED = "not-permitted"
    TIMEOUT = "timeout"
    SYSTEM_ERROR = "system-error"
    INVALID_MESSAGE = "invalid-message"


class Blocked(StrEnum):
    """Why a wanted route carries nothing at the moment."""

    HOST_UNREACHABLE = "host-unreachable"
    ROUTING_REVOKED = "routing-revoked"
    HOST_LEFT_VPN = "host-left-vpn"
    LOOP = "loop"
    TUNNEL_FAILED = "tunnel-failed"
    NETWORK_DOWN = "network-down"
    SYSTEM_ERROR = "system-error"


BLOCKED_WORDS: dict[Blocked, str] = {
    Blocked.HOST_UNREACHABLE: "the host, or one behind it, does not answer",
    Blocked.ROUTING_REVOKED: "the host no longer allows routing",
    Blocked.HOST_LEFT_VPN: "the VPN that the host is on dropped",
    Blocked.LOOP: "the way leads back to this device",
    Blocked.TUNNEL_FAILED: "the tunnel failed",
    Blocked.NETWORK_DOWN: "this device has no network",
    Blocked.SYSTEM_ERROR: "the system refused a step",
}
"""The same in words, to stand behind a "because"."""


class Explanation(NamedTuple):
    """What a code means and what the person can do."""

    meaning: str
    cure: str


EXPLANATIONS: dict[Code, Explanation] = {
    Code.NOT_JOINED: Explanation(
        "This device is in no mesh yet.",
        "Make one with `meshnet create COORDINATOR`, or join one with `meshnet join LINK`.",
    ),
    Code.ALREADY_JOINED: Explanation(
        "This device is in a mesh already.", "Leave it first with `meshnet leave`, or use the mesh it is in."
    ),
    Code.UNKNOWN_DEVICE: Explanation(
        "No device goes by that name, address or id.", "`meshnet devices` lists those there are."
    ),
    Code.AMBIGUOUS_DEVICE: Explanation(
        "Several devices answer to what was given.", "Give the whole name, or more letters of the id."
    ),
    Code.DEVICE_OFFLINE: Explanation(
        "The device is not connected, and did not answer.",
        "Switch it on and check its network; `meshnet status` there says whether it reaches the coordinator.",
    ),
    Code.CANNOT_HOST: Explanation(
        "The device cannot route the traffic of others.",
        "`meshnet devices --json` gives its reason in `cannot_host`; `meshnet doctor` on that device gives the cure.",
    ),
    Code.ROUTING_NOT_ALLOWED: Explanation(
        "The device has not allowed this one to route through it.",
        "On that device: `meshnet allow THIS-DEVICE routing`, or tick “Allow routing” in its window.",
    ),
    Code.WOULD_LOOP: Explanation(
        "The host itself routes through a chain that leads back to this device.",
        "Choose another host, or stop the route on one device of the loop that the message names.",
    ),
    Code.COORDINATOR_UNREACHABLE: Explanation(
        "The coordinator does not answer, or is not the one that was pinned.",
        "Check the network and that `meshnet-coordinator serve` runs; known devices keep working meanwhile.",
    ),
    Code.INVITE_INVALID: Explanation(
        "The invite link is damaged, or the coordinator does not know it.",
        "Copy the whole link again, or make a new one with `meshnet invite`.",
    ),
    Code.INVITE_USED: Explanation(
        "The invite link was used already; each lets one device in.", "Make a new one with `meshnet invite`."
    ),
    Code.INVITE_EXPIRED: Explanation(
        "The invite link has expired.", "Make a new one with `meshnet invite`; `--expires 7d` makes it last longer."
    ),
    Code.INVITE_FOREIGN: Explanation(
        "The link is of another kind, or the mesh behind it is not the one it names.",
        "Ask the sender for a new link, and use it for what it was made for.",
    ),
    Code.CREATE_NOT_ALLOWED: Explanation(
        "The coordinator does not let this address line make a mesh.",
        "Take the line anew from `meshnet-coordinator address` on the coordinator's machine.",
    ),
    Code.NO_MESH_KEY: Explanation(
        "The mesh's key is not with this person on this device, and the request needs its signature.",
        "Do it where the mesh was created, as the person who created it.",
    ),
    Code.NAME_TAKEN: Explanation("Another device of the mesh has that name.", "Choose another name."),
    Code.INVALID_NAME: Explanation(
        "A name has 1 to 63 characters of any language, and no control characters.", "Choose another name."
    ),
    Code.INVALID_SETTING: Explanation(
        "There is no such setting, or it does not take that value.",
        "`meshnet settings` lists the settings; `meshnet settings --help` their values.",
    ),
    Code.TOOLS_MISSING: Explanation(
        "A tool that Meshnet drives is not installed.",
        "Install what the message names; on Debian: `apt install wireguard-tools nftables iproute2`.",
    ),
    Code.ADDRESS_POOL_EMPTY: Explanation(
        "The coordinator has no free address left.",
        "Remove devices no longer used, or serve a larger `--network4` for new meshes.",
    ),
    Code.VERSION_MISMATCH: Explanation(
        "The two programs, or a program and a file, are of versions that do not understand each other.",
        "Update the older one.",
    ),
    Code.NOT_SUPPORTED: Explanation("This system or version cannot do that.", "`meshnet doctor` says what it can."),
    Code.DAEMON_UNREACHABLE: Explanation(
        "The daemon does not answer on its socket.",
        "Start it (`systemctl start meshnetd`, or `meshnetd run` as root). If traffic is blocked and the daemon "
        "is to stay off, `meshnetd revert` opens the network again.",
    ),
    Code.NOT_PERMITTED: Explanation(
        "This user may not talk to the daemon.",
        "Use the account that created or joined the mesh, become a member of the group `meshnet`, or root.",
    ),
    Code.TIMEOUT: Explanation("No answer came in time.", "Try again; `meshnet status` says what is going on."),
    Code.SYSTEM_ERROR: Explanation(
        "The system refused a step; the message has its words.", "`meshnet doctor` looks for the usual causes."
    ),
    Code.INVALID_MESSAGE: Explanation(
        "A program sent what is no message of the protocol: malformed, too long or unknown.",
        "Update the program that sent it.",
    ),
}


class MeshnetError(Exception):
    """A failure with a code, a sentence for people, and the cure that goes with the code."""

    def __init__(self, code: Code, message: str = "") -> None:
        super().__init__(message or EXPLANATIONS[code].meaning)
        self.code = code
        self.message = message or EXPLANATIONS[code].meaning

    @property
    def cure(self) -> str:
        """What the person can do about it."""
        return EXPLANATIONS[self.code].cure


class Refusal(MeshnetError):
    """The request was understood and is refused; nothing was changed."""
