"""What the rest of the program asks of whoever draws."""

from collections.abc import AsyncIterator
from typing import Protocol

from generation.events import Event
from generation.jobs import Job


class WorkerPool(Protocol):
    """Workers behind one door. Every submitted job ends in exactly one `Completed`, `Failed` or `Cancelled`."""

    @property
    def room(self) -> int:
        """How many pictures are drawn together without any having to wait for their turns."""

    async def submit(self, job: Job) -> None:
        """Start drawing. What goes beyond `room`, and how far, is the caller's to say."""

    async def cancel(self, job_id: int) -> None:
        """Stop a job before its next step; without effect on one that has ended or was never here."""

    async def want_frame(self, job_id: int) -> None:
        """Ask for a decoded preview with the job's next step, where that costs little."""

    def events(self) -> AsyncIterator[Event]:
        """What happens to all jobs, in order. For one reader."""

    async def close(self) -> None:
        """End the workers; jobs in flight get no event any more."""
