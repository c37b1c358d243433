"""The local API: JSON lines over a Unix socket, for callers whom the kernel vouches for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import stat
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from meshnet.daemon.access import Caller, active_seat, caller_of, may_talk, mesh_group
from meshnet.daemon.controller import DEVICES_AT_ONCE, Controller
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from meshnet.protocol.framing import LineBuffer

log = logging.getLogger("meshnet.local")

ALL_CONNECTIONS_MAX = 256
CONNECTIONS_MAX = 128
"""Connections of one user."""
STRANGERS_MAX = 4
"""Connections of a user who may not talk; enough to be told so."""
CALLS_MAX = 16
"""Calls in flight on one connection."""
SETTLE = 0.05
"""Seconds over which changes are gathered into one update."""


class LocalServer:
    """Serves front ends."""

    def __init__(self, path: Path, controller: Controller, owner: Callable[[], int | None]) -> None:
        self._path = path
        self._controller = controller
        self._owner = owner
        self._sessions: set[_Session] = set()
        self._connections: Counter[int] = Counter()
        self._changed = asyncio.Event()
        controller.on_change = self._changed.set

    @property
    def is_watched(self) -> bool:
        """Whether a front end follows the changes."""
        return any(session.is_watching for session in self._sessions)

    async def serve(self, on_ready: Callable[[], None]) -> None:
        """Serve until cancelled. MeshnetError where the socket cannot be had."""
        listener = _listen(self._path)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._broadcast())
                on_ready()
                while True:
                    caller, connection = await _accept(listener)
                    if self._is_welcome(caller):
                        tasks.create_task(self._serve_one(connection, caller))
                    else:
                        connection.close()
        finally:
            listener.close()
            self._path.unlink(missing_ok=True)

    async def _broadcast(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(SETTLE)
            self._changed.clear()
            watching = [session for session in self._sessions if session.is_watching]
            if watching:
                status, views = self._controller.status(), self._controller.device_views()
                for session in watching:
                    session.tell(status, views)

    def _is_welcome(self, caller: Caller) -> bool:
        """Whether there is room: nobody can take up the room of others."""
        theirs = self._connections[caller.uid]
        most = CONNECTIONS_MAX if self._may_talk(caller) else STRANGERS_MAX
        return theirs < most and self._connections.total() < ALL_CONNECTIONS_MAX

    async def _serve_one(self, connection: socket.socket, caller: Caller) -> None:
        self._connections[caller.uid] += 1
        try:
            await self._serve_session(connection, caller)
        finally:
            self._connections[caller.uid] -= 1

    async def _serve_session(self, connection: socket.socket, caller: Caller) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        session = _Session(self._controller, reader, writer, caller, self._may_talk)
        self._sessions.add(session)
        try:
            await session.run()
        except Exception:
            log.exception("a front end's session failed")
        finally:
            self._sessions.discard(session)
            writer.close()

    def _may_talk(self, caller: Caller) -> bool:
        if sys.platform == "win32":
            return False
        owner = self._owner()
        seat = active_seat() if owner is None else None
        return may_talk(caller, owner=owner, daemon=os.geteuid(), group=mesh_group(), seat=seat)


class _Session:
    """One front end's connection."""

    def __init__(
        self,
        controller: Controller,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        caller: Caller,
        may: Callable[[Caller], bool],
    ) -> None:
        self._controller = controller
        self._reader = reader
        self._writer = writer
        self._caller = caller
        self._may = may
        self._told: dict[str, local.DeviceView] = {}
        self._told_status: local.Status | None = None
        self._slots = asyncio.Semaphore(CALLS_MAX)
        self.is_watching = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as calls:
            try:
                await self._read(calls)
            except ConnectionError:
                # Gone, with something unread: what it asked for before is carried out all the same.
                return
            except MeshnetError as error:
                # What follows on this connection cannot be trusted to be in step: say why, and close it.
                self._send(local.Failure(0, error.code, error.message))

    async def _read(self, calls: asyncio.TaskGroup) -> None:
        buffer = LineBuffer()
        while data := await self._reader.read(65536):
            for line in buffer.feed(data):
                call = local.read_call(line)
                await self._slots.acquire()
                calls.create_task(self._answer(call))

    async def _answer(self, call: local.Call) -> None:
        try:
            if not self._may(self._caller):
                raise MeshnetError(Code.NOT_PERMITTED)
            result = await self._controller.handle(call.request, self._caller.uid)
            self._send(local.reply(call.id, result))
            if isinstance(call.request, local.Watch):
                self._begin_watching()
        except MeshnetError as error:
            self._send(local.Failure(call.id, error.code, error.message))
        except Exception:
            log.exception("request failed: %s", type(call.request).__name__)
            self._send(local.Failure(call.id, Code.SYSTEM_ERROR, "The daemon failed; its log says where."))
        finally:
            self._slots.release()

    def _begin_watching(self) -> None:
        self.is_watching = True
        self.tell(self._controller.status(), self._controller.device_views())

    def tell(self, status: local.Status, views: list[local.DeviceView]) -> None:
        """Send what changed since the last time, in pieces that fit."""
        if not self._may(self._caller):
            self._writer.close()
            return
        changed = [view for view in views if self._told.get(view.id) != view]
        gone = tuple(self._told.keys() - {view.id for view in views})
        if not changed and not gone and status == self._told_status:
            return
        self._told, self._told_status = {view.id: view for view in views}, status
        for start in range(0, max(1, len(changed)), DEVICES_AT_ONCE):
            piece = tuple(changed[start : start + DEVICES_AT_ONCE])
            self._send(local.Update(status, piece, gone if start == 0 else ()))

    def _send(self, message: local.FromDaemon) -> None:
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > 8 * 1024 * 1024:
            log.warning("a front end that does not read was cut off")
            self._writer.transport.abort()
            return
        self._writer.write(local.to_line(message))


async def _accept(listener: socket.socket) -> tuple[Caller, socket.socket]:
    """The next caller whom the kernel vouches for."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            connection, _ = await loop.sock_accept(listener)
        except OSError as error:
            # No descriptors left, say: whoever took them must not end the daemon with that.
            log.warning("a front end cannot be let in: %s", error.strerror)
            await asyncio.sleep(SETTLE)
            continue
        # The others get their turn, however many wait to be let in.
        await asyncio.sleep(0)
        with contextlib.suppress(OSError):
            caller = caller_of(connection)
            if caller is not None:
                return caller, connection
        connection.close()


def _listen(path: Path) -> socket.socket:
    if sys.platform == "win32":
        raise MeshnetError(Code.NOT_SUPPORTED, "The daemon does not serve on Windows yet.")
    _clear(path)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        # Everybody may connect, to be told by name that they may not talk: the kernel says who calls.
        path.chmod(0o666)
        listener.listen(64)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise MeshnetError(Code.SYSTEM_ERROR, f"The socket {path} cannot be had: {error.strerror}.") from error
    return listener


def _clear(path: Path) -> None:
    """Remove the socket of a daemon that died; leave alone whatever else is there."""
    if sys.platform == "win32":
        return
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise MeshnetError(Code.SYSTEM_ERROR, f"{path} is there and is no socket; move it away.")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise MeshnetError(Code.SYSTEM_ERROR, f"Another daemon answers at {path}.")
