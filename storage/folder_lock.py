"""A lock on a folder itself, which lasts whatever is done to the files in it."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, flock

_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


class FolderTaken(Exception):
    """Another process holds the lock of the folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder until the context ends, or the process does. Raises `FolderTaken`, and `OSError` where
    the folder cannot be opened.

    Nothing is locked on Windows, where nobody can delete a file that is open, and on file systems that lock no folders.
    """
    if sys.platform == "win32":
        yield
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            flock(opened, LOCK_EX | LOCK_NB)
        except OSError as refusal:
            if refusal.errno in _TAKEN:
                raise FolderTaken(str(folder)) from None
        yield
    finally:
        os.close(opened)
