"""Open the database file, bring it to the newest revision, and close it."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from storage import numbers, schema, snapshots
from storage.data_folder import make_private_folder, open_private
from storage.numbers import CountedSession, NumbersFile
from storage.soundness import LockedDatabase, UnusableDatabase, check, refusing

__all__ = ["FILE", "Sessions", "StorageError", "UnusableDatabase", "check", "migrate", "opened"]

log = logging.getLogger(__name__)


class StorageError(Exception):
    """The database refused: the disk is full, or the file is locked or damaged."""


class Sessions:
    """Opens sessions; SQLAlchemy's errors leave them as `StorageError`."""

    def __init__(self, make: async_sessionmaker[AsyncSession]) -> None:
        self._make = make
        self._turn = asyncio.Lock()
        self._refusals = 0
        """How often the database has refused a writer."""

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[AsyncSession]:
        session = self._make()
        try:
            try:
                yield session
            finally:
                await _to_its_end(session.close())
        except SQLAlchemyError as reason:
            raise StorageError(str(reason)) from reason

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session for one transaction that writes; its end commits.

        Writers take turns, for SQLite has one at a time and does not keep their order. Where it refuses one, as while
        another program has locked it, all that wait are refused too: each would wait as long again.
        """
        refusals = self._refusals
        async with self._turn:
            if refusals != self._refusals:
                raise StorageError("The database refused whoever wrote before.")
            try:
                async with self() as session:
                    yield session
                    await _to_its_end(session.commit())
            except StorageError as failure:
                if isinstance(failure.__cause__, OperationalError):
                    self._refusals += 1
                raise


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await work that is not to be left half done where the task is cancelled."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


FILE = "noisefox.db"
"""The name of the database file in the data folder."""

BUSY_MILLISECONDS = 2000
"""Time that a statement waits for a locked database: less than the three seconds in which Discord wants an answer."""

LOCKED_TRIES = 12
"""How often a start tries to open a database that another program has locked; each try waits for five seconds."""


def migrate(file: Path, patience: float = 5.0) -> None:
    """Create the database in `file`, or bring it to the newest revision, all at once or not at all.

    A database with tables is copied first; the copy stays for `snapshots.LIFE`. Raises `UnusableDatabase`.
    """
    revision = check(file, patience)
    with refusing(file):
        if revision and revision != schema.newest():
            copy = snapshots.before(file, f"upgrade-from-{revision}")
            log.info("upgrading the database; a copy of it is in %s for %s days", copy, snapshots.LIFE.days)
        os.close(open_private(file, os.O_CREAT | os.O_RDWR))
        noted = NumbersFile(file.parent)
        engine = schema.engine_of(file, patience)
        try:
            schema.upgrade(engine, floor=noted.highest if revision else numbers.beyond(noted.highest))
            with engine.connect() as connection:
                noted.note(numbers.given(connection))
        finally:
            engine.dispose()
        snapshots.remove_old(file.parent, time.time())


CONNECTIONS = 16
"""The most connections to the database. They stay open; opening one takes longer than most statements."""


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Sessions]:
    """Sessions of the database in `file`, which is migrated first. A lock of another program is waited for, a minute
    long. Raises `UnusableDatabase`."""
    make_private_folder(file.parent)
    _quiet_pool()
    await _migrated(file)
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}", pool_size=CONNECTIONS, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _prepare)
    engine.sync_engine.hide_parameters = True  # an error would tell prompts and tokens
    noted = {NumbersFile: NumbersFile(file.parent)}
    make = async_sessionmaker(engine, expire_on_commit=False, sync_session_class=CountedSession, info=noted)
    try:
        yield Sessions(make)
    finally:
        await engine.dispose()


def _quiet_pool() -> None:
    """Keep out of the log what the pool says of connections that cancelled tasks leave: it replaces these, and errors
    that matter are raised."""
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


async def _migrated(file: Path) -> None:
    for left in reversed(range(LOCKED_TRIES)):
        try:
            await asyncio.to_thread(migrate, file)
        except LockedDatabase as locked:
            if not left:
                raise
            log.warning("%s Trying again.", locked)
        else:
            return


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
