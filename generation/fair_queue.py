"""Queues of waiting jobs that are fair between their owners."""

import asyncio
from collections.abc import Callable

from generation.fair_order import Check, FairOrder
from generation.jobs import Job


class FairQueue:
    """Waiting jobs in lines, each in its own `FairOrder`. Jobs of two lines don't wait for each other."""

    def __init__(self, beside: Check = lambda job: False, line_of: Callable[[Job], str] = lambda job: "") -> None:
        self._beside = beside
        self._line_of = line_of
        self._orders: dict[str, FairOrder] = {}
        self._changed = asyncio.Event()

    def put(self, job: Job) -> None:
        self._order_of(job).put(job)
        self._changed.set()

    def put_back(self, job: Job) -> None:
        """Give a job that was taken its place at the head again."""
        self._order_of(job).put_back(job)
        self._changed.set()

    async def take(self, fits: Check, look: Callable[[], object] = lambda: None) -> Job:
        """Wait for the next job that `fits`, and take it. Call `recheck` when more may fit. `look` is called each time
        before jobs are checked."""
        while True:
            look()
            for order in self._orders.values():
                if job := order.take(fits):
                    return job
            self._changed.clear()
            await self._changed.wait()

    def recheck(self) -> None:
        """Make a waiting `take` check again whether the next job fits."""
        self._changed.set()

    def remove(self, job_id: int) -> bool:
        """Remove a job. False if it is not in the queue."""
        removed = any(order.remove(job_id) for order in self._orders.values())
        if removed:
            self._changed.set()
        return removed

    def positions(self) -> dict[int, int]:
        """The position of every waiting job in its line; 1 is next."""
        return {job_id: place for order in self._orders.values() for job_id, place in order.positions().items()}

    def order_of(self, line: str) -> FairOrder:
        """The order of a line, which nobody else may change."""
        return self._orders.setdefault(line, FairOrder(self._beside))

    def _order_of(self, job: Job) -> FairOrder:
        return self.order_of(self._line_of(job))
