"""Carries out the route's state machine (`meshnet.core.route`): tries hosts, watches the one in use, tells why not.

The last wish wins: a new one ends the trial of an earlier one, whose caller is told so.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from meshnet.core.devices import gives_way, last_exit, loop_through
from meshnet.core.exits import Exit
from meshnet.core.grants import granted_by
from meshnet.core.plan import Wish
from meshnet.core.records import Device
from meshnet.core.route import PASSING, WANTED, Effect, Event, State, step
from meshnet.daemon.model import Model
from meshnet.daemon.probe import Prober
from meshnet.errors import Blocked, Code, MeshnetError, Refusal

log = logging.getLogger("meshnet.routing")

REACH_WITHIN = 11.0
"""Seconds; WireGuard repeats a handshake that got lost after five."""
ASK_EVERY = 0.5
TURN_EVERY = 5.5
"""Seconds after which the next candidate is tried."""
WATCH_EVERY = 5.0
RETRY_EVERY = 1.0
MISSES = 2
WAIT = 2.0


class Routing:
    """The route of this device."""

    def __init__(self, model: Model, prober: Prober, apply: Callable[[], Awaitable[None]]) -> None:
        self._model = model
        self._prober = prober
        self._apply = apply
        self._trial = 0
        self._misses = 0
        self._wake = asyncio.Event()
        self.state = State.IDLE
        self.host: str | None = None
        self.choice: str | None = None
        self.reason: Blocked | None = None
        self.since = 0.0
        self.rtt: float | None = None
        self.turns: dict[str, int] = {}
        self.on_change: Callable[[], None] = lambda: None

    @property
    def wish(self) -> Wish | None:
        """What the plan is to know of the route."""
        if self.host is None or self.state not in WANTED:
            return None
        return Wish(self.host, self.state in PASSING, self._gives_way())

    def _gives_way(self) -> bool:
        if self.state in PASSING or self.reason is not Blocked.LOOP or self._model.ledger is None:
            return False
        loop = loop_through(self._model.ledger, self._model.me, self.host or "")
        return loop is not None and gives_way(loop, self._model.me)

    def _changed(self) -> None:
        wish = self.wish
        self._model.stuck = self.reason if wish is not None and not wish.passing else None
        self._model.gives_way = wish is not None and wish.gives_way
        self.on_change()

    def resume(self) -> None:
        """Go on as before a restart of the daemon: the wish was kept, and the tunnel may still work."""
        if self._model.state.route is not None and self._model.ledger is not None:
            self.host, self.state, self.since = self._model.state.route, State.ROUTING, self._model.clock()

    # --- what the person wants --------------------------------------------------------------------------------------

    async def start(self, device: Device) -> None:
        """Route through the device; returns when traffic flows. MeshnetError with the reason why not."""
        if self.host == device.device and self.state in PASSING:
            if self.state is State.ROUTING:
                return
            await self._drop_trial()
            return
        self._trial += 1
        trial = self._trial
        self.choice = device.device
        await self._feed(Event.CHOOSE)
        try:
            reached = await self._reach(device, trial)
        except MeshnetError:
            await self._feed(Event.UNREACHED)
            raise
        if trial != self._trial:
            raise MeshnetError(Code.TIMEOUT, "Another wish came before this one was carried out.")
        if reached is None:
            await self._feed(Event.UNREACHED)
            raise self._not_reached(device)
        self.rtt = reached
        await self._feed(Event.REACHED)

    async def stop(self) -> None:
        """Stop routing; traffic takes its usual way when this returns."""
        self._trial += 1
        await self._feed(Event.STOP)

    async def _drop_trial(self) -> None:
        self._trial += 1
        await self._feed(Event.UNREACHED)

    def _not_reached(self, device: Device) -> MeshnetError:
        name = self._model.names().get(device.device, device.name)
        if self._model.connected and device.device in self._model.online:
            return MeshnetError(
                Code.TIMEOUT,
                f"{name} is online, but nothing came back from it through the tunnel within {REACH_WITHIN:.0f} seconds."
                " Perhaps no direct path leads there: `meshnet settings endpoint` on it can name one.",
            )
        return Refusal(Code.DEVICE_OFFLINE, f"{name} is not online: it did not answer.")

    async def _reach(self, device: Device, trial: int) -> float | None:
        address = self._model.mesh.members[device.device].address4
        loop = asyncio.get_running_loop()
        started = turned = loop.time()
        while loop.time() - started < REACH_WITHIN and trial == self._trial:
            answer = await self._prober.probe(address, ASK_EVERY)
            if answer is not None:
                return answer
            if loop.time() - turned > TURN_EVERY:
                turned = loop.time()
                self.turns[device.device] = self.turns.get(device.device, 0) + 1
                await self._apply()
        return None

    # --- the machine ------------------------------------------------------------------------------------------------

    async def _feed(self, event: Event) -> None:
        before = self.state
        self.state, effects = step(before, event)
        if before is not self.state:
            log.info("route %s -> %s on %s, host=%s choice=%s", before, self.state, event, self.host, self.choice)
        try:
            for effect in effects:
                await self._carry_out(effect)
        except MeshnetError:
            await self._fall_back(before)
            raise
        finally:
            if self.state not in WANTED:
                self.rtt = self.rtt if self.state is State.CONNECTING else None
            self._wake.set()
            self._changed()

    async def _fall_back(self, before: State) -> None:
        """The system did not follow: nothing may be called routing that the system does not carry."""
        if self.state not in PASSING:
            return
        with contextlib.suppress(MeshnetError):
            if before is State.CONNECTING:
                await self._feed(Event.STOP)
            else:
                await self.lose(Blocked.SYSTEM_ERROR)

    async def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Effect.REACH:
                self.since = self._model.clock()
            case Effect.ADOPT:
                self.host, self.choice = self.choice, None
                self.since, self._misses = self._model.clock(), 0
                self._keep(self.host)
            case Effect.DROP_CHOICE:
                self.choice = None
            case Effect.FORGET:
                self.host = None
                self._keep(None)
            case Effect.APPLY:
                if self.state in PASSING:
                    self.reason = None
                await self._apply()

    def _keep(self, host: str | None) -> None:
        self._model.state.route = host
        self._model.save()

    # --- watching the host in use -----------------------------------------------------------------------------------

    async def lose(self, reason: Blocked) -> None:
        """The way in use is no good any more, for this reason."""
        before, self.reason = self.wish, reason
        if self.state in PASSING:
            await self._feed(Event.LOSE)
            return
        try:
            if self.wish != before:
                await self._apply()
        finally:
            self._changed()

    def nudge(self) -> None:
        """Something changed that may matter to the route: look at it now."""
        self._wake.set()

    async def watch(self) -> None:
        """Keep an eye on the host in use, until cancelled."""
        while True:
            self._wake.clear()
            pause = RETRY_EVERY if self._misses or self.state not in PASSING else WATCH_EVERY
            if self.state in WANTED:
                try:
                    await self._look()
                except MeshnetError:
                    # The system's words are in the log, and the state says what became of the route. The daemon goes
                    # on, and tries again after a pause: what has just failed is no news to look at.
                    self._wake.clear()
            try:
                async with asyncio.timeout(pause if self.state in WANTED else None):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        objection = self._objection()
        if objection is not None:
            if self.reason is not objection or self.state in PASSING:
                await self.lose(objection)
            return
        host = self.host
        member = self._model.mesh.members.get(host or "")
        if member is None:
            return
        answer = await self._prober.probe(member.address4, WAIT)
        if host != self.host or self.state not in WANTED:
            return
        await self._judge(answer)

    async def _judge(self, answer: float | None) -> None:
        if answer is None:
            self._misses += 1
            gone = self._misses >= MISSES if self.state in PASSING else self.reason is not Blocked.HOST_UNREACHABLE
            if gone:
                await self.lose(Blocked.HOST_UNREACHABLE)
            return
        self._misses, self.rtt = 0, answer
        if self.state not in PASSING:
            await self._feed(Event.RECOVER)

    def _objection(self) -> Blocked | None:
        ledger, host = self._model.mesh, self.host or ""
        if self._model.is_removed or not ledger.is_member(host) or not granted_by(ledger, host, self._model.me).routing:
            return Blocked.ROUTING_REVOKED
        if loop_through(ledger, self._model.me, host) is not None:
            return Blocked.LOOP
        if last_exit(ledger, host) == Exit.LOST:
            return Blocked.HOST_LEFT_VPN
        said = ledger.devices.get(host)
        return Blocked.HOST_UNREACHABLE if said is not None and not said.can_host else None
