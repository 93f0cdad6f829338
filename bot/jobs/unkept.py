"""Endings that could not be written: they are kept, and written again, instead of being drawn again."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator

from bot.jobs.in_flight import InFlight
from generation.events import Ending
from storage.database import StorageError

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
"""The pause between two tries."""

KEPT_SECONDS = 60.0
"""How long an ending is kept. Then its pictures are given up, and the request is drawn again."""

SETTLE_SECONDS = 2.5
"""How long a stop waits for endings to be written."""

Keep = Callable[[InFlight, Ending], Awaitable[None]]


class Unkept:
    """Writes endings again, until the database and the disk take them. `run` it for as long as the bot lives."""

    def __init__(
        self,
        keep: Keep,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._keep = keep
        self._clock = clock
        self._sleep = sleep
        self._left: dict[int, tuple[InFlight, Ending, float]] = {}
        """What is to be written, by job, and until when, in the order in which it ended."""
        self._changed = asyncio.Event()

    def add(self, flight: InFlight, ending: Ending) -> None:
        """Write an ending later."""
        self._left[flight.job.id] = (flight, ending, self._clock() + KEPT_SECONDS)
        self._changed.set()

    def get(self, job_id: int) -> InFlight | None:
        """The record of a job that has ended and is not yet written down."""
        left = self._left.get(job_id)
        return left and left[0]

    def forget(self, job_id: int, flight: InFlight) -> None:
        """Forget an ending, but not that of the same request's next part."""
        if self.get(job_id) is flight:
            del self._left[job_id]

    @contextlib.contextmanager
    def withheld(self, job_id: int) -> Iterator[None]:
        """Write nothing of a job while its cancel is written, and nothing afterwards unless that fails."""
        flight = self.get(job_id)
        if flight is None:
            yield
            return
        flight.stopping = True
        try:
            yield
            self.forget(job_id, flight)
        finally:
            flight.stopping = False

    async def settle(self) -> None:
        """Wait until all is written, for `SETTLE_SECONDS` at most; the next start draws the rest again."""
        end = self._clock() + SETTLE_SECONDS
        while self._left and self._clock() < end:
            await self._sleep(PAUSE_SECONDS / 10)

    async def run(self) -> None:
        """Write what is left, again and again, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._left:
                await self._sleep(PAUSE_SECONDS)
                for job_id, (flight, ending, until) in list(self._left.items()):
                    is_last = self._clock() >= until
                    if flight.stopping or self.get(job_id) is not flight:
                        continue
                    if await self._is_kept(flight, ending) or is_last:
                        self.forget(job_id, flight)

    async def _is_kept(self, flight: InFlight, ending: Ending) -> bool:
        try:
            await self._keep(flight, ending)
        except (StorageError, OSError) as failure:
            log.warning("how %s ended cannot be kept yet: %s", flight.job.id, failure)
            return False
        return True
