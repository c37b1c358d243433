"""Parts of a daemon on a fake system: a model that is joined, a prober that answers as told, a whole service."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from meshnet.daemon.model import Model
from meshnet.daemon.service import Service
from meshnet.daemon.store import Joined, State, Store
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from meshnet.protocol.framing import LINE_MAX
from meshnet_platform.fake import FakeBackend
from support.meshes import COORDINATOR, NOW, FakeDevice, seed
from support.situations import Household

PATIENCE = 10.0
"""Seconds after which a test that waits for an event has failed."""
T = TypeVar("T")


def store_of(directory: Path, device: FakeDevice) -> Store:
    """A store in which this device's keys are kept."""
    store = Store(_made(directory))
    store.save_state(State(seed(f"device {device.name}"), seed(f"wireguard {device.name}"), 21000))
    return store


def model_of(directory: Path, home: Household, device: FakeDevice | None = None) -> Model:
    """What the daemon of a device of the household knows (the laptop, if none is named); its coordinator is away."""
    device = device or home.laptop
    model = Model(store_of(directory, device), "fake", clock=lambda: NOW)
    joined = Joined(home.mesh.key.public, "127.0.0.1", 1, COORDINATOR.public, device.name, owner=0)
    model.join(joined, home.ledger.records())
    return model


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


class FakeProber:
    """Hosts answer as `answers` says (mesh address → seconds); all others are silent for as long as they are asked."""

    def __init__(self) -> None:
        self.answers: dict[str, float] = {}
        self.asked: list[str] = []
        self.on_asked: Callable[[str], None] = lambda _address: None

    async def probe(self, address: str, wait: float) -> float | None:
        """See Prober."""
        self.asked.append(address)
        self.on_asked(address)
        if address not in self.answers:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await asyncio.Event().wait()
        return self.answers.get(address)


class FakeCarriage:
    """The host in use carries as `state` says."""

    def __init__(self) -> None:
        self.state: bool | None = True
        self.begun = 0

    def begin(self) -> None:
        """See Carriage."""
        self.begun += 1

    async def carries(self) -> bool | None:
        """See Carriage."""
        return self.state


class Peer:
    """The other end of the local API, without any of the clients' habits."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._last = 0

    def send(self, data: bytes) -> None:
        """Write bytes, whatever they are."""
        self._writer.write(data)

    async def receive(self) -> local.FromDaemon | None:
        """The next message; None when the daemon closed the connection."""
        async with asyncio.timeout(PATIENCE):
            line = await self._reader.readline()
        return local.read_from_daemon(line) if line else None

    async def ask(self, request: local.Request, kind: type[T]) -> T:
        """The answer to a request; MeshnetError where it is refused."""
        self._last += 1
        self.send(local.to_line(local.Call(self._last, request)))
        while True:
            match await self.receive():
                case local.Reply(id=number) as reply if number == self._last:
                    return local.read_result(reply, kind)
                case local.Failure(code=code, message=message):
                    raise MeshnetError(code, message)
                case None:
                    raise ConnectionError("the daemon closed the connection")

    async def status(self) -> local.Status:
        """This device and its route."""
        return await self.ask(local.GetStatus(), local.Status)

    async def refusal(self, request: local.Request) -> Code:
        """The code with which a request is refused."""
        try:
            await self.ask(request, msgspec.Raw)
        except MeshnetError as error:
            return error.code
        raise AssertionError(f"{request} was not refused")

    async def until(self, holds: Callable[[local.Status, dict[str, local.DeviceView]], bool]) -> local.Status:
        """Watch until that holds of the status and the devices (by name); the status then."""
        self.send(local.to_line(local.Call(0, local.Watch())))
        devices: dict[str, local.DeviceView] = {}
        while True:
            message = await self.receive()
            assert message is not None
            if isinstance(message, local.Update):
                devices |= {view.id: view for view in message.devices}
                devices = {key: view for key, view in devices.items() if key not in message.gone}
                if holds(message.status, {view.name: view for view in devices.values()}):
                    return message.status


@contextlib.asynccontextmanager
async def connected(path: Path) -> AsyncIterator[Peer]:
    """A connection to the daemon at this socket."""
    if sys.platform == "win32":
        raise NotImplementedError("front ends meet the daemon on Unix sockets only as yet")
    reader, writer = await asyncio.open_unix_connection(str(path), limit=2 * LINE_MAX)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def daemon(directory: Path, backend: FakeBackend | None = None) -> AsyncIterator[Path]:
    """A whole daemon on a fake system; the path of its socket."""
    path, ready = _made(directory) / "s", asyncio.Event()
    service = Service(directory, path, backend or FakeBackend(), "meshnet0", None, dry_run=True)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(service.run(ready.set))
        async with asyncio.timeout(PATIENCE):
            await ready.wait()
        try:
            yield path
        finally:
            task.cancel()
