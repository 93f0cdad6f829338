import pytest

from generation.model_loads import ModelLoads


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def load(loads: ModelLoads, clock: Clock, model: str, seconds: float) -> float | None:
    loads.begin(1, model)
    clock.now += seconds / 2
    loads.begin(1, model)
    clock.now += seconds / 2
    return loads.use(1, model)


def test_a_load_is_measured_from_its_first_word_until_its_job_draws(clock: Clock) -> None:
    loads = ModelLoads(clock=clock)
    assert load(loads, clock, "m", 10.0) == 10
    assert loads.seconds("m") == 10
    assert load(loads, clock, "m", 20.0) == pytest.approx(0.3 * 20 + 0.7 * 10)


def test_a_load_that_goes_on_takes_what_is_left_of_it(clock: Clock) -> None:
    loads = ModelLoads(clock=clock)
    loads.knows({"m": 10.0})
    loads.begin(1, "m")
    clock.now += 4
    assert loads.seconds("m") == 6
    clock.now += 40
    assert loads.seconds("m") == 0


def test_a_model_that_was_never_loaded_is_like_the_others(clock: Clock) -> None:
    loads = ModelLoads(clock=clock)
    assert loads.seconds("m") == 0
    loads.knows({"a": 10.0, "b": 20.0})
    assert loads.seconds("m") == 15


def test_as_many_models_stay_in_memory_as_have_room(clock: Clock) -> None:
    loads = ModelLoads(room=2, clock=clock)
    for model in ("a", "b", "a", "c"):
        assert loads.use(1, model) is None
    assert loads.loaded == ["a", "c"]
    loads.begin(1, "a")
    assert loads.loaded == ["c"], "the worker that had it is gone"


def test_a_load_that_fails_teaches_nothing(clock: Clock) -> None:
    loads = ModelLoads(clock=clock)
    loads.begin(1, "m")
    loads.end(1)
    clock.now += 100
    assert load(loads, clock, "m", 10.0) == 10


def test_who_draws_with_a_model_that_another_job_loaded_does_not_measure_it(clock: Clock) -> None:
    loads = ModelLoads(clock=clock)
    loads.begin(1, "m")
    clock.now += 10
    assert loads.use(2, "m") is None


def test_a_worker_that_has_ended_has_nothing_in_memory(clock: Clock) -> None:
    loads = ModelLoads(clock=clock)
    load(loads, clock, "m", 10.0)
    loads.begin(2, "n")
    loads.forget()
    assert loads.loaded == []
    assert loads.seconds("m") == 10
