"""The forwarder over real sockets on loopback, between an asker and a resolver that the test plays."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine

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

from meshnet.daemon import forwarder as forwarder_module
from meshnet.daemon.forwarder import PROBE, Forwarder, View
from support.daemons import PATIENCE

PUBLIC, LAN = View(lan=False), View(lan=True)
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
}


class Resolver:
    """The host's real resolver: knows a zone, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.is_junk = False

    def reply(self, wire: bytes) -> bytes:
        self.asked.append(wire)
        if self.is_junk:
            return wire[:2] + b"\xff" * 20
        query = dns.message.from_wire(wire)
        answer = dns.message.make_response(query)
        question = query.question[0]
        text = ZONE.get((question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)))
        if text is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", question.rdtype, text))
        return answer.to_wire()

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
        self.forwarder = Forwarder(self.views.get, lambda: self.resolvers)
        self.forwarder.bind(("127.0.0.1", "127.0.0.2"))
        self.port = port

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

    async def over_tcp(self, *wires: bytes) -> list[bytes]:
        """The answers to these queries on one connection, until the forwarder ends it or all are answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.forwarder.port)
        answers: list[bytes] = []
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            async with asyncio.timeout(PATIENCE):
                for wire in wires:
                    writer.write(len(wire).to_bytes(2) + wire)
                    answers.append(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))
        writer.close()
        return answers

    async def ask(self, name: str, kind: str = "A") -> dns.message.Message:
        wire = await self.over_udp(dns.message.make_query(name, kind, id=4711).to_wire())
        assert wire is not None
        answer = dns.message.from_wire(wire)
        assert answer.id == 4711
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
            monkeypatch.setattr(forwarder_module, "UPSTREAM_PORT", made.port)
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
def test_answers_that_point_into_private_networks_need_lan(
    monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    async def scenario(made: Bench) -> None:
        answer = await made.ask(name, kind)
        assert answer.rcode() == dns.rcode.REFUSED
        assert answer.answer == []
        made.views["127.0.0.1"] = LAN
        assert len((await made.ask(name, kind)).answer) == 1

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
        forwarder = Forwarder(lambda _: PUBLIC, lambda: ())
        await forwarder.answer(wire, "127.0.0.1", stream=False)

    asyncio.run(run())


def test_junk_from_the_resolver_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        made.resolver.is_junk = True
        query = dns.message.make_query("example.org.", "A").to_wire()
        assert await made.forwarder.answer(query, "127.0.0.1", stream=False) is None

    play(monkeypatch, scenario)


def test_the_next_resolver_is_asked_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(made: Bench) -> None:
        made.resolvers = ("127.0.0.2", "127.0.0.1")
        assert len((await made.ask("example.org.")).answer) == 1
        made.resolvers = ("127.0.0.2",)
        assert (await made.ask("example.org.")).rcode() == dns.rcode.SERVFAIL

    play(monkeypatch, scenario)


def test_one_port_on_all_addresses_and_none_when_closed() -> None:
    forwarder = Forwarder(lambda _: None, lambda: ())
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
    forwarder = Forwarder(lambda _: None, tuple)
    forwarder.bind(("127.0.0.1",))
    assert forwarder.port is not None
    forwarder.close()


def test_where_no_port_will_do_nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    def listener(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(forwarder_module, "_listener", listener)
    forwarder = Forwarder(lambda _: None, tuple)
    with pytest.raises(OSError, match="Cannot assign"):
        forwarder.bind(("127.0.0.1",))
    assert forwarder.port is None
