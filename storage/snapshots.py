"""Consistent copies of a database file, also while a bot writes to it."""

import os
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from storage.data_folder import make_private_folder, open_private

FOLDER = "backups"
"""The folder, in the data folder, of what is kept from before a database was changed or replaced as a whole."""

LIFE = timedelta(days=30)
"""The time that such a copy is kept: it has what members delete later."""

_NAME = "before-{}.db"

_WHEN = r"\d{4}-\d\d-\d\d-\d{6}-\d{6}"
_FILE = re.compile(rf"before-(repair-{_WHEN}|upgrade-from-\w+)\.db(\.part(-\w+)?)?")
_RESTORED = re.compile(rf"before-restore-{_WHEN}")
"""The names of the copies that the bot makes. Others in the folder are the host's, and stay."""


def snapshot(file: Path, to: Path) -> None:
    """Copy the database in `file` as it is at one moment. Raises `sqlite3.Error` and `OSError`, and leaves no part."""
    make_private_folder(to.parent)
    unfinished = to.with_name(f"{to.name}.part")
    try:
        os.close(open_private(unfinished, os.O_CREAT | os.O_TRUNC | os.O_RDWR))
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        unfinished.replace(to)
    finally:
        unfinished.unlink(missing_ok=True)


def before(file: Path, change: str) -> Path:
    """Copy a database that is about to be changed, and return the copy's path. change: a word or two for its name."""
    copy = file.parent / FOLDER / _NAME.format(change)
    snapshot(file, copy)
    return copy


def remove_old(folder: Path, now: float) -> None:
    """Remove the copies in a data folder that were made longer than `LIFE` ago. now: seconds since 1970."""
    for copy in (folder / FOLDER).glob("before-*"):
        if not (_FILE.fullmatch(copy.name) or _RESTORED.fullmatch(copy.name)):
            continue
        if copy.stat().st_mtime < now - LIFE.total_seconds():
            if _RESTORED.fullmatch(copy.name):
                shutil.rmtree(copy)
            else:
                copy.unlink()
