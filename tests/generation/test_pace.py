import pytest

from generation import forward_seconds
from generation.pace import Drawing, Pace, Work
from generation.settings import GenerationSettings


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def settings(steps: int = 10, count: int = 1, side: int = 64, guidance: float = 5.0) -> GenerationSettings:
    return GenerationSettings(
        prompt="a fox",
        seed=1,
        model="m",
        width=side,
        height=side,
        steps=steps,
        count=count,
        guidance_scale=guidance,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forwards whose seconds are in proportion to their rows."""
    monkeypatch.setattr(forward_seconds, "GROWTH", 1.0)


def seconds_for(pace: Pace, work: Work) -> float | None:
    """The seconds that work takes by itself."""
    drawing = Drawing.of(work)
    together = pace.seconds_together([drawing])
    return None if together is None else drawing.forwards * together


def draw(pace: Pace, clock: Clock, request: GenerationSettings, seconds: float) -> dict[tuple[str, int], float]:
    pace.begin(1, Work(request))
    clock.now += seconds
    pace.step(1, request.steps)
    return pace.end(1)


def test_nothing_is_promised_before_anything_was_drawn(clock: Clock) -> None:
    pace = Pace(clock=clock)
    assert seconds_for(pace, Work(settings())) is None
    pace.begin(1, Work(settings()))
    assert pace.left(1) is None


@pytest.mark.usefixtures("in_proportion")
def test_what_was_learned_is_in_proportion_to_the_work(clock: Clock) -> None:
    pace = Pace(clock=clock)
    assert draw(pace, clock, settings(steps=10), 4.0) == {("m", 64 * 64): pytest.approx(0.2)}
    assert seconds_for(pace, Work(settings(steps=10))) == pytest.approx(4)
    assert seconds_for(pace, Work(settings(steps=5, count=2))) == pytest.approx(4)
    assert seconds_for(pace, Work(settings(steps=10, guidance=1))) == pytest.approx(2)
    assert seconds_for(pace, Work(settings(steps=20), of_picture=True)) == pytest.approx(6)
    assert seconds_for(pace, Work(settings(side=128))) == pytest.approx(16)


@pytest.mark.usefixtures("in_proportion")
def test_tiles_are_drawn_one_after_the_other(clock: Clock) -> None:
    pace = Pace({("m", 64 * 64): 0.1}, clock)
    tiles = Work(settings(steps=10), of_picture=True, tiles=9)
    assert seconds_for(pace, tiles) == pytest.approx(9 * 7 * 2 * 0.1)
    pace.begin(1, tiles)
    pace.step(1, 7)
    assert pace.left(1) == pytest.approx(8 * 7 * 2 * 0.1)
    pace.begin(2, Work(settings(steps=10)))
    assert pace.left(2) == pytest.approx(10 * (2 + 2) * 0.1)


def test_newer_measurements_change_older_ones_a_little(clock: Clock) -> None:
    pace = Pace(clock=clock)
    draw(pace, clock, settings(), 4.0)
    draw(pace, clock, settings(), 8.0)
    assert seconds_for(pace, Work(settings())) == pytest.approx(0.3 * 8 + 0.7 * 4)


@pytest.mark.usefixtures("in_proportion")
def test_who_shares_the_batch_takes_longer(clock: Clock) -> None:
    pace = Pace({("m", 64 * 64): 0.1}, clock)
    pace.begin(1, Work(settings(steps=10)))
    pace.step(1, 4)
    assert pace.left(1) == pytest.approx(6 * 2 * 0.1)
    pace.begin(2, Work(settings(steps=10, count=2)))
    assert pace.left(1) == pytest.approx(6 * (2 + 4) * 0.1)


@pytest.mark.usefixtures("in_proportion")
def test_time_is_shared_between_those_who_were_drawn_in_it(clock: Clock) -> None:
    pace = Pace(clock=clock)
    for job in (1, 2):
        pace.begin(job, Work(settings(steps=10)))
    clock.now += 8
    for job in (1, 2):
        pace.step(job, 10)
    assert pace.end(1) == {("m", 64 * 64): pytest.approx(0.2)}
    assert pace.end(2) == {}


def test_loading_a_model_and_waiting_for_work_count_for_nothing(clock: Clock) -> None:
    pace = Pace(clock=clock)
    pace.load()
    clock.now += 60
    draw(pace, clock, settings(), 4.0)
    clock.now += 3600
    draw(pace, clock, settings(), 4.0)
    assert seconds_for(pace, Work(settings())) == pytest.approx(4)


def test_a_job_that_begins_anew_after_its_worker_was_lost_is_counted_right(clock: Clock) -> None:
    pace = Pace({("m", 64 * 64): 0.1}, clock)
    pace.begin(1, Work(settings(steps=10)))
    pace.step(1, 9)
    pace.begin(1, Work(settings(steps=10)))
    pace.step(1, 1)
    assert pace.left(1) == pytest.approx(9 * 2 * 0.1)
    assert pace.end(99) == {}


def test_a_first_measurement_almost_replaces_one_of_an_earlier_run(clock: Clock) -> None:
    pace = Pace({("m", 64 * 64): 0.2}, clock)
    draw(pace, clock, settings(steps=9), 9 * 0.8)
    assert seconds_for(pace, Work(settings(steps=9))) == pytest.approx(9 * (9 * 0.8 + 0.4) / 10)


def test_a_wide_batch_is_not_judged_by_a_narrow_one(clock: Clock) -> None:
    pace = Pace(clock=clock)
    draw(pace, clock, settings(steps=100), 100.0)
    draw(pace, clock, settings(steps=100, count=4), 100.0)
    assert seconds_for(pace, Work(settings(steps=10))) == pytest.approx(10)
    wide = seconds_for(pace, Work(settings(steps=10, count=4)))
    assert wide == pytest.approx(10, rel=0.1)
    between = seconds_for(pace, Work(settings(steps=10, count=2)))
    assert between == pytest.approx(10, rel=0.1)
    wider = pace.seconds_together([Drawing(("m", 64 * 64), 1, 16)])
    assert wider == pytest.approx(2 ** (forward_seconds.GROWTH / 2), rel=0.1), "hardly longer than 8, as 8 than 2"


def test_steps_that_are_not_reported_count_once_the_job_is_complete(clock: Clock) -> None:
    pace = Pace(clock=clock)
    for steps in (1, 4):
        pace.begin(1, Work(settings(steps=steps)))
        clock.now += 2 * steps
        for step in range(1, steps):
            pace.step(1, step)
        pace.complete(1)
        assert pace.end(1) == {("m", 64 * 64): pytest.approx(1.0)}


@pytest.mark.usefixtures("in_proportion")
def test_jobs_that_end_together_teach_nothing_about_the_few_that_end_last(clock: Clock) -> None:
    pace = Pace(clock=clock)
    for job in (1, 2, 3):
        pace.begin(job, Work(settings(steps=10)))
    clock.now += 10
    for job in (1, 2, 3):
        pace.step(job, 9)
    for job in (1, 2, 3):
        pace.complete(job)
        pace.end(job)
        clock.now += 0.001
    assert seconds_for(pace, Work(settings(steps=10, count=3))) == pytest.approx(10, rel=0.01)
    assert seconds_for(pace, Work(settings(steps=10))) == pytest.approx(10 / 3, rel=0.01)


@pytest.mark.usefixtures("in_proportion")
def test_jobs_that_came_one_after_the_other_are_measured_by_their_overlap(clock: Clock) -> None:
    pace = Pace(clock=clock)
    pace.begin(1, Work(settings(steps=11)))
    clock.now += 5
    pace.step(1, 5)
    pace.begin(2, Work(settings(steps=11)))
    clock.now += 5
    pace.step(1, 10)
    pace.step(2, 5)
    rows = 22 + 11
    assert pace.end(1) == {("m", 64 * 64): pytest.approx(10 / rows)}


@pytest.mark.parametrize("known", [{}, {("m", 64 * 64): 0.2}], ids=["measured", "of an earlier run"])
def test_a_rush_is_not_announced_in_proportion_to_its_rows(known: dict[tuple[str, int], float], clock: Clock) -> None:
    pace = Pace(known, clock)
    if not known:
        draw(pace, clock, settings(steps=10), 4.0)
    rush = pace.seconds_together([Drawing(("m", 64 * 64), 10, 2)] * 16)
    assert rush == pytest.approx(0.4 * 16**forward_seconds.GROWTH)
    assert rush
    assert rush < 0.4 * 16 / 2


def test_what_a_wide_batch_taught_is_kept_as_of_one_picture(clock: Clock) -> None:
    pace = Pace(clock=clock)
    kept = draw(pace, clock, settings(steps=10, count=4), 10.0)
    restarted = Pace(kept, clock)
    assert seconds_for(restarted, Work(settings(steps=10, count=4))) == pytest.approx(10)
    assert seconds_for(restarted, Work(settings(steps=10))) == seconds_for(pace, Work(settings(steps=10)))


def test_a_request_cancelled_after_its_first_step_teaches_nothing(clock: Clock) -> None:
    pace = Pace(clock=clock)
    draw(pace, clock, settings(steps=25), 2.0)
    large = Work(settings(steps=20, side=256))
    before = seconds_for(pace, large)
    pace.begin(2, Work(settings(steps=25, side=96)))
    clock.now += 2
    pace.step(2, 1)
    assert pace.end(2) == {}
    assert seconds_for(pace, large) == before


def test_what_others_drew_beside_a_cancelled_one_counts(clock: Clock) -> None:
    pace = Pace(clock=clock)
    for job in (1, 2):
        pace.begin(job, Work(settings(steps=10)))
    clock.now += 4
    for job in (1, 2):
        pace.step(job, 5)
    pace.end(2)
    clock.now += 2
    pace.complete(1)
    learned = pace.end(1)
    assert 0.2 < learned["m", 64 * 64] < 0.4


def test_a_few_slow_forwards_of_a_size_hardly_change_the_other_sizes(clock: Clock) -> None:
    pace = Pace(clock=clock)
    draw(pace, clock, settings(steps=25), 2.5)
    near = Work(settings(steps=20, side=128))
    before = seconds_for(pace, near)
    draw(pace, clock, settings(steps=1, side=96), 4.0)
    after = seconds_for(pace, near)
    assert before
    assert after
    assert before < after < 1.5 * before
    draw(pace, clock, settings(steps=25, side=96), 25 * 0.6)
    known_size = seconds_for(pace, near)
    assert known_size
    assert known_size > 20 * 0.6 * (128 / 96) ** 2, "the nearest size, once known"


def test_jobs_of_one_step_that_end_with_the_same_forward_do_not_seem_to_take_no_time(clock: Clock) -> None:
    pace = Pace(clock=clock)
    pace.begin(1, Work(settings(steps=1)))
    pace.begin(2, Work(settings(steps=1, side=128)))
    clock.now += 2.0
    pace.complete(1)
    assert pace.end(1) != {}
    for seconds in (0.0, 0.00005):
        clock.now += seconds
        pace.complete(2)
        assert pace.end(2) == {}
        pace.begin(2, Work(settings(steps=1, side=128)))
    clock.now += 2.0
    pace.complete(2)
    assert pace.end(2)["m", 128 * 128] == pytest.approx(1.0)
    assert all(key == ("m", 128 * 128) for key in draw(pace, clock, settings(side=128), 10.0))


def test_steps_at_the_moment_of_a_cancel_are_no_measurement(clock: Clock) -> None:
    pace = Pace(clock=clock)
    pace.begin(1, Work(settings()))
    pace.begin(2, Work(settings(side=128)))
    clock.now += 10.0
    pace.complete(1)
    pace.end(1)
    pace.step(2, 9)
    pace.step(2, 5)
    pace.end(2)
    assert draw(pace, clock, settings(), 10.0).keys() == {("m", 64 * 64)}
