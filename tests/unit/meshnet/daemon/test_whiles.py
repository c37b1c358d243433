"""What holds for a while ends by itself: after its time, after a sleep, after a restart; and sooner if asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from meshnet.core.route import State
from meshnet.core.term import LONGEST
from meshnet.daemon.model import Model
from meshnet.daemon.routing import Routing
from meshnet.daemon.store import Paused
from meshnet.daemon.whiles import Whiles
from meshnet.errors import Blocked, Code, MeshnetError
from meshnet_platform.api import Facts, Gateway, Link
from support import haste
from support.meshes import NOW
from support.routes import HERE, Bench


class Scene(Bench):
    """The laptop routes through the nas; its clock is the test's."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.directory = directory
        self.now = float(NOW)
        self.model.clock = lambda: self.now
        self.settled = 0
        self.answering(*HERE)
        self.whiles = Whiles(self.model, self.routing, self._settle)

    async def _settle(self) -> None:
        self.settled += 1

    def on_change(self) -> None:
        super().on_change()
        self.whiles.nudge()

    def works(self) -> list[Coroutine[None, None, None]]:
        return [*super().works(), self.whiles.watch()]

    @property
    def kept(self) -> tuple[str | None, Paused | None]:
        """What a restart would find."""
        state = self.model.store.load_state()
        return state.route, state.paused

    def restart(self) -> None:
        """Another daemon finds what this one left."""
        ledger = self.model.ledger
        self.model = Model(self.model.store, "fake", clock=lambda: self.now)
        self.model.ledger = ledger
        self.use(Routing(self.model, self.prober, self.carriage, self._apply))
        self.whiles = Whiles(self.model, self.routing, self._settle)
        self.routing.resume()

    async def paused(self, seconds: int) -> None:
        """Route, and pause."""
        await self.routing.start(self.nas)
        assert await self.whiles.pause(seconds) is None
        assert (self.routing.state, self.routing.wish) == (State.IDLE, None)


