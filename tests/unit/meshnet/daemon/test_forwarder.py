"""The forwarder over real sockets on loopback, between an asker and a resolver that the test plays."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshnet.core.localnames import View
from meshnet.daemon import forwarder as forwarder_module
from meshnet.daemon import upstream
from meshnet.daemon.forwarder import AT_WORK_MAX, STREAMS_MAX, WAITING_MAX, Forwarder
from meshnet.daemon.names import PROBE, judge_answer
from support.daemons import PATIENCE

SEARCH = ("corp.example.net",)
DENIED = ("192.168.1.0/24", "81.2.70.0/27", "172.17.0.0/16", "81.2.69.10/32")
PUBLIC = View(False, DENIED, search=SEARCH)
LAN = View(True, DENIED, ("192.168.1.0/24", "81.2.70.0/27"), SEARCH)
ZONE = {
    ("example.org.", "A"): "81.2.69.160",
    ("example.org.", "HTTPS"): "1 . ipv4hint=81.2.69.160",
    ("nas.lan.", "A"): "192.168.1.5",
    ("nas.", "A"): "192.168.1.5",
    ("5.1.168.192.in-addr.arpa.", "PTR"): "nas.lan.",
    ("160.69.2.81.in-addr.arpa.", "PTR"): "example.org.",
    ("rebind.example.org.", "A"): "192.168.1.1",
    ("rebind6.example.org.", "AAAA"): "fd00::1",
    ("mapped.example.org.", "AAAA"): "::ffff:192.168.1.1",
    ("metadata.example.org.", "A"): "169.254.169.254",
    ("self.example.org.", "A"): "127.0.0.1",
    ("mesh.example.org.", "A"): "100.64.0.1",
    ("hint.example.org.", "HTTPS"): "1 . alpn=h2 ipv4hint=192.168.1.1",
    ("hint6.example.org.", "SVCB"): "1 . ipv6hint=fd00::1",
    ("public-lan.example.org.", "A"): "81.2.70.5",
    ("hairpin.example.org.", "A"): "81.2.69.10",
    ("container.example.org.", "A"): "172.17.0.2",
    ("chain.example.org.", "A"): "192.168.1.5",
    ("files.corp.example.net.", "A"): "81.2.69.160",
}
CHAINED = {"chain.example.org.": "nas.lan."}
"""Names that are other names for something: the answer gives both."""
INTO_THE_LAN = ("rebind", "hint", "public-lan", "chain")


class Resolver:
    """The host's real resolver: knows a zone, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def reply(self, wire: bytes) -> bytes:
        self.asked.append(wire)
        query = dns.message.from_wire(wire)
        answer = dns.message.make_response(query)
        question = query.question[0]
        text = ZONE.get((question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)))
        if text is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            other = CHAINED.get(question.name.to_text())
            if other is not None:
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "CNAME", other))
            answer.answer.append(dns.rrset.from_text(other or question.name, 60, "IN", question.rdtype, text))
        return answer.to_wire(max_size=65535)

    async def serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        reply = self.reply(wire)
        writer.write(len(reply).to_bytes(2) + reply)
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, reply: Callable[[bytes], bytes]) -> None:
        self._reply = reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        sendto = getattr(self._transport, "sendto")  # noqa: B009 - Python 3.11's own transport lacks the base class
        sendto(self._reply(data), addr)


