from collections import deque
from collections.abc import Callable
from statistics import median

import pytest

from bot.jobs import room as rooms
from bot.jobs.forecast import Forecast
from bot.jobs.played_worker import Expected, PlayedWorker
from bot.jobs.room import Room
from generation.fair_order import FairOrder
from generation.jobs import Draw, Job
from generation.model_loads import ModelLoads
from generation.pace import Drawing, Pace, Work
from generation.settings import GenerationSettings

PIXELS = 64 * 64


def job(job_id: int, owner: str, *, steps: int = 10, count: int = 1, model: str = "m") -> Job:
    """A job whose forwards have two rows for each picture."""
    settings = GenerationSettings(
        prompt="a fox", seed=1, model=model, width=64, height=64, steps=steps, count=count, guidance_scale=5.0
    )
    return Job(job_id, owner, Draw(settings))


def drawing_of(each: Job) -> Drawing:
    return Drawing.of(Work(each.task.settings))


class Line:
    """A queue of jobs before one or two workers, as far as a forecast needs it."""

    def __init__(
        self,
        pictures: int = 4,
        pace: Pace | None = None,
        loads: ModelLoads | None = None,
        other: ModelLoads | None = None,
    ) -> None:
        pace = pace or Pace({("m", PIXELS): 0.05, ("n", PIXELS): 0.05})
        loads = loads or ModelLoads()
        played = [
            PlayedWorker(room=Room(lambda: pictures), pace=pace, loads=each, patience=20.0)
            for each in ((loads, other) if other else (loads,))
        ]
        self.worker = played[0]
        self.forecast = Forecast(FairOrder(lambda job: False), played)

    def runs(self, *jobs: Job) -> None:
        for each in jobs:
            self.forecast.add_running(Expected(each, deque([(drawing_of(each),)])), self.worker)

    def waits(self, *jobs: Job) -> None:
        for each in jobs:
            self.forecast.add_new(Expected(each, deque([(drawing_of(each),)])))

    def ends(self) -> dict[int, float]:
        self.forecast.play()
        return self.forecast.ends


def test_whoever_waits_behind_a_full_pool_waits_for_room_and_not_for_all() -> None:
    line = Line()
    line.runs(job(1, "a", steps=10, count=2), job(2, "b", steps=100, count=2))
    line.waits(job(3, "c", steps=10, count=2), job(4, "d", steps=10, count=2))
    ends = line.ends()
    assert ends[1] < ends[3] < ends[4] < ends[2]


def test_jobs_in_the_pool_share_the_time() -> None:
    line = Line()
    line.runs(job(1, "a"), job(2, "b", steps=20))
    assert line.ends() == {1: pytest.approx(10 * 4 * 0.05), 2: pytest.approx(10 * 4 * 0.05 + 10 * 2 * 0.05)}


def test_two_workers_share_a_queue() -> None:
    line = Line(other=ModelLoads())
    line.waits(*(job(each, f"owner {each}", count=4) for each in range(4)))
    assert line.ends() == {0: 4, 1: 4, 2: 8, 3: 8}


def test_a_job_goes_where_its_model_is_unless_loading_it_elsewhere_takes_less() -> None:
    loads, other = ModelLoads(), ModelLoads()
    loads.use(0, "m")
    loads.knows({"n": 7.0})
    other.knows({"m": 30.0, "n": 7.0})
    line = Line(loads=loads, other=other)
    line.runs(job(1, "a", count=2))
    line.waits(job(2, "b", model="n"), job(3, "c"))
    assert line.ends() == {1: pytest.approx(2 + 1), 3: pytest.approx(2 + 1), 2: pytest.approx(7 + 1)}


def test_owners_take_turns() -> None:
    line = Line()
    line.runs(job(1, "a", count=4))
    line.waits(*(job(each, "a", count=4) for each in range(2, 12)), job(99, "b", count=4))
    ends = line.ends()
    assert ends[2] < ends[99] < ends[3], "one job of a, then b's"


def test_one_picture_of_somebody_else_runs_beside_a_full_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SPARE", 1)
    line = Line()
    line.runs(job(1, "a", count=4))
    line.waits(job(2, "b"), job(3, "c"))
    ends = line.ends()
    assert ends[2] == pytest.approx(ends[1])
    assert ends[3] == pytest.approx(ends[1] + 10 * 2 * 0.05)


def test_a_comparison_comes_back_to_the_queue_for_each_of_its_parts() -> None:
    line = Line()
    part = drawing_of(job(0, "a", count=4))
    line.forecast.add_new(Expected(job(1, "a", count=4), deque([(part,), (part,), (part,)])))
    line.waits(job(2, "b", count=2))
    assert line.ends() == {2: pytest.approx(4 + 2), 1: pytest.approx(4 + 2 + 4 + 4)}


def test_an_upscale_without_drawing_takes_no_time() -> None:
    line = Line()
    line.forecast.add_new(Expected(job(1, "a"), deque([()])))
    assert line.ends() == {1: 0.0}


