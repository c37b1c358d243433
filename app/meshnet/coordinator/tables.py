"""The tables of the coordinator's database, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

metadata = MetaData()

coordinator = Table("coordinator", metadata, Column("identity", String(43), primary_key=True))
"""One row: the public key of the coordinator that the records were given to."""

records = Table(
    "records",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=True),
    Column("mesh", String(26), nullable=False),
    Column("type", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("granter", String(26)),
    Column("peer", String(26)),
    Column("record", Text, nullable=False),
    UniqueConstraint("mesh", "type", "subject", name="records_newest_only"),
    Index("records_of_mesh", "mesh", "revision"),
    Index("records_by_subject", "type", "subject"),
    sqlite_autoincrement=True,
)
"""The newest record of each subject. Where `granter` is set, only it and `peer` may see the record.
AUTOINCREMENT, because a revision must never be given twice, even after its row is gone."""

members = Table(
    "members",
    metadata,
    Column("device", String(26), primary_key=True),
    Column("key", String(43), nullable=False),
    Column("mesh", String(26), nullable=False),
    Column("invite", String(43), unique=True),
    Column("address4", String(15), unique=True),
)
"""Every device that joined. `invite` is NULL where the mesh key itself let the device in; `address4` is NULL once the
device was removed, which leaves the address to other meshes."""

reservations = Table(
    "reservations",
    metadata,
    Column("key", String(43), primary_key=True),
    Column("holder", String(43), nullable=False),
    Column("address4", String(15), nullable=False, unique=True),
    Column("expires", Integer, nullable=False),
    Index("reservations_of_holder", "holder"),
)
"""Addresses kept for devices (`key`) that are about to join, by the invite they showed; `holder` is "" for a create."""