class Bench:
    """A forwarder on loopback, what its askers may see, and the resolver behind it."""

    def __init__(self, port: int) -> None:
        self.views: dict[str, View] = {"127.0.0.1": PUBLIC}
        self.resolver = Resolver()
        self.resolvers: tuple[str, ...] = ("127.0.0.1",)
        self.near_resolvers: tuple[str, ...] | None = None
        self.forwarder = Forwarder(self.views.get, self.resolvers_of)
        self.forwarder.bind(("127.0.0.1", "127.0.0.2"))
        self.port = port

    def resolvers_of(self, is_local: bool) -> tuple[str, ...]:
        return self.near_resolvers if is_local and self.near_resolvers is not None else self.resolvers

    async def over_udp(self, wire: bytes, wait: float = PATIENCE, at: str = "127.0.0.1") -> bytes | None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            asking.connect((at, self.forwarder.port))
            await loop.sock_sendall(asking, wire)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    return await loop.sock_recv(asking, 65535)
        return None

    async def over_tcp(self, *wires: bytes, by: str = "127.0.0.1") -> list[bytes]:
        """The answers to these queries on one connection, until the forwarder ends it or all are answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.forwarder.port, local_addr=(by, 0))
        answers: list[bytes] = []
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            async with asyncio.timeout(PATIENCE):
                for wire in wires:
                    writer.write(len(wire).to_bytes(2) + wire)
                    answers.append(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))
        writer.close()
        return answers

    async def ask(self, name: str, kind: str = "A") -> dns.message.Message:
        query = dns.message.make_query(name, kind, id=4711)
        wire = await self.over_udp(query.to_wire())
        assert wire is not None
        answer = dns.message.from_wire(wire)
        assert answer.id == 4711
        assert answer.question[0].name.to_text() == name, "also the case in which it was asked (0x20)"
        return answer


@contextlib.asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        made = Bench(port)
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(made.resolver.reply), local_addr=("127.0.0.1", port)
        )
        server = await asyncio.start_server(made.resolver.serve_stream, sock=listening)
        try:
            async with server, asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(made.forwarder.serve())
                # The sockets are served in order: when the second address answers, all of the first do.
                assert await made.over_udp(dns.message.make_query(PROBE, "TXT").to_wire(), at="127.0.0.2")
                yield made
                serving.cancel()
        finally:
            made.forwarder.close()
            transport.close()


def play(monkeypatch: pytest.MonkeyPatch, scenario: Callable[[Bench], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        async with bench() as made:
            monkeypatch.setattr(upstream, "PORT", made.port)
            await scenario(made)

    asyncio.run(run())


@pytest.mark.parametrize("name", ["example.org.", "EXAMPLE.org.", "160.69.2.81.in-addr.arpa."])
def test_public_names_are_answered(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async def scenario(made: Bench) -> None:
        answer = await made.ask(name, "PTR" if "arpa" in name else "A")
        assert answer.rcode() == dns.rcode.NOERROR
        assert len(answer.answer) == 1

    play(monkeypatch, scenario)


def test_a_name_that_is_not_there_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        assert (await made.ask("nobody.example.org.")).rcode() == dns.rcode.NXDOMAIN

    play(monkeypatch, scenario)


LOCAL = [
    ("nas.lan.", "A"),
    ("nas.", "A"),
    ("NAS.LAN.", "AAAA"),
    ("printer.local.", "A"),
    ("x.home.arpa.", "A"),
    ("wpad.internal.", "A"),
    ("files.corp.example.net.", "A"),
    ("5.70.2.81.in-addr.arpa.", "PTR"),
    ("5.1.168.192.in-addr.arpa.", "PTR"),
    ("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.", "PTR"),
]


@pytest.mark.parametrize(("name", "kind"), LOCAL)
def test_names_of_the_home_network_are_not_even_asked_for_without_lan(
    monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    async def scenario(made: Bench) -> None:
        answer = await made.ask(name, kind)
        assert answer.rcode() == dns.rcode.REFUSED
        assert made.resolver.asked == []
        made.views["127.0.0.1"] = LAN
        assert (await made.ask(name, kind)).rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        assert len(made.resolver.asked) == 1

    play(monkeypatch, scenario)


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, kind in ZONE if name.endswith(".example.org.")], ids=lambda word: word
)
def test_answers_that_lead_into_the_home_network_need_lan_and_beyond_it_nobody_is_led(
    monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    async def scenario(made: Bench) -> None:
        answer = await made.ask(name, kind)
        assert answer.rcode() == dns.rcode.REFUSED
        assert answer.answer == []
        assert len(made.resolver.asked) == 1, "it was the answer that was refused"
        made.views["127.0.0.1"] = LAN
        is_in_the_lan = name.partition(".")[0] in INTO_THE_LAN
        expected = dns.rcode.NOERROR if is_in_the_lan else dns.rcode.REFUSED
        assert (await made.ask(name, kind)).rcode() == expected

    play(monkeypatch, scenario)


def test_a_refusal_says_why_to_those_who_understand_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        query = dns.message.make_query("nas.lan.", "A", use_edns=0)
        answer = await made.forwarder.answer(query.to_wire(), "127.0.0.1", stream=False)
        assert answer is not None
        assert [option.otype for option in dns.message.from_wire(answer).options] == [dns.edns.OptionType.EDE]

    play(monkeypatch, scenario)


def test_questions_about_the_resolver_itself_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        made.views["127.0.0.1"] = LAN
        query = dns.message.make_query("version.bind.", "TXT", "CH")
        answer = await made.forwarder.answer(query.to_wire(), "127.0.0.1", stream=False)
        assert answer is not None
        assert dns.message.from_wire(answer).rcode() == dns.rcode.REFUSED
        assert made.resolver.asked == []

    play(monkeypatch, scenario)


def test_a_routed_host_has_no_names_of_its_own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        made.views["127.0.0.1"] = LAN
        assert (await made.ask("nas.lan.")).rcode() == dns.rcode.NOERROR
        made.near_resolvers = ()
        assert (await made.ask("nas.lan.")).rcode() == dns.rcode.REFUSED
        assert (await made.ask("example.org.")).rcode() == dns.rcode.NOERROR

    play(monkeypatch, scenario)


def test_hints_at_public_addresses_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        assert len((await made.ask("example.org.", "HTTPS")).answer) == 1

    play(monkeypatch, scenario)


def test_the_resolver_sees_another_id_than_the_asker_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        for _ in range(3):
            await made.ask("example.org.")
        assert len({wire[:2] for wire in made.resolver.asked}) > 1

    play(monkeypatch, scenario)


def test_the_probe_is_answered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        answer = await made.ask(PROBE.to_text(), "TXT")
        assert '"ok"' in answer.answer[0].to_text()
        assert made.resolver.asked == []

    play(monkeypatch, scenario)


def test_a_stream_carries_several_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        wires = [dns.message.make_query(name, "A").to_wire() for name in ("example.org.", "nas.lan.", PROBE.to_text())]
        answers = [dns.message.from_wire(wire) for wire in await made.over_tcp(*wires)]
        assert [answer.rcode() for answer in answers] == [dns.rcode.NOERROR, dns.rcode.REFUSED, dns.rcode.NOERROR]

    play(monkeypatch, scenario)


def test_whoever_is_not_permitted_gets_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        wire = dns.message.make_query("example.org.", "A").to_wire()
        del made.views["127.0.0.1"]
        assert await made.over_udp(wire, wait=0.1) is None
        assert await made.over_tcp(wire) == []
        assert made.resolver.asked == []

    play(monkeypatch, scenario)


def _second_question() -> dns.message.Message:
    message = dns.message.make_query("example.org.", "A")
    message.question.append(dns.rrset.RRset(dns.name.from_text("nas.lan."), dns.rdataclass.IN, dns.rdatatype.A))
    return message


def _no_question() -> dns.message.Message:
    message = dns.message.make_query("example.org.", "A")
    message.question.clear()
    return message


def _notice() -> dns.message.Message:
    message = dns.message.make_query("example.org.", "SOA")
    message.set_opcode(dns.opcode.NOTIFY)
    return message


NO_QUERY: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"x",
    "a header cut off": b"\x00\x01\x01\x00\x00\x01",
    "junk": b"\xff" * 64,
    "an answer": dns.message.make_response(dns.message.make_query("example.org.", "A")).to_wire(),
    "no question": _no_question().to_wire(),
    "a second question behind the first": _second_question().to_wire(),
    "an update of the home network's names": dns.update.UpdateMessage("lan.").to_wire(),
    "an update of a public zone": dns.update.UpdateMessage("example.org.").to_wire(),
    "a notice": _notice().to_wire(),
    "a transfer of a zone": dns.message.make_query("example.org.", "AXFR").to_wire(),
}


@pytest.mark.parametrize("what", NO_QUERY)
def test_what_is_no_question_is_ignored_and_passed_on_to_nobody(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    async def scenario(made: Bench) -> None:
        made.views["127.0.0.1"] = LAN
        for stream in (False, True):
            assert await made.forwarder.answer(NO_QUERY[what], "127.0.0.1", stream=stream) is None
        assert made.resolver.asked == []
        assert await made.over_tcp(NO_QUERY[what]) == []
        assert len((await made.ask("example.org.")).answer) == 1, "it goes on answering"

    play(monkeypatch, scenario)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=80) | st.binary(max_size=60).map(lambda tail: b"\x12\x34\x01\x00\x00\x01" + b"\x00" * 6 + tail)
)
def test_no_bytes_do_more_than_be_ignored(wire: bytes) -> None:
    async def run() -> None:
        forwarder = Forwarder(lambda _: PUBLIC, lambda _: ())
        for stream in (False, True):
            await forwarder.answer(wire, "127.0.0.1", stream=stream)

    asyncio.run(run())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.booleans())
def test_no_answer_of_a_resolver_does_more_than_be_passed_over(tail: bytes, is_whole: bool) -> None:
    query = dns.message.make_query("example.org.", "A", id=4711)
    start = query.to_wire()[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x01" + query.to_wire()[12:]
    answer = upstream._read((start if is_whole else start[:12]) + tail, query, stream=False)
    if answer is not None:
        judged = judge_answer(query, answer, PUBLIC)
        assert judged.id == 4711
        assert judged.question == query.question


def test_the_next_resolver_is_asked_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        made.resolvers = ("127.0.0.2", "127.0.0.1")
        assert len((await made.ask("example.org.")).answer) == 1
        made.resolvers = ("127.0.0.2",)
        assert (await made.ask("example.org.")).rcode() == dns.rcode.SERVFAIL
        made.resolvers = ()
        assert (await made.ask("example.org.")).rcode() == dns.rcode.SERVFAIL

    play(monkeypatch, scenario)


def test_an_answer_too_long_for_a_datagram_is_cut_and_comes_over_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ZONE, ("long.example.org.", "TXT"), " ".join([f'"{"x" * 250}"'] * 8))

    async def scenario(made: Bench) -> None:
        # The resolver here heeds no size, so it is the forwarder that has to.
        for payload in (0, 512, 4096):
            query = dns.message.make_query("long.example.org.", "TXT", use_edns=0, payload=payload)
            short = await made.over_udp(query.to_wire())
            assert short is not None
            assert len(short) <= 512
            assert dns.message.from_wire(short).flags & dns.flags.TC
        (long,) = await made.over_tcp(query.to_wire())
        assert len(dns.message.from_wire(long).answer) == 1

    play(monkeypatch, scenario)


# --- many at once ---------------------------------------------------------------------------------------------------


class Stalled:
    """A forwarder whose resolver takes its time, and that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_busy = asyncio.Event()
        """As many slow questions of one asker are at work as may be."""
        self.may_answer = asyncio.Event()
        self.forwarder = Forwarder(lambda _: PUBLIC, lambda _: ("127.0.0.1",))

    async def ask(self, _: object, query: dns.message.Message, *, stream: bool) -> dns.message.Message:
        name = query.question[0].name.to_text()
        self.asked.append(name)
        if len(self.asked) == AT_WORK_MAX:
            self.is_busy.set()
        if name.startswith("slow"):
            await self.may_answer.wait()
        return dns.message.make_response(query)


