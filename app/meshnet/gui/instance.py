"""One app for each person: a second start hands over what it was started for, and ends.

The socket lies in the person's own runtime directory, where nobody else can bind or connect. What comes by it is a
wish that any program of the person may have: it opens the window or fills in a link, and does nothing more.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QLockFile, QObject, QStandardPaths, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

OPEN = "open"
_LINK = "meshnet://"
_LINE_MAX = 2048
_TAKEN = b"taken\n"
PATIENCE = 8000
"""Milliseconds in which the other app, which may be starting too, takes the words. One that hangs or ends does not."""


class Instance(QObject):
    """Is the person's one app for a daemon (by the path of its socket), or tells that one."""

    open_wanted = Signal()
    link_given = Signal(str)
    """A meshnet:// link; nothing is known of who made it."""

    def __init__(
        self, daemon: str, folder: str | None = None, patience: int = PATIENCE, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._patience = patience
        where = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.RuntimeLocation)
        self._folder = where if folder is None else folder
        self._name = f"meshnet-gui-{hashlib.sha256(daemon.encode()).hexdigest()[:12]}"
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    @property
    def address(self) -> str:
        """Where the one app listens: a path, or on Windows the name of a pipe."""
        if sys.platform == "win32":
            return f"{self._name}-{hashlib.sha256(self._folder.encode()).hexdigest()[:12]}"
        return f"{self._folder}/{self._name}.sock"

    def first(self, words: Sequence[str]) -> bool:
        """Whether this is the one app from now on; otherwise that one was told the words: "open", or a link."""
        if not self._folder:
            return True
        # Of two that are started at the same moment, one waits here until the other listens.
        lock = QLockFile(f"{self._folder}/{self._name}.lock")
        lock.tryLock(2 * self._patience)
        try:
            if self._hand_over(words):
                return False
            QLocalServer.removeServer(self.address)
            self._server.listen(self.address)
            return True
        finally:
            lock.unlock()

    def _on_connection(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.readyRead.connect(partial(self._on_data, socket))
            socket.disconnected.connect(socket.deleteLater)
            self._on_data(socket)

    def _on_data(self, socket: QLocalSocket) -> None:
        while socket.canReadLine():
            word = bytes(socket.readLine(_LINE_MAX + 1).data()).decode("ascii", "replace").removesuffix("\n")
            if not _is_known(word):
                socket.abort()
                return
            self._take(word)
            socket.write(_TAKEN)
            socket.flush()
        if socket.bytesAvailable() > _LINE_MAX:
            socket.abort()

    def _take(self, word: str) -> None:
        if word == OPEN:
            self.open_wanted.emit()
        else:
            self.link_given.emit(word)

    def _hand_over(self, words: Sequence[str]) -> bool:
        """Tell the app that listens there; whether there is one that took it."""
        socket = QLocalSocket()
        socket.connectToServer(self.address)
        if not socket.waitForConnected(self._patience):
            return False
        for word in words or (OPEN,):
            line = word if _is_known(word) else OPEN
            socket.write(f"{line}\n".encode())
            if not socket.waitForReadyRead(self._patience) or bytes(socket.readLine().data()) != _TAKEN:
                return False
        return True


def _is_known(word: str) -> bool:
    is_link = word.startswith(_LINK) and word.isascii() and word.isprintable() and len(word) < _LINE_MAX
    return word == OPEN or is_link
