"""Rows of a database that refer to a row that is gone."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stray:
    """A row that refers to a row of `parent` that is gone. Where the `column` is not `optional`, it has no purpose."""

    table: str
    row: int
    parent: str
    column: str
    optional: bool

    def __str__(self) -> str:
        return f"row {self.row} of {self.table} refers to a row of {self.parent} that is gone"


def strays(file: Path) -> list[Stray]:
    """All such rows. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("PRAGMA foreign_key_check").fetchall()
        return [_stray(connection, table, row, parent, key) for table, row, parent, key in found if row is not None]


def mend(file: Path) -> list[Stray]:
    """Have such rows refer to nothing, or remove them where that is not possible, until there are none. Returns them.
    Raises `sqlite3.Error`."""
    mended = []
    while found := strays(file):
        with closing(sqlite3.connect(file)) as connection, connection:
            for each in found:
                freed = f'UPDATE "{each.table}" SET "{each.column}" = NULL'
                change = freed if each.optional else f'DELETE FROM "{each.table}"'
                connection.execute(f"{change} WHERE rowid = ?", (each.row,))
        mended += found
    return mended


def _stray(connection: sqlite3.Connection, table: str, row: int, parent: str, key: int) -> Stray:
    keys = connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
    column = next(each[3] for each in keys if each[0] == key)
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    optional = next(not required and not primary for _, name, _, required, _, primary in columns if name == column)
    return Stray(table, row, parent, column, optional)
