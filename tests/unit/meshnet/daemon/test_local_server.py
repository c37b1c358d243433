"""The local API over a real socket: whatever one front end does, the daemon serves the others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from meshnet.daemon import local_server
from meshnet.daemon.access import Caller
from meshnet.daemon.controller import DEVICES_AT_ONCE
from meshnet.daemon.store import Joined, MeshMap
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from meshnet.protocol.framing import LINE_MAX
from support.daemons import Peer, connected, daemon, model_of, store_of
from support.meshes import COORDINATOR, FakeDevice, FakeMesh
from support.situations import Household

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)


def play(tmp_path: Path, scenario: Callable[[Path], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        async with daemon(tmp_path) as path:
            await scenario(path)
            async with connected(path) as witness:
                assert (await witness.status()).state, "the daemon is unharmed"

    asyncio.run(run())


async def failure_of(peer: Peer) -> local.Failure:
    message = await peer.receive()
    assert isinstance(message, local.Failure)
    return message


def call(verb: str, number: int = 1, **more: object) -> bytes:
    return json.dumps({"id": number, "request": {"verb": verb, **more}}).encode() + b"\n"


BROKEN: dict[str, tuple[bytes, Code]] = {
    "no JSON": (b"hello\n", Code.INVALID_MESSAGE),
    "not UTF-8": (b"\xff\xfe\x00\n", Code.INVALID_MESSAGE),
    "no call": (b"{}\n", Code.INVALID_MESSAGE),
    "an unknown verb": (call("reboot"), Code.INVALID_MESSAGE),
    "a field too many": (call("route", device="nas", command="rm"), Code.INVALID_MESSAGE),
    "a field of another type": (call("route", device=["nas"]), Code.INVALID_MESSAGE),
    "a field too few": (call("route"), Code.INVALID_MESSAGE),
    "deep nesting": (b"[" * 60_000 + b"\n", Code.INVALID_MESSAGE),
    "another version": (b'{"id": 1, "version": 2, "request": {"verb": "status"}}\n', Code.VERSION_MISMATCH),
    "a line that is too long": (b'{"id": 1, "x": "' + b"x" * LINE_MAX + b'"}\n', Code.INVALID_MESSAGE),
    "a line without end": (b"x" * (LINE_MAX + 1), Code.INVALID_MESSAGE),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_call_is_refused_by_name_and_ends_the_connection(tmp_path: Path, what: str) -> None:
    data, code = BROKEN[what]

    async def scenario(path: Path) -> None:
        async with connected(path) as other, connected(path) as peer:
            peer.send(data)
            failure = await failure_of(peer)
            assert (failure.id, failure.code) == (0, code)
            assert len(failure.message) < 500
            assert await peer.receive() is None
            assert (await other.status()).state == "not-joined"

    play(tmp_path, scenario)


def test_what_came_before_a_broken_line_is_answered(tmp_path: Path) -> None:
    async def scenario(path: Path) -> None:
        async with connected(path) as peer:
            peer.send(call("settings", 7) + b"junk\n" + call("settings", 8))
            answers = [await peer.receive(), await peer.receive()]
            assert {type(answer) for answer in answers} == {local.Reply, local.Failure}
            assert await peer.receive() is None

    play(tmp_path, scenario)


def test_each_answer_carries_the_id_of_its_call_whatever_the_ids(tmp_path: Path) -> None:
    numbers = [5, 3, 3, -1, 2**40, *range(100, 140)]

    async def scenario(path: Path) -> None:
        async with connected(path) as peer:
            peer.send(b"".join(call("settings", number) for number in numbers))
            answers = [await peer.receive() for _ in numbers]
            assert sorted(answer.id for answer in answers if isinstance(answer, local.Reply)) == sorted(numbers)

    play(tmp_path, scenario)


def test_a_call_cut_anywhere_is_put_together(tmp_path: Path) -> None:
    async def scenario(path: Path) -> None:
        async with connected(path) as peer:
            for byte in call("settings", 9):
                peer.send(bytes([byte]))
            answer = await peer.receive()
            assert isinstance(answer, local.Reply)
            assert answer.id == 9

    play(tmp_path, scenario)


def test_a_front_end_that_hangs_up_in_the_middle_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(path: Path) -> None:
        for data in (b"", b'{"id": 1', call("watch"), call("status") * 50):
            async with connected(path) as peer:
                peer.send(data)

    play(tmp_path, scenario)
    assert [record.message for record in caplog.records if "session failed" in record.message] == []


def test_a_failure_of_the_daemon_itself_is_told_without_its_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, str]:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr("meshnet.core.settings.shown", broken)

    async def scenario(path: Path) -> None:
        async with connected(path) as peer:
            with pytest.raises(MeshnetError, match="its log says where") as refused:
                await peer.ask(local.GetSettings(), local.SettingValues)
            assert refused.value.code is Code.SYSTEM_ERROR
            assert "42" not in refused.value.message

    play(tmp_path, scenario)


def test_whoever_may_not_talk_is_told_so_for_every_call_reading_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = False

    def may(caller: Caller, **_: object) -> bool:
        assert caller.uid >= 0
        return allowed

    monkeypatch.setattr(local_server, "may_talk", may)

    async def scenario(path: Path) -> None:
        nonlocal allowed
        async with connected(path) as peer:
            for request in (local.GetStatus(), local.GetDevices(), local.Watch(), local.GetSettings(), local.Leave()):
                assert await peer.refusal(request) is Code.NOT_PERMITTED
            allowed = True
            assert (await peer.status()).state == "not-joined"

    play(tmp_path, scenario)


def test_a_watcher_that_may_no_longer_talk_hears_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model_of(tmp_path, Household())
    callers: list[Caller] = []
    is_revoked = False

    def may(caller: Caller, **_: object) -> bool:
        callers.append(caller)
        return not (is_revoked and caller is callers[0])

    monkeypatch.setattr(local_server, "may_talk", may)

    async def scenario(path: Path) -> None:
        nonlocal is_revoked
        async with connected(path) as watcher, connected(path) as other:
            await watcher.until(lambda _status, devices: "nas" in devices)
            is_revoked = True
            await other.ask(local.Allow("nas", ("routing",)), local.Status)
            while (message := await watcher.receive()) is not None:
                assert not isinstance(message, local.Update)

    play(tmp_path, scenario)


# --- many devices ---------------------------------------------------------------------------------------------------

COUNT = 2 * DEVICES_AT_ONCE + 5


def crowd(directory: Path) -> None:
    """The laptop's state in a mesh of many devices, with names as long as they get."""
    mesh, laptop = FakeMesh(), FakeDevice("laptop")
    records = list(mesh.found(laptop, "100.64.0.1"))
    for number in range(COUNT):
        device = FakeDevice(f"d{number}")
        records.append(mesh.membership(device, f"100.64.1.{number + 1}"))
        records.append(mesh.device(device, f"{number}" + "𝄞" * 58, candidates=("81.2.69.160:51820",) * 8))
    store = store_of(directory, laptop)
    state = store.load_state()
    state.joined = Joined(mesh.key.public, "127.0.0.1", 1, COORDINATOR.public, "laptop", 0)
    store.save_state(state)
    store.save_map(MeshMap(1, records))


