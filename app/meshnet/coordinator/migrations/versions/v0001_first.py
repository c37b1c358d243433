"""The first version: records, members, reservations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Bring the database to this version."""
    op.create_table("coordinator", sa.Column("identity", sa.String(43), primary_key=True))
    op.create_table(
        "records",
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("mesh", sa.String(26), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("granter", sa.String(26)),
        sa.Column("peer", sa.String(26)),
        sa.Column("record", sa.Text, nullable=False),
        sa.UniqueConstraint("mesh", "type", "subject", name="records_newest_only"),
        sqlite_autoincrement=True,
    )
    op.create_index("records_of_mesh", "records", ["mesh", "revision"])
    op.create_index("records_by_subject", "records", ["type", "subject"])
    op.create_table(
        "members",
        sa.Column("device", sa.String(26), primary_key=True),
        sa.Column("key", sa.String(43), nullable=False),
        sa.Column("mesh", sa.String(26), nullable=False),
        sa.Column("invite", sa.String(43), unique=True),
        sa.Column("address4", sa.String(15), unique=True),
    )
    op.create_table(
        "reservations",
        sa.Column("key", sa.String(43), primary_key=True),
        sa.Column("holder", sa.String(43), nullable=False),
        sa.Column("address4", sa.String(15), nullable=False, unique=True),
        sa.Column("expires", sa.Integer, nullable=False),
    )
    op.create_index("reservations_of_holder", "reservations", ["holder"])
