"""When a port is asked for, renewed, asked for again and given back; the ways of asking answer as a test says."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace

import pytest

from meshnet.daemon import portmap
from meshnet.daemon.portmap import MappingState, PortMapper
from meshnet.daemon.portmap_ways import Lease, Line, NotPublicError, RefusedError, Way
from meshnet_platform.api import Facts, Gateway, Link
from support import haste

PORT = 41000
HOUR = 3600.0
LEASE = Lease("81.2.69.10", PORT, 7200, epoch=1000)
HOME = Facts((Link("eth0", ("192.168.1.10/24", "fe80::1/64")),), (Gateway("eth0", "192.168.1.1", 4),))
CAFE = Facts((Link("wlan0", ("192.168.50.20/24",)),), (Gateway("wlan0", "192.168.50.1", 4),))


class FakeWay:
    """Answers `gives`: a lease, nothing, or an error."""

    name = "PCP"

    def __init__(self, gives: Lease | RefusedError | None = LEASE) -> None:
        self.gives = gives
        self.asked: list[tuple[float, int]] = []
        self.given_back: list[int] = []
        self.is_slow = False

    async def map(self, external: int) -> Lease | None:
        self.asked.append((asyncio.get_running_loop().time(), external))
        if isinstance(self.gives, RefusedError):
            raise self.gives
        return self.gives

    async def unmap(self, external: int) -> None:
        if self.is_slow:
            await asyncio.get_running_loop().create_future()
        self.given_back.append(external)

    def times(self) -> list[float]:
        return [round(time) for time, _ in self.asked]


class Bench:
    """A mapper at home, before a router with one way of asking, or none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.way: FakeWay | None = FakeWay()
        self.own = "192.168.1.10"
        self.searches: list[float] = []
        self.told: list[str | None] = []
        self.mapper = PortMapper(
            PORT, secret=b"secret", mark=None, on_change=self.told.append, clock=lambda: self.now() + self.slept
        )
        self.slept = 0.0
        monkeypatch.setattr(portmap, "line_to", self._line_to)
        monkeypatch.setattr(portmap, "_listening", self._no_socket)
        monkeypatch.setattr(portmap, "find_pcp", self._find)
        for other in ("find_pmp", "find_igd"):
            monkeypatch.setattr(portmap, other, self._find_nothing)

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def play(self, scenario: Callable[[], Coroutine[None, None, None]], facts: Facts = HOME) -> None:
        async def run() -> None:
            self.mapper.network_changed(facts)
            async with self.running():
                await scenario()

        haste.run(run())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(self.mapper.run())
            await asyncio.sleep(1)
            yield
            work.cancel()

    def state(self) -> MappingState:
        return self.mapper.status.state

    def announce(self, epoch: int, sender: str = "192.168.1.1") -> None:
        self.mapper._hear(struct.pack("!BBHI4B", 0, 128, 0, epoch, 81, 2, 69, 10), sender)

    def _line_to(self, gateway: str, interface: str, port: int, secret: bytes, mark: int | None) -> Line:
        return Line(gateway, interface, self.own, port, secret, mark)

    @staticmethod
    def _no_socket() -> None:
        raise OSError

    async def _find(self, _: Line) -> Way | None:
        self.searches.append(round(self.now()))
        return self.way

    @staticmethod
    async def _find_nothing(_: Line) -> Way | None:
        await asyncio.sleep(3)
        return None


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def way_of(bench: Bench) -> FakeWay:
    assert bench.way is not None
    return bench.way


def test_the_port_is_had_at_once_and_renewed_at_half_its_time(bench: Bench) -> None:
    async def scenario() -> None:
        assert bench.told == ["81.2.69.10:41000"]
        assert bench.state() is MappingState.MAPPED
        await asyncio.sleep(3 * HOUR)
        assert way_of(bench).times() == [0, 3600, 7200, 10800]
        assert bench.told == ["81.2.69.10:41000"]
        assert len(bench.searches) == 1

    bench.play(scenario)


def test_nobody_is_believed_for_longer_than_was_asked(bench: Bench) -> None:
    way_of(bench).gives = replace(LEASE, seconds=4_000_000_000)

    async def scenario() -> None:
        await asyncio.sleep(HOUR)
        assert way_of(bench).times() == [0, 3600]

    bench.play(scenario)


def test_a_lease_without_an_end_is_looked_after_all_the_same(bench: Bench) -> None:
    way_of(bench).gives = replace(LEASE, seconds=0)

    async def scenario() -> None:
        await asyncio.sleep(HOUR)
        assert way_of(bench).times() == [0, 3600]

    bench.play(scenario)


