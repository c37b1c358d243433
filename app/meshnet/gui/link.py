"""The line to the daemon: calls out, answers and updates in, and a new attempt whenever the line is lost.

The only module of the shell that knows the socket. Everything happens on the thread of the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalSocket

from meshnet.errors import Code, MeshnetError
from meshnet.gui import peer
from meshnet.protocol import local
from meshnet.protocol.framing import LineBuffer

T = TypeVar("T")

FIRST_PAUSE = 500
"""Milliseconds before the first new attempt; a daemon that is restarted is back within a second."""
LONGEST_PAUSE = 10_000
ANSWER_WITHIN = 10_000
"""Milliseconds in which a daemon that takes connections is to say its first word."""
_REFUSED_BY_SYSTEM = QLocalSocket.LocalSocketError.SocketAccessError


@dataclass(frozen=True, slots=True)
class _Waiting:
    kind: type[Any]
    on_reply: Callable[[Any], None]
    on_failure: Callable[[MeshnetError], None]


class DaemonLink(QObject):
    """Connects, watches, and stays connected; `check` decides from a descriptor whether the daemon is to be trusted."""

    watching = Signal(object)
    """The daemon answers; carries its `Status`. Updates that tell all devices follow."""
    updated = Signal(object)
    """Carries an `Update`."""
    lost = Signal(object)
    """Carries the MeshnetError that says why there is no daemon now."""

    def __init__(
        self,
        path: str,
        check: Callable[[int], None] = peer.check,
        first_pause: int = FIRST_PAUSE,
        answer_within: int = ANSWER_WITHIN,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._path = path
        self._check = check
        self._first_pause = self._pause = first_pause
        self._lines = LineBuffer()
        self._waiting: dict[int, _Waiting] = {}
        self._last_id = 0
        self._ready = False
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self.start)
        self._deadline = QTimer(self)
        self._deadline.setSingleShot(True)
        self._deadline.setInterval(answer_within)
        self._deadline.timeout.connect(self._on_silence)
        self._socket = QLocalSocket(self)
        self._socket.connected.connect(self._on_connected)
        self._socket.readyRead.connect(self._on_data)
        self._socket.disconnected.connect(self._on_disconnected)
        self._socket.errorOccurred.connect(self._on_error)

    def start(self) -> None:
        """Make an attempt to connect; further ones follow by themselves."""
        self._retry.stop()
        self._lines = LineBuffer()
        self._socket.connectToServer(self._path)

    def stop(self) -> None:
        """Hang up, for good."""
        self._ready = False
        self._socket.blockSignals(True)
        self._socket.abort()
        self._retry.stop()
        self._deadline.stop()

    def call(
        self,
        request: local.Request,
        kind: type[T],
        on_reply: Callable[[T], None],
        on_failure: Callable[[MeshnetError], None],
    ) -> None:
        """Ask the daemon; exactly one of the two is called, with a `kind` or with the reason why not."""
        if not self._ready:
            on_failure(MeshnetError(Code.DAEMON_UNREACHABLE))
            return
        self._last_id += 1
        self._waiting[self._last_id] = _Waiting(kind, on_reply, on_failure)
        self._socket.write(local.to_line(local.Call(self._last_id, request)))

    def _on_connected(self) -> None:
        try:
            self._check(int(self._socket.socketDescriptor()))
        except MeshnetError as error:
            self._lose(error)
            return
        self._ready = True
        self._deadline.start()
        self.call(local.Watch(), local.Status, self._on_watching, self._lose)

    def _on_watching(self, status: local.Status) -> None:
        self._pause = self._first_pause
        self._deadline.stop()
        self.watching.emit(status)

    def _on_data(self) -> None:
        try:
            for line in self._lines.feed(bytes(self._socket.readAll().data())):
                if self._ready:
                    self._take(local.read_from_daemon(line))
        except MeshnetError as error:
            self._lose(error)

    def _take(self, message: local.FromDaemon) -> None:
        match message:
            case local.Update():
                self.updated.emit(message)
            case local.Failure(id=0):
                self._lose(MeshnetError(message.code, message.message))
            case local.Failure():
                if waiting := self._waiting.pop(message.id, None):
                    waiting.on_failure(MeshnetError(message.code, message.message))
            case local.Reply():
                self._answer(message)

    def _answer(self, reply: local.Reply) -> None:
        waiting = self._waiting.pop(reply.id, None)
        if waiting is None:
            return
        try:
            result = local.read_result(reply, waiting.kind)
        except msgspec.DecodeError:
            waiting.on_failure(MeshnetError(Code.VERSION_MISMATCH, "The daemon answers something else than was asked."))
        else:
            waiting.on_reply(result)

    def _on_silence(self) -> None:
        self._lose(MeshnetError(Code.DAEMON_UNREACHABLE))

    def _on_disconnected(self) -> None:
        self._lose(MeshnetError(Code.DAEMON_UNREACHABLE))

    def _on_error(self, error: QLocalSocket.LocalSocketError) -> None:
        code = Code.NOT_PERMITTED if error == _REFUSED_BY_SYSTEM else Code.DAEMON_UNREACHABLE
        self._lose(MeshnetError(code))

    def _lose(self, error: MeshnetError) -> None:
        """Hang up, tell everyone who waits, and try again after a pause that grows."""
        if self._retry.isActive():
            return
        self._ready = False
        self._deadline.stop()
        self._retry.start(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._socket.abort()
        waiting, self._waiting = self._waiting, {}
        self.lost.emit(error)
        for call in waiting.values():
            call.on_failure(error)
