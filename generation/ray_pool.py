"""The actors of a Ray cluster, one a device."""

import asyncio
import importlib.util
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from typing import Self

from generation import wire
from generation.environment import for_worker
from generation.errors import FailureKind, NoisefoxError
from generation.events import Cancelled, Ending, Event, Failed
from generation.jobs import Job
from generation.local_worker import LIVES, RESTART_SECONDS, end
from generation.pool import Lost, PoolEvent, WorkersChanged
from generation.ray_messages import FromRay, Joined, Left, Open, To, Unplaced, Unreachable

log = logging.getLogger(__name__)

QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
"""Defaults for the environment of the process that talks to Ray: it tells Ray's makers nothing."""

DRIVER = (sys.executable, "-m", "generation.ray_driver")


class RayMissing(NoisefoxError):
    """Ray is not installed."""


def check_installed() -> None:
    """Raise `RayMissing` where Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise RayMissing('Ray is not installed. Install it with: pip install "noisefox[ray]"')


def resources_of(options: wire.Configure) -> dict[str, float]:
    """What an actor takes of its node: the most that any of its models declares, and else a CPU and a GPU."""
    usual = {"CPU": 1.0} if options.device == "cpu" else {"CPU": 1.0, "GPU": 1.0}
    declared: dict[str, float] = {}
    for name, amount in (each for model in options.models for each in model.resources):
        declared[name] = max(amount, declared.get(name, 0.0))
    return usual | declared


@dataclass(eq=False, slots=True)
class _Worker:
    """An actor that is there, with its jobs."""

    actor: int
    running: dict[int, Job] = field(default_factory=dict)
    waiting: deque[Job] = field(default_factory=deque)
    """Jobs that are to run alone, or that come after such a job."""
    cancelling: set[int] = field(default_factory=set)

    @property
    def jobs(self) -> list[int]:
        return [*self.running, *(job.id for job in self.waiting)]


class RayPool:
    """A `WorkerPool` of Ray actors, which come and go as the cluster has room for them. Use as `async with`.

    The jobs of an actor that is lost give `Lost`. Wherever they go next, each of them runs alone: if one is the cause,
    the others do not fail with it.
    """

    def __init__(
        self,
        options: wire.Configure,
        *,
        address: str = "auto",
        actors: int = 1,
        command: tuple[str, ...] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Asks the cluster at an `address` for so many `actors`, each with what the models of the `options` declare.
        Raises `RayMissing`."""
        check_installed()
        names = tuple(f"actor {number}" for number in range(1, actors + 1))
        self._open = Open(address, names, resources_of(options), options, command)
        self._sleep = sleep
        self._workers: dict[str, _Worker] = {}
        self._losses: dict[int, int] = {}
        """Jobs that an actor was lost with, and how many of those ran nothing else."""
        self._events: asyncio.Queue[PoolEvent] = asyncio.Queue()
        self._driver: Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watcher = asyncio.create_task(self._watch(), name="ray")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def workers(self) -> Mapping[str, int]:
        return {name: self._open.options.max_pictures for name in self._open.workers if name in self._workers}

    async def submit(self, job: Job, worker: str | None = None) -> None:
        if worker is None and self._workers:
            worker = min(self._workers, key=lambda name: len(self._workers[name].jobs))
        chosen = self._workers.get(worker or "")
        if chosen is None:
            self._events.put_nowait(Lost(job.id))
            return
        chosen.waiting.append(job)
        self._give(chosen)

    async def cancel(self, job_id: int) -> None:
        for worker in self._workers.values():
            if job_id in worker.running:
                worker.cancelling.add(job_id)
                self._send(worker, wire.Cancel(job_id))
            elif job_id in worker.jobs:
                worker.waiting = deque(job for job in worker.waiting if job.id != job_id)
                self._end(Cancelled(job_id))
                self._give(worker)

    async def want_frame(self, job_id: int) -> None:
        for worker in self._workers.values():
            if job_id in worker.running:
                self._send(worker, wire.WantFrame(job_id))

    async def events(self) -> AsyncIterator[PoolEvent]:
        while True:
            yield await self._events.get()

    async def empty(self) -> None:
        """Cancel the jobs in flight and drop their events, for a caller that numbers its jobs anew."""
        for worker in list(self._workers.values()):
            for job_id in worker.jobs:
                await self.cancel(job_id)
        while any(worker.jobs for worker in self._workers.values()) or not self._events.empty():
            await self._events.get()
        self._losses.clear()

    async def close(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None

    async def _watch(self) -> None:
        """Keep a process that talks to Ray until cancelled."""
        failed = 0
        while True:
            await self._sleep(RESTART_SECONDS[min(failed, len(RESTART_SECONDS) - 1)])
            failed = 0 if await self._drive() else failed + 1

    async def _drive(self) -> bool:
        """Run one such process to its end. True if an actor joined."""
        try:
            driver = await asyncio.create_subprocess_exec(
                *DRIVER, stdin=PIPE, stdout=PIPE, env=QUIET | for_worker(os.environ), start_new_session=True
            )
        except OSError as reason:
            log.error("no process that talks to Ray can be started: %s", reason)
            return False
        assert driver.stdin is not None
        assert driver.stdout is not None
        reached = False
        try:
            self._driver = driver
            driver.stdin.write(wire.pack(self._open))
            while True:
                message: FromRay = await wire.read_async(driver.stdout)
                reached |= isinstance(message, Joined)
                self._hear(message)
        except EOFError:
            if self._workers:
                log.error("the Ray cluster at %s was lost", self._open.address)
            self._lose([*self._workers])
        finally:
            self._driver = None
            await end(driver)
        return reached

    def _hear(self, message: FromRay) -> None:
        match message:
            case Joined(actor, name, about):
                log.info("%s joined: worker %s ready on %s, %s, %s threads", name, *astuple(about))
                self._workers[name] = _Worker(actor)
                self._events.put_nowait(WorkersChanged())
            case Left(_, name, reason):
                log.error("%s is lost; Ray is asked for another: %s", name, reason)
                self._lose([name])
            case Unplaced(name):
                needs = ", ".join(f"{amount:g} {what}" for what, amount in self._open.resources.items())
                log.warning("%s waits for a node of the Ray cluster that has free: %s", name, needs)
            case Unreachable(reason):
                log.error(
                    "The Ray cluster at %s cannot be reached; it is tried again. Start Ray on this machine, or correct "
                    "the address: %s",
                    self._open.address,
                    reason,
                )
            case _:
                self._pass_on(message)

    def _pass_on(self, event: Event) -> None:
        for worker in self._workers.values():
            if event.job_id not in worker.running:
                continue
            if isinstance(event, Ending):
                del worker.running[event.job_id]
                worker.cancelling.discard(event.job_id)
                self._end(event)
                self._give(worker)
            else:
                self._events.put_nowait(event)

    def _end(self, event: Ending) -> None:
        self._losses.pop(event.job_id, None)
        self._events.put_nowait(event)

    def _lose(self, names: Collection[str]) -> None:
        """Give the jobs of lost actors back; one that lost as many as are allowed, alone in all of them, fails."""
        lost = [self._workers.pop(name) for name in names if name in self._workers]
        suspects = [job_id for worker in lost for job_id in worker.running if job_id not in worker.cancelling]
        for job_id in suspects:
            self._losses[job_id] = self._losses.get(job_id, 0) + (len(suspects) == 1)
        for worker in lost:
            for job_id in worker.jobs:
                if job_id in worker.cancelling:
                    self._end(Cancelled(job_id))
                elif self._losses.get(job_id, 0) >= LIVES:
                    self._end(Failed(job_id, FailureKind.WORKER_LOST, f"{LIVES} actors ended during it alone"))
                else:
                    self._events.put_nowait(Lost(job_id))
        if lost:
            self._events.put_nowait(WorkersChanged())

    def _give(self, worker: _Worker) -> None:
        """Send the jobs that are due: all, but for one that is to run alone, and those after it."""
        while worker.waiting:
            job = worker.waiting[0]
            if worker.running and (job.id in self._losses or worker.running.keys() & self._losses.keys()):
                return
            worker.running[job.id] = worker.waiting.popleft()
            self._send(worker, wire.Submit(job))

    def _send(self, worker: _Worker, command: wire.Submit | wire.Cancel | wire.WantFrame) -> None:
        if self._driver is not None and self._driver.stdin is not None and not self._driver.stdin.is_closing():
            self._driver.stdin.write(wire.pack(To(worker.actor, command)))
