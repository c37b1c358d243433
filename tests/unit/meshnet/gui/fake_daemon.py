"""A daemon that speaks the local protocol over a real socket, and does as the test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from meshnet.errors import MeshnetError
from meshnet.protocol import local
from meshnet.protocol.framing import LineBuffer

LAPTOP = local.ThisDevice("a" * 26, "laptop", "100.64.0.1", "fd00::1", "linux", True, None)


def device(name: str, number: int = 2, group: str = "yours", **changes: Any) -> local.DeviceView:
    """A device that is online, hosts, and permits this one to route through it, unless changed."""
    view = local.DeviceView(
        id=f"{number:026d}",
        name=name,
        address4=f"100.64.0.{number}",
        address6=f"fd00::{number:x}",
        group=group,
        owner="m" * 26,
        platform="linux",
        online=True,
        can_host=True,
        cannot_host=None,
        path="direct",
        rtt_ms=23.2,
        last_handshake=None,
        grants=local.Permissions(incoming=True),
        granted=local.Permissions(incoming=True, routing=True),
        route=None,
    )
    return msgspec.structs.replace(view, **changes)


def route(
    host: local.DeviceView, *further: str, path: str = "direct", rtt_ms: float | None = 23.2
) -> local.RouteStatus:
    """A route through the device."""
    return local.RouteStatus(host.name, host.id, path, "2026-01-01T00:00:00Z", (host.name, *further), rtt_ms)


def joined(state: str = "idle", **changes: Any) -> local.Status:
    """The status of a device in a mesh."""
    status = local.Status(
        state,
        device=LAPTOP,
        mesh="m" * 26,
        coordinator=local.CoordinatorStatus("https://mesh.example:8443", True),
        version="0.1.0",
        capabilities=tuple(local.Capability),
    )
    return msgspec.structs.replace(status, **changes)


Answer = local.Result | MeshnetError | None


class FakeDaemon(QObject):
    """Answers by `answers`, keeps what it was asked in `asked`, and tells those who watch by `tell`."""

    called = Signal(object)

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.status = joined()
        self.devices: tuple[local.DeviceView, ...] = ()
        self.asked: list[local.Request] = []
        self.answers: dict[type[object], Callable[[local.Request], Answer]] = {}
        """What to answer by kind of request; None keeps the caller waiting."""
        self.settings = {"own-devices": "none", "kill-switch": "on"}
        self._sockets: list[tuple[QLocalSocket, LineBuffer]] = []
        self._calls: list[tuple[QLocalSocket, local.Call]] = []
        self._server = QLocalServer(self)
        self._server.newConnection.connect(self._on_connection)

    def listen(self) -> None:
        """Accept connections, also after `die`."""
        QLocalServer.removeServer(self.path)
        assert self._server.listen(self.path), self._server.errorString()

    def die(self) -> None:
        """Go away without a word."""
        self._server.close()
        sockets, self._sockets = self._sockets, []
        for socket, _ in sockets:
            socket.abort()

    def tell(self, status: local.Status, *devices: local.DeviceView, gone: tuple[str, ...] = ()) -> None:
        """Send an update to everyone."""
        self.status = status
        self.say(local.to_line(local.Update(status, devices, gone)))

    def say(self, line: bytes) -> None:
        """Send these bytes to everyone."""
        for socket, _ in self._sockets:
            socket.write(line)

    def answer_last(self, answer: Answer) -> None:
        """Answer the call that was kept waiting longest."""
        self._send(*self._calls.pop(0), answer)

    def actions(self) -> list[local.Request]:
        """What was asked, without what only reads."""
        reading = local.Watch | local.GetSettings
        return [request for request in self.asked if not isinstance(request, reading)]

    def _on_connection(self) -> None:
        socket = self._server.nextPendingConnection()
        lines = LineBuffer()
        self._sockets.append((socket, lines))
        socket.readyRead.connect(lambda: self._on_data(socket, lines))
        self._on_data(socket, lines)

    def _on_data(self, socket: QLocalSocket, lines: LineBuffer) -> None:
        for line in lines.feed(bytes(socket.readAll().data())):
            call = local.read_call(line)
            self.asked.append(call.request)
            self._answer(socket, call)
            self.called.emit(call.request)

    def _answer(self, socket: QLocalSocket, call: local.Call) -> None:
        given = self.answers.get(type(call.request), self._usual)
        answer = given(call.request)
        if answer is None:
            self._calls.append((socket, call))
            return
        self._send(socket, call, answer)
        if isinstance(call.request, local.Watch) and not isinstance(answer, MeshnetError):
            socket.write(local.to_line(local.Update(self.status, self.devices)))

    def _send(self, socket: QLocalSocket, call: local.Call, answer: Answer) -> None:
        if isinstance(answer, MeshnetError):
            socket.write(local.to_line(local.Failure(call.id, answer.code, answer.message)))
        elif answer is not None:
            socket.write(local.to_line(local.reply(call.id, answer)))

    def _usual(self, request: local.Request) -> Answer:
        match request:
            case local.GetSettings():
                return local.SettingValues(self.settings)
            case local.SetSetting(key, value):
                self.settings[key] = value
                return local.SettingValues({key: value})
            case local.PrepareConfirm():
                return local.Statements(())
        return self.status
