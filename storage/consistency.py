"""Whether the database and the pictures of a data folder agree, and what can be repaired where they don't.

Nothing here needs SQLAlchemy's rows: a damaged database is read as far as it goes.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from generation.jobs import JobState
from storage.data_folder import make_private_folder

ORPHANS = "orphans"
"""The folder, in the data folder, for files that no request has."""

_ENDED = tuple(state.value for state in JobState if not state.unfinished)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that names files. Where it is not `optional`, a row without its file has no purpose."""

    table: str
    name: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A file that rows name in a column."""

    column: Column
    file: str


@dataclass(frozen=True, slots=True)
class Differences:
    """What is in the folder of pictures and in no row, and the other way round; names relative to that folder."""

    orphans: tuple[str, ...]
    missing: tuple[Named, ...]


def damages(file: Path) -> list[str]:
    """What SQLite finds wrong with a database: nothing, or a sentence for each damage. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(file)) as connection:
        broken = [words for (words,) in connection.execute("PRAGMA integrity_check") if words != "ok"]
        strays = connection.execute("PRAGMA foreign_key_check").fetchall()
    return broken + [
        f"row {row} of {table} refers to a row of {parent} that is gone" for table, row, parent, _ in strays
    ]


def differences(file: Path, pictures: Path, before: float) -> Differences:
    """Compare a database with its pictures. Files that were written at `before` or later, in seconds since 1970, are
    not counted as orphans: their rows may be on the way. Raises `sqlite3.Error`."""
    present = set(_names_in(pictures, before))
    rows = named(file)
    with closing(sqlite3.connect(file)) as connection:
        awaiting = {name for (name,) in connection.execute("SELECT file FROM removals WHERE file IS NOT NULL")}
    orphans = present - {each.file for each in rows} - awaiting
    missing = [each for each in rows if not (pictures / each.file).is_file()]
    return Differences(tuple(sorted(orphans)), tuple(missing))


def named(file: Path) -> list[Named]:
    """The files that the requests in a database name. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(file)) as connection:
        return [Named(column, name) for column in _columns(connection) for name in _named(connection, column)]


def files_of(file: Path) -> list[str]:
    """The names of all files that the requests in a database have. Raises `sqlite3.Error`."""
    return sorted({each.file for each in named(file)})


def set_aside(folder: Path, pictures: Path, orphans: Sequence[str]) -> None:
    """Move orphans into a folder of their own. Raises `OSError`."""
    for name in orphans:
        aside = folder / ORPHANS / name
        make_private_folder(folder / ORPHANS)
        make_private_folder(aside.parent)
        (pictures / name).replace(aside)


def forget_missing(file: Path, missing: Sequence[Named]) -> list[Named]:
    """Have the requests that have ended name only files that are there; returns what they named before. An unfinished
    one fails by itself, with a sentence for its owner. Raises `sqlite3.Error`."""
    ended = f"(SELECT id FROM generations WHERE state IN ({', '.join('?' * len(_ENDED))}))"
    forgotten = []
    with closing(sqlite3.connect(file)) as connection, connection:
        for each in missing:
            table, name = each.column.table, each.column.name
            owner = "id" if table == "generations" else "generation_id"
            change = f'UPDATE "{table}" SET "{name}" = NULL' if each.column.optional else f'DELETE FROM "{table}"'
            done = connection.execute(f'{change} WHERE "{name}" = ? AND "{owner}" IN {ended}', (each.file, *_ENDED))
            forgotten += [each] if done.rowcount else []
    return forgotten


def reindex(file: Path) -> None:
    """Make all indexes anew, which may be all that is damaged. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("REINDEX")


def _columns(connection: sqlite3.Connection) -> list[Column]:
    """The columns that name files of requests, whatever the revision."""
    inputs = [row for row in connection.execute("PRAGMA table_info(generations)") if row[1].endswith("_file")]
    return [
        Column("pictures", "file", True),
        Column("figures", "file", False),
        *(Column("generations", row[1], True) for row in inputs),
    ]


def _named(connection: sqlite3.Connection, column: Column) -> list[str]:
    query = f'SELECT DISTINCT "{column.name}" FROM "{column.table}" WHERE "{column.name}" IS NOT NULL'
    return [name for (name,) in connection.execute(query)]


def _names_in(pictures: Path, before: float) -> Iterator[str]:
    for folder, _, names in os.walk(pictures):
        for name in names:
            path = Path(folder, name)
            if path.stat().st_mtime < before:
                yield path.relative_to(pictures).as_posix()
