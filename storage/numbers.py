"""Numbers of requests and drafts: none is given twice in a data folder, whatever happens to the database file.

The highest numbers are noted in a file beside the database, as soon as they are saved.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, event, inspect
from sqlalchemy.orm import Session, UOWTransaction

from storage.data_folder import open_private
from storage.tables import Base

Highest = Mapping[str, int]
"""The highest number that was given, by table."""

FILE = "numbers.json"
GAP = 1_000_000
"""How far behind the highest known number a database goes on that may lack some: more requests than anybody loses."""

MOST = 10**18 - 10 * GAP
"""Numbers from here on are damage: no custom id holds them, and the database would soon have none left."""

_KEY = "numbers"
COUNTED = tuple(table.name for table in Base.metadata.sorted_tables if table.dialect_options["sqlite"]["autoincrement"])
"""The tables whose numbers appear in messages."""


class NumbersFile:
    """The highest numbers that were ever given in a data folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._highest = highest_of(self._read())

    @property
    def highest(self) -> Highest:
        """The highest number of each table; 0 for none."""
        return self._highest

    def note(self, given: Highest) -> None:
        """Note numbers that have been saved. What cannot be written now is written with the next ones."""
        self._highest = highest_of(self._highest, given)
        with suppress(OSError):
            file = open_private(self._path, os.O_RDWR | os.O_CREAT)
            try:
                os.write(file, json.dumps({name: f"{self._highest[name]:20}" for name in COUNTED}).encode())
            finally:
                os.close(file)

    def _read(self) -> dict[str, int]:
        try:
            return {name: int(number) for name, number in json.loads(self._path.read_bytes()).items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}


class CountedSession(Session):
    """A session that notes the numbers it gives in the `NumbersFile` of its `info`, once they are saved."""


@event.listens_for(CountedSession, "after_flush")
def _collect(session: Session, _: UOWTransaction) -> None:
    given = session.info.setdefault(_KEY, {})
    for row in session.new:
        table = row.__tablename__
        if table in COUNTED:
            given[table] = max(row.id, given.get(table, 0))


@event.listens_for(CountedSession, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_KEY, None)


@event.listens_for(CountedSession, "after_commit")
def _note(session: Session) -> None:
    if given := session.info.pop(_KEY, None):
        session.info[NumbersFile].note(given)


def given(connection: Connection) -> dict[str, int]:
    """The highest numbers that a database knows of; 0 for none."""
    known = dict.fromkeys(COUNTED, 0)
    if inspect(connection).has_table("sqlite_sequence"):
        rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
        known |= {name: number for name, number in rows if name in known}
    return known


def go_on_after(connection: Connection, highest: Highest) -> None:
    """Have a database give only numbers above these."""
    for name, number in highest.items():
        if number > given(connection)[name]:
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number))


def highest_of(*all_of_them: Highest) -> dict[str, int]:
    """The highest number of each table; 0 for none. What no request ever had counts for nothing."""
    return {
        name: max((each[name] for each in all_of_them if 0 <= each.get(name, -1) < MOST), default=0) for name in COUNTED
    }


def beyond(highest: Highest) -> dict[str, int]:
    """Numbers so far behind the highest known ones that none of them was given; 0 stays 0."""
    return {name: number and number + GAP for name, number in highest.items()}
