"""What takes several calls and the mesh key: creating, inviting, phones, removing; and the single calls beside them.

The key is read and written aside, because a keyring may first ask the person to unlock it. It never leaves this
process, and signs what the person asked for alone (`meshnet.protocol.statements`).
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QDateTime, QObject, Qt, Signal

from meshnet import keys
from meshnet.core.identity import KEY_BYTES, SigningKey, wireguard_private, wireguard_public
from meshnet.core.records import Signed
from meshnet.errors import Code, MeshnetError
from meshnet.gui.link import DaemonLink
from meshnet.gui.models.mesh import Mesh
from meshnet.gui.signing import LoadKey, in_thread
from meshnet.gui.steps import Step, run
from meshnet.protocol import local, statements
from meshnet.protocol.phone import INVITE_SECONDS, config_of

T = TypeVar("T")
_Work = Coroutine[Step[Any], Any, None]


class Errands(QObject):
    """Does them one after the other; `failed` says which one came to nothing, and why."""

    created = Signal(object)
    """Carries the file that keeps the mesh key, or None: the person's keyring does."""
    joined = Signal()
    invited = Signal(object)
    """Carries an `Invitation`."""
    phone_added = Signal(object, str)
    """Carries a `PhoneAdded`, and the configuration with the secret key, which is to be shown once."""
    done = Signal(str)
    """Carries "remove", "leave" or "rename"."""
    failed = Signal(str, object)
    """Carries "create", "join", "invite", "phone", "remove", "leave" or "rename", and the MeshnetError."""
    _back = Signal(object)

    def __init__(
        self,
        link: DaemonLink,
        mesh: Mesh,
        load: LoadKey = keys.load,
        store: Callable[[bytes], Path | None] = keys.store,
        forget: Callable[[str], None] = keys.forget,
        aside: Callable[[Callable[[], None]], None] = in_thread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link = link
        self._mesh = mesh
        self._load = load
        self._store = store
        self._forget = forget
        self._aside = aside
        self._running: set[tuple[str, ...]] = set()
        self._back.connect(self._on_back)

    def create(self, coordinator: str, name: str) -> None:
        """Make a mesh at the coordinator (its line), with this device in it."""
        self._begin(("create",), partial(self._create, coordinator, name))

    def join(self, link: str, name: str, allow: tuple[str, ...] = ()) -> None:
        """Join the mesh behind the invite link, and grant its devices this from the start."""
        self._begin(("join",), partial(self._join, link, name, allow))

    def invite(self, seconds: int) -> None:
        """Make a link that lets one device in, for so long."""
        self._begin(("invite",), partial(self._invite, seconds))

    def add_phone(self, name: str, via: str) -> None:
        """Make a stock WireGuard app a device that uses the host (id), which may be this device."""
        self._begin(("phone",), partial(self._add_phone, name, via))

    def remove(self, device: str) -> None:
        """Take the device (id) out of the mesh."""
        self._begin(("remove", device), partial(self._remove, device))

    def leave(self) -> None:
        """Take this device out of its mesh; the mesh key stays where it is kept."""
        self._begin(("leave",), self._leave)

    def rename(self, name: str) -> None:
        """Give this device another name."""
        self._begin(("rename", name), partial(self._rename, name))

    # --- the errands ------------------------------------------------------------------------------------------------

    async def _create(self, coordinator: str, name: str) -> None:
        seed = keys.new_seed()
        own = SigningKey(seed)
        prepared = await self._ask(local.PrepareCreate(coordinator, own.public, name or None), local.Statements)
        file = await self._apart(partial(self._store, seed))
        try:
            # With the key as it is read again: one that cannot be is no key of a mesh.
            key = await self._apart(partial(self._load, own.id))
            records = statements.signed(own.id, prepared.bodies, key, statements.founds)
            await self._ask(local.Create(coordinator, records, name or None), local.Status)
        except MeshnetError as error:
            if keys.is_needless_after(error):
                await self._forget_quietly(own.id)
            raise
        self.created.emit(file)

    async def _join(self, link: str, name: str, allow: tuple[str, ...]) -> None:
        await self._ask(local.Join(link, name or None, allow), local.Status)
        self.joined.emit()

    async def _invite(self, seconds: int) -> None:
        prepared = await self._new_invite(seconds)
        self.invited.emit(local.Invitation(prepared.link, _iso(statements.expiry(prepared.bodies))))

    async def _add_phone(self, name: str, via: str) -> None:
        private = secrets.token_bytes(KEY_BYTES)
        prepared = await self._new_invite(INVITE_SECONDS)
        request = local.AddPhone(prepared.link, name, wireguard_public(private), via)
        added = await self._ask(request, local.PhoneAdded)
        # What comes now may fail, and this cannot be had a second time.
        self.phone_added.emit(added, config_of(added, wireguard_private(private)))
        if added.is_own_host:
            await self._ask(local.Allow(added.id, ("routing",)), local.Status)

    async def _remove(self, device: str) -> None:
        prepared = await self._ask(local.PrepareRemove(device), local.Statements)
        records = await self._signed(prepared.bodies, statements.removes({device}))
        await self._ask(local.PostSigned(records), local.Status)
        self.done.emit("remove")

    async def _leave(self) -> None:
        await self._ask(local.Leave(), local.Status)
        self.done.emit("leave")

    async def _rename(self, name: str) -> None:
        own = self._mesh.now.status.device
        if own is None:
            raise MeshnetError(Code.NOT_JOINED)
        await self._ask(local.Rename(own.id, name), local.Status)
        self.done.emit("rename")

    # --- their steps ------------------------------------------------------------------------------------------------

    async def _new_invite(self, seconds: int) -> local.Statements:
        prepared = await self._ask(local.PrepareInvite(seconds), local.Statements)
        records = await self._signed(prepared.bodies, statements.invites(time.time(), seconds))
        await self._ask(local.PostInvite(records), local.Status)
        return prepared

    async def _signed(self, bodies: tuple[str, ...], expected: statements.Expected) -> tuple[Signed, ...]:
        mesh = self._mesh.now.status.mesh
        if mesh is None:
            raise MeshnetError(Code.NOT_JOINED)
        key = await self._apart(partial(self._load, mesh))
        return statements.signed(mesh, bodies, key, expected)

    async def _forget_quietly(self, mesh: str) -> None:
        with contextlib.suppress(MeshnetError):
            await self._apart(partial(self._forget, mesh))

    def _ask(self, request: local.Request, kind: type[T]) -> Step[T]:
        return Step(lambda done, failed: self._link.call(request, kind, done, failed))

    def _apart(self, work: Callable[[], T]) -> Step[T]:
        def begin(done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
            self._aside(lambda: self._back.emit(_outcome(work, done, failed)))

        return Step(begin)

    def _on_back(self, outcome: Callable[[], None]) -> None:
        outcome()

    def _begin(self, which: tuple[str, ...], work: Callable[[], _Work]) -> None:
        """Do it, unless it is being done."""
        if which not in self._running:
            self._running.add(which)
            run(self._told(which, work()))

    async def _told(self, which: tuple[str, ...], work: _Work) -> None:
        try:
            await work
        except MeshnetError as error:
            self.failed.emit(which[0], error)
        finally:
            self._running.discard(which)


def _outcome(
    work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]
) -> Callable[[], None]:
    """Does the work on this thread; what is returned tells on another one how it went."""
    try:
        return partial(done, work())
    except Exception as error:  # a keyring's backend fails as it likes
        return partial(failed, _told_of_key(error))


def _told_of_key(error: Exception) -> MeshnetError:
    why = error.strerror if isinstance(error, OSError) else type(error).__name__
    return MeshnetError(Code.SYSTEM_ERROR, f"The place where the mesh key is kept cannot be used: {why}.")


def _iso(seconds: int) -> str:
    return QDateTime.fromSecsSinceEpoch(seconds).toUTC().toString(Qt.DateFormat.ISODate)
