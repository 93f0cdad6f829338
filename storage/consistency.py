"""Whether the database and the pictures of a data folder agree, and what can be repaired where they don't.

Nothing here needs SQLAlchemy's rows: a damaged database is read as far as it goes.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from generation.errors import NoisefoxError
from generation.jobs import JobState

LOOKS = "look_pictures"
"""The table of the pictures of looks, which belong to no request."""

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


class UnreadablePictures(NoisefoxError):
    """The folder of pictures, or one in it, cannot be read; the message names it."""


class PicturesAway(NoisefoxError):
    """So many pictures are gone that their disk may be away; the message says what to do."""


def damages(file: Path) -> list[str]:
    """What SQLite finds wrong with a database: nothing, or a sentence for each damage. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(file)) as connection:
        return [words for (words,) in connection.execute("PRAGMA integrity_check") if words != "ok"]


def differences(file: Path, pictures: Path, before: float) -> Differences:
    """Compare a database with its pictures. Files that were written at `before` or later, in seconds since 1970, are
    not counted as orphans: their rows may be on the way. Raises `sqlite3.Error` and `UnreadablePictures`."""
    rows = named(file)
    with closing(sqlite3.connect(file)) as connection:
        awaiting = {name for (name,) in connection.execute("SELECT file FROM removals WHERE file IS NOT NULL")}
    try:
        orphans = set(_names_in(pictures, before)) - {each.file for each in rows} - awaiting
        missing = [each for each in rows if not (pictures / each.file).is_file()]
    except OSError as reason:
        raise UnreadablePictures(
            f"The pictures in {reason.filename or pictures} cannot be read: {reason.strerror}. Let this user read them."
        ) from reason
    return Differences(tuple(sorted(orphans)), tuple(missing))


def named(file: Path) -> list[Named]:
    """The files that the requests and looks in a database name. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(file)) as connection:
        return [Named(column, name) for column in _columns(connection) for name in _named(connection, column)]


def files_of(file: Path) -> list[str]:
    """The names of all files that the requests in a database have. Raises `sqlite3.Error`."""
    return sorted({each.file for each in named(file)})


def refuse_unmounted(file: Path, pictures: Path, missing: Sequence[Named]) -> None:
    """Raise `PicturesAway` if the folder of pictures is gone or empty, or more than half of the files that requests
    name are gone, and more than one."""
    names, gone = files_of(file), {each.file for each in missing}
    empty = next(_names_in(pictures, float("inf")), None) is None
    if gone and (empty or len(gone) > max(1, len(names) / 2)):
        raise PicturesAway(
            f"{len(gone)} of the {len(names)} pictures that requests have are gone from {pictures}. Mount their disk "
            "or put them back; if they are gone for good, run `noisefox check --repair --forget-missing`."
        )


def forget_missing(file: Path, missing: Sequence[Named]) -> list[Named]:
    """Have the requests that have ended name only files that are there; returns what they named before. An unfinished
    one fails by itself, with a sentence for its owner. Raises `sqlite3.Error`."""
    ended = f"(SELECT id FROM generations WHERE state IN ({', '.join('?' * len(_ENDED))}))"
    forgotten = []
    with closing(sqlite3.connect(file)) as connection, connection:
        for each in missing:
            table, name = each.column.table, each.column.name
            owner = "id" if table == "generations" else "generation_id"
            if table == LOOKS:
                done = connection.execute(f'DELETE FROM "{table}" WHERE "{name}" = ?', (each.file,))
                forgotten += [each] if done.rowcount else []
                continue
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
    has_looks = connection.execute("PRAGMA table_info(look_pictures)").fetchone()
    return [
        Column("pictures", "file", True),
        Column("figures", "file", False),
        *(Column("generations", row[1], True) for row in inputs),
        *([Column(LOOKS, "file", False)] if has_looks else []),
    ]


def _named(connection: sqlite3.Connection, column: Column) -> list[str]:
    query = f'SELECT DISTINCT "{column.name}" FROM "{column.table}" WHERE "{column.name}" IS NOT NULL'
    return [name for (name,) in connection.execute(query)]


def _names_in(pictures: Path, before: float) -> Iterator[str]:
    for folder, _, names in os.walk(pictures, onerror=_raise) if pictures.exists() else ():
        for name in names:
            path = Path(folder, name)
            if path.stat().st_mtime < before:
                yield path.relative_to(pictures).as_posix()


def _raise(reason: OSError) -> None:
    raise reason
