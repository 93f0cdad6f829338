"""What draws on the command line: the pools of the configuration, each started when it is needed."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from platformdirs import user_cache_path
from tqdm import tqdm

from bot import worker_pools
from bot.config import Config, WorkerConfig
from bot.errors import sentence_for_failure
from generation import wire
from generation.comfy_pool import ComfyPool
from generation.errors import NoisefoxError
from generation.events import Completed, Explaining, Failed, Progress
from generation.jobs import Draw, Job, Task
from generation.local_pool import LocalPool
from generation.pool import Lost, PoolEvent
from generation.ray_pool import RayPool


class NotDrawn(NoisefoxError):
    """The worker could not draw the picture."""


class Drawer:
    """Does one task after the other. Use as `async with`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._pools: dict[str, LocalPool | RayPool | ComfyPool] = {}
        self._stack = contextlib.AsyncExitStack()
        self._jobs = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def drawn(self, task: Task, steps: int | None = None) -> Completed:
        """Do a task, with a progress bar of so many `steps` if this is a terminal. Raises `NotDrawn`."""
        pool = await self._pool(self._name_of(task))
        self._jobs += 1
        await pool.submit(Job(self._jobs, "terminal", task))
        return await _finished(pool.events(), steps)

    def _name_of(self, task: Task) -> str:
        """The pool that does a task; empty for this machine."""
        if not isinstance(task, Draw):
            return ""
        name = self._config.pool_of(self._config.catalogue.get(task.settings.model))
        return "" if type(self._config.pools[name]) is WorkerConfig else name

    async def _pool(self, name: str) -> LocalPool | RayPool | ComfyPool:
        if name not in self._pools:
            made = worker_pools.pool(self._config, name) if name else LocalPool(worker_options(self._config))
            self._pools[name] = await self._stack.enter_async_context(made)
        return self._pools[name]


def worker_options(config: Config) -> wire.Configure:
    """The worker's options. Outside a project folder, measurements are kept in the user's cache directory."""
    if config.data.is_dir():
        return config.worker_options
    folder = user_cache_path("noisefox", appauthor=False)
    with suppress(OSError):  # the worker says that it cannot write there
        folder.mkdir(parents=True, exist_ok=True)
    return replace(config.worker_options, measurements=folder / "measured.json")


async def _finished(events: AsyncIterator[PoolEvent], steps: int | None) -> Completed:
    """Wait for the job to end. Raises `NotDrawn` if it fails."""
    with tqdm(total=steps, unit="step", disable=None, leave=False) as bar:
        async for event in events:
            match event:
                case Progress():
                    bar.total = event.steps
                    bar.update(event.step - bar.n)
                case Explaining():
                    bar.set_description(f"figures, part {event.part + 1} of {event.parts}")
                case Completed():
                    return event
                case Failed():
                    raise NotDrawn(f"{sentence_for_failure(event.kind)} ({event.detail})")
                case Lost():
                    raise NotDrawn("What draws this model is away: see the log above. Then run the command again.")
    raise NotDrawn("The worker stopped.")
