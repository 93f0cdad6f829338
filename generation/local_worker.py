"""One worker process on this machine, watched and restarted."""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import astuple
from typing import Self

from generation import wire
from generation.environment import for_worker
from generation.errors import FailureKind
from generation.events import Cancelled, Ending, Event, Failed, Loading
from generation.jobs import Job
from generation.pool import Lost, PoolEvent, WorkersChanged

log = logging.getLogger(__name__)

LIVES = 2
"""The number of workers that may end while running a job alone, before the job is given up."""

STARTS = 2
"""The number of workers in a row that may end before they are ready, until the waiting jobs are given up."""

RESTART_SECONDS = (0.0, 1.0, 5.0, 30.0)
"""Seconds to wait before each new worker, after ones that never became ready."""

STARTING_SECONDS = 600.0
"""Seconds a worker may take to become ready while jobs wait for it."""

LOADING_SECONDS = 3600.0
"""Seconds a worker may take to load a model, download included."""

CLOSE_SECONDS = 10.0
"""Seconds a worker may take to end by itself, in the middle of a model load or a step."""

QUIET = {"TRANSFORMERS_VERBOSITY": "error"}
"""Defaults for the worker's environment: no advice in the log."""

WORKER = (sys.executable, "-m", "generation.engine.worker")


class LocalWorker:
    """One spawned process at a time. Use as `async with`.

    A process that ends unexpectedly is replaced, and its jobs start again, one at a time: if one of them is the cause,
    the others do not fail with it.
    """

    def __init__(
        self,
        options: wire.Configure,
        tell: Callable[[PoolEvent], object],
        command: tuple[str, ...] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        is_alone: Callable[[], bool] = lambda: True,
    ) -> None:
        """`is_alone` is False where its jobs can go to another worker once it is given up."""
        self._options = options
        self._tell = tell
        """Called with every event of its jobs."""
        self._is_alone = is_alone
        self.is_given_up = False
        """True while no process gets ready, however often one is started."""
        self._command = command or WORKER
        self._sleep = sleep
        self._in_flight: dict[int, Job] = {}
        self._losses: dict[int, int] = {}
        self._given: set[int] = set()
        """Jobs that the present worker was given, ended ones too."""
        self._heard: set[int] = set()
        """Those of them that it has reported something about."""
        self._cancelling: set[int] = set()
        self._suspects: deque[int] = deque()
        """Jobs to run alone. While there are any, the worker has only the first."""
        self._worker: Process | None = None
        self._limit: asyncio.Timeout | None = None
        """The deadline for the worker's next message, while it has jobs."""
        self._ready = asyncio.Event()
        self._about: wire.Ready | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watcher = asyncio.create_task(self._watch(), name="worker watcher")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def in_flight(self) -> tuple[int, ...]:
        """The jobs that have not ended."""
        return tuple(self._in_flight)

    async def ready(self) -> wire.Ready:
        """Wait for the worker to be ready, and return what it runs on."""
        await self._ready.wait()
        assert self._about is not None
        return self._about

    async def submit(self, job: Job) -> None:
        self._in_flight[job.id] = job
        if not self._suspects:
            self._give(job)
        if len(self._in_flight) == 1:
            self._expect(self._options.step_seconds if self._ready.is_set() else STARTING_SECONDS)

    async def cancel(self, job_id: int) -> None:
        if job_id not in self._in_flight:
            return
        if self._suspects and job_id != self._suspects[0]:
            self._pass_on(Cancelled(job_id))
            return
        self._cancelling.add(job_id)
        self._send(wire.Cancel(job_id))

    async def want_frame(self, job_id: int) -> None:
        if job_id in self._in_flight:
            self._send(wire.WantFrame(job_id))

    async def close(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None

    async def _watch(self) -> None:
        """Keep one worker running until cancelled."""
        failed_starts = 0
        while True:
            await self._sleep(RESTART_SECONDS[min(failed_starts, len(RESTART_SECONDS) - 1)])
            if await self._employ():
                failed_starts = 0
                self._count_losses()
                continue
            failed_starts += 1
            if failed_starts >= STARTS:
                self._give_up()

    def _give_up(self) -> None:
        """Leave the jobs to other workers; where there is none, they fail."""
        if not self.is_given_up:
            log.error("no worker gets ready on %s; it is tried again", self._options.device)
        self.is_given_up = True
        for job_id in list(self._in_flight):
            if self._is_alone():
                self._pass_on(Failed(job_id, FailureKind.WORKER_UNAVAILABLE, "no worker gets ready"))
            else:
                self._end(job_id)
                self._tell(Lost(job_id))
        self._tell(WorkersChanged())

    async def _employ(self) -> bool:
        """Run one worker to its end. True if it became ready."""
        try:
            worker = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, env=QUIET | for_worker(os.environ), start_new_session=True
            )
        except OSError as reason:
            log.error("no worker can be started: %s", reason)
            return False
        try:
            await self._converse(worker)
        finally:
            was_ready = self._ready.is_set()
            self._worker = None
            self._ready.clear()
            await end(worker)
        ended = "the worker on %s ended with status %s; starting another"
        log.error(ended, self._options.device, worker.returncode)
        return was_ready

    async def _converse(self, worker: Process) -> None:
        """Submit the jobs, then forward events until the worker ends."""
        assert worker.stdout is not None
        for job_id in self._in_flight.keys() & self._cancelling:
            self._pass_on(Cancelled(job_id))
        self._worker = worker
        self._given.clear()
        self._heard.clear()
        self._send(self._options)
        self._submit_due()
        try:
            async with asyncio.timeout(None) as self._limit:
                self._expect(STARTING_SECONDS)
                while True:
                    self._hear(await wire.read_async(worker.stdout))
        except EOFError:
            return
        except TimeoutError:
            log.error("worker %s is stuck; it is killed", worker.pid)
            worker.kill()
        finally:
            self._limit = None

    def _hear(self, message: wire.Ready | Event) -> None:
        match message:
            case wire.Ready():
                self._about = message
                self._ready.set()
                if self.is_given_up:
                    self.is_given_up = False
                    self._tell(WorkersChanged())
                log.info("worker %s ready on %s, %s, %s threads", *astuple(message))
            case _:
                self._heard.add(message.job_id)
                self._pass_on(message)
        self._expect(LOADING_SECONDS if isinstance(message, Loading) else self._options.step_seconds)

    def _expect(self, seconds: float) -> None:
        """Set the deadline for the worker's next message, if it has jobs."""
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time() + seconds if self._in_flight else None)

    def _pass_on(self, event: Event) -> None:
        if event.job_id not in self._in_flight:
            return
        if isinstance(event, Ending):
            self._end(event.job_id)
        self._tell(event)

    def _end(self, job_id: int) -> None:
        """Forget a job that has ended here."""
        del self._in_flight[job_id]
        self._losses.pop(job_id, None)
        self._cancelling.discard(job_id)
        self._clear_of_suspicion(job_id)

    def _submit_due(self) -> None:
        """Submit the first suspect to the worker, or all jobs if there are no suspects."""
        for job_id in [self._suspects[0]] if self._suspects else list(self._in_flight):
            self._give(self._in_flight[job_id])

    def _give(self, job: Job) -> None:
        """Submit a job to the worker, if there is one."""
        if self._worker is not None:
            self._given.add(job.id)
            self._send(wire.Submit(job))

    def _clear_of_suspicion(self, job_id: int) -> None:
        if job_id in self._suspects:
            was_first = self._suspects[0] == job_id
            self._suspects.remove(job_id)
            if was_first:
                self._submit_due()

    def _count_losses(self) -> None:
        """After losing a worker: count it for the job that ran alone, and run every job alone next."""
        alone = self._ran_alone()
        if alone is not None and alone not in self._cancelling:
            self._losses[alone] = self._losses.get(alone, 0) + 1
            if self._losses[alone] >= LIVES:
                self._pass_on(Failed(alone, FailureKind.WORKER_LOST, f"{LIVES} workers ended during this job alone"))
        self._suspects = deque(self._in_flight)

    def _ran_alone(self) -> int | None:
        """The job that alone can have ended the worker; None where there is none, or any of several can.

        A job that came when another had just ended, and that the worker never reported about, may not have begun.
        """
        running = self._given & self._in_flight.keys()
        if len(running) != 1:
            return None
        [job_id] = running
        return job_id if len(self._given) == 1 or job_id in self._heard else None

    def _send(self, command: wire.Command) -> None:
        """Send a command to the worker, if there is one. A new worker gets every job in flight."""
        if self._worker is not None and self._worker.stdin is not None and not self._worker.stdin.is_closing():
            self._worker.stdin.write(wire.pack(command))


async def end(worker: Process) -> None:
    """Close the worker's input, so that it ends. Kill it if it does not."""
    if worker.stdin is not None:
        worker.stdin.close()
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await worker.wait()
    except TimeoutError:
        worker.kill()
        await worker.wait()
