from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from click.testing import CliRunner

from meshnet.coordinator.files import StateDirectory
from meshnet.coordinator.machine import Place
from meshnet.coordinator.main import Options, main
from meshnet.coordinator.main import run as run_coordinator
from meshnet.core.identity import encode
from meshnet.core.links import parse_create
from meshnet.daemon.control_client import ControlClient
from meshnet.protocol.control import Create, CreateBegin, Synced
from meshnet_platform.fake import FakeBeacon, FakeRelay
from support.coordinators import becomes
from support.meshes import FakeDevice, FakeMesh

if sys.platform == "win32":
    pytest.skip("signals of Unix", allow_module_level=True)

PROGRAM = (sys.executable, "-m", "meshnet.coordinator.main")


@asynccontextmanager
async def serving(
    state: Path, *options: str, env: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    where = ("--public-host", "127.0.0.1", "--listen", "127.0.0.1:0", "--state-dir", str(state))
    # Without beacon and relay: this is nobody's network to change.
    arguments = ("serve", *where, "--no-relay", *options)
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


class Kernel:
    """The beacon and the relay that a coordinator in the tests' own process gets."""

    def __init__(self) -> None:
        self.beacon, self.relay = FakeBeacon(), FakeRelay()
        self.directories: list[Path] = []

    def choose_beacon(self, directory: Path) -> FakeBeacon:
        self.directories.append(directory)
        return self.beacon

    def choose_relay(self, directory: Path) -> FakeRelay:
        self.directories.append(directory)
        return self.relay


@pytest.fixture(autouse=True)
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    found = Kernel()
    monkeypatch.setattr("meshnet_platform.backends.choose_beacon", found.choose_beacon)
    monkeypatch.setattr("meshnet_platform.backends.choose_relay", found.choose_relay)
    monkeypatch.setattr("meshnet.coordinator.machine.places", lambda host: (Place("203.0.113.80", "10.0.0.80"),))
    return found


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
            assert b"relay" not in log
            await client.close()

    asyncio.run(run())
    assert invoke("address", "--state-dir", str(tmp_path))[:2] == (1, "")


def options(state: Path, *, udp: bool = True) -> Options:
    where = ("127.0.0.1", ("127.0.0.1", 0), StateDirectory(state))
    return Options(*where, None, None, IPv4Network("100.64.0.0/10"), udp, range(20000, 20010))


async def run_until_ready(found: Options, then: Callable[[], None]) -> None:
    """Serve within this process, and end as SIGTERM does."""
    found.state.prepare()

    async def end() -> None:
        await becomes((found.state.path / "address").exists)
        then()
        os.kill(os.getpid(), signal.SIGTERM)

    async with asyncio.timeout(60):
        await asyncio.gather(run_coordinator(found), end())


def test_it_serves_beacon_and_relay_and_stops_them_at_its_end(tmp_path: Path, kernel: Kernel) -> None:
    seen: list[object] = []

    def look() -> None:
        first, second = kernel.beacon.ports
        seen.extend((second - first, len(kernel.beacon.keys), kernel.relay.addresses, kernel.relay.ports))

    asyncio.run(run_until_ready(options(tmp_path), look))
    assert seen == [1, 2, ("10.0.0.80",), range(20000, 20010)]
    assert (kernel.beacon.keys, kernel.relay.addresses) == ((), ())
    assert [directory.stat().st_mode & 0o777 for directory in kernel.directories] == [0o700, 0o700]
    assert len({directory.parent == tmp_path for directory in kernel.directories}) == 1


def test_the_beacons_keep_their_keys(tmp_path: Path, kernel: Kernel) -> None:
    seen: list[tuple[str, ...]] = []
    for _ in range(2):
        asyncio.run(run_until_ready(options(tmp_path), lambda: seen.append(kernel.beacon.keys)))
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 2
    assert {(tmp_path / f"beacon-{number}.key").stat().st_mode & 0o777 for number in (1, 2)} == {0o600}


def test_no_relay_means_no_beacon_either(tmp_path: Path, kernel: Kernel) -> None:
    asyncio.run(run_until_ready(options(tmp_path, udp=False), lambda: None))
    assert kernel.directories == []


def test_a_second_one_with_the_same_directory_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path):
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
        ("--relay-ports", "8444-8445"),
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
        ("--public-host", "x", "--relay-ports", "20000"),
        ("--public-host", "x", "--relay-ports", "20001-20002"),
    ],
)
def test_wrong_usage_is_2(options: tuple[str, ...]) -> None:
    assert invoke("serve", *options)[0] == 2


def test_help_and_version_are_told() -> None:
    assert invoke("--help")[0] == 0
    assert invoke("serve", "--help")[0] == 0
    assert invoke("--version")[1].startswith("meshnet-coordinator")
