from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs.estimates import Estimates
from bot.jobs.in_flight import InFlight
from bot.jobs.workers import NamedPool, Workers
from generation.catalogue import Catalogue
from generation.fair_order import FairOrder
from generation.jobs import Draw, Job
from generation.model_loads import LOADING
from generation.settings import GenerationSettings
from storage import database
from storage.generations import Generations
from storage.paces import Paces
from storage.records import Action, Lineage, Origin
from tests.databases import save_empty
from tests.fake_pool import FakePool
from tests.saved import saved

KEY = "m", 64 * 64
SETTINGS = GenerationSettings(prompt="a fox", seed=1, model="m", width=64, height=64, steps=10, guidance_scale=5.0)


class Bench:
    """Estimates on a clock."""

    def __init__(self, sessions: database.Sessions) -> None:
        self.now = 0.0
        self.paces = Paces(sessions)
        self.generations = Generations(sessions)
        self.estimates = self.fresh()

    def fresh(self) -> Estimates:
        """Those of a bot that has just started."""
        workers = Workers([NamedPool("local", FakePool())], clock=lambda: self.now)
        [self.worker] = workers
        return Estimates(workers=workers, paces=self.paces, catalogue=Catalogue(), clock=lambda: self.now)

    async def asked(self, key: str, action: Action = Action.IMAGINE) -> InFlight:
        generation = await saved(self.generations, Origin(key, 1, 1), SETTINGS, Lineage(action))
        return InFlight(Job(generation.id, "1", Draw(generation.settings)), generation, self.worker, False)

    def left(self, *running: InFlight) -> dict[int, float]:
        forecast = self.estimates.forecast("local", running, FairOrder(lambda job: False), {})
        forecast.play()
        return forecast.ends


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    save_empty(tmp_path / "noisefox.db")
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        yield Bench(sessions)


async def test_making_figures_is_no_step_and_has_a_time_of_its_own(bench: Bench) -> None:
    explained = await bench.asked("1", Action.EXPLAIN)
    bench.estimates.begin(explained)
    bench.now += 9
    bench.estimates.advance(explained, 9, 10)
    bench.now += 1
    assert bench.estimates.explain(explained, 0, 10) is None
    assert bench.left(explained) == {explained.job.id: pytest.approx(40 * 0.5)}
    bench.now += 50
    assert bench.estimates.explain(explained, 5, 10) == pytest.approx(50)
    assert bench.left(explained) == {explained.job.id: pytest.approx(20 * 0.5)}
    bench.now += 50
    bench.estimates.complete(explained)
    bench.estimates.end(explained)
    plain = await bench.asked("2")
    bench.estimates.begin(plain)
    assert bench.left(plain) == {plain.job.id: pytest.approx(10)}, "as slow as its own steps, not as the figures"


async def test_what_was_learned_outlives_a_restart_loads_too(bench: Bench) -> None:
    drawn = await bench.asked("1")
    bench.estimates.loading(drawn, "m")
    bench.now += 30
    learned = bench.estimates.begin(drawn)
    assert learned == {("m", LOADING): 30}
    bench.now += 10
    bench.estimates.complete(drawn)
    learned |= bench.estimates.end(drawn)
    assert learned[KEY] == pytest.approx(0.5)
    await bench.estimates.keep(bench.worker, learned)
    bench.estimates = bench.fresh()
    await bench.estimates.load()
    waiting = await bench.asked("2")
    assert bench.left(waiting) == {waiting.job.id: pytest.approx(30 + 10)}


async def test_the_time_between_two_jobs_in_one_place_counts_for_the_pace(bench: Bench) -> None:
    first = await bench.asked("0")
    bench.estimates.begin(first)
    bench.estimates.end(first)
    for key in ("1", "2"):
        job = await bench.asked(key)
        bench.estimates.submit(job)
        bench.now += 1
        bench.estimates.begin(job)
        bench.now += 8
        bench.estimates.complete(job)
        bench.now += 1
        assert bench.estimates.end(job) == {KEY: pytest.approx(10 / 20)}, "from its submission until it is kept"
