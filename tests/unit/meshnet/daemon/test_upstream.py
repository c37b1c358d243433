"""Asking resolvers that the test plays, on loopback: good ones, slow ones, and those that lie."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from meshnet.daemon import upstream
from meshnet.daemon.upstream import PAYLOAD, Upstream
from support.daemons import PATIENCE

Reply = Callable[[bytes], list[bytes]]
"""What a resolver sends back for what it got."""

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


def query(name: str = "example.org.", number: int | None = None) -> dns.message.Message:
    return dns.message.make_query(name, "A", id=number)


def good(wire: bytes, address: str = "81.2.69.160") -> bytes:
    answer = dns.message.make_response(dns.message.from_wire(wire))
    answer.answer.append(dns.rrset.from_text(answer.question[0].name, 60, "IN", "A", address))
    return answer.to_wire()


def failing(rcode: dns.rcode.Rcode) -> Reply:
    def reply(wire: bytes) -> list[bytes]:
        answer = dns.message.make_response(dns.message.from_wire(wire))
        answer.set_rcode(rcode)
        return [answer.to_wire()]

    return reply


class Resolver:
    """One resolver over UDP."""

    def __init__(self, asked: socket.socket) -> None:
        self._socket = asked
        self.reply: Reply = lambda wire: [good(wire)]
        self.asked: list[bytes] = []
        self.asker = ("", 0)

    def answer_late(self) -> None:
        self._socket.sendto(good(self.asked[-1]), self.asker)

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            wire, self.asker = await loop.sock_recvfrom(self._socket, 65535)
            self.asked.append(wire)
            for answer in self.reply(wire):
                await loop.sock_sendto(self._socket, answer, self.asker)


@contextlib.asynccontextmanager
async def resolvers(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Resolver]]:
    port = 0
    with contextlib.ExitStack() as stack:
        made = []
        for host in HOSTS:
            listening = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            listening.setblocking(False)
            listening.bind((host, port))
            port = listening.getsockname()[1]
            made.append(Resolver(listening))
        monkeypatch.setattr(upstream, "PORT", port)
        async with asyncio.TaskGroup() as tasks:
            serving = [tasks.create_task(resolver.serve()) for resolver in made]
            yield made
            for task in serving:
                task.cancel()


def play(
    monkeypatch: pytest.MonkeyPatch, scenario: Callable[[Upstream, list[Resolver]], Coroutine[None, None, None]]
) -> None:
    async def run() -> None:
        async with resolvers(monkeypatch) as made, asyncio.timeout(2 * PATIENCE):
            await scenario(Upstream(), made)

    asyncio.run(run())


def addresses(answer: dns.message.Message | None) -> list[str]:
    assert answer is not None
    return [record.to_text() for rrset in answer.answer for record in rrset]


def test_a_silent_resolver_is_passed_over_and_asked_last_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(asking: Upstream, made: list[Resolver]) -> None:
        made[0].reply = lambda _: []
        for _ in range(3):
            assert addresses(await asking.ask(HOSTS, query(), stream=False)) == ["81.2.69.160"]
        assert [len(one.asked) for one in made] == [1, 3, 0]

    play(monkeypatch, scenario)


def test_a_slow_resolver_is_still_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(asking: Upstream, made: list[Resolver]) -> None:
        made[0].reply = lambda _: []

        def wake_the_first(_: bytes) -> list[bytes]:
            made[0].answer_late()
            return []

        made[1].reply = wake_the_first
        assert addresses(await asking.ask(HOSTS[:2], query(), stream=False)) == ["81.2.69.160"]
        assert len(made[1].asked) == 1

    play(monkeypatch, scenario)


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP])
def test_one_that_cannot_say_is_passed_over(monkeypatch: pytest.MonkeyPatch, rcode: dns.rcode.Rcode) -> None:
    async def scenario(asking: Upstream, made: list[Resolver]) -> None:
        made[0].reply = failing(rcode)
        assert addresses(await asking.ask(HOSTS, query(), stream=False)) == ["81.2.69.160"]
        answer = await asking.ask(HOSTS[:1], query(), stream=False)
        assert answer is not None
        assert answer.rcode() == rcode, "where nobody knows better, that is the answer"

    play(monkeypatch, scenario)


def test_that_there_is_no_such_name_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(asking: Upstream, made: list[Resolver]) -> None:
        made[0].reply = failing(dns.rcode.NXDOMAIN)
        answer = await asking.ask(HOSTS, query(), stream=False)
        assert answer is not None
        assert answer.rcode() == dns.rcode.NXDOMAIN
        assert made[1].asked == []

    play(monkeypatch, scenario)


def other_id(wire: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in wire[:2]) + good(wire, "6.6.6.6")[2:]


def other_question(wire: bytes) -> bytes:
    return good(query("other.org.", number=int.from_bytes(wire[:2])).to_wire(), "6.6.6.6")


LIES: dict[str, Callable[[bytes], bytes]] = {
    "another id": other_id,
    "another question": other_question,
    "no answer but a question": lambda wire: wire,
    "junk with the right id": lambda wire: wire[:2] + b"\xff" * 20,
    "nothing": lambda _: b"",
    "a part": lambda wire: good(wire)[:-3],
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_the_answer_is_passed_over_and_the_answer_awaited(
    monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    async def scenario(asking: Upstream, made: list[Resolver]) -> None:
        made[0].reply = lambda wire: [LIES[lie](wire), good(wire)]
        assert addresses(await asking.ask(HOSTS[:1], query(), stream=False)) == ["81.2.69.160"]

    play(monkeypatch, scenario)


def test_an_answer_from_another_address_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(asking: Upstream, made: list[Resolver]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
            liar.bind(("127.0.0.4", 0))

            def reply(wire: bytes) -> list[bytes]:
                liar.sendto(good(wire, "6.6.6.6"), made[0].asker)
                return [good(wire)]

            made[0].reply = reply
            assert addresses(await asking.ask(HOSTS[:1], query(), stream=False)) == ["81.2.69.160"]

    play(monkeypatch, scenario)


def test_a_cut_answer_is_cut_wherever_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(asking: Upstream, made: list[Resolver]) -> None:
        def cut(wire: bytes) -> list[bytes]:
            whole = good(wire)
            return [whole[:2] + bytes([whole[2] | 0x02]) + whole[3:-3]]

        made[0].reply = cut
        answer = await asking.ask(HOSTS[:1], query(), stream=False)
        assert answer is not None
        assert answer.flags & dns.flags.TC
        assert answer.answer == []

    play(monkeypatch, scenario)


def test_a_question_is_built_anew_and_carries_nothing_but_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(asking: Upstream, made: list[Resolver]) -> None:
        whole = query(number=4711)
        whole.use_edns(0, dns.flags.DO, 4096, options=[dns.edns.GenericOption(dns.edns.COOKIE, b"12345678")])
        for _ in range(3):
            await asking.ask(HOSTS[:1], whole, stream=False)
        sent = [dns.message.from_wire(wire) for wire in made[0].asked]
        assert {(one.payload, one.ednsflags, one.options) for one in sent} == {(PAYLOAD, dns.flags.DO, ())}
        assert len({one.id for one in sent} | {4711}) > 2
        await asking.ask(HOSTS[:1], query(), stream=False)
        assert dns.message.from_wire(made[0].asked[-1]).edns == -1

    play(monkeypatch, scenario)


def test_nobody_to_ask_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(asking: Upstream, _: list[Resolver]) -> None:
        assert await asking.ask((), query(), stream=False) is None
        assert await asking.ask(("a.name.is.not.looked.up",), query(), stream=False) is None
        assert await asking.ask(("127.0.0.9",), query(), stream=False) is None
        assert await asking.ask(("127.0.0.9",), query(), stream=True) is None

    play(monkeypatch, scenario)
