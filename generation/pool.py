"""The interface of worker pools."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from generation.events import Event
from generation.jobs import Job


@dataclass(frozen=True, slots=True)
class Lost:
    """The worker of a job has gone, and the job with it: it has its place in the queue again."""

    job_id: int


@dataclass(frozen=True, slots=True)
class WorkersChanged:
    """A worker has come or gone, or its room has changed."""


PoolEvent = Event | Lost | WorkersChanged


class WorkerPool(Protocol):
    """A pool of workers, each of which has models in memory and draws its jobs in one batch.

    Every submitted job ends in exactly one `Completed`, `Failed`, `Cancelled` or `Lost`.
    """

    @property
    def workers(self) -> Mapping[str, int]:
        """The workers that are there, by name, with the number of pictures that run in one batch of each without taking
        turns. A worker that is away for a while, and keeps its jobs, is there."""

    async def submit(self, job: Job, worker: str | None = None) -> None:
        """Start a job on a worker; None leaves the choice to the pool. The caller decides how far to go beyond its
        room."""

    async def cancel(self, job_id: int) -> None:
        """Cancel a job before its next step. Does nothing for a job that has ended or is unknown."""

    async def want_frame(self, job_id: int) -> None:
        """Ask for a decoded preview with the job's next step, if that costs little."""

    def events(self) -> AsyncIterator[PoolEvent]:
        """The events of all jobs, in order. For one reader."""

    async def close(self) -> None:
        """End the workers. Jobs in flight get no more events."""
