"""Kills migrations with SIGKILL, at one SQL statement after another, and opens the database after each.

Arguments: a folder with `before.db`, which may be missing; a folder of migrations; and the distance of two kills in
statements. Prints one line for each kill: the revision that it left, and the one after the next opening.
"""

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from storage import database, schema

FOLDER, MIGRATIONS, DISTANCE = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
FILE = FOLDER / database.FILE


def main() -> None:
    schema.MIGRATIONS = MIGRATIONS
    moment = 1
    while _killed_at(moment):
        left = _revision()
        database.migrate(FILE)
        sys.stdout.write(f"{left} {_revision()}\n")
        moment += DISTANCE


def _killed_at(moment: int) -> bool:
    """Migrate in a process that is killed when it begins its `moment`th statement. False if it ended before that."""
    for file in FOLDER.glob("noisefox.db*"):
        file.unlink()
    if (FOLDER / "before.db").exists():
        shutil.copy(FOLDER / "before.db", FILE)
    child = os.fork()
    if not child:
        _count_statements(moment)
        database.migrate(FILE)
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def _count_statements(moment: int) -> None:
    begun = 0

    def count(_: str) -> None:
        nonlocal begun
        begun += 1
        if begun == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(connect: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection = connect(*arguments, **options)
            connection.set_trace_callback(count)
            return connection

        return connected

    sqlite3.connect = traced(sqlite3.connect)  # type: ignore[assignment]
    sqlite3.dbapi2.connect = sqlite3.connect


def _revision() -> str | None:
    if not FILE.exists() or not FILE.stat().st_size:
        return None
    with closing(sqlite3.connect(FILE)) as connection:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]) if tables else None


main()
