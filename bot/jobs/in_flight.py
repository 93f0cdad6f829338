"""The jobs that the pool has, one record each, and whether it has room for another."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.jobs.room import Room
from generation.events import Ending
from generation.jobs import Job
from generation.pool import WorkerPool
from storage.records import Generation


@dataclass(slots=True)
class InFlight:
    """A job that the pool has."""

    job: Job
    generation: Generation
    beside: bool
    """True where it runs beside the pool's room."""
    done: float = 0.0
    """The share of its steps that are done, 0 to 1."""
    ended: bool = False
    """True once the pool has done with it, and only the outcome is yet to be written."""
    stopping: bool = False
    """True once somebody has cancelled it: what it draws from then on is not kept."""
    missed: Ending | None = None
    """How it ended while its cancel was being written."""
    abandoned: bool = False
    """True once nothing of it is to be written or shown any more."""

    @property
    def is_over(self) -> bool:
        """True where nobody waits for what the pool still does with it."""
        return self.ended or self.stopping or self.abandoned


class InFlightJobs:
    """The records of all jobs in the pool, by id, in the order in which they began."""

    def __init__(self, pool: WorkerPool) -> None:
        self._room = Room(lambda: pool.room)
        self._records: dict[int, InFlight] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[InFlight]:
        return iter(self._records.values())

    def get(self, job_id: int) -> InFlight | None:
        """The record of a job; None where the pool does not have it."""
        return self._records.get(job_id)

    def add(self, job: Job, generation: Generation) -> None:
        """Note that a job is handed to the pool."""
        flight = self._records[job.id] = InFlight(job, generation, self.goes_beside(job))
        self._room.enter(job, beside=flight.beside)

    def release(self, flight: InFlight) -> bool:
        """Note that a job has left the pool; False where it had left before, even if it is in the pool again."""
        if self._records.get(flight.job.id) is not flight:
            return False
        del self._records[flight.job.id]
        self._room.leave(flight.job, beside=flight.beside)
        return True

    def fits(self, job: Job) -> bool:
        """True where a job may be handed to the pool now: there is room, or it may run beside it."""
        return self._room.fits(job)

    def goes_beside(self, job: Job) -> bool:
        """True where a job has no room in the pool, and may run beside it."""
        return self._room.goes_beside(job)
