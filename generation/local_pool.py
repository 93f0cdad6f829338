"""One worker process on this machine, watched and restarted."""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Self

from generation import wire
from generation.errors import FailureKind
from generation.events import Cancelled, Completed, Event, Failed
from generation.jobs import Job

log = logging.getLogger(__name__)

LIVES = 2
"""How many workers a job may lose before it is given up: it may be what ends them."""

RESTART_SECONDS = (0.0, 1.0, 5.0, 30.0)
"""How long to wait before each new worker that follows one which never got ready."""

CLOSE_SECONDS = 10.0
"""How long a worker may take to end by itself, a model load or a step included."""

QUIET = {"TRANSFORMERS_VERBOSITY": "error", "OMP_WAIT_POLICY": "PASSIVE"}
"""The worker's environment, where the host's own says nothing: no advice in the log, no waiting by spinning."""

WORKER = (sys.executable, "-m", "generation.engine.worker")


class LocalPool:
    """A `WorkerPool` of one spawned process. Use as `async with`.

    A worker that ends unasked is replaced, and its jobs begin again, each at most `LIVES` times.
    """

    def __init__(
        self,
        options: wire.Configure,
        command: tuple[str, ...] = WORKER,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._options = options
        self._command = command
        self._sleep = sleep
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._in_flight: dict[int, Job] = {}
        self._losses: dict[int, int] = {}
        self._cancelling: set[int] = set()
        self._worker: Process | None = None
        self._ready = asyncio.Event()
        self._about: wire.Ready | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watcher = asyncio.create_task(self._watch(), name="worker watcher")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def room(self) -> int:
        return self._options.max_pictures

    async def ready(self) -> wire.Ready:
        """Wait for the worker to be up; what it runs on."""
        await self._ready.wait()
        assert self._about is not None
        return self._about

    async def submit(self, job: Job) -> None:
        self._in_flight[job.id] = job
        self._send(wire.Submit(job))

    async def cancel(self, job_id: int) -> None:
        if job_id in self._in_flight:
            self._cancelling.add(job_id)
            self._send(wire.Cancel(job_id))

    async def want_frame(self, job_id: int) -> None:
        if job_id in self._in_flight:
            self._send(wire.WantFrame(job_id))

    async def events(self) -> AsyncIterator[Event]:
        while True:
            yield await self._events.get()

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
            worker = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, env=QUIET | os.environ, start_new_session=True
            )
            try:
                await self._converse(worker)
            finally:
                was_ready = self._ready.is_set()
                self._worker = None
                self._ready.clear()
                await _end(worker)
            failed_starts = 0 if was_ready else failed_starts + 1
            log.error("the worker ended with status %s; starting another", worker.returncode)
            self._count_losses()

    async def _converse(self, worker: Process) -> None:
        """Hand over the jobs, then pass on events until the worker ends."""
        assert worker.stdout is not None
        self._worker = worker
        self._send(self._options)
        for job in list(self._in_flight.values()):
            if job.id in self._cancelling:
                self._pass_on(Cancelled(job.id))
            else:
                self._send(wire.Submit(job))
        with suppress(EOFError):
            while True:
                match await wire.read_async(worker.stdout):
                    case wire.Ready() as about:
                        self._about = about
                        self._ready.set()
                        log.info(
                            "worker %s ready on %s, %s, %s threads", about.pid, about.device, about.dtype, about.threads
                        )
                    case event:
                        self._pass_on(event)

    def _pass_on(self, event: Event) -> None:
        if event.job_id not in self._in_flight:
            return
        if isinstance(event, Completed | Failed | Cancelled):
            del self._in_flight[event.job_id]
            self._losses.pop(event.job_id, None)
            self._cancelling.discard(event.job_id)
        self._events.put_nowait(event)

    def _count_losses(self) -> None:
        for job_id in self._in_flight.keys() - self._cancelling:
            self._losses[job_id] = self._losses.get(job_id, 0) + 1
            if self._losses[job_id] >= LIVES:
                self._pass_on(Failed(job_id, FailureKind.WORKER_LOST, f"{LIVES} workers ended during this job"))

    def _send(self, command: wire.Command) -> None:
        """Write to the worker, if there is one; a new one is told of every job in flight."""
        if self._worker is not None and self._worker.stdin is not None and not self._worker.stdin.is_closing():
            self._worker.stdin.write(wire.pack(command))


async def _end(worker: Process) -> None:
    """Ask the worker to end by closing its input; kill it where it does not."""
    if worker.stdin is not None:
        worker.stdin.close()
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await worker.wait()
    except TimeoutError:
        worker.kill()
        await worker.wait()
