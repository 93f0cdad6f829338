"""The database file: opened, migrated, closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine


class StorageError(Exception):
    """The database did not do it: the disk is full, the file is locked or damaged."""


class Sessions:
    """Makes sessions; whatever goes wrong in one leaves it as a `StorageError`."""

    def __init__(self, make: async_sessionmaker[AsyncSession]) -> None:
        self._make = make

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[AsyncSession]:
        try:
            async with self._make() as session:
                yield session
        except SQLAlchemyError as reason:
            raise StorageError(str(reason)) from reason


_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(file: Path, revision: str = "head") -> None:
    """Bring the database in `file` to a revision, the newest by default, making it if there is none."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["url"] = f"sqlite:///{file}"
    command.upgrade(config, revision)


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Sessions]:
    """The database in `file`, migrated, for as long as the context lasts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(migrate, file)
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    event.listen(engine.sync_engine, "connect", _prepare)
    try:
        yield Sessions(async_sessionmaker(engine, expire_on_commit=False))
    finally:
        await engine.dispose()


def _prepare(connection: Any, _: object) -> None:
    """Write-ahead logging, so that readers never wait for a writer; foreign keys that hold; and nothing left behind of
    what is deleted."""
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
