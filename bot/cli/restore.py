"""`noisefox restore`: puts a backup in the place of the database and the pictures."""

from datetime import datetime
from pathlib import Path

from storage import restoring, snapshots


def restore(data: Path, archive: Path) -> int:
    """Restore a backup into a data folder. Raises `NoisefoxError`, and has then changed nothing."""
    aside = restoring.restore(data, archive, datetime.now())
    print(f"{archive} is restored in {data}.")
    if aside:
        print(f"What was there before is in {aside} for {snapshots.LIFE.days} days.")
    return 0
