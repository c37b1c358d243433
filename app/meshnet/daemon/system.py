"""The one place where the daemon meets the system: plans go in, sightings come out, one at a time, off the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from meshnet.core.endpoints import format_endpoint
from meshnet.core.identity import wireguard_public
from meshnet.core.plan import Situation, plan
from meshnet.daemon.forwarder import Forwarder
from meshnet.daemon.manners import Manners
from meshnet.daemon.model import Model
from meshnet.daemon.paths import Paths
from meshnet.daemon.routing import Routing
from meshnet.errors import Code, MeshnetError
from meshnet_platform.api import Backend, Control, Observation, PlatformError, Route, SystemPlan, Traffic

log = logging.getLogger("meshnet.system")
T = TypeVar("T")

OBSERVE_WITHIN = 1.0
"""Seconds; a tool that hangs keeps the worker for longer, and nobody who asks for the status waits for that."""


class System:
    """Applies what the model and the route call for."""

    def __init__(self, model: Model, backend: Backend, interface: str, forwarder: Forwarder | None) -> None:
        self._model = model
        self._backend = backend
        self._interface = interface
        self._forwarder = forwarder
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="backend")
        self._lock = asyncio.Lock()
        self._has_applied = False
        self._observing: asyncio.Future[Observation] | None = None
        self.is_behind = False
        """The last plan was refused: the system is not as it should be, and it is to be tried again."""
        self.plan = SystemPlan()
        """The last one that was carried out."""
        self.routing: Routing | None = None
        self.paths: Paths | None = None
        self.manners = Manners()

    async def look(self) -> None:
        """Read the system's facts and problems anew."""
        self._model.facts = await self._run(self._backend.facts)
        self._model.problems = await self._run(self._backend.problems)

    async def observe(self) -> bool:
        """Read what the tunnel knows; True: something changed.

        What it knew last stands while the system is busy or its tools fail: nobody who asks for the status waits for
        that, or is refused.
        """
        observing = self._observing = self._observing or asyncio.ensure_future(self._run(self._backend.observe))
        done, _ = await asyncio.wait((observing,), timeout=OBSERVE_WITHIN)
        if not done:
            return False
        if self._observing is observing:
            self._observing = None
        if observing.exception() is not None:
            return False
        seen = {sight.public_key: sight for sight in observing.result().peers}
        changed = seen != self._model.sights
        self._model.sights = seen
        return changed

    async def traffic(self) -> Traffic:
        """What went through the tunnel so far."""
        return await self._run(self._backend.traffic)

    async def apply(self) -> None:
        """Make the system as the model and the route say now; MeshnetError `system-error` with the system's words.

        Where tools are missing from the start nothing is attempted while no route is wanted: the device is a member
        all the same, and its status says why it can do no more.
        """
        if self._model.cannot_route is not None and not self._has_applied and self._model.state.route is None:
            return
        async with self._lock:
            lacking = self._model.cannot_route
            wanted = self._with_manners(self.wanted()) if lacking is None else self._without_mesh()
            self.is_behind = True
            await self._run(lambda: self._backend.apply(wanted))
            self.plan = wanted
            self._has_applied, self.is_behind = True, False
            if lacking is not None and self._model.state.route is not None:
                raise MeshnetError(Code.SYSTEM_ERROR, f"{lacking.message} {lacking.cure}")

    async def restore(self) -> None:
        """Undo what earlier processes left."""
        async with self._lock:
            await self._run(self._backend.restore)

    async def shut(self) -> None:
        """On the daemon's end: leave no trace, or, while a route is wanted, what blocks traffic beside it."""
        async with self._lock:
            if self._model.state.route is None or not self._model.state.settings.guarded:
                await self._run(self._backend.restore)
            else:
                await self._run(lambda: self._backend.apply(self._closed()))

    def close(self) -> None:
        """End the worker."""
        self._backend.close()
        self._worker.shutdown()

    def wanted(self) -> SystemPlan:
        """The plan for now."""
        model, routing = self._model, self.routing
        if model.ledger is None or model.me not in model.ledger.members or routing is None:
            return self._without_mesh()
        return plan(
            Situation(
                me=model.me,
                ledger=model.ledger,
                choices=model.choices,
                settings=model.state.settings,
                facts=model.facts,
                interface=self._interface,
                private_key=model.wireguard_private,
                listen_port=model.state.listen_port,
                wish=routing.wish,
                sights=model.sights,
                turns=routing.turns,
                ways=self.paths.ways if self.paths else None,
                beacons=self._beacons(),
                control=self.control(),
                resolver_port=self._forwarder.port if self._forwarder else None,
                can_host=model.unfit is None,
                exit=model.exit,
                own_public=model.own_public,
                now=int(model.clock()),
            )
        )

    def _with_manners(self, wanted: SystemPlan) -> SystemPlan:
        if wanted.tunnel is None:
            return wanted
        own_key = wireguard_public(self._model.state.wireguard_key)
        tunnel = self.manners.observed_by(wanted.tunnel, own_key, self._model.sights.values())
        return replace(wanted, tunnel=tunnel)

    def _without_mesh(self) -> SystemPlan:
        """Nothing; but a route that was wanted stays closed, though the records that it was made of are lost."""
        state = self._model.state
        if state.route is None:
            return SystemPlan()
        settings = state.settings
        route = Route(passing=False, guarded=settings.guarded, at_boot=settings.at_boot, control=self.control())
        return SystemPlan(route=route)

    def _beacons(self) -> tuple[tuple[str, str], ...]:
        """They are where the coordinator is."""
        where = self.control()[:1]
        return tuple(
            (beacon.key, format_endpoint(at.address, beacon.port))
            for at in where
            for beacon in self._model.whereabouts.beacons
        )

    def control(self) -> tuple[Control, ...]:
        """Where the coordinator is reached."""
        joined = self._model.state.joined
        if joined is None:
            return ()
        return tuple(Control(address, joined.coordinator_port) for address in joined.coordinator_addresses)

    def _closed(self) -> SystemPlan:
        wanted = self.wanted()
        kept = wanted.route or self._without_mesh().route
        route = replace(kept, passing=False, control=()) if kept else None
        tunnel = replace(wanted.tunnel, peers=()) if wanted.tunnel else None
        return SystemPlan(tunnel=tunnel, route=route, resolvers=wanted.resolvers)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except PlatformError as error:
            log.error("the system refused: %s", error.message)
            raise MeshnetError(Code.SYSTEM_ERROR, f"{error.message} {error.cure}".strip()) from error
        except Exception as error:
            # A tool that prints junk, a full disk: told like any other refusal, for the daemon must live on.
            log.exception("the backend failed")
            raise MeshnetError(Code.SYSTEM_ERROR, f"The system could not be read or changed: {error}") from error
