"""The daemon as a whole: builds its parts, runs them side by side, and shuts them in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from meshnet.core.localnames import View, within
from meshnet.daemon import notify
from meshnet.daemon.carriage import Carriage, DryCarriage, TunnelCarriage
from meshnet.daemon.controller import Controller
from meshnet.daemon.fallback import Fallback
from meshnet.daemon.forwarder import Forwarder
from meshnet.daemon.link import Link
from meshnet.daemon.local_server import LocalServer
from meshnet.daemon.model import Model
from meshnet.daemon.paths import Paths
from meshnet.daemon.portmap import PortMapper
from meshnet.daemon.probe import DryProber, Prober, TunnelProber
from meshnet.daemon.routing import Routing
from meshnet.daemon.store import Store
from meshnet.daemon.system import System
from meshnet.daemon.tasks import together
from meshnet.errors import MeshnetError
from meshnet_platform.api import Backend

log = logging.getLogger("meshnet.service")

OBSERVE_EVERY = 5.0
"""Seconds between looks at the tunnel while somebody watches; each starts one process."""
OBSERVE_IDLE = 20.0
FACTS_EVERY = 60.0
"""Seconds after which the system's facts are read anew, for what nobody tells of: other firewalls, mostly."""
ANEW_AFTER = 1.0


