"""Keeps the state between two starts: JSON documents in SQLite, attachments as files. Hands out snowflakes."""

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from playground.errors import Json

log = logging.getLogger(__name__)

Kind = Literal["message", "attachment", "interaction", "dm", "commands", "secret"]

_NOT_NOW = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
)
"""SQLite's codes for a database that is locked, or that the operating system refuses; none of them is damage."""

EPOCH_MS = 1_420_070_400_000
"""Unix time of Discord's epoch in milliseconds: the first of January 2015."""


def snowflake_time(snowflake: int) -> float:
    """Return the Unix time, in seconds, at which a snowflake was made."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000


def iso_timestamp(seconds: float) -> str:
    """Write a Unix time as Discord does: ISO 8601 with microseconds and +00:00."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


class Store:
    """Documents by kind and id. A write reaches the operating system before `put` returns; it isn't fsynced.

    A damaged file is set aside. Raises `sqlite3.OperationalError` for one that cannot be used now, and `OSError`.
    `clock` gives Unix seconds, for new snowflakes.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._files = folder / "attachments"
        self._files.mkdir(parents=True, exist_ok=True)
        self._database = _sound_database(folder / "world.sqlite")
        self._clock = clock
        (newest,) = self._database.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()
        self._last_snowflake = int(newest)

    def next_snowflake(self) -> int:
        """Return a new id, larger than all before it even when the clock stands still or goes back."""
        from_clock = max(0, int(self._clock() * 1000) - EPOCH_MS) << 22
        self._last_snowflake = max(from_clock, self._last_snowflake + 1)
        return self._last_snowflake

    def put(self, kind: Kind, id: int, document: Json) -> None:
        """Save a document; replaces an earlier one of the same kind and id."""
        self._database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, id, json.dumps(document)))

    def delete(self, kind: Kind, id: int) -> None:
        """Delete a document, if there is one with this id."""
        self._database.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id))

    def all(self, kind: Kind) -> dict[int, Json]:
        """Return all documents of a kind by id, in the order of their ids."""
        rows = self._database.execute("SELECT id, body FROM documents WHERE kind = ? ORDER BY id", (kind,))
        return {id: json.loads(body) for id, body in rows}

    def write_file(self, attachment_id: int, data: bytes) -> None:
        """Save the bytes of an attachment."""
        (self._files / str(attachment_id)).write_bytes(data)

    def read_file(self, attachment_id: int) -> bytes:
        """Return the bytes of an attachment. FileNotFoundError when there are none."""
        return (self._files / str(attachment_id)).read_bytes()

    def close(self) -> None:
        """Close the database. Another Store may then open the folder."""
        self._database.close()


def _sound_database(file: Path) -> sqlite3.Connection:
    """The database in a file, or a new one where that is damaged; the damaged one is kept beside it."""
    try:
        return _opened(file)
    except (sqlite3.DatabaseError, ValueError) as damage:
        if getattr(damage, "sqlite_errorcode", None) in _NOT_NOW:
            raise
        aside = _free_name(file)
        log.warning("the chat in %s is damaged (%s); it is kept as %s, and a new one begins", file, damage, aside.name)
        file.rename(aside)
        for rest in ("-wal", "-shm"):
            file.with_name(file.name + rest).unlink(missing_ok=True)
        return _opened(file)


def _opened(file: Path) -> sqlite3.Connection:
    """A database whose documents can all be read. Raises `sqlite3.DatabaseError` and `ValueError`."""
    database = sqlite3.connect(file, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(
            "CREATE TABLE IF NOT EXISTS documents "
            "(kind TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )
        [found] = database.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        for (body,) in database.execute("SELECT body FROM documents"):
            json.loads(body)
    except BaseException:
        database.close()
        raise
    return database


def _free_name(file: Path) -> Path:
    """A name beside a file that no other file has."""
    number = 1
    while (name := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    return name
