"""Room on disks for what is downloaded."""

import shutil
from pathlib import Path

SPARE = 10**9
"""Bytes of a disk that a download leaves free."""


def free_near(folder: Path) -> int:
    """Free bytes of the disk that a folder is on, or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check_room(folder: Path, missing: int, what: str) -> None:
    """Raise `ValueError` where downloading so many bytes into a folder would leave its disk nearly full."""
    if missing and free_near(folder) < missing + SPARE:
        raise ValueError(
            f"{missing / 1e9:.1f} GB of {what} must be downloaded to {folder}, whose disk would be nearly full"
        )
