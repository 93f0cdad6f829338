import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.fleet import figures, plot, virtual_time
from benchmarks.fleet.simulation import GREEDY, Outcome, Scenario, simulate

FOUR = Scenario(devices=4, load=0.8, seconds=240)


@pytest.fixture(scope="module")
def steady() -> Outcome:
    return simulate(FOUR)


async def slept() -> float:
    await asyncio.gather(*(asyncio.sleep(seconds) for seconds in (60, 3600)))
    return asyncio.get_running_loop().time()


def test_an_hour_takes_no_time() -> None:
    assert virtual_time.run(slept()) == 3600


async def forgotten() -> None:
    await asyncio.Event().wait()


def test_what_would_wait_for_ever_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="wait for each other"):
        virtual_time.run(forgotten())


def test_everybody_is_drawn_once_and_the_same_seed_gives_the_same_times(steady: Outcome) -> None:
    assert set(steady.endings.values()) == {1}
    assert steady.endings.keys() == steady.requests.keys()
    assert simulate(FOUR).requests == steady.requests


def test_a_greedy_person_waits_and_the_others_hardly_longer(steady: Outcome) -> None:
    greedy = simulate(replace(FOUR, greedy=True))
    waits = {True: list[float](), False: list[float]()}
    for each in greedy.requests.values():
        assert each.begun is not None
        waits[each.owner == GREEDY].append(each.begun - each.asked)
    assert max(waits[False]) < max(waits[True])
    assert figures.of([greedy]).median < 2 * figures.of([steady]).median + 5
    assert figures.service_index(greedy) > 0.95


def test_jobs_of_devices_that_fail_are_drawn_again_once() -> None:
    failing = simulate(replace(FOUR, seconds_to_failure=120.0))
    assert failing.failures > 3
    assert set(failing.endings.values()) == {1}
    assert figures.of([failing]).drawn_again > 0


def test_models_are_loaded_less_often_than_at_random(steady: Outcome) -> None:
    assert steady.loads < 0.7 * simulate(replace(FOUR, at_random=True)).loads


def test_what_is_not_asked_for_goes_to_the_others() -> None:
    assert figures.max_min({1: 2, 2: 10, 3: 10}, 12) == {1: 2, 2: 5, 3: 5}
    assert figures.jain([1, 1, 1]) == 1
    assert figures.jain([3, 0, 0]) == pytest.approx(1 / 3)


def test_the_plot_has_a_line_for_each_fleet() -> None:
    image = plot.drawn({"1 device": [(50, 2, 9), (120, 30, 90)], "4 devices": [(50, 1, 4), (120, 9, 40)]})
    colours = Counter(image.convert("RGB").get_flattened_data())
    assert all(colours[each] > 1000 for each in plot.COLOURS[:2])
