"""One worker process on this machine, watched and restarted."""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import astuple
from typing import Self

from generation import wire
from generation.errors import FailureKind
from generation.events import Cancelled, Ending, Event, Failed, Loading
from generation.jobs import Job

log = logging.getLogger(__name__)

LIVES = 2
"""How many workers a job may lose that had nothing else to do, before it is given up: it is what ends them."""

STARTS = 2
"""How many workers in a row may end before they are ready, until the jobs that wait for one are given up."""

RESTART_SECONDS = (0.0, 1.0, 5.0, 30.0)
"""How long to wait before each new worker that follows one which never got ready."""

STARTING_SECONDS = 600.0
"""How long a worker may take to be ready, while jobs wait for it."""

LOADING_SECONDS = 3600.0
"""How long a worker may take to load a model, which may have to come from the hub."""

CLOSE_SECONDS = 10.0
"""How long a worker may take to end by itself, a model load or a step included."""

QUIET = {"TRANSFORMERS_VERBOSITY": "error"}
"""The worker's environment, where the host's own says nothing: no advice in the log."""

WORKER = (sys.executable, "-m", "generation.engine.worker")


class LocalPool:
    """A `WorkerPool` of one spawned process. Use as `async with`.

    A worker that ends unasked is replaced, and its jobs begin again: one after the other, since one of them may be
    what ended it, and the others shall not pay for that.
    """

    def __init__(
        self,
        options: wire.Configure,
        command: tuple[str, ...] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._options = options
        self._command = command or WORKER
        self._sleep = sleep
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._in_flight: dict[int, Job] = {}
        self._losses: dict[int, int] = {}
        self._cancelling: set[int] = set()
        self._suspects: deque[int] = deque()
        """Jobs to be drawn alone; while there are any, the first is all the worker has."""
        self._worker: Process | None = None
        self._limit: asyncio.Timeout | None = None
        """When the worker must have said something, if it has anything to do."""
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
        if not self._suspects:
            self._send(wire.Submit(job))
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

    async def events(self) -> AsyncIterator[Event]:
        while True:
            yield await self._events.get()

    async def empty(self) -> None:
        """Cancel the jobs in flight and drop their events, for a caller that numbers its jobs anew."""
        for job_id in list(self._in_flight):
            await self.cancel(job_id)
        while self._in_flight or not self._events.empty():
            await self._events.get()

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
                for job_id in list(self._in_flight):
                    self._pass_on(Failed(job_id, FailureKind.WORKER_UNAVAILABLE, "no worker gets ready"))

    async def _employ(self) -> bool:
        """Run one worker to its end; whether it ever was ready."""
        try:
            worker = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, env=QUIET | os.environ, start_new_session=True
            )
        except OSError:
            log.exception("no worker can be started")
            return False
        try:
            await self._converse(worker)
        finally:
            was_ready = self._ready.is_set()
            self._worker = None
            self._ready.clear()
            await _end(worker)
        log.error("the worker ended with status %s; starting another", worker.returncode)
        return was_ready

    async def _converse(self, worker: Process) -> None:
        """Hand over the jobs, then pass on events until the worker ends."""
        assert worker.stdout is not None
        for job_id in self._in_flight.keys() & self._cancelling:
            self._pass_on(Cancelled(job_id))
        self._worker = worker
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
                log.info("worker %s ready on %s, %s, %s threads", *astuple(message))
            case _:
                self._pass_on(message)
        self._expect(LOADING_SECONDS if isinstance(message, Loading) else self._options.step_seconds)

    def _expect(self, seconds: float) -> None:
        """Give the worker so long for its next word, if it has anything to do."""
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time() + seconds if self._in_flight else None)

    def _pass_on(self, event: Event) -> None:
        if event.job_id not in self._in_flight:
            return
        if isinstance(event, Ending):
            del self._in_flight[event.job_id]
            self._losses.pop(event.job_id, None)
            self._cancelling.discard(event.job_id)
            self._clear_of_suspicion(event.job_id)
        self._events.put_nowait(event)

    def _submit_due(self) -> None:
        """Hand the worker its first suspect, or, where there is none, everything."""
        for job_id in [self._suspects[0]] if self._suspects else list(self._in_flight):
            self._send(wire.Submit(self._in_flight[job_id]))

    def _clear_of_suspicion(self, job_id: int) -> None:
        if job_id in self._suspects:
            was_first = self._suspects[0] == job_id
            self._suspects.remove(job_id)
            if was_first:
                self._submit_due()

    def _count_losses(self) -> None:
        """After the loss of a worker: whoever had it alone is charged with it, and everybody is drawn alone next."""
        alone = self._suspects[0] if self._suspects else next(iter(self._in_flight), None)
        if alone is not None and (self._suspects or len(self._in_flight) == 1) and alone not in self._cancelling:
            self._losses[alone] = self._losses.get(alone, 0) + 1
            if self._losses[alone] >= LIVES:
                self._pass_on(Failed(alone, FailureKind.WORKER_LOST, f"{LIVES} workers ended during this job alone"))
        self._suspects = deque(self._in_flight)

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
