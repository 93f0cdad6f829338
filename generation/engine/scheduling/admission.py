"""Decides which jobs may start, going by the models in use."""

import math
from collections.abc import Callable, Collection

from generation.engine.scheduling.model_cache import ModelCache
from generation.jobs import Job


class WaitingJobs:
    """The jobs that cannot start while other models are in use, oldest first.

    Once the oldest has waited for `patience` seconds, no job may join the running ones any more: these drain, unless
    memory has room for its model beside theirs. Then all jobs of the oldest one's model start together, even those that
    came after jobs for a third model.
    """

    def __init__(self, patience: float, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._since: dict[int, tuple[float, Job]] = {}

    def __bool__(self) -> bool:
        return bool(self._since)

    @property
    def impatient(self) -> bool:
        """True where no job may join the running ones."""
        return bool(self._since) and self._clock() - self._oldest[0] >= self._patience

    @property
    def next_model(self) -> str:
        """The model of the oldest job; there must be one."""
        return self._oldest[1].task.settings.model

    @property
    def _oldest(self) -> tuple[float, Job]:
        return min(self._since.values(), key=lambda waiting: waiting[0])

    def put(self, job: Job) -> None:
        """Add a job that starts to wait now."""
        self._since[job.id] = self._clock(), job

    def put_back(self, job: Job) -> None:
        """Add a job that has waited long enough already; it comes before all others."""
        self._since[job.id] = -math.inf, job

    def remove(self, job_id: int) -> bool:
        """Take a job out; False where it does not wait."""
        return self._since.pop(job_id, None) is not None

    def take(self, models: Collection[str]) -> list[Job]:
        """Take out all jobs for some `models`."""
        taken = [job for _, job in self._since.values() if job.task.settings.model in models]
        for job in taken:
            del self._since[job.id]
        return taken


class Admission:
    """Jobs for a model in use start at once, and those for another wait until all running ones have ended. Once one has
    waited for `patience` seconds it starts beside them, or, where memory has no room for its model, no other job does.

    A model with a step cache draws one job at a time: the others are in line for it, and each takes the place of the
    one before, unless a job for another model has waited too long.
    """

    def __init__(self, cache: ModelCache, patience: float, clock: Callable[[], float]) -> None:
        self._cache = cache
        self._waiting_jobs = WaitingJobs(patience, clock)
        self._models: dict[int, str] = {}
        """The model of each running job that has one."""
        self._in_line: list[Job] = []
        """Jobs for models that draw one at a time and are in use, oldest first."""
        self._refused: tuple[str, frozenset[int]] | None = None
        """A model that memory had no room for, and the jobs that were running then."""

    @property
    def in_use(self) -> frozenset[str]:
        """The models of all running jobs."""
        return frozenset(self._models.values())

    @property
    def waiting(self) -> bool:
        """True where any job waits."""
        return bool(self._waiting_jobs or self._in_line)

    def lets_in(self, job: Job) -> bool:
        """True where a job may start now; otherwise it waits."""
        model = job.task.settings.model
        if job.task.draws and self._is_taken(model):
            self._in_line.append(job)
            return False
        joins = model in self.in_use and not self._waiting_jobs.impatient
        if not job.task.draws or joins or not (self._models or self._waiting_jobs):
            return True
        self._waiting_jobs.put(job)
        return False

    def enter(self, job: Job) -> None:
        """Count a job that starts, if it needs its model."""
        if job.task.draws:
            self._models[job.id] = job.task.settings.model

    def leave(self, job_id: int) -> bool:
        """Forget a job that has ended; True where it needed its model."""
        return self._models.pop(job_id, None) is not None

    def forget(self, job_id: int) -> bool:
        """Take out a waiting job; False where it does not wait."""
        before = len(self._in_line)
        self._in_line = [job for job in self._in_line if job.id != job_id]
        return len(self._in_line) < before or self._waiting_jobs.remove(job_id)

    def put_back(self, job: Job) -> None:
        """Have a job that has left wait again: memory turned out to have no room for its model."""
        self._waiting_jobs.put_back(job)
        self._refused = job.task.settings.model, frozenset(self._models)

    def take_next(self) -> list[Job]:
        """Take out the jobs that may start now."""
        if follower := next((job for job in self._in_line if not self._is_taken(job.task.settings.model)), None):
            self._in_line.remove(follower)
            if not self._waiting_jobs.impatient:
                return [follower]
            self._waiting_jobs.put(follower)
        return self._one_each(self._waiting_jobs.take(self._admitted_models()))

    def _is_taken(self, model: str) -> bool:
        """True where a model draws one job at a time, and does so now."""
        return model in self.in_use and self._cache.draws_one_job(model)

    def _one_each(self, jobs: list[Job]) -> list[Job]:
        """The jobs that may start together: of those for a model that draws one at a time, the first."""
        starting: dict[object, Job] = {}
        for job in jobs:
            model = job.task.settings.model
            key = model if self._cache.draws_one_job(model) else job.id
            if key in starting or self._is_taken(model):
                self._in_line.append(job)
            else:
                starting[key] = job
        return list(starting.values())

    def _admitted_models(self) -> Collection[str]:
        if not self._waiting_jobs:
            return ()
        if not self._models or (self._waiting_jobs.impatient and self._has_room(self._waiting_jobs.next_model)):
            return {self._waiting_jobs.next_model}
        return () if self._waiting_jobs.impatient else self.in_use

    def _has_room(self, model: str) -> bool:
        """True where memory has room for a model beside those in use; asked again only once a job has ended."""
        asked = model, frozenset(self._models)
        if asked != self._refused and self._cache.has_place(model, self.in_use):
            return True
        self._refused = asked
        return False
