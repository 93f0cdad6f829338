from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.jobs.worker import Worker
from bot.jobs.workers import NamedPool, Workers
from generation.jobs import Draw, Job
from generation.model_loads import LOADING
from generation.pace import Drawing, Pace, Work
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


def test_a_model_that_somebody_waits_to_load_is_not_loaded_elsewhere_too(host: Host) -> None:
    host.second.room.enter(job(1, "b"), beside=False)
    assert host.choose(job(2)) is host.second
    assert host.choose(job(3, model="n")) is host.first


def test_a_model_of_others_is_not_thrown_out_for_a_short_wait(host: Host) -> None:
    host.give(job(1, count=4, steps=20), host.first)
    host.second.loads.use(0, "n")
    assert host.second.loads.room == 1
    host.workers.knows({"": KNOWN | {("m", LOADING): 7.0}})
    assert host.choose(job(2, count=4)) is None, "8 s here are less than 7 s, and 7 s again for the other model"
    host.second.loads.forget()
    assert host.choose(job(2, count=4)) is host.second


def test_an_idle_worker_loads_a_model_that_many_wait_for(host: Host) -> None:
    host.give(job(1, count=4, steps=25), host.second)
    turn = (Drawing.of(Work(job(2, count=4).task.settings)),)
    assert host.workers.placing("gpus", lambda model: 4).choose(job(2, count=4), turn) is None
    assert host.workers.placing("gpus", lambda model: 40).choose(job(2, count=4), turn) is host.first
    host.give(job(3, "b", model="n"), host.first)
    assert host.workers.placing("gpus", lambda model: 40).choose(job(2, count=4), turn) is None, "it is not idle"


def test_a_worker_that_comes_back_has_nothing_in_memory(host: Host) -> None:
    pool = FakePool("cuda:0", "cuda:1")
    workers = Workers([NamedPool("gpus", pool)])
    for worker in workers.of("gpus"):
        worker.loads.use(1, "m")
    pool.names = ("cuda:0",)
    workers.forget_gone()
    pool.names = ("cuda:0", "cuda:1")
    assert [each.loads.loaded for each in workers.of("gpus")] == [["m"], []]


def test_a_decision_is_quick_among_64_workers_and_500_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers([NamedPool("gpus", FakePool(*map(str, range(64))))])
    workers.knows({"": KNOWN})
    host = Host(workers)
    for number, worker in enumerate(workers.of("gpus")):
        host.give(job(number, f"r{number}", count=2), worker)
        host.give(job(100 + number, f"s{number}", count=1), worker)
    asked: list[str] = []
    counting = workers.placing("gpus")
    for worker in workers.of("gpus"):

        def counted(
            pace: Pace = worker.pace, ends: Callable[[Pace], float | None] = Pace.seconds_until_one_ends
        ) -> float | None:
            asked.append("once")
            return ends(pace)

        monkeypatch.setattr(worker.pace, "seconds_until_one_ends", counted)
    for number in range(500):
        each = job(1000 + number, f"o{number}", count=4, model="mn"[number % 2])
        assert counting.choose(each, (Drawing.of(Work(each.task.settings)),)) is None
    assert len(asked) <= 64, "once for each worker, not for each of those who wait"
