"""The schema of a database file, and its upgrade in one transaction."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect

from storage import numbers

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def engine_of(file: Path, patience: float) -> Engine:
    """An engine whose transactions are atomic with their changes of tables, and exclude other writers.

    patience: seconds to wait for another program's lock.
    """
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": patience})
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", _begin)
    return engine


def tables(connection: Connection) -> set[str]:
    """The tables in a database, but for Alembic's own."""
    return set(inspect(connection).get_table_names()) - {_VERSION_TABLE}


def known_revision(connection: Connection) -> str | None:
    """The revision that a database is stamped with, if this version has it."""
    stamped = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in _scripts().walk_revisions()}
    return next((each for each in stamped if each in known), None)


def newest() -> str:
    """The revision that `upgrade` makes."""
    return _scripts().get_current_head() or ""


def upgrade(engine: Engine, floor: numbers.Highest) -> None:
    """Bring a database to the newest revision, all at once or not at all; an empty one gets all tables.

    Numbers that were given before, or are at most those of `floor`, are not given again.
    """
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        given = numbers.given(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        numbers.go_on_after(connection, numbers.highest_of(given, floor))


def skip_numbers(file: Path, highest: numbers.Highest) -> None:
    """Have the database in `file` go on far behind `highest` and all numbers of its own."""
    engine = engine_of(file, patience=5.0)
    try:
        with engine.begin() as connection:
            known = numbers.highest_of(numbers.given(connection), highest)
            numbers.go_on_after(connection, numbers.beyond(known))
    finally:
        engine.dispose()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _leave_transactions_to_us(connection: Any, _: object) -> None:
    """Python's driver would commit before each change of a table."""
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
