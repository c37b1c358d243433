"""The daemon's end of the control protocol: one coordinator, pinned by its identity.

TLS is checked by the coordinator's own key alone (see `meshnet.protocol.control`): the first `hello` goes over a
connection whose certificate is only noted; when the pinned identity has signed exactly that certificate, every further
connection must show it. A certificate that changed is asked for once more, so a renewed one needs no restart.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import os
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from meshnet.core.identity import SigningKey, mesh_network6, verifies
from meshnet.core.links import CoordinatorAddress
from meshnet.core.records import Signed
from meshnet.errors import Code, MeshnetError, Refusal
from meshnet.protocol import control
from meshnet.protocol.framing import LineBuffer

CALL_SECONDS = 10
SILENCE_SECONDS = 45
"""The coordinator says something every 15; three missed, and the connection is dead."""
_IDLE_SECONDS = 20
"""Less than the coordinator keeps an idle connection, so that no call meets one that is just being closed."""
_MESSAGE_MAX = 300

T = TypeVar("T")
Resolve = Callable[[str], Awaitable[list[str]]]
_change: msgspec.json.Decoder[control.Change] = msgspec.json.Decoder(control.Change)


class ControlClient:
    """Calls of one coordinator.

    Every method raises Refusal with the coordinator's reason, MeshnetError `coordinator-unreachable` where it does not
    answer (within ten seconds) or is not the pinned one, and `version-mismatch` where it answers in an unknown way.
    `mark` is the SO_MARK of its sockets (socket(7), Linux only); `resolve` finds the addresses of a name.
    """

    def __init__(self, address: CoordinatorAddress, *, mark: int | None, resolve: Resolve | None) -> None:
        self._address = address
        self._mark = mark
        self._resolve = resolve
        self._session: aiohttp.ClientSession | None = None
        self._pin: aiohttp.Fingerprint | None = None
        self._key: SigningKey | None = None
        self._token: str | None = None

    async def hello(self) -> control.Hello:
        """Find out that the coordinator is the pinned one, over a connection of its own."""
        seen = _Seen()
        with _trouble(self._address):
            async with self._new_session() as session, session.get(self._url("hello"), ssl=seen) as response:
                hello = await _read(response, control.Hello)
        if hello.version != control.VERSION:
            raise MeshnetError(
                Code.VERSION_MISMATCH,
                f"The coordinator speaks version {hello.version}, this program version {control.VERSION}.",
            )
        message = control.certificate_message(seen.certificate)
        if hello.identity != self._address.key or not verifies(self._address.key, message, hello.certificate):
            raise MeshnetError(
                Code.COORDINATOR_UNREACHABLE,
                f"What answers at {self._address.origin} is not the coordinator of the link: its key is another one.",
            )
        if hello.network6 != mesh_network6(hello.identity):
            raise MeshnetError(Code.VERSION_MISMATCH, "The coordinator derives its IPv6 prefix in an unknown way.")
        self._pin = aiohttp.Fingerprint(hashlib.sha256(seen.certificate).digest())
        return hello

    async def create_begin(self, call: control.CreateBegin) -> control.Allocation:
        """Have an address kept for the first device of a new mesh."""
        return await self._post("create/begin", call, control.Allocation)

    async def create(self, call: control.Create) -> None:
        """Found a mesh."""
        await self._post("create", call, _Nothing)

    async def join_begin(self, call: control.JoinBegin) -> control.Joining:
        """Ask for the mesh behind an invite, and have an address kept."""
        return await self._post("join/begin", call, control.Joining)

    async def join(self, call: control.Join) -> None:
        """Use an invite."""
        await self._post("join", call, _Nothing)

    async def login(self, key: SigningKey) -> None:
        """Open a session for the device with this key; Refusal `not-permitted` where it is in no mesh there."""
        nonce = (await self._post("challenge", control.Challenge(key.public), control.Nonce)).nonce
        signature = key.sign(control.login_message(self._address.key, nonce))
        login = control.Login(key.public, nonce, signature)
        self._token = (await self._post("session", login, control.Session)).token
        self._key = key

    async def post(self, records: tuple[Signed, ...]) -> None:
        """Hand over records of this device, or records that the mesh key signed; all of them are taken, or none."""
        await self._post("records", control.Post(records), _Nothing, member=True)

    async def meet(self, offer: Signed) -> control.Met:
        """Hand over an offer for a peer; Refusal `device-offline` where it is not connected."""
        return await self._post("meet", control.MeetCall(offer), control.Met, member=True)

    async def lasting(self, phone: str, host: str) -> control.Met:
        """Have ports of the relay kept for a WireGuard app and the host that it uses."""
        return await self._post("lasting", control.LastingCall(phone, host), control.Met, member=True)

    async def changes(self, since: int) -> AsyncGenerator[control.Change, None]:
        """What happened after this revision, and what happens; ends when the coordinator ends it.

        MeshnetError `coordinator-unreachable` after 45 seconds of silence.
        """
        patience = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_SECONDS)
        call = _Call("GET", f"changes?since={since}", None, member=True, patience=patience)
        async with self._request(call) as response:
            lines = LineBuffer()
            async for data in response.content.iter_any():
                for line in lines.feed(data):
                    yield _read_change(line)

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    # --- one call ---------------------------------------------------------------------------------------------------

    async def _post(self, path: str, call: msgspec.Struct, kind: type[T], *, member: bool = False) -> T:
        async with self._request(_Call("POST", path, msgspec.json.encode(call), member)) as response:
            return await _read(response, kind)

    @asynccontextmanager
    async def _request(self, call: _Call) -> AsyncIterator[aiohttp.ClientResponse]:
        with _trouble(self._address):
            async with asyncio.timeout(CALL_SECONDS):
                response = await self._send(call)
            async with response:
                if response.status != 200:
                    raise await _refusal(response)
                yield response

    async def _send(self, call: _Call) -> aiohttp.ClientResponse:
        response = await self._send_pinned(call)
        if response.status != 401 or not call.member or self._key is None:
            return response
        # The coordinator forgets sessions when it restarts.
        response.release()
        await self.login(self._key)
        return await self._send_pinned(call)

    async def _send_pinned(self, call: _Call) -> aiohttp.ClientResponse:
        if self._pin is None:
            await self.hello()
        try:
            return await self._send_once(call)
        except aiohttp.ServerFingerprintMismatch:
            await self.hello()
            return await self._send_once(call)

    async def _send_once(self, call: _Call) -> aiohttp.ClientResponse:
        if self._session is None:
            self._session = self._new_session()
        headers = {"Content-Type": "application/json"} if call.body is not None else {}
        if call.member:
            headers["Authorization"] = f"Bearer {self._token or ''}"
        return await self._session.request(
            call.method,
            self._url(call.path),
            data=call.body,
            headers=headers,
            ssl=self._pin or True,
            allow_redirects=False,
            timeout=call.patience,
        )

    def _url(self, path: str) -> str:
        return f"{self._address.url}/v{control.VERSION}/{path}"

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=None if self._resolve is None else _Resolver(self._resolve),
            use_dns_cache=False,
            keepalive_timeout=_IDLE_SECONDS,
            socket_factory=self._socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
            auto_decompress=False,
            headers={"User-Agent": "meshnetd"},
        )

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, _ = info
        made = socket.socket(family, kind, protocol)
        try:
            made.setblocking(False)
            if self._mark is not None and sys.platform == "linux":
                made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self._mark)
        except OSError:
            made.close()
            raise
        return made


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, as it may have to be sent a second time."""

    method: str
    path: str
    body: bytes | None = field(repr=False)
    member: bool
    patience: aiohttp.ClientTimeout = field(default_factory=lambda: aiohttp.ClientTimeout(total=CALL_SECONDS))


