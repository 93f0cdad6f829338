"""The jobs that the workers have, one record each."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.jobs.worker import Worker
from generation.events import Ending
from generation.jobs import Job
from storage.records import Generation


@dataclass(slots=True)
class InFlight:
    """A job that a worker has."""

    job: Job
    generation: Generation
    worker: Worker
    beside: bool
    """True where it runs beside the worker's room."""
    done: float = 0.0
    """The share of its steps that are done, 0 to 1."""
    ended: bool = False
    """True once the worker has done with it, and only the outcome is yet to be written."""
    stopping: bool = False
    """True once somebody has cancelled it: what it draws from then on is not kept."""
    missed: Ending | None = None
    """How it ended while its cancel was being written."""
    abandoned: bool = False
    """True once nothing of it is to be written or shown any more."""

    @property
    def is_over(self) -> bool:
        """True where nobody waits for what the worker still does with it."""
        return self.ended or self.stopping or self.abandoned


class InFlightJobs:
    """The records of all jobs that workers have, by id, in the order in which they began."""

    def __init__(self) -> None:
        self._records: dict[int, InFlight] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[InFlight]:
        return iter(self._records.values())

    def get(self, job_id: int) -> InFlight | None:
        """The record of a job; None where no worker has it."""
        return self._records.get(job_id)

    def add(self, job: Job, generation: Generation, worker: Worker) -> InFlight:
        """Note that a job is handed to a worker."""
        flight = self._records[job.id] = InFlight(job, generation, worker, worker.room.goes_beside(job))
        worker.room.enter(job, beside=flight.beside)
        return flight

    def release(self, flight: InFlight) -> bool:
        """Note that a job has left its worker; False where it had left before, even if one has it again."""
        if self._records.get(flight.job.id) is not flight:
            return False
        del self._records[flight.job.id]
        flight.worker.room.leave(flight.job, beside=flight.beside)
        return True
