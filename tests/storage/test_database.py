import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from storage import database
from storage.database import UnusableDatabase
from storage.tables import Base


def run(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def stamp(file: Path, revision: str) -> None:
    run(
        file,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
        f"INSERT INTO alembic_version VALUES ('{revision}')",
    )


def schema_of(file: Path) -> dict[str, str]:
    """The statement that makes each table and index, its parts sorted, for SQLite adds a column as the last part."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: _sorted_parts(sql) for name, sql in rows if name != "alembic_version"}


def _sorted_parts(sql: str) -> str:
    head, _, body = " ".join(sql.split()).partition("(")
    inside, _, options = body.rpartition(")")
    parts = sorted(part.strip() for part in re.split(r",(?![^()]*\))", inside))
    return f"{head}({', '.join(parts)}){options}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "noisefox.db"


def test_the_migrations_make_what_the_tables_say(file: Path) -> None:
    database.migrate(file)
    database.migrate(file)
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_the_migrated_schema_is_that_of_the_tables_to_the_letter(file: Path, tmp_path: Path) -> None:
    database.migrate(file)
    engine = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    Base.metadata.create_all(engine)
    engine.dispose()
    assert schema_of(file) == schema_of(tmp_path / "plain.db")


def test_numbers_of_requests_and_drafts_are_never_used_again(file: Path) -> None:
    database.migrate(file)
    once = {name for name, sql in schema_of(file).items() if "AUTOINCREMENT" in sql}
    assert once == {"generations", "drafts"}


def test_an_empty_file_is_a_new_database(file: Path) -> None:
    file.touch()
    database.migrate(file)
    assert "generations" in schema_of(file)


def test_a_start_that_was_interrupted_before_the_first_table_goes_on(file: Path) -> None:
    run(file, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    database.migrate(file)
    assert "generations" in schema_of(file)


@pytest.mark.parametrize("revision", ["0001", "0017", "a later one"])
def test_a_database_of_another_version_is_refused_and_left_as_it_was(file: Path, revision: str) -> None:
    run(file, "CREATE TABLE generations (id INTEGER)")
    stamp(file, revision)
    before = file.read_bytes()
    with pytest.raises(UnusableDatabase, match=r"newer or unreleased version .* Update Noisefox, or move the folder"):
        database.migrate(file)
    assert file.read_bytes() == before


def test_a_database_of_another_program_is_refused(file: Path) -> None:
    run(file, "CREATE TABLE bookmarks (id INTEGER)")
    with pytest.raises(UnusableDatabase, match="another program"):
        database.migrate(file)


def test_a_file_that_is_no_database_is_refused(file: Path) -> None:
    file.write_bytes(b"no database at all" * 99)
    with pytest.raises(UnusableDatabase, match=r"cannot be opened: file is not a database\."):
        database.migrate(file)


def test_a_database_that_another_program_holds_is_not_to_be_deleted(file: Path) -> None:
    database.migrate(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UnusableDatabase, match="Another program uses it") as refused:
            database.check(file, patience=0.1)
    assert "delete" not in str(refused.value)


async def test_a_database_that_another_program_holds_is_waited_for(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database.migrate(file)
    monkeypatch.setattr(database.migrate, "__defaults__", (0.02,))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        class GivesBack(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                assert "Trying again" in record.getMessage()
                other.execute("ROLLBACK")

        monkeypatch.setattr(database.log, "handlers", [GivesBack()])
        async with database.opened(file):
            pass
        assert "database is locked" in caplog.text


async def test_a_database_that_is_never_given_back_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database.migrate(file)
    monkeypatch.setattr(database.migrate, "__defaults__", (0.001,))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnusableDatabase, match="Another program uses it"):
            async with database.opened(file):
                pass
