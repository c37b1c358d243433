"""Who may talk to the daemon: decided by what the kernel says of the caller, never by what the caller says."""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

GROUP = "meshnet"
_SEAT = Path("/run/systemd/seats/seat0")
_SO_PEERGROUPS = 59
_GROUPS_MAX = 256
"""As many as Python's getsockopt can take; whoever is in more is known by user id alone."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The process at the other end, as of its `connect`."""

    uid: int
    groups: frozenset[int] = frozenset()


def may_talk(caller: Caller, *, owner: int | None, daemon: int, group: int | None, seat: int | None) -> bool:
    """Root, the user the daemon runs as, the group `meshnet`, and the owner; before there is one, the active seat."""
    if caller.uid in (0, daemon) or (group is not None and group in caller.groups):
        return True
    return caller.uid == (seat if owner is None else owner)


def caller_of(connection: socket.socket) -> Caller | None:
    """The other end of a Unix socket (unix(7)); None where the system does not tell."""
    if sys.platform == "linux":
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, uid, gid = struct.unpack("3i", raw)
        return Caller(uid, frozenset({gid, *_groups(connection)}))
    if sys.platform == "darwin":
        return _darwin_caller(connection)
    return None


def _groups(connection: socket.socket) -> tuple[int, ...]:
    # The process's own supplementary groups, not those that the user database has for its user.
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 4 * _GROUPS_MAX)
    except OSError:
        return ()
    return struct.unpack(f"{len(raw) // 4}I", raw)


def _darwin_caller(connection: socket.socket) -> Caller:
    # LOCAL_PEERCRED (unix(4) of macOS): struct xucred { version, uid, ngroups, groups[16] }
    raw = connection.getsockopt(0, 1, 4 + 4 + 4 + 64)
    _, uid, count = struct.unpack_from("IIhxx", raw)
    return Caller(uid, frozenset(struct.unpack_from(f"{min(count, 16)}I", raw, 12)))


def mesh_group() -> int | None:
    """Id of the group `meshnet`; None where there is none."""
    if sys.platform == "win32":
        return None
    import grp

    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return None


def active_seat() -> int | None:
    """User id of the person in front of the machine (systemd-logind's file of seat0); None: nobody, or not known."""
    try:
        lines = _SEAT.read_text().splitlines()
    except OSError:
        return None
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    uid = values.get("ACTIVE_UID", "")
    return int(uid) if uid.isdecimal() else None
