"""A real coordinator within the test: real HTTPS on loopback, with a clock that the test sets."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec

from meshnet.coordinator import tls
from meshnet.coordinator.database import open_database
from meshnet.coordinator.files import StateDirectory
from meshnet.coordinator.meshes import Terms
from meshnet.coordinator.server import Clock, Limits, listen, serving
from meshnet.coordinator.store import Store
from meshnet.coordinator.udp import Udp
from meshnet.core.identity import SigningKey, encode
from meshnet.core.links import CoordinatorAddress, invite_key
from meshnet.core.records import Offer, Signed, sign, text_of
from meshnet.protocol.control import (
    Challenge,
    Change,
    Create,
    CreateBegin,
    Join,
    JoinBegin,
    Login,
    Synced,
    join_message,
    login_message,
)
from support.meshes import COORDINATOR, NOW, FakeDevice, FakeMesh, seed

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds after which what a test waits for will not come."""
TOKEN = encode(seed("the right to create a mesh"))


@dataclass
class Moment:
    """A clock that stands still until it is moved."""

    now: float = NOW


@dataclass(frozen=True)
class Running:
    """A coordinator that answers."""

    address: CoordinatorAddress
    store: Store
    clock: Moment = field(default_factory=Moment)

    @property
    def url(self) -> str:
        """Its HTTPS origin."""
        return self.address.url


@contextlib.asynccontextmanager
async def coordinator(
    directory: Path,
    *,
    identity: SigningKey = COORDINATOR,
    network4: str = "100.64.0.0/10",
    limits: Limits | None = None,
    port: int = 0,
    udp: Udp | None = None,
) -> AsyncIterator[Running]:
    """Serve with this state directory until the block ends."""
    state, clock = StateDirectory(directory), Moment()
    state.prepare()
    files = tls.own_certificate(state, datetime.datetime.now(datetime.UTC))
    listening = listen("127.0.0.1", port, both_families=False)
    store = Store(await open_database(state.database, identity.public))
    try:
        terms = Terms(identity.public, IPv4Network(network4), seed("the right to create a mesh"))
        times = Clock(now=lambda: clock.now)
        certificate = tls.load(*files, identity)
        address = CoordinatorAddress("127.0.0.1", listening.getsockname()[1], identity.public)
        async with serving(listening, certificate, identity, store, terms, udp=udp, clock=times, limits=limits):
            yield Running(address, store, clock)
    finally:
        await store.close()


class Caller:
    """Calls of a coordinator as they go over the wire; what answers is not checked."""

    def __init__(self, session: aiohttp.ClientSession, running: Running) -> None:
        self._session = session
        self._url = running.url
        self._identity = running.address.key

    async def call(self, path: str, message: msgspec.Struct | bytes, token: str = "") -> tuple[int, dict[str, Any]]:
        """POST a message; the status and the body of the answer."""
        data = message if isinstance(message, bytes) else msgspec.json.encode(message)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._session.post(f"{self._url}/v1/{path}", data=data, ssl=False, headers=headers) as response:
            return response.status, await response.json()

    async def code(self, path: str, message: msgspec.Struct | bytes, token: str = "") -> str:
        """POST a message; the code of the refusal, "" for none."""
        return str((await self.call(path, message, token))[1].get("code", ""))

    async def login(self, device: FakeDevice) -> str:
        """Open a session; its token."""
        _, nonce = await self.call("challenge", Challenge(device.key.public))
        signature = device.key.sign(login_message(self._identity, nonce["nonce"]))
        _, session = await self.call("session", Login(device.key.public, nonce["nonce"], signature))
        return str(session["token"])

    async def found(self, mesh: FakeMesh, device: FakeDevice) -> str:
        """Found a mesh with this device in it; its token."""
        _, allocation = await self.call("create/begin", CreateBegin(TOKEN, device.key.public))
        status, _ = await self.call("create", Create(TOKEN, mesh.found(device, allocation["address4"])))
        assert status == 200
        return await self.login(device)

    async def begin_join(self, device: FakeDevice, secret: bytes) -> tuple[int, dict[str, Any]]:
        """Show an invite."""
        invite = invite_key(secret)
        proof = invite.sign(join_message(device.key.public))
        return await self.call("join/begin", JoinBegin(invite.public, device.key.public, proof))

    async def join(self, mesh: FakeMesh, device: FakeDevice, secret: bytes) -> str:
        """Join by an invite; the code of the refusal, "" for none."""
        status, joining = await self.begin_join(device, secret)
        if status != 200:
            return str(joining["code"])
        return await self.code("join", Join(mesh.join(device, joining["address4"], secret)))

    @contextlib.asynccontextmanager
    async def changes(self, token: str, since: int = 0) -> AsyncIterator[Callable[[], Awaitable[Change | None]]]:
        """The stream of changes, as a function that waits for the next one; None when the stream ended."""
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self._url}/v1/changes?since={since}"
        async with self._session.get(url, ssl=False, headers=headers) as response:
            assert response.status == 200, await response.text()

            async def following() -> Change | None:
                line = await response.content.readline()
                return msgspec.json.decode(line, type=Change) if line else None

            yield following


@contextlib.asynccontextmanager
async def calling(
    directory: Path, *, limits: Limits | None = None, network4: str = "100.64.0.0/10", udp: Udp | None = None
) -> AsyncIterator[tuple[Running, Caller]]:
    """A coordinator, and somebody who calls it."""
    serving_here = coordinator(directory, limits=limits, network4=network4, udp=udp)
    async with serving_here as running, aiohttp.ClientSession() as session:
        yield running, Caller(session, running)


def offer_to(
    mesh: FakeMesh, device: FakeDevice, peer: FakeDevice, *, candidates: tuple[str, ...] = ("192.0.2.7:51820",)
) -> Signed:
    """An offer of the device to the peer, newer than the last."""
    seq = device.next_seq(f"offer {peer.id}")
    offer = Offer(mesh=mesh.id, device=device.id, peer=peer.id, seq=seq, candidates=candidates)
    return sign(text_of(offer), device.key)


async def becomes(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does, and tells nobody."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def until(following: Callable[[], Awaitable[Change | None]], kind: type[T]) -> T:
    """The next change of this kind."""
    async with asyncio.timeout(PATIENCE):
        while (change := await following()) is not None:
            if isinstance(change, kind):
                return change
    raise AssertionError(f"the stream ended without a {kind.__name__}")


async def until_synced(following: Callable[[], Awaitable[Change | None]]) -> list[Change]:
    """Everything up to and with `Synced`."""
    changes: list[Change] = []
    while (change := await following()) is not None:
        changes.append(change)
        if isinstance(change, Synced):
            break
    return changes
