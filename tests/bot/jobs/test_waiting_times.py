import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bot.jobs.estimates import Estimates
from bot.jobs.in_flight import InFlightJobs
from bot.jobs.waiting_times import SHARE, WaitingTimes
from bot.jobs.workers import NamedPool, Workers
from generation.catalogue import Catalogue
from generation.events import Queued
from generation.fair_queue import FairQueue
from generation.jobs import Draw, Job
from generation.pace import Work
from generation.settings import GenerationSettings
from generation.usual_seconds import UsualSeconds
from storage import database
from storage.generations import Generations
from storage.paces import Paces
from storage.records import Generation, Lineage, Origin
from tests.databases import save_empty
from tests.fake_pool import FakePool
from tests.saved import saved


class Line:
    """Requests that wait, told on a clock that runs while they are told."""

    def __init__(self, generations: Generations, estimates: Estimates, workers: Workers) -> None:
        self.now = 0.0
        self.told: list[dict[int, tuple[int, float | None]]] = [{}]
        self.slept: list[float] = []
        self.awake = asyncio.Event()
        self.waiting: dict[int, Generation] = {}
        self.queue = FairQueue(line_of=workers.line_of)
        self.showing = UsualSeconds()
        self._generations = generations
        self.times = WaitingTimes(
            workers=workers,
            queue=self.queue,
            in_flight=InFlightJobs(),
            waiting=self.waiting,
            estimates=estimates,
            tell=self._tell,
            showing=self.showing,
            clock=lambda: self.now,
            sleep=self._sleep,
        )

    def _tell(self, generation: Generation, event: Queued, left: float | None) -> None:
        self.now += 0.001
        self.told[-1][generation.id] = event.position, left

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.told.append({})
        await self.awake.wait()

    def add_many(self, like: Generation, number: int) -> None:
        """Add requests of as many people."""
        for id in range(1000, 1000 + number):
            self.waiting[id] = replace(like, id=id)
            self.queue.put(Job(id, str(id), Draw(like.settings)))

    async def add(self, user_id: int, count: int = 4) -> int:
        settings = GenerationSettings(
            prompt="a fox", seed=1, model="m", width=64, height=64, steps=10, count=count, guidance_scale=5.0
        )
        origin = Origin(f"{len(self.waiting)}", user_id, 1)
        generation = await saved(self._generations, origin, settings, Lineage())
        self.waiting[generation.id] = generation
        self.queue.put(Job(generation.id, str(user_id), Draw(settings)))
        return generation.id


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    save_empty(tmp_path / "noisefox.db")
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        workers = Workers([NamedPool("local", FakePool())])
        workers.knows({"": {("m", 64 * 64): 0.05}})
        estimates = Estimates(workers=workers, paces=Paces(sessions), catalogue=Catalogue())
        yield Line(Generations(sessions), estimates, workers)


async def until_told(line: Line, times: int) -> None:
    async with asyncio.timeout(60):
        while len(line.slept) < times:
            await asyncio.sleep(0)


async def test_changes_that_come_together_are_told_once_and_the_next_ones_after_a_pause(line: Line) -> None:
    first, second, third = [await line.add(user_id) for user_id in (1, 1, 2)]
    running = asyncio.create_task(line.times.run())
    for _ in range(3):
        line.times.changed()
    await until_told(line, 1)
    assert {job_id: position for job_id, (position, _) in line.told[0].items()} == {first: 1, third: 2, second: 3}
    assert [line.told[0][each][1] for each in (first, third, second)] == [pytest.approx(each) for each in (4, 8, 12)]
    assert line.slept == [pytest.approx(0.003 / SHARE)]
    line.times.changed()
    for _ in range(10):
        await asyncio.sleep(0)
    assert line.told[1] == {}, "not before the pause is over"
    line.awake.set()
    await until_told(line, 2)
    assert line.told[1].keys() == {first, second, third}
    running.cancel()


async def test_a_new_request_waits_for_its_turn_and_not_for_all(line: Line) -> None:
    for _ in range(5):
        await line.add(1)
    work = Work(next(iter(line.waiting.values())).settings)
    assert line.times.seconds_until([work], "2") == pytest.approx(4 + 4)
    assert line.times.seconds_until([work], "1") == pytest.approx(6 * 4)
    assert line.times.seconds_until([work, work], "2") == pytest.approx(4 + 4 + 4 + 4)
    ends, last = line.times.ends()
    assert sorted(ends) == sorted(line.waiting)
    assert max(ends.values()) == last == pytest.approx(5 * 4)


async def test_two_hundred_are_told_without_holding_up_the_others(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.add_many(line.waiting[await line.add(1, count=1)], 200)
    turns, sleep = [], asyncio.sleep

    async def noted(seconds: float) -> None:
        turns.append(time.thread_time())
        await sleep(seconds)

    running = asyncio.create_task(line.times.run())
    line.times.changed()
    monkeypatch.setattr("bot.jobs.waiting_times.asyncio.sleep", noted)
    await until_told(line, 1)
    running.cancel()
    assert len(line.told[0]) == 201
    assert len(turns) > 6, "others have their turns between"
    assert max(end - begin for begin, end in pairwise(turns)) < 0.03


async def test_nothing_waits_in_an_empty_line(line: Line) -> None:
    assert line.times.ends() == ({}, 0)
