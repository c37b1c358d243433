"""Whose process is at the other end of a local socket.

Anybody may bind a socket under a path that was free, so the front ends ask the kernel before they say a word.
"""

from __future__ import annotations

import socket
import struct
import sys

from meshnet.errors import Code, MeshnetError

_CREDENTIALS = struct.Struct("3i")
"""pid, uid and gid, as SO_PEERCRED gives them (unix(7))."""
_XUCRED = struct.Struct("=IIhh16I")
"""Version, uid, count, padding and groups, as LOCAL_PEERCRED gives them (macOS, sys/ucred.h)."""
_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1


def check(descriptor: int) -> None:
    """Raise MeshnetError unless the process that serves this connected socket is root's or this user's own."""
    if sys.platform == "win32":
        raise MeshnetError(Code.NOT_SUPPORTED, "On this system Meshnet cannot tell yet who answers on its socket.")
    import os

    with socket.fromfd(descriptor, socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        owner = _owner(connection)
    if owner not in (0, os.getuid()):
        raise MeshnetError(
            Code.NOT_PERMITTED,
            f"What answers on the daemon's socket belongs to user number {owner}, neither to root nor to you. "
            "Nothing was sent to it.",
        )


def _owner(connection: socket.socket) -> int:
    """User id of the process that called listen(2) on the other end."""
    if sys.platform == "linux":
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return int(_CREDENTIALS.unpack(raw)[1])
    raw = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size)
    return int(_XUCRED.unpack(raw)[1])
