"""Pools on a Ray cluster of this machine: two actors, one on each of its nodes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.cli.soak.ray_nodes import RayNodes
from generation.catalogue import POCKET
from generation.ray_pool import RayPool
from generation.wire import Configure

OPTIONS = Configure(models=(POCKET,), device="cpu", dtype="float32", threads=1, max_pictures=2, largest_batch=4)


@asynccontextmanager
async def on_ray(nodes: RayNodes, command: tuple[str, ...]) -> AsyncIterator[RayPool]:
    """A pool of two workers with room for two pictures each; its actors run a command."""
    async with RayPool(OPTIONS, address=nodes.address, actors=2, command=command) as pool:
        await until_joined(pool)
        yield pool


async def until_joined(pool: RayPool, workers: int = 2) -> None:
    """Wait until so many actors are there."""
    async with asyncio.timeout(120):
        while len(pool.workers) != workers:
            await asyncio.sleep(0.02)