class Service:
    """One daemon."""

    def __init__(
        self,
        state_dir: Path,
        socket_path: Path,
        backend: Backend,
        interface: str,
        listen_port: int | None,
        *,
        dry_run: bool,
    ) -> None:
        self._backend = backend
        self._model = Model(Store(state_dir), backend.platform)
        if listen_port is not None and listen_port != self._model.state.listen_port:
            self._model.state.listen_port = listen_port
            self._model.save()
        self._forwarder = None if dry_run else Forwarder(self._view_of, self._resolvers, self._names_mark)
        self._forwarder_wanted = asyncio.Event()
        self._news = asyncio.Event()
        self._is_due = asyncio.Event()
        self._is_broken = False
        self._system = System(self._model, backend, interface, self._forwarder)
        prober: Prober = DryProber() if dry_run else TunnelProber()
        carriage: Carriage = DryCarriage() if dry_run else self._tunnel_carriage()
        self._routing = Routing(self._model, prober, carriage, self._system.apply)
        self._fallback = Fallback(self._model, self._routing)
        self._system.routing = self._routing
        self._link = Link(self._model, None if dry_run else backend.control_mark, self._settle)
        self._paths = self._system.paths = Paths(
            self._model, backend.open_probes, self._link.meet, self._system.apply, self._system.observe
        )
        self._mapper = None if dry_run else self._port_mapper(backend)
        self._controller = Controller(self._model, self._system, self._routing, self._link, self._paths)
        self._server = LocalServer(socket_path, self._controller, self._owner)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Run until cancelled; then leave the system as the person's wish asks."""
        self._wire()
        try:
            await self._begin()
            async with asyncio.TaskGroup() as tasks:
                for work in (
                    self._link.run,
                    self._routing.watch,
                    self._fallback.watch,
                    self._controller.whiles.watch,
                    self._observe,
                    self._speak_up,
                    self._paths.run,
                ):
                    tasks.create_task(_for_good(work))
                if self._forwarder is not None:
                    tasks.create_task(_for_good(partial(self._serve_names, self._forwarder)))
                if self._mapper is not None:
                    tasks.create_task(_for_good(self._mapper.run))
                tasks.create_task(notify.live(self._in_words))
                tasks.create_task(self._server.serve(on_ready))
        finally:
            await self._end()

    def _wire(self) -> None:
        def changed() -> None:
            self._forwarder_wanted.set()
            self._controller.whiles.nudge()
            self._controller.on_change()

        def route_changed() -> None:
            # Those who route through this device hear at once whether its own route carries them.
            if self._model.announce():
                self._link.flush()
            self._fallback.nudge()
            changed()

        self._link.on_change = self._paths.on_change = changed
        if self._mapper is not None:
            self._controller.on_facts = self._mapper.network_changed
            self._mapper.on_change = self._opened
        self._link.on_meet, self._link.on_arrival = self._paths.met, self._paths.came
        self._link.on_seen = self._paths.seen
        self._link.on_connected = self._paths.connected
        self._system.manners.on_due = self._is_due.set
        self._routing.on_change = route_changed
        loop = asyncio.get_running_loop()

        def on_trouble(words: str) -> None:
            loop.call_soon_threadsafe(self._on_trouble, words)

        def on_news() -> None:
            loop.call_soon_threadsafe(self._news.set)

        self._backend.watch(on_trouble, on_news)

    def _port_mapper(self, backend: Backend) -> PortMapper:
        state = self._model.state
        return PortMapper(state.listen_port, secret=state.device_seed, mark=backend.control_mark)

    def _opened(self, endpoint: str | None) -> None:
        """The router opened a port for this device, or closed it."""
        self._model.whereabouts.opened = endpoint
        self._is_due.set()

    def _tunnel_carriage(self) -> TunnelCarriage:
        def mesh() -> frozenset[str]:
            members = self._model.ledger.members.values() if self._model.ledger else ()
            return frozenset(address for member in members for address in (member.address4, member.address6))

        return TunnelCarriage(mesh, self._system.control, self._system.traffic)

    def _on_trouble(self, words: str) -> None:
        log.warning("%s", words)
        self._is_broken = True
        self._news.set()

    async def _begin(self) -> None:
        self._routing.resume()
        with contextlib.suppress(MeshnetError):
            await self._system.look()
        if self._model.ledger is None and self._model.state.route is None:
            # What an earlier daemon left of a mesh that this device is still in is taken over: with a wish it is what
            # keeps traffic from leaking, and in any case it knows where the peers are.
            with contextlib.suppress(MeshnetError):
                await self._system.restore()
        await self._settle()

    async def _settle(self) -> None:
        with contextlib.suppress(MeshnetError):
            # Told to the person by the route's state and the log; the next change tries again.
            await self._controller.settle()

    async def _end(self) -> None:
        notify.tell(notify.STOPPING)
        if self._mapper is not None:
            await self._mapper.close()
        try:
            await self._system.shut()
        except MeshnetError as error:
            log.error("the system could not be put back: %s", error)
        if self._forwarder is not None:
            self._forwarder.close()
        self._paths.close()
        self._system.close()

    def _in_words(self) -> str:
        status = self._controller.status()
        return f"{status.state} through {status.route.host}" if status.route else status.state

    async def _observe(self) -> None:
        """Look at the tunnel from time to time, and at the whole system when something changed or broke."""
        loop = asyncio.get_running_loop()
        read_at = loop.time()
        while True:
            is_close = self._server.is_watched or self._system.is_behind or self._model.must_tell_of_line
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(OBSERVE_EVERY if is_close else OBSERVE_IDLE):
                    await self._news.wait()
            changed, broken = self._news.is_set(), self._is_broken
            self._news.clear()
            self._is_broken = False
            if self._model.ledger is None and not changed:
                continue
            with contextlib.suppress(MeshnetError):
                await self._controller.refresh()
                self._paths.compare()
            with contextlib.suppress(MeshnetError):
                if self._system.is_behind or self._model.must_tell_of_line:
                    await self._settle()
                if changed or loop.time() - read_at > FACTS_EVERY:
                    read_at = loop.time()
                    await self._controller.look(is_broken=broken)

    async def _speak_up(self) -> None:
        """Speak to those who were to speak first."""
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            await self._settle()

    # --- names for those who route through this host ----------------------------------------------------------------

    async def _serve_names(self, forwarder: Forwarder) -> None:
        """Serve names while this device is in a mesh."""
        while True:
            await self._forwarder_wanted.wait()
            self._forwarder_wanted.clear()
            if self._model.ledger is not None and self._model.me in self._model.ledger.members:
                await self._serve_names_once(forwarder)

    async def _serve_names_once(self, forwarder: Forwarder) -> None:
        member = self._model.mesh.members[self._model.me]
        try:
            forwarder.bind((member.address4, member.address6))
        except OSError as error:
            log.warning("no names for peers: %s", error)
            return
        await self._settle()
        try:
            await together(forwarder.serve(), self._until_left())
        except* _LeftError:
            pass
        finally:
            forwarder.close()

    async def _until_left(self) -> None:
        while self._model.ledger is not None:
            self._forwarder_wanted.clear()
            await self._forwarder_wanted.wait()
        raise _LeftError

    def _view_of(self, address: str) -> View | None:
        # From the plan itself, so that names and packets are permitted and denied alike.
        hosting = self._system.plan.hosting
        if hosting is None or address not in hosting.routing:
            return None
        search = self._model.facts.search
        return View(address in hosting.lan, hosting.denied, hosting.lan_prefixes, search)

    def _resolvers(self, is_local: bool) -> tuple[str, ...]:
        wanted, own = self._system.plan, self._model.facts.resolvers
        if wanted.hosting is not None and not wanted.hosting.gateways and not wanted.hosting.through_tunnel:
            # Its peers' packets leave nowhere now (its VPN dropped): nor do the names they ask for.
            return ()
        if wanted.route is None or not wanted.resolvers or self._model.gives_way:
            return own
        # A host that is routed itself asks where its own names are asked; but names of its own network only there, for
        # the next host's network has other ones by the same name, which are shown to this device and to no third.
        return within(own, wanted.route.local) if is_local else wanted.resolvers

    def _names_mark(self, resolver: str) -> int | None:
        # Some are asked beside the tunnel of this device's own route: for names of its own network, and for all while
        # its peers leave by its line though its route is blocked.
        route = self._system.plan.route
        return self._backend.control_mark if route is not None and resolver in route.resolvers else None

    def _owner(self) -> int | None:
        return self._model.state.joined.owner if self._model.state.joined else None


async def _for_good(work: Callable[[], Awaitable[None]]) -> None:
    """Do this until cancelled; begin anew when it fails: while a route is wanted, nothing else keeps it right."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("a part of the daemon failed, and begins anew")
        await asyncio.sleep(ANEW_AFTER)


class _LeftError(Exception):
    """The device left its mesh: its addresses are no longer its own."""