def test_more_devices_than_fit_come_in_pieces(tmp_path: Path) -> None:
    crowd(tmp_path)

    async def scenario(path: Path) -> None:
        async with connected(path) as peer:
            found: list[local.DeviceView] = []
            sizes: list[int] = []
            more = True
            while more:
                piece = await peer.ask(local.GetDevices(found[-1].id if found else ""), local.DeviceList)
                found += piece.devices
                sizes.append(len(piece.devices))
                more = piece.more
            assert sizes == [DEVICES_AT_ONCE, DEVICES_AT_ONCE, 5]
            assert len({view.id for view in found}) == COUNT

    play(tmp_path, scenario)


def test_a_watcher_is_told_all_devices_in_lines_that_fit_and_then_what_changed(tmp_path: Path) -> None:
    crowd(tmp_path)

    async def scenario(path: Path) -> None:
        async with connected(path) as watcher, connected(path) as peer:
            watcher.send(call("watch"))
            told: set[str] = set()
            assert isinstance(await watcher.receive(), local.Reply)
            while len(told) < COUNT:
                update = await watcher.receive()
                assert isinstance(update, local.Update)
                assert len(local.to_line(update)) <= LINE_MAX
                assert len(update.devices) <= DEVICES_AT_ONCE
                told |= {view.id for view in update.devices}
            await peer.ask(local.Allow("100.64.1.7", ("routing",)), local.Status)
            changed: list[local.DeviceView] = []
            while not any(view.grants.routing for view in changed):
                update = await watcher.receive()
                assert isinstance(update, local.Update)
                changed += update.devices
            assert {view.address4 for view in changed} == {"100.64.1.7"}

    play(tmp_path, scenario)


# --- the socket -----------------------------------------------------------------------------------------------------


def test_a_socket_of_a_daemon_that_died_is_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))
    assert (tmp_path / "s").is_socket()

    async def scenario(path: Path) -> None:
        assert path == tmp_path / "s"

    play(tmp_path, scenario)
    assert not (tmp_path / "s").exists(), "nothing is left behind"


@pytest.mark.parametrize("kind", ["a file", "a live socket", "a long path"])
def test_what_stands_in_the_way_is_left_alone_and_named(tmp_path: Path, kind: str) -> None:
    async def run() -> None:
        with contextlib.ExitStack() as stack:
            directory = tmp_path
            if kind == "a file":
                (tmp_path / "s").write_text("mine")
            elif kind == "a live socket":
                listener = stack.enter_context(socket.socket(socket.AF_UNIX))
                listener.bind(str(tmp_path / "s"))
                listener.listen()
            else:
                directory = tmp_path / ("x" * 120)
            async with daemon(directory):
                pass

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(run())
    found: BaseException = caught.value
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, MeshnetError)
    assert found.code is Code.SYSTEM_ERROR
    if kind == "a file":
        assert (tmp_path / "s").read_text() == "mine"


def test_who_may_not_talk_cannot_take_up_the_room_of_who_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = False
    monkeypatch.setattr(local_server, "may_talk", lambda *_, **__: allowed)

    async def scenario(path: Path) -> None:
        nonlocal allowed
        async with contextlib.AsyncExitStack() as strangers:
            for _ in range(local_server.STRANGERS_MAX):
                stranger = await strangers.enter_async_context(connected(path))
                assert await stranger.refusal(local.GetStatus()) is Code.NOT_PERMITTED
            one_too_many = await strangers.enter_async_context(connected(path))
            assert await one_too_many.receive() is None
            allowed = True
            async with connected(path) as owner:
                assert (await owner.status()).state == "not-joined"

    play(tmp_path, scenario)
