"""One ComfyUI server, as a worker: connected again and again, with the jobs that it draws."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp

from generation import comfy_drawing
from generation.comfy.client import UNREACHABLE, ComfyClient, Said, Word
from generation.comfy.outcome import Interrupted
from generation.comfy.refusals import PromptFailed
from generation.comfy_drawing import Drawing, Gone
from generation.errors import BrokenPicture, FailureKind, ModelUnavailable, UserError
from generation.events import Cancelled, Failed
from generation.jobs import Job
from generation.pool import Lost, PoolEvent, WorkersChanged

log = logging.getLogger(__name__)

RETRY_SECONDS = (0.0, 1.0, 2.0, 5.0, 15.0)
"""Seconds to wait before each new connection, after ones that failed or soon ended."""

LIVES = 2
"""How often a job may be lost while it is drawn, before it is given up."""

SOON = 10.0
"""Seconds within which a connection ends soon."""


@dataclass(eq=False, slots=True)
class Flight:
    """A job that the server has."""

    job: Job
    drawing: Drawing
    task: asyncio.Task[PoolEvent] | None = None
    ending: PoolEvent | None = None
    """How it ends once its task is cancelled."""


class ComfyServer:
    """Draws jobs on one server. `run` it for as long as the pool."""

    def __init__(
        self,
        client: ComfyClient,
        name: str,
        workflows: Mapping[str, str],
        tell: Callable[[PoolEvent], object],
        *,
        step_seconds: float,
        losses: Counter[int],
        sleep: Callable[[float], Awaitable[object]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`workflows` are the files of the models by their names. `tell` is called with every event. `losses` counts
        how often servers of the pool have lost a job."""
        self.name = name
        self.is_there = False
        self.tried = asyncio.Event()
        """Set once the server was asked for the first time, whether it is there or not."""
        self._client = client
        self._workflows = workflows
        self._tell = tell
        self._step_seconds = step_seconds
        self._losses = losses
        self._sleep = sleep
        self._clock = clock
        self._flights: dict[int, Flight] = {}
        self._about = ""
        self._speaker = ""
        """The prompt of ours that the server told about last; previews are of it."""
        self._orphans: set[str] = set()
        """Prompts that are to be stopped as soon as the server can be reached."""

    @property
    def pictures(self) -> int:
        """The pictures of all jobs that it has."""
        return sum(each.job.task.pictures for each in self._flights.values())

    def has(self, job_id: int) -> bool:
        return job_id in self._flights

    def submit(self, job: Job) -> None:
        """Draw a job. It ends in one event: `Lost` where the server goes away."""
        if not self.is_there:
            self._tell(Lost(job.id))
            return
        drawing = Drawing(job, self._client, self._workflows, self._tell, self._step_seconds, self._orphans)
        flight = self._flights[job.id] = Flight(job, drawing)
        flight.task = asyncio.create_task(self._outcome(flight), name=f"job {job.id} on {self.name}")
        flight.task.add_done_callback(lambda task: self._ended(flight, task))

    def cancel(self, job_id: int) -> None:
        if flight := self._flights.get(job_id):
            self._end(flight, Cancelled(job_id))

    def want_frame(self, job_id: int) -> None:
        if flight := self._flights.get(job_id):
            flight.drawing.is_frame_wanted = True

    async def run(self) -> None:
        """Keep connected until cancelled; then stop what is being drawn."""
        failures = 0
        try:
            while True:
                began = self._clock()
                if not await self._converse():
                    self._leave()
                self.tried.set()
                failures = failures + 1 if self._clock() - began < SOON else 0
                await self._sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1] if failures else 0.0)
        finally:
            tasks = [each.task for each in self._flights.values() if each.task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self) -> bool:
        """Listen to the server until the connection ends. False where there was none."""
        joined = False
        try:
            async with self._client.listening() as words:
                self._about = await self._client.about()
                await self._join()
                joined = True
                await self._listen(words)
        except UNREACHABLE as reason:
            if self.is_there or not self.tried.is_set():
                log.warning("ComfyUI at %s: %s", self.name, _said(reason))
        return joined

    async def _listen(self, words: AsyncIterator[Word]) -> None:
        async for word in words:
            if isinstance(word, Said) and word.prompt:
                self._speaker = word.prompt
            if isinstance(word, Said) and not word.prompt:
                continue
            for flight in self._flights.values():
                if flight.drawing.prompt_id == self._speaker:
                    flight.drawing.hear(word)

    async def _join(self) -> None:
        """Note that the server is there, maybe again: what was to be stopped is, and what it draws is asked for."""
        for prompt_id in list(self._orphans):
            await self._client.stop(prompt_id)
            self._orphans.discard(prompt_id)
        for flight in self._flights.values():
            flight.drawing.hear(None)
        if not self.is_there:
            log.info("%s at %s is there", self._about, self.name)
            self.is_there = True
            self.tried.set()
            self._tell(WorkersChanged())

    def _leave(self) -> None:
        """Note that the server is away, and its jobs with it."""
        if not self.is_there:
            return
        log.warning("ComfyUI at %s is away; its jobs wait, or go elsewhere", self.name)
        self.is_there = False
        self._tell(WorkersChanged())
        for flight in list(self._flights.values()):
            job_id = flight.job.id
            self._end(flight, self._loss(job_id, "away") if flight.drawing.is_started else Lost(job_id))

    def _end(self, flight: Flight, ending: PoolEvent) -> None:
        if flight.ending is None and flight.task is not None:
            flight.ending = ending
            flight.task.cancel()

    def _ended(self, flight: Flight, task: asyncio.Task[PoolEvent]) -> None:
        """Tell how a job has ended. One that the pool's own end cancels tells nothing."""
        job_id = flight.job.id
        del self._flights[job_id]
        if task.cancelled():
            ending = flight.ending
        elif error := task.exception():
            log.error("job %s failed on %s", job_id, self.name, exc_info=error)
            ending = Failed(job_id, FailureKind.INTERNAL, type(error).__name__)
        else:
            ending = task.result()
        if not isinstance(ending, Lost):
            self._losses.pop(job_id, None)
        if ending is not None:
            self._tell(ending)

    async def _outcome(self, flight: Flight) -> PoolEvent:
        """Draw a job; how it has ended."""
        job_id = flight.job.id
        try:
            completed = await comfy_drawing.drawn(flight.drawing, self._about, self._clock)
        except Interrupted:
            return Cancelled(job_id)
        except PromptFailed as failure:
            return Failed(job_id, failure.kind, str(failure))
        except ModelUnavailable as failure:
            return Failed(job_id, FailureKind.MODEL_UNAVAILABLE, str(failure))
        except BrokenPicture as failure:
            return Failed(job_id, FailureKind.BROKEN_PICTURE, str(failure))
        except UserError as failure:
            return Failed(job_id, FailureKind.UNSUITABLE, str(failure))
        except (Gone, *UNREACHABLE) as reason:
            return self._loss(job_id, str(reason) or type(reason).__name__)
        return completed

    def _loss(self, job_id: int, reason: str) -> PoolEvent:
        """A job that got lost on its way, which happens to each once at most."""
        log.warning("job %s is lost on %s: %s", job_id, self.name, reason)
        self._losses[job_id] += 1
        if self._losses[job_id] < LIVES:
            return Lost(job_id)
        return Failed(job_id, FailureKind.WORKER_LOST, f"{LIVES} servers were lost during this job: {reason}")


def _said(reason: BaseException) -> str:
    """An error in a few words, without the address, which may hold a password."""
    if isinstance(reason, aiohttp.ClientResponseError):
        return f"it answers with status {reason.status}"
    return str(reason) or type(reason).__name__