def test_a_router_that_gives_a_moment_is_not_asked_all_the_time(bench: Bench) -> None:
    way_of(bench).gives = replace(LEASE, seconds=1)

    async def scenario() -> None:
        await asyncio.sleep(60)
        assert way_of(bench).times() == [0, 15, 30, 45, 60]

    bench.play(scenario)


def test_another_port_is_told_and_is_the_one_that_is_renewed(bench: Bench) -> None:
    way_of(bench).gives = replace(LEASE, port=50000)

    async def scenario() -> None:
        await asyncio.sleep(HOUR)
        assert [port for _, port in way_of(bench).asked] == [PORT, 50000]
        assert bench.told == ["81.2.69.10:50000"]

    bench.play(scenario)


def test_another_address_of_the_router_is_told_at_renewal(bench: Bench) -> None:
    async def scenario() -> None:
        way_of(bench).gives = replace(LEASE, address="81.2.69.77")
        await asyncio.sleep(HOUR)
        assert bench.told == ["81.2.69.10:41000", "81.2.69.77:41000"]

    bench.play(scenario)


def test_a_lease_that_nobody_renews_holds_to_its_end(bench: Bench) -> None:
    async def scenario() -> None:
        way_of(bench).gives = None
        await asyncio.sleep(2 * HOUR - 10)
        assert bench.told == ["81.2.69.10:41000"]
        assert 3 < len(way_of(bench).asked) < 30
        await asyncio.sleep(60)
        assert bench.told == ["81.2.69.10:41000", None]
        assert bench.state() is MappingState.SILENT

    bench.play(scenario)


def test_where_nobody_answers_it_is_asked_ever_less(bench: Bench) -> None:
    bench.way = None

    async def scenario() -> None:
        await asyncio.sleep(10)
        assert bench.state() is MappingState.SILENT
        await asyncio.sleep(HOUR)
        assert bench.searches == [0, 63, 186, 429, 912, 1515, 2118, 2721, 3324]
        assert bench.told == []

    bench.play(scenario)


@pytest.mark.parametrize(
    ("error", "state"),
    [(RefusedError("PCP result 2"), MappingState.REFUSED), (NotPublicError("100.64.1.2"), MappingState.DOUBLE_NAT)],
)
def test_a_router_that_will_not_or_cannot_is_told_of_and_asked_later(
    bench: Bench, error: RefusedError, state: MappingState
) -> None:
    way_of(bench).gives = error

    async def scenario() -> None:
        await asyncio.sleep(10)
        assert (bench.state(), bench.mapper.status.detail) == (state, str(error))
        way_of(bench).gives = LEASE
        await asyncio.sleep(60)
        assert bench.told == ["81.2.69.10:41000"]

    bench.play(scenario)


def test_a_router_that_loses_its_public_address_takes_the_mapping_with_it(bench: Bench) -> None:
    async def scenario() -> None:
        way_of(bench).gives = NotPublicError("none")
        await asyncio.sleep(HOUR + 10)
        assert bench.told == ["81.2.69.10:41000", None]

    bench.play(scenario)


def test_the_same_facts_again_change_nothing(bench: Bench) -> None:
    async def scenario() -> None:
        bench.mapper.network_changed(replace(HOME, search=("home.lan",)))
        await asyncio.sleep(60)
        assert way_of(bench).times() == [0]

    bench.play(scenario)


def test_in_another_network_the_port_is_gone_at_once_and_asked_for_anew(bench: Bench) -> None:
    async def scenario() -> None:
        way_of(bench).gives = replace(LEASE, address="62.24.131.7")
        bench.mapper.network_changed(CAFE)
        assert bench.told == ["81.2.69.10:41000", None]
        await asyncio.sleep(10)
        assert bench.told[2:] == ["62.24.131.7:41000"]

    bench.play(scenario)


def test_without_a_network_there_is_nothing_to_do(bench: Bench) -> None:
    async def scenario() -> None:
        bench.mapper.network_changed(Facts())
        await asyncio.sleep(3 * HOUR)
        assert (bench.told, bench.state()) == (["81.2.69.10:41000", None], MappingState.OFF)
        assert way_of(bench).times() == [0]
        bench.mapper.network_changed(HOME)
        await asyncio.sleep(1)
        assert bench.told[2:] == ["81.2.69.10:41000"]

    bench.play(scenario)


