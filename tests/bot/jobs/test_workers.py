from dataclasses import dataclass

import pytest

from bot.jobs.workers import NamedPool, Worker, Workers
from generation.jobs import Draw, Job
from generation.model_loads import LOADING
from generation.pace import Drawing, Work
from generation.settings import GenerationSettings
from tests.fake_pool import FakePool

PIXELS = 64 * 64
KNOWN = {("m", PIXELS): 0.05, ("n", PIXELS): 0.05, ("m", LOADING): 30.0, ("n", LOADING): 7.0}


def job(job_id: int, owner: str = "a", *, model: str = "m", count: int = 1, steps: int = 10) -> Job:
    settings = GenerationSettings(
        prompt="a fox", seed=1, model=model, width=64, height=64, steps=steps, count=count, guidance_scale=5.0
    )
    return Job(job_id, owner, Draw(settings))


@dataclass
class Host:
    """Two workers of one pool, on a clock, and a worker of another pool, for the model "far"."""

    workers: Workers
    now: float = 0.0

    @property
    def first(self) -> Worker:
        return self.workers.of("gpus")[0]

    @property
    def second(self) -> Worker:
        return self.workers.of("gpus")[1]

    def choose(self, each: Job) -> Worker | None:
        return self.workers.choose(each, (Drawing.of(Work(each.task.settings)),))

    def give(self, each: Job, worker: Worker) -> None:
        """Have a worker draw a job with its model loaded."""
        worker.room.enter(each, beside=False)
        worker.loads.use(each.id, each.task.settings.model)
        worker.pace.begin(each.id, Work(each.task.settings))


@pytest.fixture
def host() -> Host:
    pools = [NamedPool("gpus", FakePool("cuda:0", "cuda:1")), NamedPool("far", FakePool("8188"))]
    host = Host(Workers(pools, lambda model: "far" if model == "far" else ""))
    host.workers.knows({"": KNOWN})
    return host


def test_a_job_goes_where_its_model_is_loaded(host: Host) -> None:
    host.give(job(1, count=2), host.second)
    assert host.choose(job(2)) is host.second
    assert host.choose(job(3, model="n")) is host.first


def test_unless_waiting_there_takes_longer_than_loading_it_elsewhere(host: Host) -> None:
    host.give(job(1, count=4, steps=25), host.second)
    assert host.choose(job(2, count=4)) is None, "it waits some seconds for its turn, rather than for a load"
    host.give(job(3, "b", count=4, steps=100), host.second)
    host.second.pace.end(1)
    assert host.choose(job(2, count=4)) is host.first


def test_what_is_free_takes_turns_where_nothing_was_measured(host: Host) -> None:
    fresh = Host(Workers([NamedPool("gpus", FakePool("cuda:0", "cuda:1"))]))
    assert fresh.choose(job(1)) is fresh.first
    fresh.first.room.enter(job(1), beside=False)
    assert fresh.choose(job(2)) is fresh.second


def test_a_model_of_another_pool_goes_there_and_nowhere_else(host: Host) -> None:
    [far] = host.workers.of("far")
    assert host.choose(job(1, model="far")) is far
    far.room.enter(job(1, count=4), beside=False)
    assert host.choose(job(2, "a", model="far", count=2)) is None
    assert host.choose(job(3, "a")) is not None


def test_each_worker_keeps_what_it_measured_and_takes_the_rest_from_the_others(host: Host) -> None:
    host.workers.knows({"gpus/cuda:0": {("m", PIXELS): 0.1}, "far/8188": {("n", PIXELS): 0.3}})
    of_m = Drawing(("m", PIXELS), 1, 1)
    of_n = Drawing(("n", PIXELS), 1, 1)
    assert host.first.pace.seconds_together([of_m]) == pytest.approx(0.1)
    assert host.first.pace.seconds_together([of_n]) == pytest.approx(0.3)
    assert host.second.pace.seconds_together([of_m]) == pytest.approx(0.1)


def test_a_worker_that_leaves_is_chosen_no_more(host: Host) -> None:
    pool = FakePool("cuda:0")
    workers = Workers([NamedPool("gpus", pool)])
    pool.names = ()
    assert workers.choose(job(1), ()) is None
    pool.names = ("cuda:7",)
    chosen = workers.choose(job(1), ())
    assert chosen is not None
    assert chosen.key == "gpus/cuda:7"
