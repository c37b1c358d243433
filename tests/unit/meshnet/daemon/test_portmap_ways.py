"""Asking a router that the test plays, on loopback: one that speaks PCP, NAT-PMP or UPnP, and those that mean ill."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest
from aiohttp import web

from meshnet.daemon import portmap_ways as ways
from meshnet.daemon import portmap_wire as wire
from meshnet.daemon.portmap_ways import Lease, Line, NotPublicError, RefusedError, Way
from support.daemons import PATIENCE

GATEWAY, STRANGER, PORT = "127.0.0.2", "127.0.0.3", 41000
SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
_ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'


class FakeRouter:
    """Speaks all three ways; what it says is as a test sets it."""

    def __init__(self) -> None:
        self.address = "81.2.69.10"
        self.result = 0
        self.lifetime = 7200
        self.is_deaf = False
        self.asked: list[bytes] = []
        self.errors: dict[int, str] = {}
        """External port → error of UPnP."""
        self.forever_only = self.never_renews = False
        self.mapped: dict[int, int] = {}
        """External port → seconds, by UPnP."""
        self.calls: list[str] = []
        self.location = ""
        self.page = web.Response
        self.answers_from: socket.socket | None = None

    def answer(self, data: bytes) -> bytes | None:
        self.asked.append(data)
        if self.is_deaf:
            return None
        address = socket.inet_aton(self.address)
        if data[0] == 2:
            head = struct.pack("!BBBBII12x", 2, data[1] | 0x80, 0, self.result, self.lifetime, 5)
            return head if data[1] == 0 else head + data[24:44] + bytes(10) + b"\xff\xff" + address
        if data[1] == 0:
            return struct.pack("!BBHI", 0, 128, self.result, 5) + address
        return struct.pack("!BBHI", 0, 129, self.result, 5) + data[4:8] + struct.pack("!I", self.lifetime)

    def found(self, data: bytes) -> bytes | None:
        self.asked.append(data)
        kind = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
        return f"HTTP/1.1 200 OK\r\nST: {kind}\r\nLOCATION: {self.location}\r\n\r\n".encode()

    async def describe(self, _: web.Request) -> web.Response:
        service = f"<service><serviceType>{SERVICE}</serviceType><controlURL>/control</controlURL></service>"
        return web.Response(text=f"<root><device><serviceList>{service}</serviceList></device></root>")

    async def control(self, request: web.Request) -> web.Response:
        values = wire.read_soap(await request.read()) or {}
        action = request.headers["SOAPAction"].strip('"').removeprefix(f"{SERVICE}#")
        self.calls.append(action)
        if action == "GetExternalIPAddress":
            return self._ok(f"<NewExternalIPAddress>{self.address}</NewExternalIPAddress>")
        port = int(values["NewExternalPort"])
        if action == "DeletePortMapping":
            self.mapped.pop(port)
            return self._ok("")
        assert values["NewInternalClient"] == "127.0.0.1"
        assert values["NewInternalPort"] == str(PORT)
        seconds = int(values["NewLeaseDuration"])
        error = "725" if self.forever_only and seconds else self.errors.get(port, "")
        if self.never_renews and port in self.mapped:
            error = "718"
        if error:
            return web.Response(status=500, text=_ENVELOPE.format(f"<errorCode>{error}</errorCode>"))
        self.mapped[port] = seconds
        return self._ok("")

    def _ok(self, inner: str) -> web.Response:
        return web.Response(text=_ENVELOPE.format(f"<done>{inner}</done>"))


def _bound(host: str, port: int = 0) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind((host, port))
    return made


async def _serve(one: socket.socket, router: FakeRouter, reply: Callable[[bytes], bytes | None]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        data, sender = await loop.sock_recvfrom(one, 2048)
        answer = reply(data)
        if answer is not None:
            await loop.sock_sendto(router.answers_from or one, answer, sender)


@contextlib.asynccontextmanager
async def _pages(router: FakeRouter) -> AsyncIterator[int]:
    pages = web.Application()
    pages.add_routes([web.get("/desc.xml", router.describe), web.post("/control", router.control)])
    runner = web.AppRunner(pages, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, GATEWAY, 0)
    await site.start()
    try:
        yield site.port
    finally:
        await runner.cleanup()


Scenario = Callable[[FakeRouter, Line], Coroutine[None, None, None]]


def play(monkeypatch: pytest.MonkeyPatch, scenario: Scenario) -> None:
    async def run() -> None:
        router = FakeRouter()
        with _bound(GATEWAY) as mapping, _bound(GATEWAY) as finding:
            monkeypatch.setattr(ways, "PORT", mapping.getsockname()[1])
            monkeypatch.setattr(ways, "SSDP_PORT", finding.getsockname()[1])
            # Nothing is to be heard by programs of the computer that runs the tests.
            monkeypatch.setattr(ways, "SSDP_GROUP", GATEWAY)
            line = ways.line_to(GATEWAY, "lo", PORT, b"secret", None)
            assert line is not None
            async with _pages(router) as port, asyncio.TaskGroup() as tasks, asyncio.timeout(3 * PATIENCE):
                router.location = f"http://{GATEWAY}:{port}/desc.xml"
                serving = [
                    tasks.create_task(_serve(mapping, router, router.answer)),
                    tasks.create_task(_serve(finding, router, router.found)),
                ]
                await scenario(router, line)
                for task in serving:
                    task.cancel()

    asyncio.run(run())


async def found(find: Callable[[Line], Coroutine[None, None, Way | None]], line: Line) -> Way:
    way = await find(line)
    assert way is not None
    return way


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where silence is expected, or made: no test is to wait it out, nor is anything lost if an answer comes late."""
    monkeypatch.setattr(ways, "WAITS", (0.05, 0.05, 0.05))


