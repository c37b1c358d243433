"""How a device comes into a mesh and goes: create, invite, join, confirm, remove.

What needs the mesh key is prepared here as statements, signed by a front end, and checked again when it comes back.
"""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable

from meshnet.core import records as rec
from meshnet.core.identity import SigningKey, address6, clean_name, encode, fingerprint, wireguard_public
from meshnet.core.links import CoordinatorAddress, JoinLink, invite_key, parse_create, parse_join
from meshnet.core.records import Device, Signed, body_of, countersign, sign, text_of
from meshnet.core.settings import changed
from meshnet.core.trust import Ledger, RefusedRecordError
from meshnet.daemon.link import Link
from meshnet.daemon.model import Model
from meshnet.daemon.store import Joined
from meshnet.errors import Code, MeshnetError, Refusal
from meshnet.protocol import local
from meshnet.protocol.control import Create, CreateBegin, Join, JoinBegin, join_message

INVITE_MOST = 365 * 24 * 3600
"""Seconds that an invite may last."""


class Membership:
    """The verbs about belonging to a mesh."""

    def __init__(self, model: Model, link: Link, settle: Callable[[], Awaitable[None]]) -> None:
        self._model = model
        self._link = link
        self._settle = settle

    # --- create -----------------------------------------------------------------------------------------------------

    async def prepare_create(self, request: local.PrepareCreate) -> local.Statements:
        """The founding record and the first membership, for the mesh key to sign."""
        self._check_not_joined()
        line = parse_create(request.coordinator)
        clean_name(request.name or _host_name())
        mesh_id = _mesh_id(request.mesh_key)
        async with self._link.talk(line.coordinator) as client:
            hello = await client.hello()
            begin = CreateBegin(token=encode(line.token), device=self._model.key.public)
            address4 = (await client.create_begin(begin)).address4
        mesh = rec.Mesh(
            mesh=mesh_id,
            key=request.mesh_key,
            coordinator=line.coordinator.key,
            network4=hello.network4,
            network6=hello.network6,
        )
        membership = membership_of(mesh, self._model.key, request.mesh_key, address4, self._model.clock())
        return local.Statements((text_of(mesh), text_of(membership)))

    async def create(self, request: local.Create, caller: int) -> None:
        """Found the mesh whose records the mesh key signed."""
        self._check_not_joined()
        line = parse_create(request.coordinator)
        mesh = next((b for b in map(_body, request.records) if isinstance(b, rec.Mesh)), None)
        if mesh is None or len(request.records) != 2:
            raise MeshnetError(Code.INVALID_MESSAGE, "A founding record and a membership are needed.")
        joined = self._joined(mesh, line.coordinator, request.name or _host_name(), caller)
        founding, membership = request.records
        records = (founding, countersign(membership, self._model.key), self._introduction(mesh, joined.name))
        check(mesh.key, records)
        async with self._link.talk(line.coordinator) as client:
            await client.create(Create(token=encode(line.token), records=records))
        await self._enter(joined, records)

    # --- invite and join --------------------------------------------------------------------------------------------

    def prepare_invite(self, seconds: int) -> local.Statements:
        """An invite for the mesh key to sign, and its link."""
        if not 0 < seconds <= INVITE_MOST:
            raise Refusal(Code.INVALID_SETTING, "An invite lasts between a second and 365 days.")
        joined = self._model.joined
        secret = secrets.token_bytes(32)
        invite = rec.Invite(
            mesh=self._model.mesh.mesh_id,
            key=invite_key(secret).public,
            kind="own",
            expires=int(self._model.clock()) + seconds,
        )
        link = JoinLink(self._model.coordinator, joined.mesh_key, secret)
        return local.Statements((text_of(invite),), str(link))

    async def post_invite(self, records: tuple[Signed, ...]) -> None:
        """Hand over an invite that the mesh key signed: only what the coordinator holds can be used."""
        await self._post(records, rec.Invite)

    async def join(self, request: local.Join, caller: int) -> None:
        """Join the mesh behind the link."""
        link = parse_join(request.link)
        self._check_not_joined()
        settings = self._model.state.settings
        if request.allow:
            settings = changed(settings, "own-devices", ",".join(request.allow))
        wanted_name = clean_name(request.name or _host_name())
        key = invite_key(link.secret)
        async with self._link.talk(link.coordinator) as client:
            joining = await client.join_begin(begin_join(key, self._model.key))
            mesh = self._verified(link, joining.mesh, joining.invite)
            joined = self._joined(mesh, link.coordinator, wanted_name, caller)
            membership = sign(
                text_of(membership_of(mesh, self._model.key, key.public, joining.address4, self._model.clock())),
                key,
                self._model.key,
            )
            records = (membership, self._introduction(mesh, joined.name))
            check(mesh.key, (joining.mesh, joining.invite, *records))
            await client.join(Join(records))
        self._model.state.settings = settings
        await self._enter(joined, (joining.mesh, joining.invite, *records))

    def _verified(self, link: JoinLink, mesh: Signed, invite: Signed) -> rec.Mesh:
        body = _body(mesh)
        foreign = "The coordinator has another mesh behind this invite than the one that the link names."
        if not isinstance(body, rec.Mesh) or body.key != link.mesh_key or body.coordinator != link.coordinator.key:
            raise Refusal(Code.INVITE_FOREIGN, foreign)
        try:
            check(link.mesh_key, (mesh, invite))
        except MeshnetError as error:
            raise Refusal(Code.INVITE_FOREIGN, foreign) from error
        return body

    # --- confirm, remove, leave -------------------------------------------------------------------------------------

    def prepare_confirm(self, devices: tuple[str, ...]) -> local.Statements:
        """A confirmation of each device, for the mesh key to sign."""
        mesh_id = self._model.mesh.mesh_id
        return local.Statements(tuple(text_of(rec.Confirmation(mesh=mesh_id, device=d)) for d in devices[:64]))

    def prepare_remove(self, device: Device) -> local.Statements:
        """A removal, for the mesh key to sign."""
        return local.Statements((text_of(rec.Removal(mesh=self._model.mesh.mesh_id, device=device.device)),))

    async def post_signed(self, records: tuple[Signed, ...]) -> None:
        """Believe and hand over confirmations and removals that the mesh key signed."""
        await self._post(records, rec.Confirmation, rec.Removal)

    async def say_farewell(self) -> None:
        """Tell the mesh that this device leaves; if the coordinator is away, it leaves all the same."""
        mesh = self._model.mesh
        farewell = sign(text_of(rec.Removal(mesh=mesh.mesh_id, device=self._model.me)), self._model.key)
        with contextlib.suppress(MeshnetError):
            async with self._link.talk(self._model.coordinator) as client:
                await client.login(self._model.key)
                await client.post((farewell,))

    # --- parts ------------------------------------------------------------------------------------------------------

    async def _post(self, records: tuple[Signed, ...], *kinds: type) -> None:
        if not records or not all(isinstance(_body(record), kinds) for record in records):
            raise MeshnetError(Code.INVALID_MESSAGE, "Records of another kind are needed here.")
        if not all(rec.signed_by(record, self._model.joined.mesh_key) for record in records):
            raise Refusal(Code.NO_MESH_KEY, "These records are not signed by the key of this mesh.")
        async with self._link.talk(self._model.coordinator) as client:
            await client.login(self._model.key)
            await client.post(records)
        for record in records:
            self._model.accept(record, live=True)
        self._model.keep_map()
        await self._settle()

    def _check_not_joined(self) -> None:
        if self._model.state.joined is not None:
            raise Refusal(Code.ALREADY_JOINED)

    def _introduction(self, mesh: rec.Mesh, name: str) -> Signed:
        """The first record of this device: its name, and how to reach it is told once that is known."""
        body = Device(
            mesh=mesh.mesh,
            device=self._model.me,
            seq=1,
            name=name,
            platform=self._model.platform,
            wireguard=wireguard_public(self._model.state.wireguard_key),
            can_host=False,
            cannot_host="it has just joined",
        )
        return sign(text_of(body), self._model.key)

    def _joined(self, mesh: rec.Mesh, at: CoordinatorAddress, name: str, caller: int) -> Joined:
        joined = Joined(mesh.key, at.host, at.port, at.key, clean_name(name), caller)
        with contextlib.suppress(ValueError):
            joined.coordinator_addresses = [str(ipaddress.ip_address(at.host))]
        return joined

    async def _enter(self, joined: Joined, records: tuple[Signed, ...]) -> None:
        self._model.join(joined, records)
        self._link.restart()
        await self._settle()


