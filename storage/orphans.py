"""Picture files that no request has: given back to the request that lacks them, or set aside for a while."""

import os
import re
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from pathlib import Path

from generation.jobs import JobState
from storage.data_folder import make_private_folder
from storage.images import PICTURES, Images, number_of
from storage.snapshots import LIFE

ORPHANS = "orphans"
"""The folder, in the data folder, for files that no request has. They are kept for `snapshots.LIFE`."""

_PICTURE = re.compile(r"\d{3}/(\d+)-(\d+)-[^/]+\.png")
_FIGURE = re.compile(r"\d{3}/(\d+)-figure-(\d+)-[^/]+")

_PUT_BACK = """UPDATE pictures SET file = :file WHERE generation_id = :number AND "index" = :place AND file IS NULL
AND generation_id IN (SELECT id FROM generations WHERE state = :state)"""
_PUT_BACK_FIGURE = """INSERT OR IGNORE INTO figures (generation_id, "index", file)
SELECT id, :place, :file FROM generations WHERE id = :number AND state = :state"""


def put_back(file: Path, names: Sequence[str]) -> list[str]:
    """Have completed requests name the files again that have their number, where they lack them; returns those files.
    A deleted request stays without. Raises `sqlite3.Error`."""
    found = []
    with closing(sqlite3.connect(file)) as connection, connection:
        for name in names:
            for pattern, change in ((_PICTURE, _PUT_BACK), (_FIGURE, _PUT_BACK_FIGURE)):
                if match := pattern.fullmatch(name):
                    number, place = int(match[1]), int(match[2])
                    values = {"file": name, "number": number, "place": place, "state": JobState.COMPLETED.value}
                    found += [name] if connection.execute(change, values).rowcount > 0 else []
    return found


def set_aside(folder: Path, names: Sequence[str]) -> None:
    """Move files of a data folder's pictures into a folder of their own. Raises `OSError`."""
    for name in names:
        aside = folder / ORPHANS / name
        make_private_folder(folder / ORPHANS)
        make_private_folder(aside.parent)
        (folder / PICTURES / name).replace(aside)
        os.utime(aside)  # its time is counted from now


def remove_old(folder: Path, now: float) -> None:
    """Remove what was set aside in a data folder longer than `LIFE` ago. now: seconds since 1970. Raises `OSError`."""
    for path in _set_aside(folder):
        if path.stat().st_mtime < now - LIFE.total_seconds():
            _remove(path)


def forget(folder: Path, user_id: int, numbers: Collection[int]) -> None:
    """Remove what was set aside of a person: the pictures given by them, and the files of these requests. Raises
    `OSError`."""
    for path in _set_aside(folder):
        name = path.relative_to(folder / ORPHANS).as_posix()
        if Images.is_given_by(user_id, name) or number_of(path.name) in numbers:
            _remove(path)


def _set_aside(folder: Path) -> list[Path]:
    return [path for path in (folder / ORPHANS).rglob("*") if path.is_file()]


def _remove(path: Path) -> None:
    path.unlink()
    with suppress(OSError):  # others are left in its folder
        path.parent.rmdir()