def test_a_model_that_has_to_be_loaded_is_waited_for_by_everybody() -> None:
    loads = ModelLoads()
    loads.knows({"m": 30.0})
    line = Line(loads=loads)
    line.waits(job(1, "a"), job(2, "b"))
    assert line.ends() == {1: pytest.approx(30 + 2), 2: pytest.approx(30 + 2)}


def test_a_job_of_another_model_waits_until_that_in_use_is_free_and_its_own_is_loaded() -> None:
    loads = ModelLoads()
    loads.knows({"m": 30.0, "n": 7.0})
    loads.use(0, "m")
    line = Line(loads=loads)
    line.runs(job(1, "a"))
    line.waits(job(2, "b", model="n"), job(3, "c"))
    ends = line.ends()
    assert ends[1] == ends[3] == pytest.approx(2)
    assert ends[2] == pytest.approx(2 + 7 + 1)


def test_a_job_of_another_model_is_not_put_off_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SPARE", 1)
    loads = ModelLoads()
    loads.use(0, "m")
    line = Line(pictures=2, loads=loads)
    line.runs(job(1, "a", steps=100))
    line.waits(job(2, "b", model="n"), *(job(each, f"owner {each}", steps=100) for each in range(3, 19)))
    ends = line.ends()
    assert sum(end < ends[2] for end in ends.values()) < 8, "no more join the model in use once it was waited for"


def test_two_models_run_beside_each_other_where_memory_has_room() -> None:
    loads = ModelLoads(room=2)
    loads.use(0, "n")
    loads.use(0, "m")
    line = Line(loads=loads)
    line.runs(job(1, "a", steps=150, count=2), job(2, "b", steps=125, count=2))
    line.waits(job(3, "c", model="n", steps=10))
    ends = line.ends()
    assert ends[3] < ends[1], "it was let in as soon as it had waited long enough"


def test_nothing_is_promised_where_a_model_was_never_measured() -> None:
    line = Line()
    line.runs(job(1, "a"))
    line.waits(job(2, "b", model="unknown"))
    assert line.ends() == {1: pytest.approx(1)}


class FakeWorker:
    """Draws all jobs of a pool together, a forward at a time, on a clock of its own; decoding takes half a second."""

    def __init__(self, seconds: Callable[[float], float]) -> None:
        self.now = 0.0
        self._seconds = seconds
        self._steps: dict[int, int] = {}

    def clock(self) -> float:
        return self.now

    def forward(self, drawn: list[Job], pace: Pace) -> list[Job]:
        """Take a step of all jobs; those that are done."""
        self.now += self._seconds(sum(2 * each.task.pictures for each in drawn))
        done = []
        for each in drawn:
            step = self._steps[each.id] = self._steps.get(each.id, 0) + 1
            if step < each.task.settings.steps:
                pace.step(each.id, step)
            else:
                done.append(each)
        self.now += 0.1 * len(done)
        return done


@pytest.mark.parametrize("seconds", [lambda rows: 0.2 * rows, lambda rows: 1.0, lambda rows: 0.5 + 0.05 * rows])
def test_announced_and_real_times_agree_on_a_processor_and_on_a_gpu(seconds: Callable[[float], float]) -> None:
    worker = FakeWorker(seconds)
    pace, loads = Pace(clock=worker.clock), ModelLoads(clock=worker.clock)
    room = Room(lambda: 4)
    order, beside, in_pool = FairOrder(room.goes_beside), dict[int, bool](), dict[int, Job]()
    due = {each: job(each, f"owner {each % 7}", steps=5 + each % 10, count=1 + each % 2) for each in range(60)}
    announced, real = dict[int, tuple[float, float]](), dict[int, float]()

    def forecast() -> dict[int, float]:
        ahead = PlayedWorker(room=Room(lambda: 4), pace=pace, loads=loads, patience=20)
        played = Forecast(order, [ahead])
        for each in in_pool.values():
            left = pace.remaining(each.id) or drawing_of(each)
            played.add_running(Expected(each, deque([(left,)]), beside[each.id]), ahead)
        for each in order:
            played.add_waiting(Expected(each, deque([(drawing_of(each),)])))
        played.play()
        return played.ends

    while due or in_pool:
        for each in list(due)[: 2 if worker.now > 5 else 1]:
            order.put(due.pop(each))
        while taken := order.take(room.fits):
            beside[taken.id] = room.goes_beside(taken)
            room.enter(taken, beside=beside[taken.id])
            in_pool[taken.id] = taken
            pace.begin(taken.id, Work(taken.task.settings))
        for job_id, end in forecast().items():
            announced.setdefault(job_id, (worker.now, end))
        for done in worker.forward(list(in_pool.values()), pace):
            pace.complete(done.id)
            pace.end(done.id)
            room.leave(in_pool.pop(done.id), beside=beside[done.id])
            real[done.id] = worker.now
    errors = [abs(at + said - real[each]) / (real[each] - at) for each, (at, said) in announced.items()]
    assert len(errors) >= 59, "nothing is known for the first"
    assert median(errors) < 0.15
