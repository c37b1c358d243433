"""The next host takes over when the one in use is gone for a while, and nothing moves back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import msgspec
import pytest

from meshnet.core.records import Device
from meshnet.core.route import State
from meshnet.daemon import fallback as fallback_module
from meshnet.daemon.fallback import Fallback
from meshnet.errors import Blocked, MeshnetError
from support import routes
from support.routes import hurry

NAS, PHONE = routes.HERE


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr(fallback_module, "PATIENCE", 0.02)
    monkeypatch.setattr(fallback_module, "AGAIN_AFTER", 0.04)


class Bench(routes.Bench):
    """The laptop routes through the nas; the phone is the fallback."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.model.state.settings = msgspec.structs.replace(self.model.state.settings, fallback=(self.home.phone.id,))
        self.fallback = Fallback(self.model, self.routing)

    def on_change(self) -> None:
        super().on_change()
        self.fallback.nudge()

    def works(self) -> list[Coroutine[None, None, None]]:
        return [*super().works(), self.fallback.watch()]

    def goes_through(self, device: Device) -> Callable[[], bool]:
        return lambda: (self.routing.state, self.routing.host) == (State.ROUTING, device.device)


def play(tmp_path: Path, scenario: Callable[[Bench], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        bench = Bench(tmp_path)
        bench.answering(NAS, PHONE)
        await bench.routing.start(bench.nas)
        async with bench.watching():
            await scenario(bench)

    asyncio.run(run())


def test_a_host_that_is_gone_is_stood_in_for_and_stays_left(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(PHONE)
        await bench.until(bench.goes_through(bench.phone))
        assert bench.model.store.load_state().instead_of == bench.nas.device
        bench.answering(NAS, PHONE)
        asked = len(bench.prober.asked)
        bench.prober.on_asked = lambda _: bench.changed.set()
        await bench.until(lambda: len(bench.prober.asked) > asked + 10)
        assert bench.goes_through(bench.phone)()
        await bench.routing.start(bench.nas)
        assert bench.model.store.load_state().instead_of is None
        passing = [host for state, host in bench.plans if state is State.ROUTING]
        assert passing == [bench.nas.device, bench.phone.device, bench.nas.device]

    play(tmp_path, scenario)


def test_a_stand_in_that_the_person_chooses_is_their_choice(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(PHONE)
        await bench.until(bench.goes_through(bench.phone))
        await bench.routing.start(bench.phone)
        assert bench.model.store.load_state().instead_of is None
        assert bench.goes_through(bench.phone)()

    play(tmp_path, scenario)


def test_a_host_that_carries_nothing_is_left_too(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.carriage.state = False
        bench.routing.nudge()
        await bench.until(lambda: bench.routing.host == bench.phone.device)

    play(tmp_path, scenario)


def test_the_persons_own_choice_comes_before_the_list(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(PHONE)
        await bench.until(bench.goes_through(bench.phone))
        bench.answering(NAS)
        await bench.until(bench.goes_through(bench.nas))
        assert bench.model.state.instead_of is None

    play(tmp_path, scenario)


def test_the_list_is_gone_through_again_until_one_answers(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering()
        await bench.until(lambda: bench.prober.asked.count(PHONE) > 10)
        assert bench.routing.shown == "blocked"
        bench.answering(PHONE)
        await bench.until(bench.goes_through(bench.phone))

    play(tmp_path, scenario)


def test_what_the_person_asked_for_goes_before_the_search_that_began_after_it(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        number = bench.routing.number()
        bench.answering()
        await bench.until(lambda: PHONE in bench.prober.asked)
        bench.answering(NAS)
        await bench.routing.start(bench.nas, number)
        assert bench.goes_through(bench.nas)()

    play(tmp_path, scenario)


def test_stopping_the_route_ends_the_search(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering()
        await bench.until(lambda: PHONE in bench.prober.asked)
        await bench.routing.stop()
        assert bench.routing.state is State.IDLE
        assert not bench.fallback._is_needed()

    play(tmp_path, scenario)


@pytest.mark.parametrize("reason", [Blocked.NETWORK_DOWN, Blocked.SYSTEM_ERROR, Blocked.LOOP])
def test_what_no_other_host_would_cure_moves_nothing(tmp_path: Path, reason: Blocked) -> None:
    bench = Bench(tmp_path)
    bench.routing.state, bench.routing.host, bench.routing.reason = State.BLOCKED, bench.nas.device, reason
    assert not bench.fallback._is_needed()
    bench.routing.reason = Blocked.ROUTING_REVOKED
    assert bench.fallback._is_needed()


def test_a_host_that_does_not_permit_it_is_passed_over(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.model.mesh.accept(bench.home.mesh.grants(bench.home.phone, bench.home.laptop, routing=False))
        bench.answering()
        await bench.until(lambda: bench.routing.state is State.BLOCKED)
        assert bench.fallback._candidates(bench.nas.device) == []
        with pytest.raises(MeshnetError):
            await bench.routing.start(bench.phone)

    play(tmp_path, scenario)
