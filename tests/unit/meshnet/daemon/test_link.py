"""The link to the coordinator follows this device to another network, and leaves what is silent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from meshnet.core.identity import SigningKey
from meshnet.core.links import CoordinatorAddress
from meshnet.core.records import Signed
from meshnet.daemon.control_client import ControlClient
from meshnet.daemon.link import Link
from meshnet.daemon.model import Model
from meshnet.errors import Code, MeshnetError, Refusal
from meshnet.protocol.control import Change, Met, Synced
from meshnet_platform.api import Facts, Gateway
from meshnet_platform.api import Link as Interface
from support.daemons import PATIENCE, model_of
from support.situations import Household

CAFE = Facts((Interface("eth0", ("192.168.50.20/24",)),), (Gateway("eth0", "192.168.50.1", 4),))
HOTSPOT = Facts((Interface("eth1", ("172.20.10.2/28",)),), (Gateway("eth1", "172.20.10.1", 4),))
CONTAINER = Facts((*CAFE.links, Interface("docker0", ("172.17.0.1/16",), kind="bridge")), CAFE.gateways)
OFFER = Signed("{}", ())


class Silent(ControlClient):
    """A connection on which nothing happens; an offer ends as `refuses` says."""

    refuses: MeshnetError | None = None

    async def login(self, key: SigningKey) -> None:
        """See ControlClient."""

    async def changes(self, since: int) -> AsyncGenerator[Change, None]:
        """See ControlClient."""
        yield Synced(since)
        await asyncio.get_running_loop().create_future()

    async def meet(self, offer: Signed) -> Met:
        """See ControlClient."""
        if self.refuses is not None:
            raise self.refuses
        return Met("192.0.2.1:20000")


class Bench(Link):
    """A link whose connections are counted."""

    def __init__(self, model: Model) -> None:
        async def on_records() -> None:
            pass

        super().__init__(model, None, on_records)
        self.model = model
        self.calls = 0
        self.refuses: MeshnetError | None = None
        self.news = asyncio.Event()
        self.on_change = self.news.set

    @contextlib.asynccontextmanager
    async def talk(self, address: CoordinatorAddress) -> AsyncIterator[ControlClient]:
        """See Link."""
        self.calls += 1
        client = Silent(address, mark=None, resolve=None)
        client.refuses = self.refuses
        yield client

    async def until_connected(self, calls: int) -> None:
        """Return when the connection with this number is up."""
        async with asyncio.timeout(PATIENCE):
            while not (self.model.connected and self.calls == calls):
                self.news.clear()
                await self.news.wait()


def play(tmp_path: Path, scenario: Callable[[Bench], Awaitable[None]]) -> None:
    async def run() -> None:
        model = model_of(tmp_path, Household())
        model.facts = CAFE
        bench = Bench(model)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(bench.run())
            await bench.until_connected(1)
            await scenario(bench)
            running.cancel()

    asyncio.run(run())


def test_in_another_network_the_coordinator_is_called_anew(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.model.facts = HOTSPOT
        bench.moved()
        await bench.until_connected(2)

    play(tmp_path, scenario)


def test_a_new_container_ends_no_connection(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.model.facts = CONTAINER
        bench.moved()
        await bench.meet(OFFER)
        assert (bench.model.connected, bench.calls) == (True, 1)
        # It would have been noticed.
        bench.model.facts = HOTSPOT
        bench.moved()
        await bench.until_connected(2)

    play(tmp_path, scenario)


def test_an_offer_that_nobody_takes_ends_the_connection_and_one_that_is_refused_does_not(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.refuses = Refusal(Code.DEVICE_OFFLINE, "offline")
        bench.restart()
        await bench.until_connected(2)
        bench.refuses = MeshnetError(Code.COORDINATOR_UNREACHABLE, "silent")
        with pytest.raises(Refusal):
            await bench.meet(OFFER)
        bench.model.facts = HOTSPOT
        bench.moved()
        await bench.until_connected(3)
        bench.refuses = None
        with pytest.raises(MeshnetError, match="silent"):
            await bench.meet(OFFER)
        await bench.until_connected(4)
        assert await bench.meet(OFFER) == "192.0.2.1:20000"

    play(tmp_path, scenario)
