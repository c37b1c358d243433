"""The HTTP face of the coordinator: paths to calls, refusals to `Problem`s, and the stream of changes.

Bodies stop being read at 64 KiB or after ten seconds. Whatever is malformed is answered with a named refusal; nothing
that a caller sends may end the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import msgspec
from aiohttp import web

from meshnet.coordinator.changes import Hub, Stream, line_of
from meshnet.coordinator.limits import Limiter, caller_of, plain_address
from meshnet.coordinator.meetings import Meetings
from meshnet.coordinator.meshes import Meshes
from meshnet.coordinator.sessions import Sessions
from meshnet.coordinator.store import Member, Store
from meshnet.core.identity import fingerprint, verifies
from meshnet.errors import Code, MeshnetError, Refusal
from meshnet.protocol import control

_BODY_SECONDS = 10
_WRITE_SECONDS = 30
_CHUNK = 64 * 1024
_REVISION_DIGITS = 18
_STATUS = {
    Code.CREATE_NOT_ALLOWED: 403,
    Code.NOT_PERMITTED: 403,
    Code.UNKNOWN_DEVICE: 404,
    Code.ALREADY_JOINED: 409,
    Code.INVITE_USED: 409,
    Code.DEVICE_OFFLINE: 409,
    Code.INVITE_EXPIRED: 410,
    Code.VERSION_MISMATCH: 426,
    Code.TIMEOUT: 429,
    Code.SYSTEM_ERROR: 500,
    Code.ADDRESS_POOL_EMPTY: 503,
}
log = logging.getLogger("meshnet.coordinator")
T = TypeVar("T")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OnLost = Callable[[web.Request, Callable[[], None]], None]


class _ProblemError(Exception):
    """A refusal whose status its code does not tell."""

    def __init__(self, status: int, code: Code, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.problem = control.Problem(code, message)


def answer(message: msgspec.Struct | None, status: int = 200) -> web.Response:
    """A message as a response; None is the empty object."""
    body = b"{}" if message is None else msgspec.json.encode(message)
    return web.Response(body=body, status=status, content_type="application/json", headers=_HEADERS)


_HEADERS = {"Cache-Control": "no-store", "Server": "meshnet-coordinator"}


@web.middleware
async def problems(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into a `Problem`."""
    try:
        return await handler(request)
    except _ProblemError as error:
        return answer(error.problem, error.status)
    except MeshnetError as error:
        return answer(control.Problem(error.code, error.message), _STATUS.get(error.code, 400))
    except web.HTTPException as error:
        if error.status in (404, 405):
            return answer(_nothing_here(request), 404)
        return answer(control.Problem(Code.INVALID_MESSAGE, error.reason), error.status)
    except ConnectionError:
        raise
    except Exception:
        log.exception("a call of %s failed", request.path[:40])
        return answer(control.Problem(Code.SYSTEM_ERROR, "The coordinator failed; its log says why."), 500)


def _nothing_here(request: web.Request) -> control.Problem:
    if request.path.startswith("/v") and not request.path.startswith(f"/v{control.VERSION}/"):
        text = f"The coordinator speaks version {control.VERSION} of the protocol."
        return control.Problem(Code.VERSION_MISMATCH, text)
    return control.Problem(Code.INVALID_MESSAGE, "The coordinator has nothing under this path.")


