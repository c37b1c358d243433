"""The link to the coordinator: keeps a stream of changes open, and hands over what this device has to say.

Everything that comes in is checked by the ledger. Without the coordinator the mesh goes on with what is stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

from meshnet.core.allowance import Allowance
from meshnet.core.links import CoordinatorAddress
from meshnet.core.records import Signed
from meshnet.daemon.control_client import ControlClient
from meshnet.daemon.model import Model
from meshnet.daemon.tasks import together
from meshnet.errors import Code, MeshnetError, Refusal
from meshnet.protocol.control import Beacon, Change, Meet, Presence, Record, Seen, Synced, Welcome

log = logging.getLogger("meshnet.link")

RETRY_FIRST = 1.0
RETRY_MOST = 30.0
LASTS = 10.0
"""Seconds after which a connection was a good one: the next is tried soon after it ends."""
SETTLES_AT_ONCE, SETTLES_A_SECOND = 20, 1.0
"""How often the system is brought to what the coordinator told; what comes meanwhile is one change."""
RENEWALS_AT_ONCE, RENEWALS_A_SECOND = 3, 0.1
"""Connections that are given up for an offer that did not get through: with the next one offers are made again."""
POST_MOST = 32
"""Records in one call: a body has at most 64 KiB, a record is well below 2."""


class Link:
    """One device's link to its coordinator."""

    def __init__(self, model: Model, mark: int | None, on_records: Callable[[], Awaitable[None]]) -> None:
        self._model = model
        self._mark = mark
        self._on_records = on_records
        self._outbox_filled = asyncio.Event()
        self._restart = asyncio.Event()
        self._all_told = asyncio.Event()
        self._unsettled = asyncio.Event()
        self._renewals = Allowance(RENEWALS_AT_ONCE, RENEWALS_A_SECOND)
        self._client: ControlClient | None = None
        self._left_by: object = None
        """The way out of this device when it called the coordinator last."""
        self.on_change: Callable[[], None] = lambda: None
        self.on_meet: Callable[[Meet], None] = lambda _: None
        self.on_connected: Callable[[], None] = lambda: None
        self.on_seen: Callable[[], None] = lambda: None
        """The beacons see this device elsewhere."""
        self.on_arrival: Callable[[str], None] = lambda _: None
        """A device (id) is connected to the coordinator now."""

    @contextlib.asynccontextmanager
    async def talk(self, address: CoordinatorAddress) -> AsyncIterator[ControlClient]:
        """A client of a coordinator, whose sockets pass beside the tunnel."""
        client = ControlClient(address, mark=self._mark, resolve=self._resolve)
        try:
            yield client
        finally:
            await client.close()

    def flush(self) -> None:
        """There is something in the outbox."""
        self._outbox_filled.set()
        self._check_told()

    async def told(self, wait: float) -> bool:
        """Whether the coordinator has all that this device has to say; waits for it, `wait` seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._all_told.wait()
        return self._all_told.is_set()

    def _check_told(self) -> None:
        if self._model.connected and not self._model.state.outbox:
            self._all_told.set()
        else:
            self._all_told.clear()

    def restart(self) -> None:
        """This device joined or left: begin anew."""
        self._restart.set()

    def moved(self) -> None:
        """This device's network changed: a connection that left by another way would be silent for 45 seconds.

        One that left by the way that there still is goes on.
        """
        has_moved = self._left_by != self._way_out()
        if has_moved:
            # Where the coordinator saw it was at the end of that other way.
            self._model.whereabouts.told = ""
        if has_moved or not self._model.connected:
            self._restart.set()

    def _way_out(self) -> object:
        facts = self._model.facts
        uplinks = {gateway.interface for gateway in facts.gateways}
        return facts.gateways, [link for link in facts.links if link.name in uplinks]

    async def run(self) -> None:
        """Keep the link up, until cancelled."""
        await together(self._stay_connected(), self._settle_for_good())

    async def _stay_connected(self) -> None:
        pause, loop = RETRY_FIRST, asyncio.get_running_loop()
        while True:
            self._restart.clear()
            if self._model.state.joined is not None:
                began = loop.time()
                up = await self._run_once()
                pause = RETRY_FIRST if up and loop.time() - began > LASTS else min(RETRY_MOST, pause * 1.6)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause if self._model.state.joined else None):
                    await self._restart.wait()

    async def _run_once(self) -> bool:
        """One connection, until it ends; True: it had come up."""
        was_up, self._left_by = False, self._way_out()
        try:
            async with self.talk(self._model.coordinator) as client:
                await client.login(self._model.key)
                was_up, self._client = True, client
                await together(self._read(client), self._write(client), self._until_restart())
        except* MeshnetError as group:
            for error in group.exceptions:
                log.info("coordinator: %s", error)
        except* _Restarted:
            pass
        finally:
            self._client = None
            self._set_connected(False)
        return was_up

    async def meet(self, offer: Signed) -> str | None:
        """Have an offer passed on; the endpoint that stands for the peer at the relay. MeshnetError with the reason."""
        if self._client is None:
            raise MeshnetError(Code.COORDINATOR_UNREACHABLE, "The coordinator is not reached at the moment.")
        try:
            return (await self._client.meet(offer)).relay
        except MeshnetError as error:
            loop = asyncio.get_running_loop()
            if error.code is Code.COORDINATOR_UNREACHABLE and self._renewals.takes(loop.time()):
                # The stream of changes would notice after 45 seconds: behind another address, say.
                self._restart.set()
            raise

    async def _until_restart(self) -> None:
        await self._restart.wait()
        raise _Restarted

    async def _read(self, client: ControlClient) -> None:
        live, said = False, set[type[Change]]()
        async for change in client.changes(self._model.revision):
            if isinstance(change, Welcome | Synced):
                if type(change) in said:
                    # Once in a connection: each has the system changed, and what follows waits for that.
                    continue
                said.add(type(change))
            live = live or isinstance(change, Synced)
            await self._take(change, live)
        raise MeshnetError(Code.COORDINATOR_UNREACHABLE, "The coordinator ended the stream of changes.")

    async def _take(self, change: Change, live: bool) -> None:
        match change:
            case Welcome(address=address, beacons=beacons):
                self._model.see_address(address)
                await self._call_beacons(beacons)
            case Seen(endpoints=endpoints):
                if self._model.whereabouts.see(endpoints):
                    self._unsettled.set()
                    self.on_seen()
            case Meet():
                self.on_meet(change)
            case Record(revision=revision, record=record):
                new = self._model.accept(record, live=live) is not None
                self._model.revision = max(self._model.revision, revision)
                if live and new:
                    self._unsettled.set()
            case Presence(device=device, online=online):
                if device in self._model.mesh.members:
                    (self._model.online.add if online else self._model.online.discard)(device)
                    if online:
                        self.on_arrival(device)
                self.on_change()
            case Synced(revision=revision):
                self._model.revision = max(self._model.revision, revision)
                await self._settle()
                self._set_connected(True)

    async def _call_beacons(self, beacons: tuple[Beacon, ...]) -> None:
        """Have the tunnel speak to the beacons, anew where it did before.

        They may have been started again: then a session of old says nothing to them, and WireGuard would keep to it
        for two minutes.
        """
        if self._model.whereabouts.beacons:
            self._model.whereabouts.name_beacons(())
            await self._on_records()
        self._model.whereabouts.name_beacons(beacons)

    async def _settle_for_good(self) -> None:
        """Follow what the coordinator told, whether it is still there or not; each time is a change of the system."""
        loop, allowance = asyncio.get_running_loop(), Allowance(SETTLES_AT_ONCE, SETTLES_A_SECOND)
        while True:
            await self._unsettled.wait()
            if not allowance.takes(loop.time()):
                await asyncio.sleep(allowance.next_at(loop.time()) - loop.time())
                allowance.takes(loop.time())
            self._unsettled.clear()
            await self._settle()

    async def _settle(self) -> None:
        self._model.keep_map()
        await self._on_records()
        self.on_change()

    def _set_connected(self, connected: bool) -> None:
        self._model.connected = connected
        if not connected:
            self._model.online.clear()
        else:
            self.on_connected()
        self._check_told()
        self.on_change()

    async def _write(self, client: ControlClient) -> None:
        self._outbox_filled.set()
        while True:
            await self._outbox_filled.wait()
            self._outbox_filled.clear()
            await self._empty(client)
            self._check_told()

    async def _empty(self, client: ControlClient) -> None:
        outbox, at_once = self._model.state.outbox, POST_MOST
        while batch := outbox[:at_once]:
            try:
                await client.post(tuple(batch))
            except Refusal as error:
                if error.code in (Code.NOT_PERMITTED, Code.TIMEOUT):
                    # TIMEOUT: too many calls for now. The records are kept, and told when the link is up again.
                    raise
                if len(batch) > 1:
                    at_once = 1
                    continue
                # It will not be taken a second time either, and it only informed.
                log.warning("coordinator refused a record: %s", error)
            del outbox[: len(batch)]
            self._model.keep()

    async def _resolve(self, host: str) -> list[str]:
        """Addresses of the coordinator, IPv4 first: behind it the router forwards ports; its IPv6 firewall does not.

        While traffic is routed, names are asked through the tunnel, which may be the thing that is broken: then the
        addresses of last time serve.
        """
        with contextlib.suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        kept = self._model.state.joined
        if kept is not None and kept.coordinator_addresses and self._model.state.route is not None:
            return kept.coordinator_addresses
        try:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return list(kept.coordinator_addresses) if kept else []
        addresses = sorted({str(entry[4][0]) for entry in found}, key=lambda text: (":" in text, text))
        if kept is not None and addresses != kept.coordinator_addresses:
            kept.coordinator_addresses = addresses
            self._model.keep()
        return addresses


class _Restarted(Exception):
    """Ends a connection whose device joined or left."""