def begin_join(invite: SigningKey, device: SigningKey) -> JoinBegin:
    """Ask for the mesh behind an invite, for this device."""
    return JoinBegin(invite.public, device.public, invite.sign(join_message(device.public)))


def membership_of(mesh: rec.Mesh, device: SigningKey, invite: str, address4: str, now: float) -> rec.Membership:
    """That the device belongs to the mesh, to be signed by it and by the key `invite`; `now` is Unix time."""
    return rec.Membership(
        mesh=mesh.mesh,
        device=device.public,
        invite=invite,
        address4=address4,
        address6=address6(mesh.network6, device.public),
        joined=int(now),
    )


def _body(record: Signed) -> rec.Body:
    try:
        return body_of(record.body)
    except rec.InvalidRecordError as error:
        raise MeshnetError(Code.INVALID_MESSAGE, f"This is no record: {error}") from error


def check(mesh_key: str, records: Iterable[Signed]) -> None:
    """Whether all of these, in this order, are to be believed; MeshnetError `invalid-message` where one is not."""
    ledger = Ledger(mesh_key)
    try:
        for record in records:
            ledger.accept(record)
    except RefusedRecordError as error:
        raise MeshnetError(Code.INVALID_MESSAGE, f"A record that must not be believed: {error}") from error


def _mesh_id(mesh_key: str) -> str:
    try:
        return fingerprint(mesh_key)
    except ValueError as error:
        raise MeshnetError(Code.INVALID_MESSAGE, "The mesh key is none.") from error


def _host_name() -> str:
    name = socket.gethostname().split(".")[0]
    return name or "device"
