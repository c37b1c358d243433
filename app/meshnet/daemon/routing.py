"""Carries out the route's state machine (`meshnet.core.route`): tries hosts, watches the one in use, tells why not.

The last wish wins: a new one ends the trial of an earlier one, whose caller is told so.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from meshnet.core.devices import gives_way, loop_through
from meshnet.core.plan import Wish
from meshnet.core.records import Device
from meshnet.core.route import PASSING, SHOWN, STALLING, TRYING_ANOTHER, WANTED, Effect, Event, State, step
from meshnet.daemon.carriage import Carriage
from meshnet.daemon.model import Model
from meshnet.daemon.objections import find_objection
from meshnet.daemon.probe import Prober
from meshnet.daemon.store import Paused
from meshnet.errors import BLOCKED_WORDS, Blocked, Code, MeshnetError, Refusal

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
WAIT_WHILE_BLOCKED = 1.0
"""Less, for a question that was lost just before the cause went away keeps the route closed while it is waited for."""


class Routing:
    """The route of this device."""

    def __init__(self, model: Model, prober: Prober, carriage: Carriage, apply: Callable[[], Awaitable[None]]) -> None:
        self._model = model
        self._prober = prober
        self._carriage = carriage
        self._apply = apply
        self._steps = 0
        self._wishes = 0
        self.trial = 0
        """The number of the wish that is being carried out, or was last."""
        self._misses = 0
        self._is_in_doubt = False
        self._not_kept: MeshnetError | None = None
        self._rests: Paused | None = None
        """What is left of the route when it ends."""
        self._wake = asyncio.Event()
        self.state = State.IDLE
        self.host: str | None = None
        self.choice: str | None = None
        self.reason: Blocked | None = None
        self.explanation: str | None = None
        """The reason in words, to stand behind a "because"."""
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

    @property
    def shown(self) -> str:
        """What `status` calls the state."""
        return SHOWN[self.state]

    def _changed(self) -> None:
        wish = self.wish
        self._model.stuck = self.reason if self.shown == "blocked" else None
        self._model.gives_way = wish is not None and wish.gives_way
        self.on_change()

    def resume(self) -> None:
        """Go on as before a restart of the daemon: the wish was kept, and the tunnel may still work.

        It is not called routing before something came back.
        """
        state = self._model.state
        is_over = state.paused is not None and self._model.clock() >= state.paused.until
        if self._model.ledger is not None and (state.route is not None or is_over):
            self.state = State.STALLED
            self._return()

    # --- what the person wants --------------------------------------------------------------------------------------

    def number(self) -> int:
        """The number of a new wish, to be taken before anything is waited for: of two wishes, the later one wins."""
        self._wishes += 1
        return self._wishes

    async def start(self, device: Device, number: int | None = None, *, instead_of: str | None = None) -> None:
        """Route through the device; returns when traffic flows. MeshnetError with the reason why not.

        `instead_of`: id of the host that the person chose, and that this one stands in for.
        """
        trial = self.number() if number is None else number
        if trial < self.trial:
            raise _overtaken()
        if self.host == device.device and self.state in PASSING:
            await self._go_on(device, trial)
            return
        self.trial = trial
        self.choice = device.device
        await self._feed(Event.CHOOSE)
        try:
            reached = await self._reach(device, trial)
        except MeshnetError:
            if trial == self.trial:
                await self._feed(Event.UNREACHED)
            raise
        if trial != self.trial:
            raise _overtaken()
        if reached is None:
            await self._feed(Event.UNREACHED)
            raise self._not_reached(device)
        self.rtt = reached
        await self._adopt(device, instead_of)

    async def _adopt(self, device: Device, instead_of: str | None) -> None:
        kept = self._model.state
        try:
            # First: a wish that cannot be kept is refused, and everything is as it was.
            self._model.become(replace(kept, route=device.device, instead_of=instead_of, paused=None))
        except MeshnetError:
            await self._feed(Event.UNREACHED)
            raise
        self._rests = kept.paused
        await self._feed(Event.REACHED)
        self._check_chosen(device)

    def _check_chosen(self, device: Device) -> None:
        if self.host != device.device:
            raise _overtaken()

    async def stop(self) -> MeshnetError | None:
        """Stop routing; traffic takes its usual way when this returns. The answer says what could not be kept of it."""
        self.trial, self._not_kept, self._rests = self.number(), None, None
        if self._model.state.paused is not None:
            self._not_kept = self._model.become(replace(self._model.state, paused=None), at_once=True)
        await self._feed(Event.STOP)
        return self._not_kept

    async def pause(self, seconds: int) -> MeshnetError | None:
        """As `stop`, but the route is wanted again after so many seconds. A pause may be paused again: from now on."""
        state, until = self._model.state, self._model.clock() + seconds
        if self.host is not None:
            paused = Paused(self.host, state.instead_of, until, seconds)
        elif state.paused is not None:
            paused = replace(state.paused, until=until, seconds=seconds)
            self._model.become(replace(state, paused=paused))
        else:
            raise Refusal(Code.NOT_SUPPORTED, "There is no route to pause.")
        self.trial, self._not_kept, self._rests = self.number(), None, paused
        await self._feed(Event.STOP)
        return self._not_kept

    async def end_pause(self) -> MeshnetError | None:
        """The paused route is wanted again; closed, until something comes back through it."""
        self._not_kept = None
        if self._model.state.paused is not None:
            await self._feed(Event.RESUME)
        return self._not_kept

    async def resume_now(self) -> MeshnetError | None:
        """The person ends the pause; Refusal where there is none."""
        if self._model.state.paused is None:
            raise Refusal(Code.NOT_SUPPORTED, "No route is paused.")
        self.trial = self.number()
        if self.choice is not None:
            await self._feed(Event.UNREACHED)
        not_kept = await self.end_pause()
        if self.state in STALLING:
            await self._look()
        return not_kept

    async def _go_on(self, device: Device, trial: int) -> None:
        """The host in use is chosen again: no other is tried any more, and one that stalls is asked anew."""
        if self._model.state.instead_of is not None:
            # The person takes it for their own choice now. First: a wish that cannot be kept is refused, and the trial
            # of another host goes on.
            self._model.become(replace(self._model.state, instead_of=None))
        self.trial = trial
        if self.choice is not None:
            await self._feed(Event.UNREACHED)
        if self.state in STALLING:
            await self._look()
        # An earlier wish for the same may still be under way, and the system may refuse it.
        await self._apply()
        self._check_chosen(device)
        if self.state in STALLING:
            name = self._model.names().get(device.device, device.name)
            raise MeshnetError(Code.TIMEOUT, f"{name}: {self.explanation}. The route stays as it is, and is watched.")

    def _not_reached(self, device: Device) -> MeshnetError:
        name = self._model.names().get(device.device, device.name)
        if self._model.connected and device.device in self._model.online:
            return MeshnetError(
                Code.TIMEOUT,
                f"{name} is online, but nothing came back from it through the tunnel within {REACH_WITHIN:.0f} seconds."
                " Perhaps no path leads there: `meshnet doctor` on both says what network they are in.",
            )
        return Refusal(Code.DEVICE_OFFLINE, f"{name} is not online: it did not answer.")

    async def _reach(self, device: Device, trial: int) -> float | None:
        address = self._model.mesh.members[device.device].address4
        loop = asyncio.get_running_loop()
        started = turned = loop.time()
        while loop.time() - started < REACH_WITHIN and trial == self.trial:
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
        self._steps += 1
        this_step = self._steps
        if self.shown != "blocked":
            self.reason = self.explanation = None
        if before is not self.state:
            log.info("route %s -> %s on %s, host=%s choice=%s", before, self.state, event, self.host, self.choice)
        try:
            for effect in effects:
                await self._carry_out(effect)
        except MeshnetError as error:
            await self._fall_back(before, error, is_last=this_step == self._steps)
            raise
        finally:
            if self.state is State.IDLE:
                self.rtt = None
            self._wake.set()
            self._changed()

    async def _fall_back(self, before: State, error: MeshnetError, *, is_last: bool) -> None:
        """The system did not follow: nothing may be called routing that the system does not carry.

        `is_last`: nothing else happened to the route since; otherwise what came after decides, and carries itself out.
        """
        with contextlib.suppress(MeshnetError):
            if is_last and before is State.CONNECTING and self.state is State.ROUTING:
                await self._feed(Event.STOP)
            elif self.state in (PASSING if is_last else TRYING_ANOTHER):
                await self.lose(Blocked.SYSTEM_ERROR, refused_by_system(error))

    async def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Effect.REACH:
                self.since = self._model.clock()
            case Effect.ADOPT:
                self.host, self.choice = self.choice, None
                self.since, self._misses = self._model.clock(), 0
                self._carriage.begin()
            case Effect.DROP_CHOICE:
                self.choice = None
            case Effect.FORGET:
                self.host = None
                self._not_kept = self._model.become(
                    replace(self._model.state, route=None, instead_of=None, paused=self._rests), at_once=True
                )
            case Effect.RETURN:
                self._return()
            case Effect.APPLY:
                await self._apply()

    def _return(self) -> None:
        state = self._model.state
        if state.paused is not None:
            host, instead_of = state.paused.host, state.paused.instead_of
            kept = replace(state, route=host, instead_of=instead_of, paused=None)
            self._not_kept = self._model.become(kept, at_once=True)
        self.host, self.since, self._misses = self._model.state.route, self._model.clock(), 0
        self._carriage.begin()
        self._blame(Blocked.HOST_UNREACHABLE, "nothing has come back through it yet")

    # --- watching the host in use -----------------------------------------------------------------------------------

    async def lose(self, reason: Blocked, explanation: str | None = None) -> None:
        """The way in use is no good any more, for this reason; its usual words, where no others are given."""
        before = self.wish
        self._blame(reason, explanation)
        if self.state in PASSING:
            await self._feed(Event.LOSE)
            return
        try:
            if self.wish != before:
                await self._apply()
        finally:
            self._changed()

    def _blame(self, reason: Blocked, explanation: str | None = None) -> None:
        self.reason, self.explanation = reason, explanation or BLOCKED_WORDS[reason]

    def nudge(self) -> None:
        """Something changed that may matter to the route: look at it now."""
        self._wake.set()

    async def watch(self) -> None:
        """Keep an eye on the host in use, until cancelled."""
        while True:
            self._wake.clear()
            is_well = self.shown == "routing" and not self._misses and not self._is_in_doubt
            pause = WATCH_EVERY if is_well else RETRY_EVERY
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
        objection = find_objection(self._model, self.host or "")
        if objection is not None:
            reason, explanation = objection
            if self.reason is not reason or self.state in PASSING:
                await self.lose(reason, explanation)
            return
        host = self.host
        member = self._model.mesh.members.get(host or "")
        if member is None:
            return
        answer = await self._prober.probe(member.address4, WAIT if self.state in PASSING else WAIT_WHILE_BLOCKED)
        if host != self.host or self.state not in WANTED:
            return
        await self._judge(answer)

    async def _judge(self, answer: float | None) -> None:
        if answer is None:
            self._misses += 1
            reason = Blocked.HOST_UNREACHABLE if self._model.facts.gateways else Blocked.NETWORK_DOWN
            is_news = self._misses >= MISSES if self.state in PASSING else self.reason is not reason
            if is_news:
                await self.lose(reason)
            return
        self._misses, self.rtt = 0, answer
        if self.state not in PASSING:
            self._carriage.begin()
            await self._feed(Event.RECOVER)
        await self._judge_carriage()

    async def _judge_carriage(self) -> None:
        """The host answers; does it carry anything further?"""
        host = self.host
        carries = await self._carriage.carries()
        if host != self.host or self.state not in PASSING:
            return
        self._is_in_doubt = carries is None
        if carries and self.state in STALLING:
            await self._feed(Event.RECOVER)
        elif carries is False and self.state not in STALLING:
            self._blame(Blocked.HOST_UNREACHABLE, "it answers, and nothing comes back from the internet through it")
            await self._feed(Event.STALL)


def _overtaken() -> MeshnetError:
    return MeshnetError(Code.TIMEOUT, "Another wish, or a refusal of the system, came before this one was carried out.")


def refused_by_system(error: MeshnetError) -> str:
    """What is to be said of a route that the system did not follow."""
    return f"{BLOCKED_WORDS[Blocked.SYSTEM_ERROR]}: {error.message.rstrip('.')}"
