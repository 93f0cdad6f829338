"""`noisefox backup`: saves the database and the pictures in a ZIP file."""

from datetime import datetime
from pathlib import Path

from storage import backups


def save(data: Path, to: Path | None) -> int:
    """Save a data folder in `to`, or in a file with the date in its name. Raises `NoisefoxError`."""
    to = to or Path(f"noisefox-{datetime.now():%Y-%m-%d-%H%M%S}.zip")
    backup = backups.save(data, to)
    print(f"{to}: the database and {backup.pictures} pictures")
    if backup.left_out:
        print(f"{backup.left_out} pictures are left out: their files are gone")
    return 0
