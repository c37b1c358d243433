"""The command line's end of the local API: one blocking connection to the daemon."""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

import msgspec

from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from meshnet.protocol.framing import LineBuffer

DEFAULT_SOCKET = "/run/meshnet/meshnetd.sock"
PATIENCE = 25.0
"""Seconds; the longest answer is that of `route`, 15 at most."""
T = TypeVar("T")


class Client:
    """A connection to the daemon."""

    def __init__(self, path: str, patience: float = PATIENCE) -> None:
        self._buffer = LineBuffer()
        self._lines: list[bytes] = []
        self._last = 0
        self._socket = _connect(path, patience)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, request: local.Request, kind: type[T]) -> T:
        """The daemon's answer; MeshnetError where it refuses, or does not answer."""
        self._last += 1
        self._send(local.to_line(local.Call(self._last, request)))
        while True:
            message = self._next()
            match message:
                case local.Failure(id=number, code=code, message=text) if number in (self._last, 0):
                    raise MeshnetError(code, text)
                case local.Reply(id=number) if number == self._last:
                    return _result(message, kind)
                case _:
                    continue

    def status(self) -> local.Status:
        """This device and its route."""
        return self.ask(local.GetStatus(), local.Status)

    def devices(self) -> list[local.DeviceView]:
        """All other devices."""
        found: list[local.DeviceView] = []
        while True:
            piece = self.ask(local.GetDevices(found[-1].id if found else ""), local.DeviceList)
            found += piece.devices
            if not piece.more:
                return found

    def updates(self) -> Iterator[local.Status]:
        """The status now, and every one that differs from the last, until the daemon ends."""
        last = self.ask(local.Watch(), local.Status)
        yield last
        self._socket.settimeout(None)
        while True:
            message = self._next()
            if isinstance(message, local.Update) and message.status != last:
                last = message.status
                yield last

    def _send(self, line: bytes) -> None:
        try:
            self._socket.sendall(line)
        except OSError as error:
            raise MeshnetError(Code.DAEMON_UNREACHABLE, "The daemon ended the connection.") from error

    def _next(self) -> local.FromDaemon:
        while not self._lines:
            try:
                data = self._socket.recv(65536)
            except TimeoutError as error:
                raise MeshnetError(Code.TIMEOUT, f"The daemon did not answer for {PATIENCE:.0f} seconds.") from error
            except OSError as error:
                raise MeshnetError(Code.DAEMON_UNREACHABLE, "The daemon ended the connection.") from error
            if not data:
                raise MeshnetError(Code.DAEMON_UNREACHABLE, "The daemon ended the connection.")
            self._lines += self._buffer.feed(data)
        return local.read_from_daemon(self._lines.pop(0))


def _result(message: local.Reply, kind: type[T]) -> T:
    try:
        return local.read_result(message, kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MeshnetError(Code.VERSION_MISMATCH, "The daemon answers in a way this program does not know.") from error


def _connect(path: str, patience: float) -> socket.socket:
    if sys.platform == "win32":
        raise MeshnetError(Code.NOT_SUPPORTED, "The daemon does not serve on Windows yet.")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(patience)
    try:
        connection.connect(path)
    except PermissionError as error:
        connection.close()
        raise MeshnetError(Code.NOT_PERMITTED, f"This user may not use {path}.") from error
    except OSError as error:
        connection.close()
        raise MeshnetError(Code.DAEMON_UNREACHABLE, f"No daemon answers at {path}.") from error
    _check_server(connection, path)
    return connection


def _check_server(connection: socket.socket, path: str) -> None:
    """Whoever listens there must be root, or this very user: anybody else is after invite links and keys."""
    if sys.platform == "win32":
        return
    uid = _server_uid(connection)
    if uid not in (None, 0, os.getuid()):
        connection.close()
        raise MeshnetError(
            Code.DAEMON_UNREACHABLE, f"The program at {path} belongs to user {uid}, not to root: it is not the daemon."
        )


def _server_uid(connection: socket.socket) -> int | None:
    if sys.platform == "linux":
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", raw)[1])
    if sys.platform == "darwin":
        # LOCAL_PEERCRED (unix(4) of macOS): struct xucred begins with its version and the uid.
        return int(struct.unpack_from("II", connection.getsockopt(0, 1, 76))[1])
    return None
