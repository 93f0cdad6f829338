"""Pools on a Ray cluster of this machine: two actors, one on each of its nodes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.cli.soak.ray_nodes import RayNodes
from generation.catalogue import POCKET
from generation.ray_pool import RayPool
from generation.wire import Configure

OPTIONS = Configure(models=(POCKET,), device="cpu", dtype="float32", threads=1, max_pictures=2, largest_batch=4)


class RayPools:
    """Pools of two workers with room for two pictures each. The cluster has room for one pool at a time."""

    def __init__(self, nodes: RayNodes, command: tuple[str, ...]) -> None:
        """The actors run a `command`."""
        self.nodes = nodes
        self.command = command
        self._shared: RayPool | None = None
        self._stack = AsyncExitStack()

    async def shared(self) -> RayPool:
        """A pool for all tests that leave it as they found it. It takes seconds to open."""
        if self._shared is None:
            self._shared = await self._stack.enter_async_context(self._opened())
        await until_joined(self._shared)
        return self._shared

    @asynccontextmanager
    async def own(self) -> AsyncIterator[RayPool]:
        """A pool for one test."""
        await self.close()
        async with self._opened() as pool:
            await until_joined(pool)
            yield pool

    async def close(self) -> None:
        """Close the shared pool, until somebody wants it."""
        self._shared = None
        await self._stack.aclose()

    def _opened(self) -> RayPool:
        return RayPool(OPTIONS, address=self.nodes.address, actors=2, command=self.command)


async def until_joined(pool: RayPool, workers: int = 2) -> None:
    """Wait until so many actors are there."""
    async with asyncio.timeout(120):
        while len(pool.workers) != workers:
            await asyncio.sleep(0.02)
