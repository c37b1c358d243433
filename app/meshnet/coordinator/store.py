"""What the coordinator keeps, in SQL. No decision is made here; a caller's transaction holds several of these steps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from meshnet.coordinator.tables import members, records, reservations
from meshnet.core.records import Body, Device, Grants, Membership, Signed, body_of, subject_of

PAGE = 200
"""Records of a backlog that are in memory at a time."""
_encoder = msgspec.json.Encoder()
_signed: msgspec.json.Decoder[Signed] = msgspec.json.Decoder(Signed)


class Stored(NamedTuple):
    """A record with its revision."""

    revision: int
    record: Signed


class Member(NamedTuple):
    """A device that is in a mesh now."""

    device: str
    key: str
    mesh: str


class Reservation(NamedTuple):
    """An address kept for a device."""

    holder: str
    address4: str
    expires: int


class Transaction:
    """Steps that happen together or not at all."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, mesh: str, body: Body, record: Signed) -> int:
        """Keep a record in place of the older one of its subject; returns its new revision."""
        key = {"mesh": mesh, "type": type(body).__name__.lower(), "subject": subject_of(body)}
        await self._connection.execute(delete(records).filter_by(**key))
        granter, peer = (body.device, body.peer) if isinstance(body, Grants) else (None, None)
        values = key | {"granter": granter, "peer": peer, "record": _encoder.encode(record).decode()}
        added = await self._connection.execute(insert(records).values(values).returning(records.c.revision))
        return int(added.scalar_one())

    async def all_records(self, mesh: str) -> list[Signed]:
        """The records of a mesh in the order of their revisions."""
        query = select(records.c.record).where(records.c.mesh == mesh).order_by(records.c.revision)
        return [_signed.decode(text) for text in await self._connection.scalars(query)]

    async def mesh_of_invite(self, key: str) -> str | None:
        """The mesh that made the invite with this public key."""
        return await self._connection.scalar(select(records.c.mesh).filter_by(type="invite", subject=key))

    async def add_member(self, device: str, mesh: str, body: Membership, by_invite: bool) -> None:
        """Have the device be a member; it takes its address, and its invite is used up."""
        await self._connection.execute(delete(members).where(members.c.device == device))
        await self._connection.execute(
            insert(members).values(
                device=device,
                key=body.device,
                mesh=mesh,
                invite=body.invite if by_invite else None,
                address4=body.address4,
            )
        )
        await self._connection.execute(delete(reservations).where(reservations.c.key == body.device))

    async def remove_member(self, device: str) -> None:
        """Have the device be no member any more."""
        await self._connection.execute(update(members).where(members.c.device == device).values(address4=None))

    async def mesh_of(self, device: str) -> str | None:
        """The mesh that the device is in now."""
        query = select(members.c.mesh).where(members.c.device == device, members.c.address4.is_not(None))
        return await self._connection.scalar(query)

    async def taken(self) -> set[str]:
        """Every address that belongs to a device or is kept for one."""
        query = select(members.c.address4).where(members.c.address4.is_not(None))
        kept = select(reservations.c.address4)
        return {str(address) for address in await self._connection.scalars(query.union_all(kept))}

    async def reservation(self, key: str) -> Reservation | None:
        """What is kept for the device."""
        query = select(reservations.c.holder, reservations.c.address4, reservations.c.expires)
        row = (await self._connection.execute(query.where(reservations.c.key == key))).first()
        return None if row is None else Reservation(*row)

    async def reserve(self, key: str, reservation: Reservation) -> None:
        """Keep an address for the device, in place of what was kept for it."""
        await self._connection.execute(delete(reservations).where(reservations.c.key == key))
        await self._connection.execute(insert(reservations).values(key=key, **reservation._asdict()))

    async def expire_reservations(self, now: int) -> None:
        """Free the addresses that were kept until now."""
        await self._connection.execute(delete(reservations).where(reservations.c.expires <= now))

    async def count_reservations(self, holder: str) -> int:
        """How many addresses are kept for this invite."""
        query = select(func.count()).select_from(reservations).where(reservations.c.holder == holder)
        return int(await self._connection.scalar(query) or 0)


class Store:
    """The database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """All of its steps are kept when it ends well, and none otherwise."""
        async with self._engine.begin() as connection:
            yield Transaction(connection)

    async def member(self, device: str) -> Member | None:
        """The device with this id, where it is in a mesh now."""
        query = select(members.c.device, members.c.key, members.c.mesh)
        query = query.where(members.c.device == device, members.c.address4.is_not(None))
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Member(*row)

    async def devices(self) -> list[tuple[str, Device]]:
        """What each member says of itself, with its mesh, the oldest first."""
        ours = (records.c.subject == members.c.device) & (records.c.mesh == members.c.mesh)
        query = select(records.c.mesh, records.c.record).join(members, ours)
        query = query.where(records.c.type == "device", members.c.address4.is_not(None))
        async with self._engine.connect() as connection:
            rows = await connection.execute(query.order_by(records.c.revision))
            found = [(str(mesh), body_of(_signed.decode(text).body)) for mesh, text in rows]
        return [(mesh, body) for mesh, body in found if isinstance(body, Device)]

    async def backlog(self, mesh: str, device: str, since: int) -> list[Stored]:
        """Up to `PAGE` records of the mesh that the device may see, with revisions above `since`, in their order."""
        seen = or_(records.c.granter.is_(None), records.c.granter == device, records.c.peer == device)
        query = select(records.c.revision, records.c.record)
        query = query.where(records.c.mesh == mesh, records.c.revision > since, seen)
        async with self._engine.connect() as connection:
            rows = await connection.execute(query.order_by(records.c.revision).limit(PAGE))
            return [Stored(revision, _signed.decode(text)) for revision, text in rows]

    async def last_revision(self) -> int:
        """The highest revision given so far; 0 when there is none."""
        async with self._engine.connect() as connection:
            return int(await connection.scalar(select(func.max(records.c.revision))) or 0)

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()
