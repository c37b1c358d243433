"""A daemon that answers as a test tells it, in a thread of its own, for front ends that block."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from meshnet.errors import MeshnetError
from meshnet.protocol import local
from meshnet.protocol.framing import LineBuffer

Answer = local.Result | MeshnetError | bytes
"""What to reply; bytes are sent as they are, and the connection is closed after them."""

JOINED = local.Status(
    state="idle",
    device=local.ThisDevice("a" * 26, "laptop", "100.64.0.1", "fd00::1", "fake", True, None),
    coordinator=local.CoordinatorStatus("https://mesh.example:8443", True),
    mesh="m" * 26,
)
NAS = local.DeviceView(
    id="b" * 26,
    name="nas",
    address4="100.64.0.2",
    address6="fd00::2",
    group="yours",
    owner="m" * 26,
    platform="linux",
    online=True,
    can_host=True,
    cannot_host=None,
    path="direct",
    rtt_ms=12.5,
    last_handshake="2027-01-15T08:00:00Z",
    grants=local.Permissions(incoming=True),
    granted=local.Permissions(incoming=True, routing=True),
    route=None,
)


class FakeDaemon:
    """What it was asked, and how it answers."""

    def __init__(self, path: Path, answer: Callable[[local.Request], Answer]) -> None:
        self.path = str(path)
        self.asked: list[local.Request] = []
        self._answer = answer
        self._connection: socket.socket | None = None

    def hang_up(self) -> None:
        """End the connection that is being served, if there is one."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def serve(self, listener: socket.socket) -> None:
        """Serve one connection after another, until the listener is shut down."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    self._connection = connection
                    self._serve_one(connection)

    def _serve_one(self, connection: socket.socket) -> None:
        lines = LineBuffer()
        while data := connection.recv(65536):
            for line in lines.feed(data):
                reply = self._reply(local.read_call(line))
                connection.sendall(reply)
                if not reply.endswith(b"}\n"):
                    return

    def _reply(self, call: local.Call) -> bytes:
        self.asked.append(call.request)
        match self._answer(call.request):
            case bytes() as raw:
                return raw
            case MeshnetError(code=code, message=message):
                return local.to_line(local.Failure(call.id, code, message))
            case result:
                return local.to_line(local.reply(call.id, result))


@contextlib.contextmanager
def fake_daemon(path: Path, answer: Callable[[local.Request], Answer]) -> Iterator[FakeDaemon]:
    """Serve at this socket until the block ends."""
    if sys.platform == "win32":
        raise NotImplementedError("front ends meet the daemon on Unix sockets only as yet")
    fake = FakeDaemon(path, answer)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(fake.path)
        listener.listen()
        thread = threading.Thread(target=fake.serve, args=(listener,))
        thread.start()
        try:
            yield fake
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            fake.hang_up()
            thread.join()
