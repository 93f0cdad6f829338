"""Room on disks for what is downloaded."""

import shutil
from pathlib import Path

SPARE = 10**9
"""Bytes of a disk that a download leaves free."""


def free_near(folder: Path) -> int:
    """Free bytes of the disk that a folder is on, or will be."""
    return shutil.disk_usage(_existing(folder)).free


def number_of(folder: Path) -> int:
    """The number of the disk that a folder is on, or will be."""
    return _existing(folder).stat().st_dev


def _existing(folder: Path) -> Path:
    folder = folder.resolve()
    while not folder.exists():
        folder = folder.parent
    return folder


def check_room(folder: Path, missing: int, what: str) -> None:
    """Raise `ValueError` where downloading so many bytes into a folder would leave its disk nearly full."""
    if missing and free_near(folder) < missing + SPARE:
        raise ValueError(
            f"{missing / 1e9:.1f} GB of {what} must be downloaded to {folder}, whose disk would be nearly full"
        )
