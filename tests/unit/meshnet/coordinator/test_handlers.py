"""What the coordinator answers to those who keep to no rule."""

from __future__ import annotations

import asyncio
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshnet.coordinator import handlers
from meshnet.coordinator.limits import Rate
from meshnet.coordinator.server import Limits
from meshnet.core.identity import verifies
from meshnet.core.records import Signed
from meshnet.errors import Code
from meshnet.protocol.control import Challenge, Hello, Login, Post, Presence, certificate_message, login_message
from support.coordinators import Caller, Running, calling, until_synced
from support.meshes import COORDINATOR, FakeDevice, FakeMesh, seed

SECRET = seed("an invite")
PATHS = ["create/begin", "create", "join/begin", "join", "challenge", "session", "records"]
Scenario = Callable[[Running, Caller, aiohttp.ClientSession], Awaitable[None]]


def play(directory: Path, scenario: Scenario, limits: Limits | None = None) -> None:
    async def run() -> None:
        async with calling(directory, limits=limits) as (running, caller), aiohttp.ClientSession() as session:
            await scenario(running, caller, session)

    asyncio.run(run())


def test_hello_proves_the_certificate_that_is_seen(tmp_path: Path) -> None:
    seen: list[bytes] = []

    class Seeing(aiohttp.Fingerprint):
        def check(self, transport: asyncio.Transport) -> None:
            seen.append(transport.get_extra_info("ssl_object").getpeercert(binary_form=True))

    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{running.url}/v1/hello", ssl=Seeing(bytes(32))) as response:
            hello = msgspec.json.decode(await response.read(), type=Hello)
        assert hello.identity == COORDINATOR.public
        assert verifies(COORDINATOR.public, certificate_message(seen[0]), hello.certificate)
        assert hello.network4 == "100.64.0.0/10"

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", "invalid-message"),
        ("GET", "/v1/records", "invalid-message"),
        ("HEAD", "/v1/hello", None),
        ("DELETE", "/v1/changes", "invalid-message"),
        ("GET", "/v1/hello/more", "invalid-message"),
        ("GET", "/v2/hello", "version-mismatch"),
        ("POST", "/%00", "invalid-message"),
    ],
)
def test_any_other_path_is_answered_with_a_problem(tmp_path: Path, method: str, path: str, code: str | None) -> None:
    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        async with session.request(method, running.url + path, ssl=False) as response:
            assert response.status == 404
            assert response.content_type == "application/json"
            assert code is None or (await response.json())["code"] == code

    play(tmp_path, scenario)


def test_a_body_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 60_000

    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        assert (await caller.call("challenge", b" " * (64 * 1024 + 1)))[0] == 413
        assert (await caller.call("challenge", b" " * (64 * 1024)))[0] == 400
        try:
            async with session.post(f"{running.url}/v1/challenge", data=endless(), ssl=False) as response:
                assert response.status == 413
        except aiohttp.ClientConnectionError:
            pass
        assert (await caller.call("challenge", b"{}"))[0] == 400

    play(tmp_path, scenario)


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_BODY_SECONDS", 0.05)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        async with session.post(f"{running.url}/v1/challenge", data=never(), ssl=False) as response:
            assert (response.status, (await response.json())["code"]) == (408, "timeout")

    play(tmp_path, scenario)


