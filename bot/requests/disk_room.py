"""Whether the disk has room for pictures. What could not be saved is not drawn."""

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from bot.errors import Refusal
from generation.sentences import Sentence

log = logging.getLogger(__name__)

NEARLY_FULL = 200 * 10**6
"""Free bytes below which nothing is drawn: some requests with their largest pictures, and the database."""

AGE = 5.0
"""Seconds for which a look at the disk is good."""

FULL = Sentence("My disk is nearly full, so I couldn't save the pictures. Tell the host of this bot.")


def free_bytes(folder: Path) -> int:
    """Free bytes of the disk that holds a folder. Raises `OSError`."""
    return shutil.disk_usage(folder).free


class DiskRoom:
    """The room on the disk that holds the data folder."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._looked = float("-inf")
        self._is_full = False

    def check(self) -> None:
        """Raise `Refusal` while the disk is nearly full. The log says when that begins and ends."""
        now = self._clock()
        if now - self._looked >= AGE:
            self._looked = now
            self._look()
        if self._is_full:
            raise Refusal(FULL)

    def _look(self) -> None:
        try:
            free = free_bytes(self._folder)
        except OSError:  # what cannot be saved for another reason is told when it is saved
            return
        was_full, self._is_full = self._is_full, free < NEARLY_FULL
        if self._is_full and not was_full:
            log.warning("the disk of %s is nearly full: requests are refused until there is room", self._folder)
        elif was_full and not self._is_full:
            log.warning("the disk of %s has room again: requests are taken", self._folder)
