"""The host's ComfyUI servers, a worker each."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from generation.catalogue import ModelSpec
from generation.comfy.client import CONNECT_SECONDS, ComfyClient
from generation.comfy_server import ComfyServer
from generation.jobs import Job
from generation.pool import Lost, PoolEvent


class ComfyPool:
    """A `WorkerPool` of ComfyUI servers, which are workers for as long as they can be reached. Use as `async with`."""

    def __init__(
        self,
        addresses: Iterable[str],
        models: Iterable[ModelSpec],
        *,
        max_pictures: int = 1,
        step_seconds: float = 300.0,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Servers at the `addresses`, such as `http://127.0.0.1:8188`, draw the `models` that are workflows. Each has
        room for `max_pictures`. A picture is lost of which a server says nothing for `step_seconds`."""
        self._addresses = tuple(dict.fromkeys(addresses))
        self._workflows = {each.name: each.source for each in models if each.is_workflow}
        self._room = max_pictures
        self._step_seconds = step_seconds
        self._sleep = sleep
        self._events: asyncio.Queue[PoolEvent] = asyncio.Queue()
        self._servers: dict[str, ComfyServer] = {}
        self._session: aiohttp.ClientSession | None = None
        self._running: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Connect to the servers; those that do not answer soon come later."""
        self._session = aiohttp.ClientSession()
        losses: Counter[int] = Counter()
        for address in self._addresses:
            name = name_of(address)
            self._servers[name] = ComfyServer(
                ComfyClient(address, self._session),
                name,
                self._workflows,
                self._events.put_nowait,
                step_seconds=self._step_seconds,
                losses=losses,
                sleep=self._sleep,
            )
        self._running = [asyncio.create_task(each.run(), name=each.name) for each in self._servers.values()]
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.gather(*(each.tried.wait() for each in self._servers.values()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def workers(self) -> Mapping[str, int]:
        return {name: self._room for name, each in self._servers.items() if each.is_there}

    async def submit(self, job: Job, worker: str | None = None) -> None:
        there = [each for each in self._servers.values() if each.is_there]
        if worker is not None:
            self._servers[worker].submit(job)
        elif there:
            min(there, key=lambda each: each.pictures).submit(job)
        else:
            self._events.put_nowait(Lost(job.id))

    async def cancel(self, job_id: int) -> None:
        for server in self._servers.values():
            server.cancel(job_id)

    async def want_frame(self, job_id: int) -> None:
        for server in self._servers.values():
            server.want_frame(job_id)

    async def events(self) -> AsyncIterator[PoolEvent]:
        while True:
            yield await self._events.get()

    async def close(self) -> None:
        """Stop what the servers draw for us, and leave them."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running = []
        if self._session is not None:
            await self._session.close()


def name_of(address: str) -> str:
    """A server's name: its address without what belongs to the protocol, or a password."""
    parts = urlsplit(address)
    return parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")
