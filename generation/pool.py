"""The interface of worker pools."""

from collections.abc import AsyncIterator
from typing import Protocol

from generation.events import Event
from generation.jobs import Job


class WorkerPool(Protocol):
    """A pool of workers. Every submitted job ends in exactly one `Completed`, `Failed` or `Cancelled`."""

    @property
    def room(self) -> int:
        """The number of pictures that run in one batch without taking turns."""

    async def submit(self, job: Job) -> None:
        """Start a job. The caller decides how far to go beyond `room`."""

    async def cancel(self, job_id: int) -> None:
        """Cancel a job before its next step. Does nothing for a job that has ended or is unknown."""

    async def want_frame(self, job_id: int) -> None:
        """Ask for a decoded preview with the job's next step, if that costs little."""

    def events(self) -> AsyncIterator[Event]:
        """The events of all jobs, in order. For one reader."""

    async def close(self) -> None:
        """End the workers. Jobs in flight get no more events."""
