"""A laptop that may route through two hosts, with a prober, a carriage and a system that do as they are told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest

from meshnet.core.records import Device
from meshnet.core.route import State
from meshnet.daemon import routing as routing_module
from meshnet.daemon.routing import Routing
from meshnet.errors import Code, MeshnetError
from meshnet_platform.api import Facts, Gateway
from support.daemons import PATIENCE, FakeCarriage, FakeProber, model_of
from support.situations import Household

HERE = ("100.64.0.2", "100.64.0.3")
"""Mesh addresses of the nas and the phone."""


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the route wait for hundredths of the seconds that it waits for."""
    for name in ("ASK_EVERY", "RETRY_EVERY", "WAIT", "WATCH_EVERY", "WAIT_WHILE_BLOCKED"):
        monkeypatch.setattr(routing_module, name, 0.01)
    monkeypatch.setattr(routing_module, "REACH_WITHIN", 0.05)


class Bench:
    """The laptop's routing; the nas and the phone permit it to route through them."""

    def __init__(self, directory: Path) -> None:
        self.home = Household()
        for host in (self.home.nas, self.home.phone):
            self.home.ledger.accept(self.home.mesh.device(host, can_host=True))
            self.home.ledger.accept(self.home.mesh.grants(host, self.home.laptop, routing=True))
        self.model = model_of(directory, self.home)
        self.prober = FakeProber()
        self.carriage = FakeCarriage()
        self.model.facts = Facts(gateways=(Gateway("eth0", "192.168.50.1", 4),))
        self.refusing = False
        self.plans: list[tuple[State, str | None]] = []
        """What was carried out."""
        self.changed = asyncio.Event()
        self.use(Routing(self.model, self.prober, self.carriage, self._apply))

    def use(self, routing: Routing) -> None:
        """Go on with this one."""
        self.routing = routing
        routing.on_change = self.on_change

    def on_change(self) -> None:
        """The route changed."""
        self.changed.set()

    async def _apply(self) -> None:
        if self.refusing:
            raise MeshnetError(Code.SYSTEM_ERROR, "nft said no.")
        self.plans.append((self.routing.state, self.routing.host))

    @property
    def nas(self) -> Device:
        """One host."""
        return self.model.mesh.devices[self.home.nas.id]

    @property
    def phone(self) -> Device:
        """The other."""
        return self.model.mesh.devices[self.home.phone.id]

    def answering(self, *addresses: str) -> None:
        """Those at these addresses answer, and nobody else."""
        self.prober.answers = dict.fromkeys(addresses, 0.02)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for it."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self.changed.clear()
                await self.changed.wait()

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Have the route looked after meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            works = [tasks.create_task(work) for work in self.works()]
            yield
            for work in works:
                work.cancel()

    def works(self) -> list[Coroutine[None, None, None]]:
        """What is at work while the route is looked after."""
        return [self.routing.watch()]
