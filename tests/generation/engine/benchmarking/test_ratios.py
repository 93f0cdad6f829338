from collections.abc import Callable

import pytest

from generation.engine.benchmarking.ratios import Ratio, as_json, in_turns


@pytest.mark.parametrize(
    ("rounds", "spread", "settled"),
    [
        ((2.0, 2.1, 2.2), 0.2 / 2.1, True),
        ((1.85, 2.0, 2.15), 0.15, True),
        ((1.84, 2.0, 2.15), 0.155, False),
        ((1.98, 2.6, 3.3), 1.32 / 2.6, False),
        ((2.0,), None, False),
    ],
)
def test_a_ratio_is_settled_up_to_a_spread_of_15_percent_of_its_median(
    rounds: tuple[float, ...], spread: float | None, settled: bool
) -> None:
    assert Ratio(rounds).spread == (spread if spread is None else pytest.approx(spread))
    assert Ratio(rounds).settled is settled


class Worker:
    """Works of known seconds, by a clock of their own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said = ""

    def work(self, name: str, seconds: float) -> Callable[[], str]:
        def done() -> str:
            self.now += seconds
            self.said += name
            return name

        return done


def test_works_alternate() -> None:
    worker = Worker()
    works = [worker.work("o", 1.0), worker.work("s", 2.0)]
    assert list(in_turns(works, 3, clock=lambda: worker.now)) == [("o", "s")] * 3
    assert worker.said == "ososos"


@pytest.mark.parametrize(("seconds", "rounds"), [(0.0, 1), (5.9, 1), (6.0, 2), (100.0, 3)])
def test_no_round_begins_that_would_end_too_late(seconds: float, rounds: int) -> None:
    worker = Worker()
    works = [worker.work("o", 1.0), worker.work("s", 2.0)]
    assert len(list(in_turns(works, 3, seconds, lambda: worker.now))) == rounds


def test_figures_have_medians_spreads_and_the_names_of_those_that_are_unsettled() -> None:
    figures = {"steady": Ratio((1.0, 1.0)), "wild": Ratio((1.0, 3.0)), "once": Ratio((2.0,)), "jobs": 16}
    assert as_json(figures) == {
        "steady": 1.0,
        "steady_spread": 0.0,
        "wild": 2.0,
        "wild_spread": 1.0,
        "once": 2.0,
        "once_spread": None,
        "jobs": 16,
        "unsettled": ["wild", "once"],
    }
