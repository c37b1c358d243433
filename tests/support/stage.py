"""A make-believe daemon: it plays a scene at a real socket, and does as front ends ask, on paper.

`python -m support.stage SCENE SOCKET` plays one until it is ended, with traffic that flows.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from meshnet.protocol.framing import LineBuffer
from support.scenes import SCENES, Scene, ago, joined, through

_PIECE = 64
"""Devices in one update: with these, no line is longer than one may be."""
_DOWN, _UP = 3_000_000, 400_000
"""Bytes a second, about."""


class Stage:
    """Plays `scene` for all that connect, from `open` to `close`; each one sees what the others do."""

    def __init__(self, path: str, scene: Scene) -> None:
        self.path = path
        self.scene = scene
        self._lock = threading.RLock()
        self._watchers: list[socket.socket] = []
        self._connections: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self._random = random.Random(6)

    def open(self) -> None:
        """Accept connections, if there is anybody in the scene to do so."""
        if sys.platform == "win32":
            raise NotImplementedError("front ends meet the daemon on Unix sockets only as yet")
        if self.scene.is_there:
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(self.path)
            self._listener.listen()
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Hang up."""
        with self._lock, contextlib.suppress(OSError):
            if self._listener is not None:
                self._listener.shutdown(socket.SHUT_RDWR)
                self._listener.close()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def change(self, scene: Scene, *changed: local.DeviceView) -> None:
        """From now on it is like this; those who watch are told the status and these devices."""
        with self._lock:
            self.scene = scene
            for watcher in self._watchers:
                self._tell(watcher, changed)

    def flow(self, seconds: float) -> None:
        """So much time passes in which traffic flows."""
        status = self.scene.status
        down = round(seconds * _DOWN * self._random.uniform(0.2, 1.5))
        up = round(seconds * _UP * self._random.uniform(0.2, 1.5))
        changes: dict[str, Any] = {"hosting": tuple(_grown(client, up, down) for client in status.hosting)}
        if status.state == "routing":
            changes |= {"rx_bytes": status.rx_bytes + down, "tx_bytes": status.tx_bytes + up}
        self.change(replace(self.scene, status=msgspec.structs.replace(status, **changes)))

    # --- the socket -------------------------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        lines = LineBuffer()
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                for line in lines.feed(data):
                    self._take(connection, local.read_call(line))
        with self._lock:
            self._watchers = [watcher for watcher in self._watchers if watcher is not connection]

    def _take(self, connection: socket.socket, call: local.Call) -> None:
        with self._lock:
            try:
                answer: local.FromDaemon = local.reply(call.id, self._answer(call.request))
            except MeshnetError as error:
                answer = local.Failure(call.id, error.code, error.message)
            connection.sendall(local.to_line(answer))
            if isinstance(call.request, local.Watch) and self.scene.refusal is None:
                self._watchers.append(connection)
                self._tell(connection, self.scene.devices)

    def _tell(self, watcher: socket.socket, devices: Sequence[local.DeviceView]) -> None:
        for begin in range(0, max(len(devices), 1), _PIECE):
            piece = tuple(devices[begin : begin + _PIECE])
            with contextlib.suppress(OSError):
                watcher.sendall(local.to_line(local.Update(self.scene.status, piece)))

    # --- what it answers --------------------------------------------------------------------------------------------

    def _answer(self, request: local.Request) -> local.Result:
        if self.scene.refusal is not None:
            raise self.scene.refusal
        match request:
            case local.GetDevices(after=after):
                rest = sorted((one for one in self.scene.devices if one.id > after), key=lambda one: one.id)
                return local.DeviceList(tuple(rest[:_PIECE]), len(rest) > _PIECE)
            case local.GetSettings():
                return local.SettingValues(self.scene.settings)
            case local.SetSetting(key=key, value=value):
                self.scene = replace(self.scene, settings={**self.scene.settings, key: value})
                return local.SettingValues({key: value})
            case local.Doctor():
                return self.scene.findings
            case local.PrepareConfirm():
                return local.Statements(())
            case _:
                self._do(request)
                return self.scene.status

    def _do(self, request: local.Request) -> None:
        match request:
            case local.StartRoute(device=word):
                self._become(joined("routing", route=through(self._called(word), since=ago(0))))
            case local.StopRoute():
                self._become(joined())
            case local.PauseRoute(seconds=seconds) if route := self.scene.status.route:
                self._become(joined(pause=local.Pause(route.host, route.host_id, ago(-seconds / 60))))
            case local.ResumeRoute() if pause := self.scene.status.pause:
                self._become(joined("routing", route=through(self._called(pause.host_id), since=ago(0))))
            case local.Allow(device=word, grants=grants):
                self._grant(word, dict.fromkeys(grants, True))
            case local.Deny(device=word, grants=grants):
                self._grant(word, dict.fromkeys(grants, False))
            case _:
                return

    def _become(self, status: local.Status) -> None:
        before = self.scene.status
        kept = msgspec.structs.replace(status, clients=before.clients, hosting=before.hosting, stopped=before.stopped)
        self.change(replace(self.scene, status=kept))

    def _grant(self, word: str, grants: dict[str, bool]) -> None:
        device = self._called(word)
        changed = msgspec.structs.replace(device, grants=msgspec.structs.replace(device.grants, **grants))
        devices = tuple(changed if one.id == changed.id else one for one in self.scene.devices)
        self.change(replace(self.scene, devices=devices), changed)

    def _called(self, word: str) -> local.DeviceView:
        found = [device for device in self.scene.devices if word in (device.id, device.name)]
        if not found:
            raise MeshnetError(Code.UNKNOWN_DEVICE)
        return found[0]


def _grown(client: local.HostedClient, up: int, down: int) -> local.HostedClient:
    return msgspec.structs.replace(client, rx_bytes=client.rx_bytes + up // 4, tx_bytes=client.tx_bytes + down // 4)


@contextlib.contextmanager
def playing(name: str, path: str) -> Iterator[Stage]:
    """Play the scene of this name at a socket, until the block ends."""
    stage = Stage(path, SCENES[name]())
    stage.open()
    try:
        yield stage
    finally:
        stage.close()


def main() -> None:
    """Play one until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m support.stage", description=__doc__)
    parser.add_argument("scene", choices=SCENES)
    parser.add_argument("socket")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between updates; 0: none (%(default)s)")
    given = parser.parse_args()
    with playing(given.scene, given.socket) as stage, contextlib.suppress(KeyboardInterrupt):
        print("ready", flush=True)
        while True:
            time.sleep(given.every or 3600.0)
            if given.every:
                stage.flow(given.every)


if __name__ == "__main__":
    main()
