"""Open the database file, bring it to the newest revision, and close it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from generation.errors import NoisefoxError


class StorageError(Exception):
    """The database refused: the disk is full, or the file is locked or damaged."""


class UnusableDatabase(NoisefoxError):
    """The database file cannot be opened by this version; the message names the file and says what to do."""


class Sessions:
    """Opens sessions; SQLAlchemy's errors leave them as `StorageError`."""

    def __init__(self, make: async_sessionmaker[AsyncSession]) -> None:
        self._make = make

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[AsyncSession]:
        try:
            async with self._make() as session:
                yield session
        except SQLAlchemyError as reason:
            raise StorageError(str(reason)) from reason


FILE = "noisefox.db"
"""The name of the database file in the data folder."""

BUSY_MILLISECONDS = 2000
"""Time that a statement waits for a locked database: less than the three seconds in which Discord wants an answer."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def check(file: Path, patience: float = 5.0) -> None:
    """Raise `UnusableDatabase` unless `file` is missing, empty, or was made by migrations that this version has.

    A database that another program has locked is waited for, `patience` seconds long.
    """
    if not file.exists():
        return
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": patience})
    try:
        if _tables(engine) and not _revisions(engine):
            raise UnusableDatabase(
                f"The database {file} was made by an unreleased or newer version of Noisefox, or by another program. "
                f"Move or delete the folder {file.parent}, then start again; its pictures and settings are not carried "
                "over."
            )
    except SQLAlchemyError as reason:
        raise _unopened(file, reason) from reason
    finally:
        engine.dispose()


def migrate(file: Path) -> None:
    """Create the database in `file`, or bring it to the newest revision. Raises `UnusableDatabase`."""
    check(file)
    try:
        command.upgrade(_alembic(file), "head")
    except SQLAlchemyError as reason:
        raise _unopened(file, reason) from reason


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Sessions]:
    """Sessions of the database in `file`, which is migrated first. Raises `UnusableDatabase`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(migrate, file)
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    event.listen(engine.sync_engine, "connect", _prepare)
    try:
        yield Sessions(async_sessionmaker(engine, expire_on_commit=False))
    finally:
        await engine.dispose()


def _alembic(file: Path) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["url"] = f"sqlite:///{file}"
    return config


def _tables(engine: Engine) -> set[str]:
    """The tables in a database, but for Alembic's own."""
    return set(inspect(engine).get_table_names()) - {_VERSION_TABLE}


def _revisions(engine: Engine) -> set[str]:
    """The revisions that a database is stamped with, as far as this version has them."""
    with engine.connect() as connection:
        stamped = set(MigrationContext.configure(connection).get_current_heads())
    scripts = ScriptDirectory(str(_MIGRATIONS))
    return stamped & {script.revision for script in scripts.walk_revisions()}


def _unopened(file: Path, reason: SQLAlchemyError) -> UnusableDatabase:
    cause = reason.orig if isinstance(reason, DBAPIError) else reason
    match str(cause):
        case "database is locked":
            advice = "Another program uses it. Stop that program, then start again."
        case "file is not a database" | "database disk image is malformed":
            advice = f"Restore it from a copy, or move or delete the folder {file.parent}."
        case _:
            advice = "Check that it is a file that this user can read and write."
    return UnusableDatabase(f"The database {file} cannot be opened: {cause}. {advice}")


def _prepare(connection: Any, _: object) -> None:
    """Set up a connection: a write-ahead log, so that readers never wait for a writer; foreign keys are enforced; and
    deleted rows are overwritten."""
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
