"""A queue of waiting jobs that is fair between their owners."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable

from generation.jobs import Job

OVERTAKING = 4
"""The number of jobs that may overtake the next one, if they fit and it does not."""


class FairQueue:
    """Owners take turns, and the jobs of one owner keep their order.

    Ten jobs of one owner delay the next owner by one job, not ten. A small job may overtake a large one of another
    owner that does not fit yet, but only `OVERTAKING` times. Jobs for which `beside` is True take no room from the
    others, so they never wait for it.
    """

    def __init__(self, beside: Callable[[Job], bool] = lambda job: False) -> None:
        self._beside = beside
        self._owners: OrderedDict[str, deque[Job]] = OrderedDict()
        self._overtaken: dict[int, int] = {}
        """The number of jobs that overtook each job that did not fit."""
        self._changed = asyncio.Event()

    def put(self, job: Job) -> None:
        self._owners.setdefault(job.owner, deque()).append(job)
        self._changed.set()

    async def take(self, fits: Callable[[Job], bool]) -> Job:
        """Wait for the next job that `fits`, and take it. Call `recheck` when more may fit."""
        while True:
            if job := self._next(fits):
                self._take_turn(job)
                return job
            self._changed.clear()
            await self._changed.wait()

    def recheck(self) -> None:
        """Make a waiting `take` check again whether the next job fits."""
        self._changed.set()

    def remove(self, job_id: int) -> bool:
        """Remove a job. False if it is not in the queue."""
        for owner, jobs in self._owners.items():
            for job in jobs:
                if job.id == job_id:
                    jobs.remove(job)
                    self._overtaken.pop(job_id, None)
                    if not jobs:
                        del self._owners[owner]
                    self._changed.set()
                    return True
        return False

    def positions(self) -> dict[int, int]:
        """The position of every waiting job; 1 is next."""
        rounds = [
            (turn, place, job.id) for place, jobs in enumerate(self._owners.values()) for turn, job in enumerate(jobs)
        ]
        return {job_id: position for position, (_, _, job_id) in enumerate(sorted(rounds), start=1)}

    def _next(self, fits: Callable[[Job], bool]) -> Job | None:
        """The first owner's job, or, if it does not fit, one that may overtake it."""
        firsts = [jobs[0] for jobs in self._owners.values()]
        if not firsts or fits(firsts[0]):
            return next(iter(firsts), None)
        patient = self._overtaken.get(firsts[0].id, 0) < OVERTAKING
        return next((job for job in firsts[1:] if fits(job) and (patient or self._beside(job))), None)

    def _take_turn(self, job: Job) -> None:
        first = next(iter(self._owners.values()))[0]
        if first is not job and not self._beside(job):
            self._overtaken[first.id] = self._overtaken.get(first.id, 0) + 1
        self._overtaken.pop(job.id, None)
        jobs = self._owners.pop(job.owner)
        jobs.popleft()
        if jobs:
            self._owners[job.owner] = jobs
