"""The route as it is carried out: hosts answer or not, wishes follow one another, the system may refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from meshnet.core.route import State
from meshnet.daemon import routing as routing_module
from meshnet.daemon.routing import Routing
from meshnet.errors import Blocked, Code, MeshnetError
from meshnet_platform.api import Facts
from support.daemons import PATIENCE
from support.routes import HERE, Bench, hurry


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def play(tmp_path: Path, scenario: Callable[[Bench], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        await scenario(Bench(tmp_path))

    asyncio.run(run())


def test_a_host_that_answers_is_routed_through_and_kept_in_mind(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        assert bench.routing.state is State.ROUTING
        assert bench.routing.rtt == 0.02
        assert bench.plans == [(State.ROUTING, bench.nas.device)]
        assert bench.model.store.load_state().route == bench.nas.device
        await bench.routing.stop()
        assert bench.routing.wish is None
        assert bench.model.store.load_state().route is None

    play(tmp_path, scenario)


def test_a_host_that_does_not_answer_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        with pytest.raises(MeshnetError) as refused:
            await bench.routing.start(bench.nas)
        assert refused.value.code is Code.DEVICE_OFFLINE
        assert (bench.routing.state, bench.routing.host, bench.routing.choice) == (State.IDLE, None, None)
        assert bench.plans == []
        assert bench.model.store.load_state().route is None

    play(tmp_path, scenario)


def test_a_host_that_the_coordinator_sees_but_the_tunnel_does_not_is_told_apart(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.model.connected = True
        bench.model.online.add(bench.nas.device)
        with pytest.raises(MeshnetError, match="is online, but nothing came back") as refused:
            await bench.routing.start(bench.nas)
        assert refused.value.code is Code.TIMEOUT

    play(tmp_path, scenario)


def test_another_host_that_does_not_answer_leaves_the_one_in_use(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(HERE[0])
        await bench.routing.start(bench.nas)
        with pytest.raises(MeshnetError):
            await bench.routing.start(bench.phone)
        assert (bench.routing.state, bench.routing.host) == (State.ROUTING, bench.nas.device)
        assert len(bench.plans) == 1

    play(tmp_path, scenario)


def test_traffic_goes_through_the_old_host_until_the_new_one_answered(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        seen: list[str | None] = []
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        bench.prober.on_asked = lambda _: seen.append(bench.routing.wish.host if bench.routing.wish else None)
        await bench.routing.start(bench.phone)
        assert seen == [bench.nas.device]
        assert bench.plans == [(State.ROUTING, bench.nas.device), (State.ROUTING, bench.phone.device)]

    play(tmp_path, scenario)


async def _code_of(running: Coroutine[None, None, None]) -> Code | None:
    try:
        await running
    except MeshnetError as error:
        return error.code
    return None


def test_the_last_wish_wins_and_the_earlier_caller_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_module, "REACH_WITHIN", PATIENCE)

    async def scenario(bench: Bench) -> None:
        bench.answering(HERE[1])
        asked = asyncio.Event()
        bench.prober.on_asked = lambda _: asked.set()
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(_code_of(bench.routing.start(bench.nas)))
            await asked.wait()
            await bench.routing.start(bench.phone)
        assert first.result() is Code.TIMEOUT
        assert (bench.routing.state, bench.routing.host) == (State.ROUTING, bench.phone.device)

    play(tmp_path, scenario)


def test_stopping_ends_a_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_module, "REACH_WITHIN", PATIENCE)

    async def scenario(bench: Bench) -> None:
        asked = asyncio.Event()
        bench.prober.on_asked = lambda _: asked.set()
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(_code_of(bench.routing.start(bench.nas)))
            await asked.wait()
            await bench.routing.stop()
        assert first.result() is Code.TIMEOUT
        assert bench.routing.state is State.IDLE
        assert bench.plans == []

    play(tmp_path, scenario)


def test_choosing_the_host_in_use_ends_the_trial_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(HERE[0])
        await bench.routing.start(bench.nas)
        monkeypatch.setattr(routing_module, "REACH_WITHIN", PATIENCE)
        asked = asyncio.Event()
        bench.prober.on_asked = lambda _: asked.set()
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(_code_of(bench.routing.start(bench.phone)))
            await asked.wait()
            await bench.routing.start(bench.nas)
        assert first.result() is Code.TIMEOUT
        assert (bench.routing.state, bench.routing.host) == (State.ROUTING, bench.nas.device)

    play(tmp_path, scenario)


def test_the_next_candidate_has_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_module, "TURN_EVERY", 0.0)

    async def scenario(bench: Bench) -> None:
        with pytest.raises(MeshnetError):
            await bench.routing.start(bench.nas)
        assert bench.routing.turns[bench.nas.device] >= 1
        assert set(bench.plans) == {(State.CONNECTING, None)}

    play(tmp_path, scenario)


def test_a_host_that_falls_silent_blocks_and_one_that_answers_again_opens(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        async with bench.watching():
            bench.answering()
            await bench.until(lambda: bench.routing.state is State.BLOCKED)
            assert bench.routing.reason is Blocked.HOST_UNREACHABLE
            assert bench.routing.wish is not None
            assert not bench.routing.wish.passing
            bench.answering(*HERE)
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.state is State.ROUTING)
            assert bench.routing.reason is None
        assert [state for state, _ in bench.plans] == [State.ROUTING, State.BLOCKED, State.ROUTING]

    play(tmp_path, scenario)


def test_a_revoked_grant_blocks_at_once_though_the_host_answers(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        async with bench.watching():
            bench.model.mesh.accept(bench.home.mesh.grants(bench.home.nas, bench.home.laptop, routing=False))
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.state is State.BLOCKED)
            assert bench.routing.reason is Blocked.ROUTING_REVOKED
            bench.model.mesh.accept(bench.home.mesh.grants(bench.home.nas, bench.home.laptop, routing=True))
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.state is State.ROUTING)

    play(tmp_path, scenario)


def test_a_host_that_was_removed_blocks(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        async with bench.watching():
            bench.model.mesh.accept(bench.home.mesh.removal(bench.home.nas))
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.reason is Blocked.ROUTING_REVOKED)

    play(tmp_path, scenario)


def test_a_loop_that_the_host_makes_blocks(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        async with bench.watching():
            bench.model.mesh.accept(bench.home.mesh.device(bench.home.nas, route=bench.home.laptop.id))
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.state is State.BLOCKED)
            assert bench.routing.reason is Blocked.LOOP

    play(tmp_path, scenario)


def test_a_host_whose_vpn_dropped_blocks_until_it_is_back(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        mesh, nas, ledger = bench.home.mesh, bench.home.nas, bench.model.mesh
        ledger.accept(mesh.device(nas, can_host=True, exit_now="vpn"))
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        async with bench.watching():
            ledger.accept(mesh.device(nas, can_host=False, exit_now="lost"))
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.reason is Blocked.HOST_LEFT_VPN)
            assert bench.model.stuck is Blocked.HOST_LEFT_VPN
            ledger.accept(mesh.device(nas, can_host=True, exit_now="vpn"))
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.state is State.ROUTING)
            assert bench.model.stuck is None

    play(tmp_path, scenario)


def test_a_host_that_says_it_cannot_host_blocks_though_it_answers(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        async with bench.watching():
            bench.model.mesh.accept(bench.home.mesh.device(bench.home.nas, can_host=False))
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.reason is Blocked.HOST_UNREACHABLE)
            assert bench.routing.state is State.BLOCKED

    play(tmp_path, scenario)


def test_in_a_loop_one_gives_way_and_the_other_goes_on_once_it_has_heard(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        mesh, nas, ledger = bench.home.mesh, bench.home.nas, bench.model.mesh
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        async with bench.watching():
            ledger.accept(mesh.device(nas, can_host=True, route=bench.model.me))
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.reason is Blocked.LOOP)
            first = bench.model.me < nas.id
            assert bench.routing.wish is not None
            assert (bench.routing.wish.gives_way, bench.model.gives_way) == (first, first)
            assert bench.model.announced_route == (None if first else nas.id)
            ledger.accept(mesh.device(nas, can_host=True, route=None))
            bench.routing.nudge()
            await bench.until(lambda: bench.routing.state is State.ROUTING)
            assert not bench.model.gives_way

    play(tmp_path, scenario)


def test_a_blocked_route_is_rescued_by_another_host(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        await bench.routing.lose(Blocked.HOST_UNREACHABLE)
        await bench.routing.start(bench.phone)
        assert (bench.routing.state, bench.routing.host) == (State.ROUTING, bench.phone.device)
        assert bench.routing.reason is None

    play(tmp_path, scenario)


def test_a_route_is_taken_up_again_after_a_restart(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        again = Routing(bench.model, bench.prober, bench.carriage, bench._apply)
        again.resume()
        assert again.wish == bench.routing.wish
        assert again.shown == "blocked", "nothing has come back yet"
        bench.use(again)
        async with bench.watching():
            await bench.until(lambda: again.state is State.ROUTING)

    play(tmp_path, scenario)


# --- a host that answers and carries nothing ------------------------------------------------------------------------


def test_a_host_that_carries_nothing_is_called_so_though_it_answers_and_keeps_the_traffic(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        async with bench.watching():
            bench.carriage.state = False
            await bench.until(lambda: bench.routing.shown == "blocked")
            assert bench.routing.reason is Blocked.HOST_UNREACHABLE
            assert "nothing comes back from the internet" in (bench.routing.explanation or "")
            assert bench.model.stuck is Blocked.HOST_UNREACHABLE
            assert bench.routing.wish is not None
            assert bench.routing.wish.passing
            bench.carriage.state = True
            await bench.until(lambda: bench.routing.shown == "routing")
            assert bench.routing.reason is None
            assert not bench.model.stuck
        assert len(bench.plans) == 1, "nothing of the system had to change"

    play(tmp_path, scenario)


def test_a_host_of_which_nothing_is_known_yet_is_trusted_meanwhile(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        bench.carriage.state = None
        await bench.routing.start(bench.nas)
        async with bench.watching():
            asked = len(bench.prober.asked)
            bench.prober.on_asked = lambda _: bench.routing.on_change()
            await bench.until(lambda: len(bench.prober.asked) > asked + 3)
            assert bench.routing.state is State.ROUTING

    play(tmp_path, scenario)


def test_choosing_a_stalled_host_again_asks_it_anew(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        bench.carriage.state = False
        async with bench.watching():
            await bench.until(lambda: bench.routing.state is State.STALLED)
        with pytest.raises(MeshnetError, match="nothing comes back"):
            await bench.routing.start(bench.nas)
        bench.carriage.state = True
        await bench.routing.start(bench.nas)
        assert bench.routing.state is State.ROUTING

    play(tmp_path, scenario)


def test_another_host_is_tried_while_one_stalls_and_the_way_is_kept(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(HERE[0])
        await bench.routing.start(bench.nas)
        bench.carriage.state = False
        async with bench.watching():
            await bench.until(lambda: bench.routing.state is State.STALLED)
            with pytest.raises(MeshnetError):
                await bench.routing.start(bench.phone)
            assert (bench.routing.state, bench.routing.host) == (State.STALLED, bench.nas.device)
            bench.answering(*HERE)
            bench.carriage.state = True
            await bench.routing.start(bench.phone)
            assert (bench.routing.state, bench.routing.host) == (State.ROUTING, bench.phone.device)

    play(tmp_path, scenario)


def test_without_any_gateway_it_is_this_devices_network_that_is_down(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        bench.model.facts = Facts()
        async with bench.watching():
            bench.answering()
            await bench.until(lambda: bench.routing.reason is Blocked.NETWORK_DOWN)
            assert bench.routing.wish is not None
            assert not bench.routing.wish.passing

    play(tmp_path, scenario)


# --- the system refuses ---------------------------------------------------------------------------------------------


def test_a_system_that_refuses_the_first_route_leaves_it_idle_and_not_routing_by_name(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        bench.refusing = True
        with pytest.raises(MeshnetError, match="nft said no") as refused:
            await bench.routing.start(bench.nas)
        assert refused.value.code is Code.SYSTEM_ERROR
        assert bench.routing.state is State.IDLE
        assert bench.routing.wish is None
        assert bench.model.store.load_state().route is None

    play(tmp_path, scenario)


def test_of_two_wishes_the_later_one_wins_though_the_earlier_one_takes_longer_to_begin(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        earlier, later = bench.routing.number(), bench.routing.number()
        await bench.routing.start(bench.phone, later)
        with pytest.raises(MeshnetError, match="Another wish"):
            await bench.routing.start(bench.nas, earlier)
        assert (bench.routing.state, bench.routing.host) == (State.ROUTING, bench.phone.device)
        earlier = bench.routing.number()
        await bench.routing.stop()
        with pytest.raises(MeshnetError, match="Another wish"):
            await bench.routing.start(bench.nas, earlier)
        assert bench.routing.state is State.IDLE

    play(tmp_path, scenario)


def test_a_system_that_refuses_to_switch_blocks(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        bench.refusing = True
        with pytest.raises(MeshnetError):
            await bench.routing.start(bench.phone)
        assert bench.routing.state is State.BLOCKED
        assert bench.routing.reason is Blocked.SYSTEM_ERROR

    play(tmp_path, scenario)


def test_a_system_that_refuses_during_a_trial_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_module, "TURN_EVERY", 0.0)

    async def scenario(bench: Bench) -> None:
        bench.refusing = True
        with pytest.raises(MeshnetError, match="nft said no"):
            await bench.routing.start(bench.nas)
        assert (bench.routing.state, bench.routing.choice) == (State.IDLE, None)

    play(tmp_path, scenario)


def test_a_system_that_refuses_does_not_end_the_watch(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answering(*HERE)
        await bench.routing.start(bench.nas)
        await bench.routing.lose(Blocked.HOST_UNREACHABLE)
        bench.refusing = True
        async with bench.watching():
            await bench.until(lambda: bench.routing.reason is Blocked.SYSTEM_ERROR)
            assert bench.routing.state is State.BLOCKED
            bench.refusing = False
            await bench.until(lambda: bench.routing.state is State.ROUTING and bench.routing.reason is None)

    play(tmp_path, scenario)
