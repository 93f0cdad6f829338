"""A data folder's database and pictures in one ZIP file, saved while a bot works with them."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from generation.errors import NoisefoxError
from storage import consistency, database, schema, snapshots
from storage.data_folder import open_private
from storage.images import PICTURES
from storage.soundness import lost_numbers, refusing


class BackupFailed(NoisefoxError):
    """No backup was written; the message says why."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup has. `left_out` counts pictures that were gone already, or were deleted meanwhile."""

    pictures: int
    left_out: int


def save(folder: Path, to: Path) -> Backup:
    """Save the database of a data folder as it is at one moment, with the pictures it names, whole or not at all.

    Unpacked as a data folder, it gives no number that the original one may have given meanwhile.
    Raises `BackupFailed` and `UnusableDatabase`.
    """
    file = folder / database.FILE
    lost_numbers(file)
    if to.exists():
        raise BackupFailed(f"{to} exists already. Move it away, or choose another name.")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=".noisefox-") as temporary:
            copy, packed = Path(temporary, database.FILE), Path(temporary, "backup.zip")
            with refusing(file):
                snapshots.snapshot(file, copy)
            return _pack(folder / PICTURES, copy, packed, to)
    except OSError as reason:
        raise BackupFailed(f"The backup {to} cannot be written: {reason.strerror}.") from reason


def _pack(pictures: Path, copy: Path, packed: Path, to: Path) -> Backup:
    with refusing(copy):
        if damages := consistency.damages(copy):
            raise BackupFailed(f"The database is damaged ({damages[0]}). Try `noisefox check --repair` first.")
        names, saved = consistency.files_of(copy), 0
    with open(packed, "xb", opener=open_private) as file, ZipFile(file, "w", strict_timestamps=False) as archive:
        kept = set()
        for name in names:
            try:
                archive.write(pictures / name, f"{PICTURES}/{name}")
            except FileNotFoundError:
                continue
            kept.add(name)
            saved += 1
        with refusing(copy):
            consistency.forget_missing(copy, [each for each in consistency.named(copy) if each.file not in kept])
            schema.skip_numbers(copy, {})
        archive.write(copy, database.FILE, ZIP_DEFLATED)
    packed.replace(to)
    return Backup(saved, len(names) - saved)