FINDERS = [ways.find_pcp, ways.find_pmp, ways.find_igd]


@pytest.mark.parametrize("find", FINDERS)
def test_a_port_is_given(monkeypatch: pytest.MonkeyPatch, find: Callable[[Line], Coroutine[None, None, Way]]) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        way = await found(find, line)
        lease = await way.map(PORT)
        assert lease is not None
        assert (lease.endpoint, lease.seconds) == (f"81.2.69.10:{PORT}", 7200)
        await way.unmap(PORT)
        assert router.mapped == {}
        if not router.calls:
            assert int.from_bytes(router.asked[-1][4:8] if way.name == "PCP" else router.asked[-1][8:12]) == 0

    play(monkeypatch, scenario)


@pytest.mark.parametrize("find", FINDERS)
@pytest.mark.parametrize("address", ["192.168.0.7", "100.64.9.9", "0.0.0.0"])
def test_a_router_without_a_public_address_gives_none(
    monkeypatch: pytest.MonkeyPatch, find: Callable[[Line], Coroutine[None, None, Way]], address: str
) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        way = await found(find, line)
        assert await way.map(PORT)
        router.address = address
        with pytest.raises(NotPublicError, match=address):
            await way.map(PORT)

    play(monkeypatch, scenario)


def test_a_port_that_pcp_gave_of_a_private_address_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        router.address = "10.0.0.1"
        with pytest.raises(NotPublicError):
            await ways.Pcp(line).map(PORT)
        assert [int.from_bytes(asked[4:8]) for asked in router.asked] == [7200, 0]

    play(monkeypatch, scenario)


@pytest.mark.parametrize(("way", "no_network"), [(ways.Pcp, 7), (ways.NatPmp, 3)])
def test_a_refusal_is_told_with_its_number(
    monkeypatch: pytest.MonkeyPatch, way: Callable[[Line], Way], no_network: int
) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        router.result = 2
        with pytest.raises(RefusedError, match="result 2"):
            await way(line).map(PORT)
        router.result = no_network
        with pytest.raises(NotPublicError):
            await way(line).map(PORT)
        router.result = router.lifetime = 0
        with pytest.raises(RefusedError, match="gave nothing"):
            await way(line).map(PORT)

    play(monkeypatch, scenario)


def test_a_lost_question_is_asked_again_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)

    async def scenario(router: FakeRouter, line: Line) -> None:
        router.is_deaf = True
        assert await ways.find_pcp(line) is None
        assert await ways.find_pmp(line) is None
        assert len(router.asked) == 2 * len(ways.WAITS)

    play(monkeypatch, scenario)


def test_a_computer_that_is_no_router_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(_: FakeRouter, line: Line) -> None:
        with _bound(GATEWAY) as gone:
            monkeypatch.setattr(ways, "PORT", gone.getsockname()[1])
        monkeypatch.setattr(ways, "WAITS", (10 * PATIENCE,))
        assert await ways.find_pcp(line) is None

    play(monkeypatch, scenario)