def play(tmp_path: Path, scenario: Callable[[Scene], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        await scenario(Scene(tmp_path))

    haste.run(run())


def test_a_paused_route_is_wanted_again_after_its_time_and_closed_until_something_comes_back(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(5)
        scene.answering()
        began = asyncio.get_running_loop().time()
        async with scene.watching():
            await scene.until(lambda: scene.routing.wish is not None)
            assert 5 <= asyncio.get_running_loop().time() - began <= 6
            assert (scene.routing.shown, scene.routing.reason) == ("blocked", Blocked.HOST_UNREACHABLE)
            assert scene.plans[-1] == (State.STALLED, scene.nas.device)
            scene.answering(*HERE)
            await scene.until(lambda: scene.routing.state is State.ROUTING)
        assert scene.kept == (scene.nas.device, None)
        assert scene.settled == 1

    play(tmp_path, scenario)


def test_a_pause_that_ended_while_the_machine_slept_is_over_when_it_wakes(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(3600)
        async with scene.watching():
            await asyncio.sleep(2)
            assert scene.routing.wish is None
            scene.now += 3600
            await scene.until(lambda: scene.routing.state is State.ROUTING)

    play(tmp_path, scenario)


def test_a_clock_that_is_set_back_makes_no_pause_longer(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(5)
        scene.now -= 86_400
        scene.restart()
        async with scene.watching():
            await scene.until(lambda: scene.routing.wish is not None)

    play(tmp_path, scenario)


def test_a_restart_goes_on_with_the_pause_or_with_the_route_when_that_is_over(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(60)
        scene.restart()
        assert scene.routing.wish is None
        scene.now += 60
        scene.restart()
        assert scene.routing.wish is not None, "closed from the first plan on"
        assert scene.kept == (scene.nas.device, None)

    play(tmp_path, scenario)


def test_the_person_ends_a_pause_and_is_answered_when_traffic_flows(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(60)
        assert await scene.whiles.resume() is None
        assert (scene.routing.state, scene.routing.host) == (State.ROUTING, scene.nas.device)
        assert scene.kept == (scene.nas.device, None)

    play(tmp_path, scenario)


def test_a_pause_may_be_made_longer_and_a_stop_ends_it_for_good(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(5)
        async with scene.watching():
            await asyncio.sleep(3)
            await scene.whiles.pause(60)
            await asyncio.sleep(30)
            assert scene.routing.wish is None
            await scene.routing.stop()
            await asyncio.sleep(90)
            assert scene.routing.state is State.IDLE
        assert scene.kept == (None, None)

    play(tmp_path, scenario)


def test_another_host_ends_the_pause_and_one_that_does_not_answer_leaves_it(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(3600)
        scene.answering(HERE[0])
        with pytest.raises(MeshnetError):
            await scene.routing.start(scene.phone)
        assert scene.kept[1] is not None
        scene.answering(*HERE)
        await scene.routing.start(scene.phone)
        assert scene.kept == (scene.phone.device, None)

    play(tmp_path, scenario)


def test_a_host_that_the_system_refuses_during_a_pause_leaves_it(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(3600)
        scene.refusing = True
        with pytest.raises(MeshnetError):
            await scene.routing.start(scene.phone)
        assert scene.kept[1] is not None
        assert scene.routing.wish is None

    play(tmp_path, scenario)


async def _refused(asked: Coroutine[None, None, None]) -> None:
    with pytest.raises(MeshnetError):
        await asked


def test_a_pause_that_ends_while_another_host_is_tried_closes_at_once(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(2)
        scene.answering(HERE[0])
        async with scene.watching(), asyncio.TaskGroup() as tasks:
            tasks.create_task(_refused(scene.routing.start(scene.phone)))
            await scene.until(lambda: scene.routing.wish is not None)
            assert scene.routing.state in (State.ESCAPING, State.SWITCHING)
            await scene.until(lambda: scene.routing.state is State.ROUTING)
        assert scene.routing.host == scene.nas.device

    play(tmp_path, scenario)


def test_a_system_that_refuses_to_close_after_a_pause_is_not_called_routing(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.paused(2)
        scene.refusing = True
        async with scene.watching():
            await scene.until(lambda: scene.routing.reason is Blocked.SYSTEM_ERROR)
        assert scene.kept == (scene.nas.device, None)

    play(tmp_path, scenario)


def test_what_stands_in_for_another_host_does_so_after_the_pause(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.routing.start(scene.phone, instead_of=scene.nas.device)
        await scene.whiles.pause(60)
        await scene.whiles.resume()
        assert scene.model.state.instead_of == scene.nas.device

    play(tmp_path, scenario)


@pytest.mark.parametrize("seconds", [0, -1, LONGEST + 1])
def test_a_pause_of_no_time_or_of_too_long_is_refused(tmp_path: Path, seconds: int) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.routing.start(scene.nas)
        with pytest.raises(MeshnetError, match="1 to 86,400 seconds") as refused:
            await scene.whiles.pause(seconds)
        assert refused.value.code is Code.INVALID_SETTING
        assert scene.routing.state is State.ROUTING

    play(tmp_path, scenario)


def test_where_nothing_is_routed_nothing_is_paused_and_where_nothing_is_paused_nothing_goes_on(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        for asked in (scene.whiles.pause(60), scene.whiles.resume()):
            with pytest.raises(MeshnetError) as refused:
                await asked
            assert refused.value.code is Code.NOT_SUPPORTED

    play(tmp_path, scenario)


# --- clients that are stopped ---------------------------------------------------------------------------------------


def test_a_stopped_client_is_permitted_again_after_its_time(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        nas = scene.nas.device
        scene.model.choose(nas, ("routing", "lan"), allowed=True)
        scene.whiles.stop(scene.nas, 5)
        now, granted = scene.model.permitted(nas), scene.model.granted(nas)
        assert (now.incoming, now.routing, now.lan) == (True, False, False)
        assert (granted.routing, granted.lan) == (True, True)
        async with scene.watching():
            await asyncio.sleep(7)
        assert scene.settled == 1
        assert scene.model.permitted(nas) == granted

    play(tmp_path, scenario)


def test_a_stop_keeps_in_mind_that_clients_left_by_a_vpn(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        scene.model.choose(scene.nas.device, ("routing",), allowed=True)
        scene.model.facts = Facts(
            links=(Link("wg0", ("10.5.0.2/32",), kind="wireguard"),), gateways=(Gateway("wg0", None, 4),)
        )
        scene.whiles.stop(scene.nas, 5)
        scene.model.settle_exit()
        assert scene.model.state.on_vpn

    play(tmp_path, scenario)


def test_a_client_goes_on_at_once_when_asked(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        scene.model.choose(scene.nas.device, ("routing",), allowed=True)
        for seconds in (60, 0, 0):
            scene.whiles.stop(scene.nas, seconds)
            assert scene.model.permitted(scene.nas.device).routing == (seconds == 0)

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("seconds", "code"), [(60, Code.NOT_SUPPORTED), (-1, Code.INVALID_SETTING), (LONGEST + 1, Code.INVALID_SETTING)]
)
def test_who_may_not_route_anyway_or_for_no_time_is_not_stopped(tmp_path: Path, seconds: int, code: Code) -> None:
    async def scenario(scene: Scene) -> None:
        with pytest.raises(MeshnetError) as refused:
            scene.whiles.stop(scene.nas, seconds)
        assert refused.value.code is code
        assert scene.model.stopped == {}

    play(tmp_path, scenario)