def test_what_a_router_gave_is_not_taken_for_the_next_network(bench: Bench) -> None:
    answered = asyncio.Event()

    class Slow(FakeWay):
        async def map(self, external: int) -> Lease | None:
            lease = await super().map(external)
            if len(self.asked) == 1:
                await answered.wait()
            return lease

    bench.way = Slow()

    async def scenario() -> None:
        bench.mapper.network_changed(CAFE)
        way_of(bench).gives = replace(LEASE, address="62.24.131.7")
        answered.set()
        await asyncio.sleep(10)
        assert bench.told == ["62.24.131.7:41000"]

    bench.play(scenario)


def test_what_a_router_gave_is_kept_while_the_way_to_it_is_lost(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(portmap, "line_to", lambda *_: None)
        await asyncio.sleep(2 * HOUR - 10)
        assert bench.told == ["81.2.69.10:41000"]
        await asyncio.sleep(60)
        assert bench.told == ["81.2.69.10:41000", None]

    bench.play(scenario)


def test_a_device_with_a_public_address_asks_nobody(bench: Bench) -> None:
    bench.own = "46.101.10.20"

    async def scenario() -> None:
        await asyncio.sleep(3 * HOUR)
        assert (bench.searches, bench.state()) == ([], MappingState.UNNEEDED)

    bench.play(scenario)


def test_a_way_without_a_neighbour_has_no_router_to_ask(bench: Bench) -> None:
    ppp = Facts((Link("ppp0", ("10.1.2.3/32",)),), (Gateway("ppp0", None, 4), Gateway("ppp0", "fe80::1", 6)))

    async def scenario() -> None:
        await asyncio.sleep(HOUR)
        assert (bench.searches, bench.state()) == ([], MappingState.OFF)

    bench.play(scenario, ppp)


def test_after_sleep_a_lease_that_ran_out_meanwhile_is_renewed_with_the_next_facts(bench: Bench) -> None:
    async def scenario() -> None:
        bench.slept = 8 * HOUR
        bench.mapper.network_changed(HOME)
        await asyncio.sleep(1)
        assert len(way_of(bench).asked) == 2

    bench.play(scenario)


def test_a_router_that_restarted_is_asked_again_at_once(bench: Bench) -> None:
    async def scenario() -> None:
        await asyncio.sleep(99)
        bench.announce(epoch=1100)
        await asyncio.sleep(1)
        assert len(way_of(bench).asked) == 1
        bench.announce(epoch=0, sender="192.168.1.66")
        await asyncio.sleep(1)
        assert len(way_of(bench).asked) == 1
        bench.announce(epoch=0)
        await asyncio.sleep(1)
        assert len(way_of(bench).asked) == 2

    bench.play(scenario)


def test_a_flood_of_announcements_is_not_answered_by_one_of_questions(bench: Bench) -> None:
    async def scenario() -> None:
        for _ in range(200):
            bench.announce(epoch=0)
            await asyncio.sleep(0.1)
        assert 2 <= len(way_of(bench).asked) <= 4

    bench.play(scenario)


def test_a_way_that_breaks_is_a_way_that_does_not_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: Line) -> Way | None:
        raise RecursionError

    monkeypatch.setattr(portmap, "find_igd", broken)

    async def scenario() -> None:
        await asyncio.sleep(10)
        assert bench.state() is MappingState.MAPPED

    bench.play(scenario)


def test_the_second_way_is_tried_where_the_first_refuses(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    way_of(bench).gives = RefusedError("PCP result 2")
    second = FakeWay()

    async def found(_: Line) -> Way | None:
        await asyncio.sleep(2)
        return second

    monkeypatch.setattr(portmap, "find_igd", found)

    async def scenario() -> None:
        await asyncio.sleep(10)
        assert bench.told == ["81.2.69.10:41000"]
        assert len(second.asked) == 1

    bench.play(scenario)


@pytest.mark.parametrize("is_slow", [False, True])
def test_the_port_is_given_back_at_the_end_within_a_second(bench: Bench, is_slow: bool) -> None:
    way = way_of(bench)
    way.gives = replace(LEASE, port=50000)
    way.is_slow = is_slow

    async def run() -> None:
        bench.mapper.network_changed(HOME)
        async with bench.running():
            pass
        before = bench.now()
        await bench.mapper.close()
        await bench.mapper.close()
        assert bench.now() - before <= 1
        assert way.given_back == ([] if is_slow else [50000])

    haste.run(run())


def test_a_daemon_that_had_no_port_gives_none_back(bench: Bench) -> None:
    async def run() -> None:
        await bench.mapper.close()
        assert way_of(bench).given_back == []

    haste.run(run())