class Handlers:
    """One method for each path. `on_lost` registers what is to be done when a request's connection ends."""

    def __init__(
        self,
        hello: control.Hello,
        meshes: Meshes,
        store: Store,
        hub: Hub,
        meetings: Meetings,
        sessions: Sessions,
        strangers: Limiter,
        devices: Limiter,
        on_lost: OnLost,
    ) -> None:
        self._hello = hello
        self._meshes = meshes
        self._store = store
        self._hub = hub
        self._meetings = meetings
        self._sessions = sessions
        self._strangers = strangers
        self._devices = devices
        self._on_lost = on_lost

    def application(self) -> web.Application:
        """All paths, and nothing else."""
        app = web.Application(client_max_size=control.BODY_MAX, middlewares=[problems])
        app.router.add_get("/v1/hello", self.hello, allow_head=False)
        app.router.add_post("/v1/create/begin", self.begin_create)
        app.router.add_post("/v1/create", self.create)
        app.router.add_post("/v1/join/begin", self.begin_join)
        app.router.add_post("/v1/join", self.join)
        app.router.add_post("/v1/challenge", self.challenge)
        app.router.add_post("/v1/session", self.login)
        app.router.add_post("/v1/records", self.records)
        app.router.add_post("/v1/meet", self.meet)
        app.router.add_post("/v1/lasting", self.lasting)
        app.router.add_get("/v1/changes", self.changes, allow_head=False)
        return app

    # --- for anybody ------------------------------------------------------------------------------------------------

    async def hello(self, request: web.Request) -> web.Response:
        """Say who this is."""
        self._admit_stranger(request)
        return answer(self._hello)

    async def begin_create(self, request: web.Request) -> web.Response:
        """Keep an address for a mesh to be."""
        self._admit_stranger(request)
        return answer(await self._meshes.begin_create(await _read(request, control.CreateBegin)))

    async def create(self, request: web.Request) -> web.Response:
        """Found a mesh."""
        self._admit_stranger(request)
        await self._meshes.create(await _read(request, control.Create))
        return answer(None)

    async def begin_join(self, request: web.Request) -> web.Response:
        """Show the mesh behind an invite."""
        self._admit_stranger(request)
        return answer(await self._meshes.begin_join(await _read(request, control.JoinBegin)))

    async def join(self, request: web.Request) -> web.Response:
        """Use an invite."""
        self._admit_stranger(request)
        await self._meshes.join(await _read(request, control.Join))
        return answer(None)

    async def challenge(self, request: web.Request) -> web.Response:
        """Give a member a nonce to sign."""
        self._admit_stranger(request)
        call = await _read(request, control.Challenge)
        await self._member(call.device)
        return answer(control.Nonce(self._sessions.challenge(call.device)))

    async def login(self, request: web.Request) -> web.Response:
        """Open a session for a good signature."""
        self._admit_stranger(request)
        call = await _read(request, control.Login)
        message = control.login_message(self._hello.identity, call.nonce)
        if not self._sessions.redeem(call.nonce, call.device) or not verifies(call.device, message, call.signature):
            raise _ProblemError(401, Code.NOT_PERMITTED, "The login is not valid (any more); it must be made anew.")
        return answer(control.Session(self._sessions.open(await self._member(call.device))))

    # --- for members ------------------------------------------------------------------------------------------------

    async def records(self, request: web.Request) -> web.Response:
        """Keep records of a member."""
        member = self._caller(request)
        await self._meshes.post(member, await _read(request, control.Post))
        return answer(None)

    async def meet(self, request: web.Request) -> web.Response:
        """Pass a member's offer on."""
        member = self._caller(request)
        return answer(await self._meetings.meet(member, await _read(request, control.MeetCall)))

    async def lasting(self, request: web.Request) -> web.Response:
        """Keep ports of the relay for a WireGuard app."""
        member = self._caller(request)
        return answer(await self._meetings.lasting(member, await _read(request, control.LastingCall)))

    async def changes(self, request: web.Request) -> web.StreamResponse:
        """Tell what the device missed, and then what happens, until either side ends."""
        member = self._caller(request)
        since = _since(request.query.get("since", "0"))
        response = web.StreamResponse(headers=_HEADERS | {"Content-Type": "application/x-ndjson"})
        stream = Stream(member, cut=lambda: _abort(request))
        await response.prepare(request)
        self._on_lost(request, stream.finish)
        self._hub.join(stream)
        self._meetings.connected(stream)
        try:
            await self._tell(response, request, stream, since)
        except (ConnectionError, TimeoutError):
            _abort(request)
        finally:
            self._hub.leave(stream)
        return response

    async def _tell(self, response: web.StreamResponse, request: web.Request, stream: Stream, since: int) -> None:
        welcome = control.Welcome(plain_address(request.remote), self._meetings.beacons)
        await _write(response, [line_of(welcome)])
        last = await self._tell_backlog(response, stream.member, since)
        last, lines = stream.take(last)
        await _write(response, [*lines, line_of(control.Synced(last))])
        while (lines_of_silence := await stream.wait()) is not None:
            last, lines = stream.take(last)
            await _write(response, lines or lines_of_silence)

    async def _tell_backlog(self, response: web.StreamResponse, member: Member, since: int) -> int:
        # A revision that was never given: the database is an older copy, and the device is to hear everything again.
        last = since if since <= await self._store.last_revision() else 0
        while page := await self._store.backlog(member.mesh, member.device, last):
            await _write(response, [line_of(control.Record(*stored)) for stored in page])
            last = page[-1].revision
        return last

    # --- who calls --------------------------------------------------------------------------------------------------

    def _admit_stranger(self, request: web.Request) -> None:
        if not self._strangers.allows(caller_of(plain_address(request.remote) or "::")):
            raise _ProblemError(429, Code.TIMEOUT, "Too many calls come from this address; try again in a minute.")

    def _caller(self, request: web.Request) -> Member:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        member = self._sessions.who(token) if scheme == "Bearer" else None
        if member is None:
            self._admit_stranger(request)
            raise _ProblemError(401, Code.NOT_PERMITTED, "There is no such session (any more); log in again.")
        if not self._devices.allows(member.device):
            raise _ProblemError(429, Code.TIMEOUT, "Too many calls come from this device; try again in a minute.")
        return member

    async def _member(self, key: str) -> Member:
        try:
            member = await self._store.member(fingerprint(key))
        except ValueError as error:
            raise Refusal(Code.INVALID_MESSAGE, "A public key is malformed.") from error
        if member is None:
            raise _ProblemError(401, Code.NOT_PERMITTED, "This device is in no mesh of this coordinator.")
        return member


async def _read(request: web.Request, kind: type[T]) -> T:
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _body(request)
        return msgspec.json.decode(body, type=kind)
    except TimeoutError:
        raise _ProblemError(408, Code.TIMEOUT, "The message did not come in time.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, web.RequestPayloadError) as error:
        raise Refusal(Code.INVALID_MESSAGE, f"The coordinator does not understand this message: {error}") from error


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > control.BODY_MAX:
        raise web.HTTPRequestEntityTooLarge(control.BODY_MAX)
    return await request.read()


def _since(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _REVISION_DIGITS):
        raise Refusal(Code.INVALID_MESSAGE, "`since` is a revision: a number.")
    return int(text)


async def _write(response: web.StreamResponse, lines: Iterable[bytes]) -> None:
    data = b"".join(lines)
    for start in range(0, len(data), _CHUNK):
        async with asyncio.timeout(_WRITE_SECONDS):
            await response.write(data[start : start + _CHUNK])


def _abort(request: web.Request) -> None:
    if isinstance(request.transport, asyncio.WriteTransport):
        request.transport.abort()