class _Nothing(msgspec.Struct, frozen=True):
    """The empty object."""


class _Refused(msgspec.Struct, frozen=True):
    """A `Problem` whose code may be one that only a newer program knows."""

    code: str
    message: str


class _Seen(aiohttp.Fingerprint):
    """Accepts any certificate and notes it: who showed it is found out by the identity's signature over it."""

    def __init__(self) -> None:
        super().__init__(bytes(hashlib.sha256().digest_size))
        self.certificate = b""

    def check(self, transport: asyncio.Transport) -> None:
        """Note the certificate of this connection."""
        connection = transport.get_extra_info("ssl_object")
        self.certificate = connection.getpeercert(binary_form=True) or b""


class _Resolver(AbstractResolver):
    """Names by the daemon's own means, which work while traffic is routed or blocked."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of the name, as aiohttp wants them."""
        found = await self._resolve(host)
        if not found:
            raise OSError(None, "the name is not known")
        return [_result(host, address, port) for address in found]

    async def close(self) -> None:
        """Nothing to let go of."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


@contextmanager
def _trouble(address: CoordinatorAddress) -> Iterator[None]:
    """Turn what goes wrong on the connection into MeshnetError `coordinator-unreachable`."""
    try:
        yield
    except TimeoutError as error:
        text = f"The coordinator at {address.origin} does not answer."
        raise MeshnetError(Code.COORDINATOR_UNREACHABLE, text) from error
    except aiohttp.ServerFingerprintMismatch as error:
        text = f"The certificate of the coordinator at {address.origin} changes with every connection."
        raise MeshnetError(Code.COORDINATOR_UNREACHABLE, text) from error
    except (aiohttp.ClientError, OSError) as error:
        text = f"The coordinator at {address.origin} cannot be reached: {_why(error)}."
        raise MeshnetError(Code.COORDINATOR_UNREACHABLE, text) from error


def _why(error: Exception) -> str:
    """What went wrong, without the names of the library's objects."""
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(inner, OSError) and inner.errno:
        return os.strerror(inner.errno).lower()
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return "the connection broke off"
    return _plain(str(error))


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for data in response.content.iter_any():
        body += data
        if len(body) > control.BODY_MAX:
            raise MeshnetError(Code.VERSION_MISMATCH, "The coordinator's answer is longer than one may be.")
    return bytes(body)


async def _read(response: aiohttp.ClientResponse, kind: type[T]) -> T:
    if response.status != 200:
        raise await _refusal(response)
    return _decode(await _body(response), msgspec.json.Decoder(kind))


async def _refusal(response: aiohttp.ClientResponse) -> MeshnetError:
    try:
        found = msgspec.json.decode(await _body(response), type=_Refused)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return MeshnetError(
            Code.COORDINATOR_UNREACHABLE, f"What answers is no coordinator (HTTP status {response.status})."
        )
    code = Code(found.code) if found.code in set(Code) else Code.SYSTEM_ERROR
    return Refusal(code, _plain(found.message))


def _read_change(line: bytes) -> control.Change:
    return _decode(line, _change)


def _decode(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MeshnetError(
            Code.VERSION_MISMATCH, "The coordinator answers in a way this program does not know."
        ) from error


def _plain(text: str) -> str:
    """Words of somebody who is not trusted, fit to be shown in one line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:_MESSAGE_MAX]
