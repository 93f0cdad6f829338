"""`noisefox backup`: saves the database and the pictures in a ZIP file."""

from datetime import datetime
from pathlib import Path

from storage import backups

MOST_NAMES = 10
"""The most unreadable pictures that are named."""


def save(data: Path, to: Path | None) -> int:
    """Save a data folder in `to`, or in a file with the date in its name. Returns 1 if it lacks what the folder should
    have, and says what; else 0. Raises `NoisefoxError`."""
    to = to or Path(f"noisefox-{datetime.now():%Y-%m-%d-%H%M%S}.zip")
    backup = backups.save(data, to)
    print(f"{to}: the database and {backup.pictures} pictures")
    if backup.left_out:
        print(f"{backup.left_out} pictures are left out: their files are gone")
    for name in backup.unreadable[:MOST_NAMES]:
        print(f"left out, for it cannot be read: {name}")
    if more := len(backup.unreadable[MOST_NAMES:]):
        print(f"and {more} more that cannot be read")
    if backup.behind:
        print(
            "The database lacks requests that were saved in its folder, and so does the backup: see `noisefox check`."
        )
    return 1 if backup.unreadable or backup.behind else 0
