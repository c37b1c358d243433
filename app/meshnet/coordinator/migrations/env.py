"""Runs the migrations on the connection that `meshnet.coordinator.database` hands over; there is no other way in."""

from __future__ import annotations

from alembic import context

from meshnet.coordinator.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
