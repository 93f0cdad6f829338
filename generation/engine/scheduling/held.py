"""Jobs that wait because another model is at work."""

import math
from collections.abc import Callable, Collection

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
