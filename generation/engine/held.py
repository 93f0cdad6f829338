"""Jobs that wait because another model is at work."""

from collections.abc import Callable

from generation.jobs import Job


class Held:
    """The jobs that cannot begin before the batch has drained, oldest first.

    Once the oldest has waited for `patience` seconds, nothing may join the batch any more, so that it drains. Then all
    jobs of the oldest one's model begin together, those that came after jobs for a third model too.
    """

    def __init__(self, patience: float, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._since: dict[int, tuple[float, Job]] = {}

    def __bool__(self) -> bool:
        return bool(self._since)

    @property
    def impatient(self) -> bool:
        """True where the batch at work must not grow any more."""
        oldest = next(iter(self._since.values()), None)
        return oldest is not None and self._clock() - oldest[0] >= self._patience

    def put(self, job: Job) -> None:
        self._since[job.id] = self._clock(), job

    def remove(self, job_id: int) -> bool:
        """Take a job out; False where it is not here."""
        return self._since.pop(job_id, None) is not None

    def take_group(self) -> list[Job]:
        """The oldest job and all others for its model."""
        jobs = [job for _, job in self._since.values()]
        group = [job for job in jobs if job.task.settings.model == jobs[0].task.settings.model]
        for job in group:
            del self._since[job.id]
        return group
