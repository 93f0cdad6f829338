"""A data folder's database and pictures in one ZIP file, saved while a bot works with them."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from generation.errors import NoisefoxError
from storage import consistency, database, schema, snapshots
from storage.data_folder import open_private
from storage.images import PICTURES
from storage.soundness import lost_numbers, refusing


class BackupFailed(NoisefoxError):
    """No backup was written; the message says why."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup has, and what it lacks."""

    pictures: int
    left_out: int
    """Pictures that were gone already, or were deleted meanwhile."""
    unreadable: tuple[str, ...] = ()
    """Pictures that are there and cannot be read, each with the reason."""
    behind: bool = False
    """True if the database lacks requests that its folder knows of."""


def save(folder: Path, to: Path) -> Backup:
    """Save the database of a data folder as it is at one moment, with the pictures it names, whole or not at all.

    Unpacked as a data folder, it gives no number that the original one may have given meanwhile.
    Raises `BackupFailed` and `UnusableDatabase`.
    """
    file = folder / database.FILE
    behind = lost_numbers(file) is not None
    if to.exists():
        raise BackupFailed(f"{to} exists already. Move it away, or choose another name.")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=".noisefox-") as temporary:
            copy, packed = Path(temporary, database.FILE), Path(temporary, "backup.zip")
            with refusing(file):
                snapshots.snapshot(file, copy)
                if damages := consistency.damages(copy):
                    raise BackupFailed(
                        f"The database {file} is damaged ({damages[0]}). Try `noisefox check --repair` first."
                    )
            return replace(_pack(folder / PICTURES, copy, packed, to), behind=behind)
    except OSError as reason:
        raise BackupFailed(f"The backup {to} cannot be written: {reason.strerror}.") from reason


def _pack(pictures: Path, copy: Path, packed: Path, to: Path) -> Backup:
    names, kept, unreadable = consistency.files_of(copy), set(), []
    with open(packed, "xb", opener=open_private) as file, ZipFile(file, "w", strict_timestamps=False) as archive:
        for name in names:
            try:
                info = ZipInfo.from_file(pictures / name, f"{PICTURES}/{name}", strict_timestamps=False)
                content = (pictures / name).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as reason:
                unreadable.append(f"{pictures / name} ({reason.strerror})")
                continue
            archive.writestr(info, content)
            kept.add(name)
        with refusing(copy):
            consistency.forget_missing(copy, [each for each in consistency.named(copy) if each.file not in kept])
            schema.skip_numbers(copy, {})
        archive.write(copy, database.FILE, ZIP_DEFLATED)
    packed.replace(to)
    return Backup(len(kept), len(names) - len(kept) - len(unreadable), tuple(unreadable))
