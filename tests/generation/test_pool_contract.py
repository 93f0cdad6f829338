"""What every pool keeps to, whatever its workers are."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from generation.catalogue import POCKET, ModelSpec
from generation.comfy_pool import ComfyPool
from generation.events import Cancelled, Completed, Ending, Progress
from generation.jobs import Draw, Job
from generation.local_pool import LocalPool
from generation.pool import Lost, PoolEvent, WorkerPool
from generation.settings import GenerationSettings
from generation.wire import Configure
from tests.comfy import workflow
from tests.comfy.stand_in import StandIn
from tests.forked_worker import ForkServer
from tests.ray_pools import RayPools

Open = Callable[[], AbstractAsyncContextManager[WorkerPool]]
LONG = 150


def job(job_id: int, *, seed: int = 7, steps: int = 2, count: int = 1) -> Job:
    settings = GenerationSettings(
        prompt="a fox", seed=seed, model="pocket", width=64, height=64, steps=steps, count=count, guidance_scale=1.0
    )
    return Job(job_id, f"owner {job_id}", Draw(settings))


class Heard:
    """The events of a pool, as they come."""

    def __init__(self, pool: WorkerPool) -> None:
        self.events: list[PoolEvent] = []
        self._pool = pool
        self._changed = asyncio.Condition()

    async def listen(self) -> None:
        async for event in self._pool.events():
            async with self._changed:
                self.events.append(event)
                self._changed.notify_all()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(condition)

    async def until_ended_more_often(self, job_id: int, times: int) -> None:
        await self.until(lambda: len(self.endings(job_id)) > times or times)

    async def until_something(self) -> None:
        await self.until(lambda: self.events)

    def endings(self, job_id: int) -> list[PoolEvent]:
        return [each for each in self.events if isinstance(each, Ending | Lost) and each.job_id == job_id]

    def steps(self, job_id: int) -> list[int]:
        return [each.step for each in self.events if isinstance(each, Progress) and each.job_id == job_id]

    async def until_ended(self, *job_ids: int) -> None:
        await self.until(lambda: all(map(self.endings, job_ids)))


@pytest.fixture(params=["local", "comfy", "ray"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(kind: str, request: pytest.FixtureRequest) -> Open:
    """Opens a pool with two workers, each with room for two pictures."""
    if kind == "ray":
        on_ray: RayPools = request.getfixturevalue("ray_pools")
        return on_ray.own
    pools = Pools(request)
    kinds: dict[str, Open] = {"local": pools.local, "comfy": pools.comfy}
    return kinds[kind]


@pytest.fixture
def shared(kind: str, request: pytest.FixtureRequest) -> WorkerPool | None:
    """A pool for several tests, where each would take long to open."""
    return request.getfixturevalue("ray_pool") if kind == "ray" else None


class Pools:
    """Every kind of pool, but the one on Ray."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    @asynccontextmanager
    async def local(self) -> AsyncIterator[WorkerPool]:
        server: ForkServer = self._request.getfixturevalue("fork_server")
        options = Configure(models=(POCKET,), dtype="float32", threads=1, max_pictures=2, largest_batch=4)
        async with LocalPool(options, server.command(), devices=["cpu", "cpu"]) as pool:
            yield pool

    @asynccontextmanager
    async def comfy(self) -> AsyncIterator[WorkerPool]:
        models = [ModelSpec("pocket", workflow("sd15"))]
        async with (
            StandIn() as first,
            StandIn() as second,
            ComfyPool([first.address, second.address], models, max_pictures=2) as pool,
        ):
            yield pool


@pytest.fixture
async def pool(opened: Open, shared: WorkerPool | None) -> AsyncIterator[WorkerPool]:
    if shared is not None:
        yield shared
        return
    async with opened() as pool:
        yield pool


@pytest.fixture
async def heard(pool: WorkerPool) -> AsyncIterator[Heard]:
    heard = Heard(pool)
    listening = asyncio.create_task(heard.listen())
    yield heard
    listening.cancel()


async def test_every_job_ends_once_on_whichever_worker(pool: WorkerPool, heard: Heard) -> None:
    first, second = pool.workers
    assert [*pool.workers.values()] == [2, 2]
    for job_id, worker in enumerate((first, second, None, first, None), start=1):
        await pool.submit(job(job_id, count=1 + job_id % 2), worker)
    await heard.until_ended(*range(1, 6))
    endings = [heard.endings(job_id) for job_id in range(1, 6)]
    assert [type(each) for [each] in endings] == [Completed] * 5
    assert [len(each.pictures) for [each] in endings if isinstance(each, Completed)] == [2, 1, 2, 1, 2]


async def test_the_same_seed_is_the_same_picture_on_both(pool: WorkerPool, heard: Heard) -> None:
    for job_id, worker in enumerate(pool.workers, start=1):
        await pool.submit(job(job_id), worker)
    await heard.until_ended(1, 2)
    pictures = [each.pictures[0].seed for each in heard.events if isinstance(each, Completed)]
    assert pictures == [7, 7]


async def test_steps_are_told_in_order_before_the_ending(pool: WorkerPool, heard: Heard) -> None:
    await pool.submit(job(1, steps=5))
    await heard.until_ended(1)
    steps = heard.steps(1)
    assert steps == sorted(set(steps))
    assert steps
    assert heard.events[-1] in heard.endings(1)


async def test_a_cancelled_job_ends_so_and_disturbs_no_other(pool: WorkerPool, heard: Heard) -> None:
    worker = next(iter(pool.workers))
    for job_id, steps in ((1, LONG), (2, 3)):
        await pool.submit(job(job_id, steps=steps), worker)
    await heard.until(lambda: heard.steps(1))
    await pool.want_frame(1)
    await pool.cancel(1)
    await pool.cancel(1)
    await pool.cancel(99)
    await heard.until_ended(1, 2)
    [first], [second] = heard.endings(1), heard.endings(2)
    assert isinstance(first, Cancelled)
    assert isinstance(second, Completed)
    await pool.cancel(2)
    await pool.submit(job(3))
    await heard.until_ended(3)
    assert len(heard.endings(2)) == 1


async def test_a_closed_pool_ends_with_its_jobs_and_another_takes_its_place(opened: Open) -> None:
    for _ in range(2):
        async with opened() as pool:
            heard = Heard(pool)
            listening = asyncio.create_task(heard.listen())
            await pool.submit(job(1, steps=LONG))
            await heard.until_something()
            listening.cancel()
