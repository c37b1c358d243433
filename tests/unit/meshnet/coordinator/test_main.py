from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from meshnet.coordinator.main import main
from meshnet.core.identity import encode
from meshnet.core.links import parse_create
from meshnet.daemon.control_client import ControlClient
from meshnet.protocol.control import Create, CreateBegin, Synced
from support.meshes import FakeDevice, FakeMesh

if sys.platform == "win32":
    pytest.skip("signals of Unix", allow_module_level=True)

PROGRAM = (sys.executable, "-m", "meshnet.coordinator.main")


@asynccontextmanager
async def serving(
    state: Path, *options: str, env: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    arguments = ("serve", "--public-host", "127.0.0.1", "--listen", "127.0.0.1:0", "--state-dir", str(state), *options)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*PROGRAM, *arguments, stdout=pipe, stderr=pipe, env=env)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def process_as_it_was() -> Iterator[None]:
    """`serve` sets the umask and the log of its process, which here is the tests'."""
    mask, root = os.umask(0o022), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    os.umask(mask)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_it_serves_tells_its_address_and_ends_cleanly_while_a_stream_is_open(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path) as process:
            code, line, _ = invoke("address", "--state-dir", str(tmp_path))
            assert code == 0
            link, laptop = parse_create(line), FakeDevice("laptop")
            mesh, token = FakeMesh(coordinator=link.coordinator.key), encode(link.token)
            client = ControlClient(link.coordinator, mark=None, resolve=None)
            allocation = await client.create_begin(CreateBegin(token, laptop.key.public))
            await client.create(Create(token, mesh.found(laptop, allocation.address4)))
            await client.login(laptop.key)
            async for change in client.changes(0):
                if isinstance(change, Synced):
                    process.send_signal(signal.SIGTERM)
            _, log = await process.communicate()
            assert process.returncode == 0
            assert b"Traceback" not in log
            assert token.encode() not in log
            assert log.count(b"relay") == 1
            await client.close()

    asyncio.run(run())
    assert invoke("address", "--state-dir", str(tmp_path))[:2] == (1, "")


def test_a_second_one_with_the_same_directory_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, "--no-relay"):
            code, _, words = await asyncio.to_thread(
                invoke, "serve", "--public-host", "x", "--state-dir", str(tmp_path)
            )
            assert code == 1
            assert "Another coordinator is running" in words

    asyncio.run(run())


def test_it_tells_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        async def run() -> None:
            async with serving(tmp_path / "state"):
                pass

        asyncio.run(run())
        assert manager.recv(100) == b"READY=1"


def test_address_prints_nothing_and_fails_where_nothing_serves(tmp_path: Path) -> None:
    code, out, words = invoke("address", "--state-dir", str(tmp_path / "none"))
    assert (code, out) == (1, "")
    assert "meshnet-coordinator serve" in words


@pytest.mark.parametrize(
    "options",
    [
        ("--relay-ports", "20000-29999"),
        ("--database", "postgresql://db/meshnet"),
        ("--database", "mysql://db/meshnet"),
        ("--tls-cert", "/nonexistent/cert", "--tls-key", "/nonexistent/key"),
        ("--listen", "192.0.2.1:8443"),
    ],
)
def test_what_it_cannot_do_is_refused_with_1(tmp_path: Path, options: tuple[str, ...]) -> None:
    code, out, words = invoke("serve", "--public-host", "example.org", "--state-dir", str(tmp_path / "s"), *options)
    assert (code, out) == (1, "")
    assert words.startswith("meshnet-coordinator: ")


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--public-host", "with space"),
        ("--public-host", "example.org:8443"),
        ("--public-host", "x", "--listen", "8443"),
        ("--public-host", "x", "--listen", "[::]:99999"),
        ("--public-host", "x", "--network4", "10.0.0.1/8"),
        ("--public-host", "x", "--tls-cert", "cert"),
    ],
)
def test_wrong_usage_is_2(options: tuple[str, ...]) -> None:
    assert invoke("serve", *options)[0] == 2


def test_help_and_version_are_told() -> None:
    assert invoke("--help")[0] == 0
    assert invoke("serve", "--help")[0] == 0
    assert invoke("--version")[1].startswith("meshnet-coordinator")
