from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import aiohttp
import pytest

from meshnet.coordinator.server import Limits, listen
from meshnet.errors import MeshnetError
from support.coordinators import Caller, calling, coordinator, until_synced
from support.meshes import FakeDevice, FakeMesh


def test_a_port_that_is_taken_is_refused_in_words() -> None:
    with (
        listen("127.0.0.1", 0, both_families=False) as first,
        pytest.raises(MeshnetError, match="Nothing can listen"),
    ):
        listen("127.0.0.1", first.getsockname()[1], both_families=False)


def test_everywhere_takes_ipv4_too() -> None:
    with listen("::", 0, both_families=True) as listening, socket.socket() as caller:
        caller.connect(("127.0.0.1", listening.getsockname()[1]))


def test_where_there_is_no_ipv6_everywhere_is_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def without_ipv6(family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return real(family, kind)

    monkeypatch.setattr(socket, "socket", without_ipv6)
    with listen("::", 0, both_families=True) as listening:
        assert listening.family == socket.AF_INET


def test_its_end_ends_the_streams(tmp_path: Path) -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            async with coordinator(tmp_path) as running:
                caller = Caller(session, running)
                token = await caller.found(FakeMesh(), FakeDevice("laptop"))
                opened = caller.changes(token)
                following = await opened.__aenter__()
                await until_synced(following)
            assert await following() is None
            await opened.__aexit__(None, None, None)

    asyncio.run(run())


def test_a_newer_stream_of_a_device_ends_the_older(tmp_path: Path) -> None:
    async def run() -> None:
        async with calling(tmp_path) as (_, caller):
            token = await caller.found(FakeMesh(), FakeDevice("laptop"))
            async with caller.changes(token) as older:
                await until_synced(older)
                async with caller.changes(token) as newer:
                    await until_synced(newer)
                    with contextlib.suppress(aiohttp.ClientError):
                        assert await older() is None

    asyncio.run(run())


def test_connections_over_the_limit_are_closed(tmp_path: Path) -> None:
    async def run() -> None:
        async with (
            coordinator(tmp_path, limits=Limits(connections_each=1)) as running,
            aiohttp.ClientSession() as first,
            aiohttp.ClientSession() as second,
        ):
            url = f"{running.url}/v1/hello"
            assert (await first.get(url, ssl=False)).status == 200
            with pytest.raises(aiohttp.ClientError):
                await second.get(url, ssl=False)
            assert (await first.get(url, ssl=False)).status == 200

    asyncio.run(run())
