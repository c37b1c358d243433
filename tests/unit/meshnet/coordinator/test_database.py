from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from meshnet.coordinator import database, tables
from meshnet.coordinator.database import open_database, path_of
from meshnet.errors import Code, MeshnetError
from support.meshes import COORDINATOR, key


def opened(path: Path, identity: str = COORDINATOR.public) -> None:
    async def run() -> None:
        await (await open_database(path, identity)).dispose()

    asyncio.run(run())


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def refused(path: Path, identity: str = COORDINATOR.public) -> MeshnetError:
    before = path.read_bytes()
    with pytest.raises(MeshnetError) as caught:
        opened(path, identity)
    assert path.read_bytes() == before
    return caught.value


def test_the_migrations_make_exactly_the_tables_that_the_program_uses(tmp_path: Path) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), tables.metadata))

    async def run() -> list[object]:
        engine = await open_database(tmp_path / "records", COORDINATOR.public)
        async with engine.connect() as connection:
            found = await connection.run_sync(differences)
        await engine.dispose()
        return found

    assert asyncio.run(run()) == []


def test_a_database_is_opened_again_and_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "records").touch()
    opened(tmp_path / "records")
    opened(tmp_path / "records")


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "records"
    opened(path)
    execute(path, "UPDATE alembic_version SET version_num = '9999'")
    assert refused(path).code is Code.VERSION_MISMATCH


def test_what_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "records"
    path.write_text("the diary of somebody")
    assert "no SQLite database" in refused(path).message


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "records"
    execute(path, "CREATE TABLE diary (day TEXT)")
    assert "another program" in refused(path).message


def test_another_coordinators_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records"
    opened(path)
    assert "another coordinator" in refused(path, key("another").public).message


def test_a_damaged_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "records"
    opened(path)
    data = bytearray(path.read_bytes())
    data[4096:8192] = bytes(byte ^ 0xA5 for byte in data[4096:8192])
    path.write_bytes(data)
    assert "left as it is" in refused(path).message


def test_a_cut_off_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "records"
    opened(path)
    path.write_bytes(path.read_bytes()[:5000])
    assert "left as it is" in refused(path).message


def test_a_migration_that_was_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MeshnetError(Code.SYSTEM_ERROR, "power cut")

    path = tmp_path / "records"
    with monkeypatch.context() as patch:
        patch.setattr(database, "_check_identity", fail)
        with pytest.raises(MeshnetError, match="power cut"):
            opened(path)
    opened(path)


def test_a_database_without_one_of_its_tables_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records"
    opened(path)
    execute(path, "DROP TABLE members")
    assert "lacks members" in refused(path).message


@pytest.mark.parametrize(
    "url",
    ["postgresql://db/x", "postgresql+asyncpg://db/x", "mysql://db/x", "sqlite://", "sqlite:///:memory:", "rubbish"],
)
def test_other_kinds_of_database_are_refused_in_words(url: str) -> None:
    with pytest.raises(MeshnetError) as caught:
        path_of(url)
    assert caught.value.code is Code.NOT_SUPPORTED


def test_a_sqlite_url_names_a_file() -> None:
    assert path_of("sqlite:////var/lib/x") == Path("/var/lib/x")
