"""A backup put in the place of a data folder's database and pictures, which are set aside.

What lies beside the database goes with it: a write-ahead log of the old one would be replayed onto the restored one.
"""

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from generation.errors import NoisefoxError
from storage import consistency, data_folder, database, numbers, schema, snapshots
from storage.data_folder import make_private_folder
from storage.images import PICTURES, numbers_in
from storage.numbers import NumbersFile
from storage.soundness import UnusableDatabase, refusing

_LOGS = tuple(f"{database.FILE}-{kind}" for kind in ("wal", "shm", "journal"))
"""The files that SQLite keeps beside the database. They belong to it, and to no other."""


class RestoreFailed(NoisefoxError):
    """Nothing was restored, and the data folder is as it was; the message says why."""


def restore(folder: Path, archive: Path, now: datetime) -> Path | None:
    """Unpack a backup as the database and the pictures of a data folder, whole or not at all.

    Returns the folder in which those before it are kept for `snapshots.LIFE`; None where there were none.
    Requests made later get numbers that the folder never gave.
    Raises `RestoreFailed`, and `UnusableFolder` while a bot runs on the folder.
    """
    if not archive.is_file():
        raise RestoreFailed(f"There is no file {archive}. Give the ZIP file that `noisefox backup` wrote.")
    with data_folder.owned(folder, "noisefox restore"):
        try:
            with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as temporary:
                unpacked = Path(temporary)
                _unpack(archive, unpacked)
                _check(archive, unpacked, folder)
                return _exchange(folder, unpacked, now)
        except OSError as reason:
            raise RestoreFailed(f"{archive} cannot be restored: {reason.strerror}. Nothing was changed.") from reason


def _unpack(archive: Path, to: Path) -> None:
    try:
        with ZipFile(archive) as packed:
            names = packed.namelist()
            if database.FILE not in names:
                raise RestoreFailed(f"{archive} is no backup: it has no {database.FILE}. Give another file.")
            for name in names:
                if name in (database.FILE, *_LOGS) or name.startswith(f"{PICTURES}/"):
                    packed.extract(name, to)
    except (BadZipFile, zlib.error, EOFError, RuntimeError) as reason:
        raise RestoreFailed(f"{archive} is damaged or no ZIP file. Give another backup.") from reason


def _check(archive: Path, unpacked: Path, folder: Path) -> None:
    """Refuse an unsound database; have a sound one go on behind every number that the folder knows."""
    file = unpacked / database.FILE
    try:
        with refusing(file):
            sound = database.check(file) and not consistency.damages(file)
    except UnusableDatabase:
        sound = False
    if not sound:
        raise RestoreFailed(
            f"The database in {archive} is damaged, or of a newer version of Noisefox or another program. Give another "
            "backup. Nothing was changed."
        )
    pictures = max(numbers_in(folder / PICTURES), default=0)
    schema.skip_numbers(file, numbers.highest_of(NumbersFile(folder).highest, {"generations": pictures}))


def _exchange(folder: Path, unpacked: Path, now: datetime) -> Path | None:
    """Move what is there aside and what was unpacked in, the database last: no bot starts with pictures alone."""
    aside = folder / snapshots.FOLDER / f"before-restore-{now:%Y-%m-%d-%H%M%S-%f}"
    with _undone() as moves:
        for name in (PICTURES, database.FILE, *_LOGS):
            if (folder / name).exists():
                make_private_folder(aside)
                moves.move(folder / name, aside / name)
        for name in (PICTURES, *_LOGS, database.FILE):
            if (unpacked / name).exists():
                moves.move(unpacked / name, folder / name)
    return aside if aside.is_dir() else None


class _Moves:
    """Files and folders that have been moved, so that all of them can be moved back."""

    def __init__(self) -> None:
        self._done: list[tuple[Path, Path]] = []

    def move(self, path: Path, to: Path) -> None:
        path.rename(to)
        self._done.append((path, to))

    def undo(self) -> None:
        for path, to in reversed(self._done):
            to.rename(path)


@contextmanager
def _undone() -> Iterator[_Moves]:
    """Moves that are taken back if one of them fails."""
    moves = _Moves()
    try:
        yield moves
    except OSError:
        moves.undo()
        raise
