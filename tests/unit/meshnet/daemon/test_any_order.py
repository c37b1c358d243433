"""Wishes, hosts, permissions, the disk and the system, in any order and at any moment of each other's waiting.

The route's state machine with its fallback, on an event loop that does not wait: seconds of the product are as long as
they are, and cost nothing here.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshnet.core.plan import Wish
from meshnet.core.records import Device
from meshnet.core.route import WANTED, State
from meshnet.daemon.fallback import Fallback
from meshnet.daemon.model import Model
from meshnet.daemon.routing import Routing
from meshnet.daemon.store import Joined, MeshMap, Store
from meshnet.daemon.store import State as Kept
from meshnet.daemon.whiles import Whiles
from meshnet.errors import Blocked, Code, MeshnetError
from meshnet_platform.api import Facts, Gateway
from support import haste
from support.meshes import COORDINATOR, NOW, seed
from support.situations import Household

HOSTS = ("nas", "phone")
TRYING = {State.CONNECTING, State.SWITCHING, State.ESCAPING, State.RESCUING}
PAUSE = 20
"""Seconds for which the person pauses a route."""
SETTLED_AFTER = 120.0
"""Seconds after which nothing of what was wished or went wrong is under way any more."""


class _Memory(Store):
    """A disk in memory, which may be full."""

    def __init__(self, state: Kept) -> None:
        super().__init__(Path("nowhere"))
        self.is_full = False
        self._state_text = msgspec.json.encode(state)
        self._map_text = msgspec.json.encode(MeshMap())

    def load_state(self) -> Kept:
        return msgspec.json.decode(self._state_text, type=Kept)

    def save_state(self, state: Kept) -> None:
        self._check()
        self._state_text = msgspec.json.encode(state)

    def load_map(self) -> MeshMap:
        return msgspec.json.decode(self._map_text, type=MeshMap)

    def save_map(self, mesh_map: MeshMap) -> None:
        self._check()
        self._map_text = msgspec.json.encode(mesh_map)

    def _check(self) -> None:
        if self.is_full:
            raise MeshnetError(Code.SYSTEM_ERROR, "No space left on device.")


@dataclass
class Command:
    """A command of the person: to route through a host or none, to pause the route (through `host`), to resume it."""

    host: str | None
    deed: Literal["route", "pause", "resume"] = "route"
    came: Literal["true", "to nothing", "to an open end"] = "to an open end"
    """Open: the daemon died meanwhile, or the system refused what had been decided."""


@dataclass(repr=False)
class Bench:
    """A laptop that may route through the nas and the phone, as one daemon after the other has it."""

    home: Household = field(default_factory=Household)
    answering: set[str] = field(default_factory=lambda: set(HOSTS))
    carrying: set[str] = field(default_factory=lambda: set(HOSTS))
    refuses: bool = False
    may_move: bool = False
    wishes: list[Command] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    paces: Callable[[], float] = lambda: 0.0
    in_force: Wish | None = None
    """What the system carries."""
    is_deceived: bool = False
    """Success was told, and nothing was routed."""
    is_open: bool = True
    """Nothing was wished, or the person stopped or paused: traffic may take its usual way."""

    def __post_init__(self) -> None:
        home = self.home
        for host in (home.nas, home.phone):
            home.ledger.accept(home.mesh.device(host, can_host=True))
            home.ledger.accept(home.mesh.grants(host, home.laptop, routing=True))
        self.disk = _Memory(Kept(seed("device laptop"), seed("wireguard laptop"), 21000))
        model = Model(self.disk, "fake", clock=lambda: NOW)
        model.join(
            Joined(home.mesh.key.public, "127.0.0.1", 1, COORDINATOR.public, "laptop", owner=0), home.ledger.records()
        )
        self.boot()

    # --- the daemon -------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """A daemon starts, on what the disk holds."""
        self.lock = asyncio.Lock()
        self.model = Model(self.disk, "fake", clock=lambda: NOW)
        self.model.facts = Facts(gateways=(Gateway("eth0", "192.168.50.1", 4),))
        self.routing = Routing(self.model, self, self, self.apply)
        self.fallback = Fallback(self.model, self.routing)
        self.whiles = Whiles(self.model, self.routing, self._settle_quietly)
        self.routing.on_change = self._changed
        self.routing.resume()
        self.is_behind = True
        works = (self.routing.watch, self.fallback.watch, self._catch_up, self.whiles.watch)
        self.daemon = [asyncio.get_running_loop().create_task(self._for_good(work)) for work in works]

    async def _for_good(self, work: Callable[[], Any]) -> None:
        while True:
            with contextlib.suppress(MeshnetError):
                await work()
            await asyncio.sleep(1)

    async def _catch_up(self) -> None:
        """As the daemon does at its start, and while the system refuses."""
        while True:
            if self.is_behind:
                with contextlib.suppress(MeshnetError):
                    await self._settle()
            await asyncio.sleep(20)

    async def end(self) -> None:
        """The daemon dies, with all that it was asked."""
        dying = [*self.daemon, *self.tasks]
        for task in dying:
            task.cancel()
        await asyncio.gather(*dying, return_exceptions=True)
        self.tasks.clear()

    def _changed(self) -> None:
        self.fallback.nudge()
        self.whiles.nudge()
        self.check()

    def device(self, name: str) -> Device:
        return self.model.mesh.devices[getattr(self.home, name).id]

    def name(self, host: str | None) -> str | None:
        return next((name for name in HOSTS if getattr(self.home, name).id == host), None)

    # --- what it drives ---------------------------------------------------------------------------------------------

    async def apply(self) -> None:
        async with self.lock:
            # What is asked for when it begins is what the system carries when it ends.
            wanted, refuses = self.routing.wish, self.refuses
            is_open = self.is_open or self.model.state.paused is not None
            assert wanted is not None or is_open, "the route was opened, and nobody had asked for it"
            self.is_behind = True
            await asyncio.sleep(self.paces())
            if refuses:
                raise MeshnetError(Code.SYSTEM_ERROR, "nft said no.")
            self.in_force, self.is_behind = wanted, False

    async def probe(self, address: str, wait: float) -> float | None:
        name = next(name for name in HOSTS if self.model.mesh.members[self.device(name).device].address4 == address)
        await asyncio.sleep(min(self.paces(), wait))
        if name in self.answering:
            return 0.02
        await asyncio.sleep(wait)
        return None

    def begin(self) -> None:
        """Nothing is known of a way here."""

    async def carries(self) -> bool | None:
        host = self.name(self.routing.host)
        await asyncio.sleep(self.paces())
        return host in self.carrying

    # --- what happens -----------------------------------------------------------------------------------------------

    def wish(self, name: str | None) -> None:
        """The person wishes for a host, or for none."""
        wish = Command(name)
        self.wishes.append(wish)
        self.is_open = self.is_open or name is None
        self.tasks.append(asyncio.get_running_loop().create_task(self._carry_out(wish)))

    def pause(self, *, begins: bool) -> None:
        """The person pauses the route, or ends the pause."""
        wish = Command(None, "pause" if begins else "resume")
        self.wishes.append(wish)
        self.tasks.append(asyncio.get_running_loop().create_task(self._carry_out(wish)))

    async def _do(self, wish: Command) -> MeshnetError | None:
        if wish.deed == "pause":
            return await self._pause(wish)
        if wish.deed == "resume":
            return await self.whiles.resume()
        if wish.host is None:
            return await self.routing.stop()
        await self.routing.start(self.device(wish.host))
        return None

    async def _pause(self, wish: Command) -> MeshnetError | None:
        before = self.model.state.paused
        wanted = self.routing.host or (before.host if before else None)
        wish.host = self.name(wanted)
        return await self.whiles.pause(PAUSE)

    async def _carry_out(self, wish: Command) -> None:
        try:
            not_kept = await self._do(wish)
            await self._settle()
            if not_kept is not None:
                raise not_kept
        except MeshnetError as error:
            wish.came = "to an open end" if error.code is Code.SYSTEM_ERROR else "to nothing"
            return
        wish.came = "true"
        if wish.host is not None and wish is self.wishes[-1]:
            self.is_open = False
            is_so = self.routing.state in WANTED if wish.deed == "route" else self.model.state.paused is not None
            self.is_deceived = self.is_deceived or not is_so

    async def _settle_quietly(self) -> None:
        with contextlib.suppress(MeshnetError):
            await self._settle()

    async def _settle(self) -> None:
        """As whoever carries out commands does after each."""
        try:
            await self.apply()
        except MeshnetError as error:
            if self.routing.wish is not None:
                await self.routing.lose(Blocked.SYSTEM_ERROR, error.message)
            raise

    def permit(self, name: str, may: bool) -> None:
        host = getattr(self.home, name)
        self.model.mesh.accept(self.home.mesh.grants(host, self.home.laptop, routing=may))
        self.routing.nudge()

    def name_fallback(self, may: bool) -> None:
        self.may_move = self.may_move or may
        ids = tuple(self.device(name).device for name in HOSTS) if may else ()
        self.model.state.settings = msgspec.structs.replace(self.model.state.settings, fallback=ids)

    # --- what must hold ---------------------------------------------------------------------------------------------

    def check(self) -> None:
        """The state, the hosts and the reason fit one another, and whoever was told so is routed."""
        assert not self.is_deceived
        routing = self.routing
        assert (routing.host is not None) == (routing.state in WANTED), (routing.state, routing.host)
        assert (routing.choice is not None) == (routing.state in TRYING), (routing.state, routing.choice)
        assert bool(routing.reason and routing.explanation) == (routing.shown == "blocked"), routing.state

    def expected(self) -> set[str | None]:
        """As the last command that came true said; more than one, where an answer left it open."""
        may_be: set[str | None] = {None}
        for number, wish in enumerate(self.wishes):
            if wish.deed == "resume":
                # What is paused is wanted again in any case.
                continue
            if wish.came == "true":
                may_be = {wish.host}
            elif wish.came == "to an open end":
                # A stop that could not be kept is undone by a restart: by whatever was kept before it.
                may_be |= {wish.host} | {other.host for other in self.wishes[:number] if wish.host is None}
        if self.may_move and may_be != {None}:
            may_be |= set(HOSTS)
        return may_be

    async def settle(self) -> None:
        """All is well again, and time goes by; then it is as was wished."""
        self.answering, self.carrying = set(HOSTS), set(HOSTS)
        self.refuses = self.disk.is_full = False
        for name in HOSTS:
            self.permit(name, True)
        await asyncio.sleep(SETTLED_AFTER)
        assert all(task.done() for task in self.tasks), "somebody still waits for an answer"
        for task in self.tasks:
            task.result()
        assert self.name(self.routing.host) in self.expected()
        assert self.routing.state is (State.IDLE if self.routing.host is None else State.ROUTING)
        assert self.in_force == self.routing.wish, "what is said is not so"
        self.model.catch_up()
        assert self.disk.load_state().route == self.routing.host, "a restart would bring another route"
        assert self.disk.load_state().paused is None


async def step(bench: Bench, deed: str, name: str, flag: bool) -> None:
    match deed:
        case "start":
            bench.wish(name)
        case "stop":
            bench.wish(None)
        case "pause":
            bench.pause(begins=True)
        case "resume":
            bench.pause(begins=False)
        case "answer":
            (bench.answering.add if flag else bench.answering.discard)(name)
        case "carry":
            (bench.carrying.add if flag else bench.carrying.discard)(name)
        case "permit":
            bench.permit(name, flag)
        case "refuse":
            bench.refuses = flag
        case "fill":
            bench.disk.is_full = flag
        case "fallback":
            bench.name_fallback(flag)
        case "restart":
            await bench.end()
            bench.boot()


ABOUT_THE_ROUTE = ("start", "start", "start", "stop", "pause", "pause", "resume")
DEEDS = (*ABOUT_THE_ROUTE, "answer", "carry", "permit", "refuse", "fill", "fallback", "restart")
PAUSES = (0.0, 0.0, 0.01, 0.3, 1.5, 7.0, 30.0)
Step = tuple[float, str, str, bool]
step_of = st.tuples(st.sampled_from(PAUSES), st.sampled_from(DEEDS), st.sampled_from(HOSTS), st.booleans())


orders = st.lists(step_of, max_size=14)
paces_of = st.lists(st.sampled_from((0.0, 0.0, 0.02, 0.4, 2.5)), min_size=1, max_size=7)
"""How long the system and the hosts take, one after the other."""


def play(steps: list[Step], paces: list[float]) -> None:
    async def run() -> None:
        bench = Bench(paces=itertools.cycle(paces).__next__)
        for pause, deed, name, flag in steps:
            await step(bench, deed, name, flag)
            await asyncio.sleep(pause)
            bench.check()
        await bench.settle()
        await bench.end()

    haste.run(run())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(orders, paces_of)
def test_the_last_wish_wins_and_nothing_is_opened_unasked(steps: list[Step], paces: list[float]) -> None:
    play(steps, paces)


@pytest.mark.long
@pytest.mark.timeout(900)
@settings(max_examples=2000, deadline=None)
@given(orders, paces_of)
def test_in_any_order_the_last_wish_wins_and_nothing_is_opened_unasked(steps: list[Step], paces: list[float]) -> None:
    play(steps, paces)


@pytest.mark.parametrize(
    ("steps", "paces"),
    [
        ([(0.5, "start", "nas", True), (0.0, "refuse", "nas", False), (0.0, "start", "phone", True)], [0.4]),
        ([(0.0, "start", "nas", True), (0.0, "start", "nas", True)], [0.0]),
    ],
    ids=["refused while another is tried", "asked for twice"],
)
def test_a_wish_that_the_system_refuses_deceives_nobody(steps: list[Step], paces: list[float]) -> None:
    play([(0.0, "refuse", "nas", True), *steps], paces)


def test_a_full_disk_refuses_another_host_and_stops_no_stop() -> None:
    full = [(1.0, "start", "nas", True), (0.0, "fill", "nas", True)]
    play([*full, (1.0, "start", "phone", True)], [0.0])
    play([*full, (30.0, "stop", "nas", True)], [0.0])
    play([*full, (1.0, "stop", "nas", True), (0.0, "restart", "nas", True)], [0.0])


def test_a_wish_for_the_stand_in_that_cannot_be_kept_leaves_the_trial_of_another_host_alone() -> None:
    gone = [(0.0, "start", "nas", True), (0.0, "start", "nas", True), (0.0, "answer", "nas", False)]
    stands_in = [(0.0, "fallback", "nas", True), (30.0, "start", "nas", True)]
    play(
        [*gone, *stands_in, (0.0, "start", "nas", True), (0.0, "fill", "nas", True), (0.0, "start", "phone", True)],
        [0.0],
    )


@pytest.mark.parametrize("after", [0.0, 5.0, 25.0])
def test_a_paused_route_comes_back_whatever_happened_meanwhile(after: float) -> None:
    paused = [(1.0, "start", "nas", True), (after, "pause", "nas", True)]
    play(paused, [0.0])
    play([*paused, (30.0, "restart", "nas", True)], [0.0])
    play([*paused, (0.0, "answer", "phone", False), (19.0, "start", "phone", True)], [0.02])
    play([*paused, (0.0, "refuse", "nas", True), (1.0, "start", "phone", True)], [0.4])
    play([(1.0, "start", "nas", True), (0.0, "fill", "nas", True), (after, "pause", "nas", True)], [0.0])
