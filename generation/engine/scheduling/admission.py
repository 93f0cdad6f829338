"""Which jobs may begin, going by the models that are at work."""

import math
from collections.abc import Callable, Collection

from generation.engine.scheduling.model_cache import ModelCache
from generation.jobs import Job


class WaitingJobs:
    """The jobs that cannot begin while other models are at work, oldest first.

    Once the oldest has waited for `patience` seconds, nothing may join those at work any more: they drain, unless
    memory has a place for its model beside theirs. Then all jobs of the oldest one's model begin together, those that
    came after jobs for a third model too.
    """

    def __init__(self, patience: float, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._since: dict[int, tuple[float, Job]] = {}

    def __bool__(self) -> bool:
        return bool(self._since)

    @property
    def impatient(self) -> bool:
        """True where those at work must not become more."""
        return bool(self._since) and self._clock() - self._oldest[0] >= self._patience

    @property
    def next_model(self) -> str:
        """The model that the oldest job waits for; there must be one."""
        return self._oldest[1].task.settings.model

    @property
    def _oldest(self) -> tuple[float, Job]:
        return min(self._since.values(), key=lambda waiting: waiting[0])

    def put(self, job: Job) -> None:
        self._since[job.id] = self._clock(), job

    def put_back(self, job: Job) -> None:
        """Have a job wait that was taken out already: it has waited long enough, and comes before all others."""
        self._since[job.id] = -math.inf, job

    def remove(self, job_id: int) -> bool:
        """Take a job out; False where it is not here."""
        return self._since.pop(job_id, None) is not None

    def take(self, models: Collection[str]) -> list[Job]:
        """All jobs for some `models`."""
        taken = [job for _, job in self._since.values() if job.task.settings.model in models]
        for job in taken:
            del self._since[job.id]
        return taken


class Admission:
    """Jobs for a model at work join it, and those for another wait until all at work are done. Once one has waited for
    `patience` seconds it is let in beside them, or, where memory has no place for its model, nothing else is let in.
    """

    def __init__(self, cache: ModelCache, patience: float, clock: Callable[[], float]) -> None:
        self._cache = cache
        self._waiting_jobs = WaitingJobs(patience, clock)
        self._models: dict[int, str] = {}
        """The model of each job at work."""
        self._refused: tuple[str, frozenset[int]] | None = None
        """A model that memory had no place for, and the jobs that were at work then."""

    @property
    def at_work(self) -> frozenset[str]:
        """The models of all jobs at work."""
        return frozenset(self._models.values())

    @property
    def waiting(self) -> bool:
        """True where any job waits."""
        return bool(self._waiting_jobs)

    def lets_in(self, job: Job) -> bool:
        """True where a job may begin now; it waits otherwise."""
        model = job.task.settings.model
        joins = model in self.at_work and not self._waiting_jobs.impatient
        if not job.task.draws or joins or not (self._models or self._waiting_jobs):
            return True
        self._waiting_jobs.put(job)
        return False

    def enter(self, job: Job) -> None:
        """A job begins, with its model if it needs one."""
        if job.task.draws:
            self._models[job.id] = job.task.settings.model

    def leave(self, job_id: int) -> bool:
        """A job is over; True where it had a model."""
        return self._models.pop(job_id, None) is not None

    def forget(self, job_id: int) -> bool:
        """Have a job wait no longer; False where it does not wait."""
        return self._waiting_jobs.remove(job_id)

    def put_back(self, job: Job) -> None:
        """Have a job that has left wait on: memory turned out to have no place for its model."""
        self._waiting_jobs.put_back(job)
        self._refused = job.task.settings.model, frozenset(self._models)

    def take_next(self) -> list[Job]:
        """Those that need not wait any more."""
        return self._waiting_jobs.take(self._welcome())

    def _welcome(self) -> Collection[str]:
        if not self._waiting_jobs:
            return ()
        if not self._models or (self._waiting_jobs.impatient and self._finds_place(self._waiting_jobs.next_model)):
            return {self._waiting_jobs.next_model}
        return () if self._waiting_jobs.impatient else self.at_work

    def _finds_place(self, model: str) -> bool:
        """Asked again once a job has ended."""
        asked = model, frozenset(self._models)
        if asked != self._refused and self._cache.has_place(model, self.at_work):
            return True
        self._refused = asked
        return False
