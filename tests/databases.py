"""An empty database, migrated once a process instead of once a test."""

import tempfile
from functools import cache
from pathlib import Path

from storage.database import migrate


def save_empty(file: Path) -> None:
    """Write a database with all tables and no rows; opening it has nothing to migrate."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "noisefox.db"
        migrate(file)
        return file.read_bytes()
