"""Opening the database: finding it fit, bringing it up to date, or refusing it in words, untouched.

SQLite now; the URL leaves room for PostgreSQL, which is refused until it is built.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, insert, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from meshnet.coordinator import tables
from meshnet.errors import Code, MeshnetError

_HEADER = b"SQLite format 3\0"
"""https://www.sqlite.org/fileformat.html, section 1.3"""


def path_of(url: str) -> Path:
    """The file that a `--database` URL names; MeshnetError `not-supported` for any other kind of database."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise MeshnetError(
            Code.NOT_SUPPORTED, "--database takes a URL such as sqlite:////var/lib/meshnet-coordinator/records.sqlite."
        ) from error
    if parsed.drivername.startswith("postgres"):
        raise MeshnetError(
            Code.NOT_SUPPORTED, "PostgreSQL is not supported yet; leave --database out, or give a sqlite:///PATH."
        )
    if parsed.drivername not in ("sqlite", "sqlite+aiosqlite") or not parsed.database or parsed.query:
        raise MeshnetError(Code.NOT_SUPPORTED, "This kind of --database is not supported; give a sqlite:///PATH.")
    if parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise MeshnetError(Code.NOT_SUPPORTED, "The records must outlive the process; give a sqlite:///PATH.")
    return Path(parsed.database)


async def open_database(path: Path, identity: str) -> AsyncEngine:
    """The database of the coordinator with this identity, made or brought up to date.

    MeshnetError: `version-mismatch` for one of a newer version; `system-error` for one that is damaged, none at all,
    another program's or another coordinator's. A refused file is left as it is.
    """
    _check_file(path)
    engine = _engine(path, _configure)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_check_content, path)
        await engine.dispose()
        engine = _engine(path, _configure_for_writing)
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
            await connection.run_sync(_check_identity, identity, path)
    except SQLAlchemyError as error:
        await engine.dispose()
        raise _unfit(path, f"cannot be read ({_reason(error)})") from error
    except MeshnetError:
        await engine.dispose()
        raise
    return engine


def _engine(path: Path, configure: Callable[[DBAPIConnection, ConnectionPoolEntry], None]) -> AsyncEngine:
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)))
    event.listen(engine.sync_engine, "connect", configure)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _unfit(path: Path, why: str) -> MeshnetError:
    return MeshnetError(
        Code.SYSTEM_ERROR,
        f"The database {path} {why}. It was left as it is; put back a copy of it, or name another with --database.",
    )


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(len(_HEADER))
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unfit(path, f"cannot be read ({error.strerror})") from error
    if start not in (b"", _HEADER):
        raise _unfit(path, "is no SQLite database")
    if not os.access(path, os.W_OK):
        raise _unfit(path, "may not be written by this user")


def _configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Python's sqlite3 would begin transactions by itself, too late for reads and never for DDL: `_begin` does it.
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html, "Serializable isolation / Savepoints"
    connection.isolation_level = None
    _pragma(connection, "busy_timeout=5000")


def _configure_for_writing(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    # WAL: readers of the backlog never wait for a writer. It is written into the file, so it comes after all checks.
    # FULL: an answered call must survive a power cut.
    _configure(connection, entry)
    _pragma(connection, "journal_mode=WAL")
    _pragma(connection, "synchronous=FULL")


def _pragma(connection: DBAPIConnection, pragma: str) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", "meshnet.coordinator:migrations")
    return config


def _check_content(connection: Connection, path: Path) -> None:
    if connection.scalar(text("PRAGMA quick_check(1)")) != "ok":
        raise _unfit(path, "is damaged")
    found = set(inspect(connection).get_table_names())
    if not found:
        return
    if "alembic_version" not in found:
        raise _unfit(path, "belongs to another program")
    version = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(_scripts()).walk_revisions()}
    if version not in known:
        raise MeshnetError(
            Code.VERSION_MISMATCH,
            f"The database {path} is of version {version}, which this program does not know. It was left as it is; "
            "update meshnet-coordinator.",
        )
    missing = set(tables.metadata.tables) - found
    if missing:
        raise _unfit(path, f"is damaged: it lacks {', '.join(sorted(missing))}")


def _upgrade(connection: Connection) -> None:
    config = _scripts()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _check_identity(connection: Connection, identity: str, path: Path) -> None:
    found = connection.scalar(select(tables.coordinator.c.identity))
    if found is None:
        connection.execute(insert(tables.coordinator).values(identity=identity))
    elif found != identity:
        raise _unfit(path, "holds the records of another coordinator (its identity.key is not the one in use)")
