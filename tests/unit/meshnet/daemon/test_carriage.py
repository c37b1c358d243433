"""When silence means that a host carries nothing, and when it means nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from meshnet.daemon import carriage as carriage_module
from meshnet.daemon.carriage import TunnelCarriage
from meshnet.errors import Code, MeshnetError
from meshnet_platform.api import Control, Traffic


class FakeBeyond:
    """Routers on the way answer, or none does."""

    def __init__(self) -> None:
        self.answering = True
        self.has_answered = False

    def forget(self) -> None:
        """See Beyond."""
        self.has_answered = False

    async def answers(self, _mesh: frozenset[str], _wait: float) -> bool:
        """See Beyond."""
        self.has_answered = self.has_answered or self.answering
        return self.answering


class Way:
    """A carriage over a way on which everything can be turned on and off."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.beyond = FakeBeyond()
        monkeypatch.setattr(carriage_module, "Beyond", lambda: self.beyond)
        self.sent, self.returned = 0, 0
        self.is_broken = False
        self.coordinator: tuple[Control, ...] = ()
        self.carriage = TunnelCarriage(frozenset, lambda: self.coordinator, self._traffic)

    async def _traffic(self) -> Traffic:
        if self.is_broken:
            raise MeshnetError(Code.SYSTEM_ERROR, "nft is gone.")
        return Traffic(self.sent, self.returned)

    async def asked(self, times: int) -> list[bool | None]:
        """What is said of it, so many times in a row."""
        return [await self.carriage.carries() for _ in range(times)]


def play(monkeypatch: pytest.MonkeyPatch, scenario: Callable[[Way], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario(Way(monkeypatch)))


def test_routers_that_fell_silent_mean_that_nothing_is_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(way: Way) -> None:
        assert await way.asked(2) == [True, True]
        way.beyond.answering = False
        assert await way.asked(3) == [None, False, False]
        way.beyond.answering = True
        assert await way.asked(1) == [True]

    play(monkeypatch, scenario)


def test_a_way_on_which_nothing_ever_came_back_carries_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(way: Way) -> None:
        way.beyond.answering = False
        assert await way.asked(2) == [None, False]

    play(monkeypatch, scenario)


def test_what_programs_get_back_is_proof_enough_where_routers_are_always_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario(way: Way) -> None:
        way.beyond.answering = False
        way.returned = 7
        assert await way.asked(1) == [None], "that may have come back on another way"
        way.returned = 8
        assert await way.asked(4) == [True, True, True, True], "silence means nothing here"

    play(monkeypatch, scenario)


def test_programs_that_send_and_get_nothing_are_proof_where_routers_are_always_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario(way: Way) -> None:
        way.beyond.answering = False
        await way.asked(1)
        way.sent, way.returned = 500, 400
        assert await way.asked(2) == [True, True]
        answers = []
        for _ in range(2):
            way.sent += 500
            answers += await way.asked(1)
        assert answers == [None, False]

    play(monkeypatch, scenario)


def test_what_came_back_before_the_silence_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(way: Way) -> None:
        assert await way.asked(2) == [True, True]
        way.beyond.answering, way.returned = False, 700
        assert await way.asked(2) == [None, False]
        way.returned = 3
        assert await way.asked(1) == [True], "the rules were loaded anew, and count again"

    play(monkeypatch, scenario)


def test_a_tool_that_fails_is_no_proof_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(way: Way) -> None:
        way.beyond.answering, way.is_broken = False, True
        assert await way.asked(2) == [None, False]

    play(monkeypatch, scenario)


def test_another_way_is_judged_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(way: Way) -> None:
        assert await way.asked(1) == [True]
        way.beyond.answering = False
        assert await way.asked(2) == [None, False]
        way.carriage.begin()
        assert await way.asked(1) == [None]

    play(monkeypatch, scenario)


def test_a_coordinator_that_accepts_a_connection_through_the_host_is_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(way: Way) -> None:
        way.beyond.answering = False
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        way.coordinator = (Control("127.0.0.1", port),)
        assert await way.asked(1) == [True]
        server.close()
        await server.wait_closed()
        assert await way.asked(2) == [True, True], "it may be away, and no router ever answered"

    play(monkeypatch, scenario)