@pytest.mark.parametrize("find", FINDERS)
def test_an_answer_from_another_address_is_not_heard(
    monkeypatch: pytest.MonkeyPatch, find: Callable[[Line], Coroutine[None, None, Way | None]]
) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        assert await find(line)
        hurry(monkeypatch)
        with _bound(STRANGER) as stranger:
            router.answers_from = stranger
            assert await find(line) is None

    play(monkeypatch, scenario)


def test_a_description_elsewhere_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        assert await ways.find_igd(line)
        hurry(monkeypatch)
        router.location = router.location.replace(GATEWAY, STRANGER)
        assert await ways.find_igd(line) is None

    play(monkeypatch, scenario)


@pytest.mark.parametrize(
    "page",
    [
        web.Response(status=302, headers={"Location": "http://127.0.0.3/desc.xml"}),
        web.Response(status=404),
        web.Response(text="<root/>"),
        web.Response(body=b"\xff\xfe"),
        web.Response(text="<root>" + 20_000 * "<padding/>"),
    ],
)
def test_a_page_that_is_no_description_is_left(monkeypatch: pytest.MonkeyPatch, page: web.Response) -> None:
    async def describe(*_: object) -> web.Response:
        return page

    monkeypatch.setattr(FakeRouter, "describe", describe)

    async def scenario(_: FakeRouter, line: Line) -> None:
        assert await ways.find_igd(line) is None

    play(monkeypatch, scenario)


def test_a_page_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []

    async def describe(_: FakeRouter, request: web.Request) -> web.StreamResponse:
        endless = web.StreamResponse()
        await endless.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await endless.write(bytes(1024))
                sent.append(1024)
        return endless

    monkeypatch.setattr(FakeRouter, "describe", describe)
    monkeypatch.setattr(ways, "HTTP_SECONDS", 10 * PATIENCE)

    async def scenario(_: FakeRouter, line: Line) -> None:
        assert await ways.find_igd(line) is None
        assert sum(sent) > 1024

    play(monkeypatch, scenario)


def test_a_page_that_never_begins_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def describe(*_: object) -> web.Response:
        await asyncio.get_running_loop().create_future()
        return web.Response()

    monkeypatch.setattr(FakeRouter, "describe", describe)
    monkeypatch.setattr(ways, "HTTP_SECONDS", 0.1)

    async def scenario(_: FakeRouter, line: Line) -> None:
        assert await ways.find_igd(line) is None

    play(monkeypatch, scenario)


def test_where_somebody_has_the_port_another_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        router.errors[PORT] = "718"
        lease = await (await found(ways.find_igd, line)).map(PORT)
        assert lease is not None
        assert lease.port != PORT
        assert list(router.mapped) == [lease.port]

    play(monkeypatch, scenario)


def test_a_router_that_takes_a_renewal_for_another_mapping_keeps_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        way = await found(ways.find_igd, line)
        first = await way.map(PORT)
        router.never_renews = True
        assert await way.map(PORT) == first
        assert router.calls.count("DeletePortMapping") == 1

    play(monkeypatch, scenario)


def test_a_router_whose_leases_have_no_end_gives_one_without(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        router.forever_only = True
        assert await (await found(ways.find_igd, line)).map(PORT) == Lease("81.2.69.10", PORT, 0)
        assert router.mapped == {PORT: 0}

    play(monkeypatch, scenario)


def test_an_error_of_upnp_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(router: FakeRouter, line: Line) -> None:
        router.errors[PORT] = "606"
        with pytest.raises(RefusedError, match="606"):
            await (await found(ways.find_igd, line)).map(PORT)

    play(monkeypatch, scenario)


def test_a_device_without_a_way_to_the_router_has_no_line() -> None:
    assert ways.line_to(GATEWAY, "lo", PORT, b"secret", None) is not None
    assert ways.line_to(GATEWAY, "no-such-one", PORT, b"secret", None) is None


def test_pcp_knows_a_device_again_that_started_anew_and_no_other() -> None:
    nonces = [line.nonce for secret in (b"a", b"a", b"b") if (line := ways.line_to(GATEWAY, "lo", PORT, secret, None))]
    assert nonces[0] == nonces[1] != nonces[2]


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="marks are Linux's, and root's to set")
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_every_socket_carries_the_mark_by_which_it_passes_beside_a_route(kind: socket.SocketKind) -> None:
    if sys.platform == "linux":
        line = ways.line_to(GATEWAY, "lo", PORT, b"secret", 0x7E1A)
        assert line is not None
        with line.socket(kind) as made:
            assert made.getsockopt(socket.SOL_SOCKET, socket.SO_MARK) == 0x7E1A
            assert made.getsockname()[0] == line.own
