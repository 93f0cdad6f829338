"""What runs in an actor of a Ray cluster."""

import asyncio
import os
import re
from dataclasses import replace
from pathlib import Path

from platformdirs import user_cache_path

from generation import wire
from generation.environment import forget_secrets_of_the_bot
from generation.events import Event
from generation.local_worker import LocalWorker
from generation.pool import Lost, PoolEvent, WorkersChanged


class RayActor:
    """One worker process of its node, as on a single machine; its events wait here until somebody fetches them."""

    def __init__(self, options: wire.Configure, command: tuple[str, ...] | None) -> None:
        forget_secrets_of_the_bot()
        if options.measurements is not None:
            options = replace(options, measurements=_measurements())
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._worker = LocalWorker(options, self._tell, command)

    def _tell(self, event: PoolEvent) -> None:
        """Keep an event of a job; whether this worker can be used, Ray knows by itself."""
        if not isinstance(event, Lost | WorkersChanged):
            self._events.put_nowait(event)

    async def start(self) -> None:
        """Start the process. Ray carries this out once the actor is placed."""
        await self._worker.__aenter__()

    async def ready(self) -> wire.Ready:
        """Wait for the process to be ready, and return what it runs on."""
        return await self._worker.ready()

    async def take(self, command: wire.Submit | wire.Cancel | wire.WantFrame) -> None:
        """Carry out one command."""
        match command:
            case wire.Submit(job):
                await self._worker.submit(job)
            case wire.Cancel(job_id):
                await self._worker.cancel(job_id)
            case wire.WantFrame(job_id):
                await self._worker.want_frame(job_id)

    async def next_events(self) -> list[Event]:
        """Wait for an event, and return it with those that came since."""
        events = [await self._events.get()]
        while not self._events.empty():
            events.append(self._events.get_nowait())
        return events


def _measurements() -> Path:
    """A file of this node for what is measured on the actor's devices: the bot's data folder is on another machine."""
    devices = re.sub("[^a-z0-9]+", "-", os.environ.get("CUDA_VISIBLE_DEVICES", "").lower()) or "cpu"
    return user_cache_path("noisefox", ensure_exists=True) / f"measured-{devices}.json"
