"""The fair order of jobs between their owners."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Self

from generation.jobs import Job

OVERTAKING = 4
"""The number of jobs that may overtake the next one, if they fit and it does not."""

Check = Callable[[Job], bool]


class FairOrder:
    """Owners take turns, and the jobs of one owner keep their order.

    Ten jobs of one owner delay the next owner by one job, not ten. A small job may overtake a large one of another
    owner that does not fit yet, but only `OVERTAKING` times. Jobs for which `beside` is True take no room from the
    others, so they never wait for it.
    """

    def __init__(self, beside: Check) -> None:
        self._beside = beside
        self._owners: OrderedDict[str, deque[Job]] = OrderedDict()
        self._overtaken: dict[int, int] = {}
        """The number of jobs that overtook each job that did not fit."""

    def __iter__(self) -> Iterator[Job]:
        """All jobs, owner by owner."""
        for jobs in self._owners.values():
            yield from jobs

    def copy(self, beside: Check) -> Self:
        """The same order, to be played through ahead of time."""
        other = type(self)(beside)
        other._owners = OrderedDict((owner, jobs.copy()) for owner, jobs in self._owners.items())
        other._overtaken = self._overtaken.copy()
        return other

    def put(self, job: Job) -> None:
        """Add a job behind those of its owner."""
        self._owners.setdefault(job.owner, deque()).append(job)

    def put_back(self, job: Job) -> None:
        """Give a job that was taken the first place again, before those of its owner and of all others."""
        self._owners.setdefault(job.owner, deque()).appendleft(job)
        self._owners.move_to_end(job.owner, last=False)

    def take(self, fits: Check) -> Job | None:
        """Take the next job that `fits`: the first owner's, or one that may overtake it; None where there is none."""
        if job := self._next(fits):
            self._take_turn(job)
        return job

    def remove(self, job_id: int) -> bool:
        """Remove a job. False if it is not here."""
        for owner, jobs in self._owners.items():
            for job in jobs:
                if job.id == job_id:
                    jobs.remove(job)
                    self._overtaken.pop(job_id, None)
                    if not jobs:
                        del self._owners[owner]
                    return True
        return False

    def positions(self) -> dict[int, int]:
        """The position of every job; 1 is next."""
        rounds = [
            (turn, place, job.id) for place, jobs in enumerate(self._owners.values()) for turn, job in enumerate(jobs)
        ]
        return {job_id: position for position, (_, _, job_id) in enumerate(sorted(rounds), start=1)}

    def _next(self, fits: Check) -> Job | None:
        """The first owner's job, or, if it does not fit, one that may overtake it."""
        firsts = (jobs[0] for jobs in self._owners.values())
        first = next(firsts, None)
        if first is None or fits(first):
            return first
        patient = self._overtaken.get(first.id, 0) < OVERTAKING
        return next((job for job in firsts if fits(job) and (patient or self._beside(job))), None)

    def _take_turn(self, job: Job) -> None:
        first = next(iter(self._owners.values()))[0]
        if first is not job and not self._beside(job):
            self._overtaken[first.id] = self._overtaken.get(first.id, 0) + 1
        self._overtaken.pop(job.id, None)
        jobs = self._owners.pop(job.owner)
        jobs.popleft()
        if jobs:
            self._owners[job.owner] = jobs
