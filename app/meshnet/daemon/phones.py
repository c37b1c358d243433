"""Stock WireGuard apps, such as a phone's: they join by a daemon's hand, which keeps no key of theirs.

The front end makes the WireGuard keys and shows the configuration; here the app becomes a device, and what its
configuration needs is gathered. Its device key lives for the length of one request: nobody changes what it said.
"""

from __future__ import annotations

import contextlib
import secrets
from typing import NamedTuple

from meshnet.core.devices import find
from meshnet.core.endpoints import format_endpoint, may_be_candidate, parse_endpoint
from meshnet.core.identity import KEY_BYTES, SigningKey, clean_name, is_wireguard_key
from meshnet.core.links import JoinLink, invite_key, parse_join
from meshnet.core.records import STOCK, Device, Mesh, Removal, Signed, sign, text_of
from meshnet.daemon.control_client import ControlClient
from meshnet.daemon.link import Link
from meshnet.daemon.membership import begin_join, check, membership_of
from meshnet.daemon.model import Model
from meshnet.errors import Code, MeshnetError, Refusal
from meshnet.protocol import local
from meshnet.protocol.control import Join

CANNOT_HOST = "it is a WireGuard app, without Meshnet"


class _Where(NamedTuple):
    """The endpoint of the host, and the beacon's address."""

    endpoint: str
    beacon: str | None


class Phones:
    """The verb that adds one."""

    def __init__(self, model: Model, link: Link) -> None:
        self._model = model
        self._link = link

    async def add(self, request: local.AddPhone) -> local.PhoneAdded:
        """Let the app in by the invite, and say what it needs; Refusal where it or the host would not do.

        The caller settles: the records are believed here.
        """
        link, host = self._check(request)
        device = SigningKey(secrets.token_bytes(KEY_BYTES))
        async with self._link.talk(self._model.coordinator) as client:
            records = await self._join(client, link, device, request)
            await client.login(device)
            try:
                where = await self._where(client, device.id, host, request.endpoint)
            except MeshnetError:
                with contextlib.suppress(MeshnetError):
                    await client.post((_farewell(self._model.mesh.mesh_id, device),))
                raise
        for record in records:
            self._model.accept(record, live=True)
        self._model.keep_map()
        return self._needs(device.id, host, where)

    # --- before -----------------------------------------------------------------------------------------------------

    def _check(self, request: local.AddPhone) -> tuple[JoinLink, Device]:
        model = self._model
        link = parse_join(request.link)
        if link.mesh_key != model.joined.mesh_key:
            raise Refusal(Code.INVITE_FOREIGN)
        if not is_wireguard_key(request.wireguard):
            raise Refusal(Code.INVALID_MESSAGE, "The WireGuard key is none.")
        name = clean_name(request.name)
        if name.casefold() in {known.casefold() for known in model.names().values()}:
            raise Refusal(Code.NAME_TAKEN, f"Another device is called {name}.")
        if request.endpoint is not None and not may_be_candidate(request.endpoint):
            raise Refusal(Code.INVALID_SETTING, "The endpoint is an ADDRESS:PORT, or [ADDRESS6]:PORT.")
        return link, self._host(request.via)

    def _host(self, word: str) -> Device:
        model = self._model
        member = model.mesh.members[model.me]
        is_own = word.strip() in (model.me, model.names()[model.me], member.address4, member.address6)
        host = model.mesh.devices[model.me] if is_own else find(model.mesh, model.me, word)
        if not host.can_host:
            reason = host.cannot_host or "it gives no reason"
            raise Refusal(Code.CANNOT_HOST, f"{model.names()[host.device]} cannot host: {reason}")
        return host

    # --- joining ----------------------------------------------------------------------------------------------------

    async def _join(
        self, client: ControlClient, link: JoinLink, device: SigningKey, request: local.AddPhone
    ) -> tuple[Signed, ...]:
        model, invite = self._model, invite_key(link.secret)
        address4 = (await client.join_begin(begin_join(invite, device))).address4
        membership = membership_of(self._founding, device, invite.public, address4, model.clock())
        records = (
            sign(text_of(membership), invite, device),
            sign(text_of(self._introduction(device, request)), device),
        )
        # The coordinator chose the address: it must not be one that somebody has.
        check(model.joined.mesh_key, (*model.mesh.records(), *records))
        await client.join(Join(records))
        return records

    @property
    def _founding(self) -> Mesh:
        found = self._model.mesh.mesh
        if found is None:
            raise Refusal(Code.NOT_JOINED)
        return found

    def _introduction(self, device: SigningKey, request: local.AddPhone) -> Device:
        return Device(
            mesh=self._model.mesh.mesh_id,
            device=device.id,
            seq=1,
            name=clean_name(request.name),
            platform=STOCK,
            wireguard=request.wireguard,
            cannot_host=CANNOT_HOST,
        )

    # --- what the configuration needs -------------------------------------------------------------------------------

    async def _where(self, client: ControlClient, phone: str, host: Device, chosen: str | None) -> _Where:
        coordinator = next(iter(self._model.joined.coordinator_addresses), None)
        if chosen is not None:
            return _Where(chosen, coordinator)
        relay = (await client.lasting(phone, host.device)).relay
        if relay is not None and self._model.whereabouts.may_be_relay(relay):
            # The beacon by the same address: at the relay the app is expected where the beacon sees it.
            return _Where(relay, str(parse_endpoint(relay)[0]))
        if host.candidates:
            return _Where(host.candidates[0], coordinator)
        raise Refusal(
            Code.NOT_SUPPORTED,
            "The coordinator has no relay, and no public address of the host is known. Give the address by which it "
            "is reached as --endpoint ADDRESS:PORT, or start the coordinator as root, where it serves a relay.",
        )

    def _needs(self, phone: str, host: Device, where: _Where) -> local.PhoneAdded:
        model = self._model
        member, host_member = model.mesh.members[phone], model.mesh.members[host.device]
        beacon = next(iter(model.whereabouts.beacons), None)
        at = where.beacon
        return local.PhoneAdded(
            id=phone,
            name=model.names()[phone],
            address4=member.address4,
            address6=member.address6,
            host=model.names()[host.device],
            host_key=host.wireguard,
            endpoint=where.endpoint,
            dns=host_member.address4,
            beacon_key=beacon.key if beacon and at else None,
            beacon_endpoint=format_endpoint(at, beacon.port) if beacon and at else None,
            is_own_host=host.device == model.me,
        )


def _farewell(mesh: str, device: SigningKey) -> Signed:
    return sign(text_of(Removal(mesh=mesh, device=device.id)), device)