@pytest.mark.parametrize("since", ["-1", "x", "1.0", "9" * 19, "٣", ""])
def test_a_revision_that_is_none_is_refused(tmp_path: Path, since: str) -> None:
    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        token = await caller.found(FakeMesh(), FakeDevice("laptop"))
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{running.url}/v1/changes"
        async with session.get(url, params={"since": since}, ssl=False, headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (400, "invalid-message")

    play(tmp_path, scenario)


def test_a_login_that_another_key_signed_or_that_comes_twice_is_refused(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        laptop, stranger = FakeDevice("laptop"), FakeDevice("stranger")
        await caller.found(FakeMesh(), laptop)

        async def login(signer: FakeDevice) -> Login:
            _, nonce = await caller.call("challenge", Challenge(laptop.key.public))
            message = login_message(COORDINATOR.public, nonce["nonce"])
            return Login(laptop.key.public, nonce["nonce"], signer.key.sign(message))

        assert (await caller.call("session", await login(stranger)))[0] == 401
        good = await login(laptop)
        assert (await caller.call("session", good))[0] == 200
        assert (await caller.call("session", good))[0] == 401
        assert (await caller.call("challenge", Challenge(stranger.key.public)))[0] == 401
        assert (await caller.call("challenge", Challenge("no key")))[0] == 400

    play(tmp_path, scenario)


def test_a_caller_without_a_session_is_limited_and_a_member_beside_it_is_not(tmp_path: Path) -> None:
    limits = Limits(stranger=Rate(6, 0.001))

    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        mesh, laptop = FakeMesh(), FakeDevice("laptop")
        token = await caller.found(mesh, laptop)
        answers = [(await caller.call("challenge", b"{}"))[0] for _ in range(3)]
        assert answers == [400, 400, 429]
        assert (await caller.call("records", Post(()), "no session"))[0] == 429
        assert await caller.code("records", Post((mesh.device(laptop),)), token) == ""

    play(tmp_path, scenario, limits)


def test_a_member_is_limited_too(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        token = await caller.found(FakeMesh(), FakeDevice("laptop"))
        answers = [(await caller.call("records", Post(()), token))[0] for _ in range(3)]
        assert answers == [200, 200, 429]

    play(tmp_path, scenario, Limits(device=Rate(2, 0.001)))


def test_a_connection_that_ends_is_noticed_at_once(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        mesh, laptop, phone = FakeMesh(), FakeDevice("laptop"), FakeDevice("phone")
        token = await caller.found(mesh, laptop)
        assert await caller.code("records", Post((mesh.invite(SECRET),)), token) == ""
        assert await caller.join(mesh, phone, SECRET) == ""
        async with caller.changes(token) as following:
            await until_synced(following)
            async with aiohttp.ClientSession() as other:
                mobile = Caller(other, running)
                async with mobile.changes(await mobile.login(phone)) as stream:
                    await until_synced(stream)
                    assert await following() == Presence(phone.id, True)
            assert await following() == Presence(phone.id, False)

    play(tmp_path, scenario)


def bodies() -> st.SearchStrategy[bytes]:
    """Bytes, JSON of any shape, and JSON that looks like messages."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60)
    values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner))
    names = st.sampled_from(["token", "device", "invite", "proof", "nonce", "signature", "records", "body"])
    signed = st.fixed_dictionaries({"body": st.text() | body_texts()}, optional={"signatures": values})
    messages = st.dictionaries(names, values | st.lists(signed, max_size=4), max_size=6)
    return st.binary(max_size=300) | (values | messages).map(lambda value: json.dumps(value).encode())


def body_texts() -> st.SearchStrategy[str]:
    mesh, laptop = FakeMesh(), FakeDevice("laptop")
    genuine = [mesh.founding(), mesh.membership(laptop, "100.64.0.1"), mesh.device(laptop), mesh.invite(SECRET)]
    fields: dict[str, object] = {}
    for record in genuine:
        fields |= json.loads(record.body)
    texts = st.sampled_from([record.body for record in genuine])
    changed = st.tuples(texts, st.sampled_from(sorted(fields)), st.none() | st.integers() | st.text(max_size=50))
    return texts | changed.map(lambda parts: json.dumps(json.loads(parts[0]) | {parts[1]: parts[2]}))


def test_whatever_is_sent_to_whatever_path_is_refused_by_name_and_the_coordinator_lives() -> None:
    codes = set(Code)
    with tempfile.TemporaryDirectory() as directory, asyncio.Runner() as runner:
        opened = calling(Path(directory))
        running, caller = runner.run(opened.__aenter__())
        token = runner.run(caller.found(FakeMesh("fuzzed"), FakeDevice("fuzzed")))

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(st.sampled_from(PATHS), bodies(), st.booleans())
        def throw(path: str, body: bytes, as_member: bool) -> None:
            status, answer = runner.run(caller.call(path, body, token if as_member else ""))
            assert 400 <= status < 500 or answer == {}
            assert status == 200 or answer["code"] in codes

        try:
            throw()
            assert runner.run(running.store.last_revision()) == 3
        finally:
            runner.run(opened.__aexit__(None, None, None))


@pytest.mark.parametrize("text", [b"", b"\x00" * 300, b"GET / HTTP/9.9\r\n\r\n", b"POST /v1/join HTTP/1.1\r\nHost"])
def test_bytes_that_are_no_http_harm_nothing(tmp_path: Path, text: bytes) -> None:
    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        for context in (None, trusting()):
            _, writer = await asyncio.open_connection("127.0.0.1", running.address.port, ssl=context)
            writer.write(text)
            writer.close()
        assert (await caller.call("challenge", b"{}"))[0] == 400

    play(tmp_path, scenario)


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_a_call_with_no_records_changes_nothing(tmp_path: Path) -> None:
    async def scenario(running: Running, caller: Caller, session: aiohttp.ClientSession) -> None:
        token = await caller.found(FakeMesh(), FakeDevice("laptop"))
        assert await caller.call("records", Post(()), token) == (200, {})
        assert await caller.code("records", Post((Signed("{}"),)), token) == "invalid-message"

    play(tmp_path, scenario)
