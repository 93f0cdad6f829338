"""Whether a database file can be used: opened, sound, of this version or an earlier one, with nothing lost."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from generation.errors import NoisefoxError
from storage import numbers, schema
from storage.images import PICTURES, numbers_in
from storage.numbers import Highest, NumbersFile

_WORDS = {"generations": "requests", "drafts": "drafts"}


class UnusableDatabase(NoisefoxError):
    """The database file cannot be opened by this version; the message names the file and says what to do."""


class LockedDatabase(UnusableDatabase):
    """Another program has locked the database file; it may give it back."""


def check(file: Path, patience: float = 5.0) -> str | None:
    """The revision of a database; None for a new one.

    Raises `UnusableDatabase` unless `file` is a sound database of this version or an earlier one, with all the
    requests that its folder knows of; or unless there are neither database nor pictures.

    A database that another program has locked is waited for, `patience` seconds long.
    """
    with reading(file, patience) as connection:
        if connection is None or not schema.tables(connection):
            _check_new(file)
            return None
        revision = _revision(connection, file)
        _check_sound(connection, file)
        _check_complete(connection, file)
        return revision


def lost_numbers(file: Path) -> Highest | None:
    """The highest numbers that the folder of a database knows of, if the database has lost some of them.

    Raises `UnusableDatabase` where there is no database of this version or an earlier one.
    """
    with reading(file, patience=5.0) as connection:
        if connection is None or not schema.tables(connection):
            _check_new(file)
            raise UnusableDatabase(f"There is no database in {file.parent} yet. Start the bot once to create it.")
        _revision(connection, file)
        return _lost(file, connection)


def _revision(connection: Connection, file: Path) -> str:
    if revision := schema.known_revision(connection):
        return revision
    raise UnusableDatabase(
        f"The database {file} was made by a newer or unreleased version of Noisefox, or by another program. Update "
        f"Noisefox, or move the folder {file.parent} away to start with a new one."
    )


def _lost(file: Path, connection: Connection) -> Highest | None:
    pictures = max(numbers_in(file.parent / PICTURES), default=0)
    known = numbers.highest_of(NumbersFile(file.parent).highest, {"generations": pictures})
    given = numbers.given(connection)
    return known if any(known[name] > given[name] for name in known) else None


@contextmanager
def reading(file: Path, patience: float) -> Iterator[Connection | None]:
    """A connection to a database; None if its file is missing or empty."""
    with refusing(file):
        if not file.exists() or not file.stat().st_size:
            yield None
            return
        engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": patience})
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


@contextmanager
def refusing(file: Path) -> Iterator[None]:
    """Turn the errors of SQLite and of the operating system into `UnusableDatabase`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as reason:
        raise _unopened(file, reason) from reason


def _check_new(file: Path) -> None:
    """A new database is fine, but not beside pictures of an older one."""
    pictures = file.parent / PICTURES
    if next(numbers_in(pictures), None) is not None:
        raise UnusableDatabase(
            f"There are pictures in {pictures}, but the database {file} is missing or empty. Restore a backup of it, "
            "or move the pictures away to start with a new one."
        )


def _check_sound(connection: Connection, file: Path) -> None:
    (verdict,) = connection.exec_driver_sql("PRAGMA quick_check(1)").one()
    if verdict != "ok":
        raise UnusableDatabase(
            f"The database {file} is damaged: {' '.join(verdict.split())}. Restore a backup, or try "
            "`noisefox check --repair`."
        )


def _check_complete(connection: Connection, file: Path) -> None:
    known, given = _lost(file, connection), numbers.given(connection)
    if known is not None:
        lost = next(name for name in known if known[name] > given[name])
        raise UnusableDatabase(
            f"The database {file} lacks {_WORDS[lost]}: it ends at number {given[lost]}, and its folder knows number "
            f"{known[lost]}. Put back the missing {file.name}-wal or the newest backup, or go on without them: "
            "`noisefox check --repair`."
        )


def _unopened(file: Path, reason: Exception) -> UnusableDatabase:
    cause = reason.orig if isinstance(reason, DBAPIError) else reason
    words = cause.strerror if isinstance(cause, OSError) else cause
    kind = UnusableDatabase
    match str(words):
        case "database is locked":
            kind, advice = LockedDatabase, "Another program uses it. Stop that program, then start again."
        case "file is not a database" | "database disk image is malformed":
            advice = f"Restore a backup, or move the folder {file.parent} away to start with a new one."
        case "database or disk is full" | "No space left on device":
            advice = "Free some space on the disk, then start again."
        case _:
            advice = "Check that it is a file that this user can read and write."
    return kind(f"The database {file} cannot be opened: {words}. {advice}")
