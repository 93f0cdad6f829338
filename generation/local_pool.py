"""The devices of this machine, a worker process for each."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Self

from generation import wire
from generation.jobs import Job
from generation.local_worker import LocalWorker
from generation.pool import PoolEvent

LOCAL = "local"
"""The name of the pool of a host who names none."""


class LocalPool:
    """A `WorkerPool` of one process a device, each watched and restarted by itself. Use as `async with`."""

    def __init__(
        self,
        options: wire.Configure,
        command: tuple[str, ...] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        devices: Sequence[str] = (),
    ) -> None:
        """One worker on each of the `devices`, with `options` otherwise; without any, one on that of the options."""
        self._events: asyncio.Queue[PoolEvent] = asyncio.Queue()
        self._room = options.max_pictures
        self._workers = {
            name: LocalWorker(
                _options_of(name, device, options), self._events.put_nowait, command, sleep, lambda: not self._usable
            )
            for name, device in _named(devices or [options.device])
        }
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for worker in self._workers.values():
            await self._stack.enter_async_context(worker)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def workers(self) -> Mapping[str, int]:
        return dict.fromkeys(self._usable or self._workers, self._room)

    @property
    def _usable(self) -> list[str]:
        """The workers whose processes get ready, as far as that is known."""
        return [name for name, worker in self._workers.items() if not worker.is_given_up]

    async def ready(self, worker: str | None = None) -> wire.Ready:
        """Wait for a worker, the first if none is named, to be ready, and return what it runs on."""
        return await (next(iter(self._workers.values())) if worker is None else self._workers[worker]).ready()

    async def submit(self, job: Job, worker: str | None = None) -> None:
        chosen = min(self._workers.values(), key=lambda each: len(each.in_flight))
        await (chosen if worker is None else self._workers[worker]).submit(job)

    async def cancel(self, job_id: int) -> None:
        for worker in self._workers.values():
            await worker.cancel(job_id)

    async def want_frame(self, job_id: int) -> None:
        for worker in self._workers.values():
            await worker.want_frame(job_id)

    async def events(self) -> AsyncIterator[PoolEvent]:
        while True:
            yield await self._events.get()

    async def empty(self) -> None:
        """Cancel the jobs in flight and drop their events, for a caller that numbers its jobs anew."""
        for worker in self._workers.values():
            for job_id in worker.in_flight:
                await worker.cancel(job_id)
        while any(worker.in_flight for worker in self._workers.values()) or not self._events.empty():
            await self._events.get()

    async def close(self) -> None:
        await self._stack.aclose()


def _named(devices: Sequence[str]) -> list[tuple[str, str]]:
    """The devices with their workers' names: the devices themselves, numbered where one is there several times."""
    met: Counter[str] = Counter()
    named = []
    for device in devices:
        met[device] += 1
        named.append((device if met[device] == 1 else f"{device} ({met[device]})", device))
    return named


def _options_of(name: str, device: str, options: wire.Configure) -> wire.Configure:
    """The options of one worker. Where there are several, each keeps its measurements in a file of its own."""
    file = options.measurements
    if file is not None and device != options.device:
        file = file.with_stem(f"{file.stem}-{re.sub('[^a-z0-9]+', '-', name).strip('-')}")
    return replace(options, device=device, measurements=file)
