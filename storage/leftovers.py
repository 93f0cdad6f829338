"""What a data folder keeps for a while: copies from before a change, and files that no request has."""

import asyncio
import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path

from storage import orphans, snapshots

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
"""The time between two looks for what is too old."""


class Leftovers:
    """The leftovers of one data folder. Their files that cannot be removed are logged, and tried again a day later."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now
        self._next: datetime | None = None

    async def remove_old(self) -> None:
        """Once a day, remove what is older than `snapshots.LIFE`."""
        now = self._now()
        if self._next is not None and now < self._next:
            return
        self._next = now + EVERY
        await self._try(snapshots.remove_old, now.timestamp())
        await self._try(orphans.remove_old, now.timestamp())

    async def forget(self, user_id: int, numbers: Collection[int]) -> None:
        """Remove the files that no request has and that are of a person, who made the requests with these numbers."""
        await self._try(orphans.forget, user_id, frozenset(numbers))

    async def _try(self, remove: Callable[..., None], *values: object) -> None:
        try:
            await asyncio.to_thread(remove, self._folder, *values)
        except OSError as failure:
            log.warning("what is too old in %s cannot be removed: %s", self._folder, failure)