def test_one_peer_cannot_starve_another(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        made = Stalled()
        monkeypatch.setattr(upstream.Upstream, "ask", lambda _, *args, **more: made.ask(*args, **more))
        slow = dns.message.make_query("slow.example.org.", "A").to_wire()
        quick = dns.message.make_query("quick.example.org.", "A").to_wire()
        async with asyncio.TaskGroup() as tasks:
            of_one = [
                tasks.create_task(made.forwarder.answer(slow, "100.64.0.1", stream=False))
                for _ in range(WAITING_MAX + 10)
            ]
            await made.is_busy.wait()
            async with asyncio.timeout(PATIENCE):
                assert await made.forwarder.answer(quick, "100.64.0.2", stream=False)
            assert made.asked == ["slow.example.org."] * AT_WORK_MAX + ["quick.example.org."]
            made.may_answer.set()
        answers = [task.result() for task in of_one]
        assert sum(answer is not None for answer in answers) == WAITING_MAX, "the rest wait their turn"
        assert await made.forwarder.answer(quick, "100.64.0.1", stream=False), "and nothing of it is remembered"

    asyncio.run(run())


def test_a_grant_taken_away_counts_for_those_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        made = Stalled()
        views: dict[str, View] = {"100.64.0.1": PUBLIC}
        made.forwarder = Forwarder(views.get, lambda _: ("127.0.0.1",))
        monkeypatch.setattr(upstream.Upstream, "ask", lambda _, *args, **more: made.ask(*args, **more))
        slow = dns.message.make_query("slow.example.org.", "A").to_wire()
        async with asyncio.TaskGroup() as tasks:
            asked = [
                tasks.create_task(made.forwarder.answer(slow, "100.64.0.1", stream=False))
                for _ in range(AT_WORK_MAX + 5)
            ]
            await made.is_busy.wait()
            views.clear()
            made.may_answer.set()
        assert [task.result() for task in asked[AT_WORK_MAX:]] == [None] * 5
        assert len(made.asked) == AT_WORK_MAX

    asyncio.run(run())


def test_one_peer_holds_so_many_connections_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        query = dns.message.make_query(PROBE, "TXT").to_wire()
        held: list[asyncio.StreamWriter] = []
        for _ in range(STREAMS_MAX):
            reader, writer = await asyncio.open_connection("127.0.0.1", made.forwarder.port)
            writer.write(len(query).to_bytes(2) + query)
            assert await reader.readexactly(2)
            held.append(writer)
        assert await made.over_tcp(query) == []
        made.views["127.0.0.2"] = PUBLIC
        assert await made.over_tcp(query, by="127.0.0.2"), "others are heard all the same"
        for writer in held:
            writer.close()

    play(monkeypatch, scenario)


def test_who_hangs_up_at_once_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(made: Bench) -> None:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", made.forwarder.port or 0)) as asking:
                asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                asking.send(b"\x00")
        assert len((await made.ask("example.org.")).answer) == 1

    play(monkeypatch, scenario)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


# --- binding --------------------------------------------------------------------------------------------------------


def test_one_port_on_all_addresses_and_none_when_closed() -> None:
    forwarder = Forwarder(lambda _: None, lambda _: ())
    forwarder.bind(("127.0.0.1", "127.0.0.2"))
    assert forwarder.port is not None
    forwarder.close()
    assert forwarder.port is None


def test_a_port_that_is_taken_for_tcp_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = iter((True, True))
    made = forwarder_module._listener

    def listener(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
        if kind is socket.SOCK_STREAM and next(refused, False):
            raise OSError(98, "Address already in use")
        return made(address, port, kind)

    monkeypatch.setattr(forwarder_module, "_listener", listener)
    forwarder = Forwarder(lambda _: None, lambda _: ())
    forwarder.bind(("127.0.0.1",))
    assert forwarder.port is not None
    forwarder.close()


def test_where_no_port_will_do_nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    def listener(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(forwarder_module, "_listener", listener)
    forwarder = Forwarder(lambda _: None, lambda _: ())
    with pytest.raises(OSError, match="Cannot assign"):
        forwarder.bind(("127.0.0.1",))
    assert forwarder.port is None
