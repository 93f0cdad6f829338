"""A queue of waiting jobs that is fair between their owners."""

import asyncio

from generation.fair_order import Check, FairOrder
from generation.jobs import Job


class FairQueue:
    """Waiting jobs in their `FairOrder`."""

    def __init__(self, beside: Check = lambda job: False) -> None:
        self._order = FairOrder(beside)
        self._changed = asyncio.Event()

    def put(self, job: Job) -> None:
        self._order.put(job)
        self._changed.set()

    async def take(self, fits: Check) -> Job:
        """Wait for the next job that `fits`, and take it. Call `recheck` when more may fit."""
        while True:
            if job := self._order.take(fits):
                return job
            self._changed.clear()
            await self._changed.wait()

    def recheck(self) -> None:
        """Make a waiting `take` check again whether the next job fits."""
        self._changed.set()

    def remove(self, job_id: int) -> bool:
        """Remove a job. False if it is not in the queue."""
        removed = self._order.remove(job_id)
        if removed:
            self._changed.set()
        return removed

    def positions(self) -> dict[int, int]:
        """The position of every waiting job; 1 is next."""
        return self._order.positions()

    def order(self, beside: Check) -> FairOrder:
        """A copy of the order, to be played through ahead of time."""
        return self._order.copy(beside)
