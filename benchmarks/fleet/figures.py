"""What an outcome says: waiting times, how even the service was, and what was loaded."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.fleet.simulation import GREEDY, Outcome

EDGE_SECONDS = 60.0
"""Requests that come so late before the end of a measurement are not asked for in it: nobody could have drawn them."""


@dataclass(frozen=True)
class Figures:
    """Of one or more outcomes of the same scenario; seconds until drawing begins, of all but the greedy person."""

    requests: int
    median: float
    p95: float
    p99: float
    jain: float
    loads: float
    """Loads of a model for a hundred requests."""
    drawn_again: int
    """Requests that were begun more than once."""
    milliseconds: float
    """Of the processor for a request, devices and people included."""


def of(outcomes: Sequence[Outcome]) -> Figures:
    """The figures of some outcomes together."""
    requests = [each for outcome in outcomes for each in outcome.requests.values()]
    waits = sorted(each.begun - each.asked for each in requests if each.begun is not None and each.owner != GREEDY)
    number = len(requests)
    return Figures(
        requests=number,
        median=percentile(waits, 0.5),
        p95=percentile(waits, 0.95),
        p99=percentile(waits, 0.99),
        jain=sum(map(service_index, outcomes)) / len(outcomes),
        loads=100 * sum(each.loads for each in outcomes) / number,
        drawn_again=sum(each.begun_times > 1 for each in requests),
        milliseconds=1000 * sum(each.cpu_seconds for each in outcomes) / number,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which a share (0 to 1) of some ordered values lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def service_index(outcome: Outcome) -> float:
    """Jain's index of what each person was drawn, as a share of what is fair: of the pictures that were drawn at all,
    as many for everybody, and what somebody doesn't ask for goes to the others (max-min).

    Measured while somebody asks for more than their share, or else while people ask.
    """
    scenario = outcome.scenario
    start, end = scenario.seconds / 5, scenario.seconds
    if greedy := [each.ended for each in outcome.requests.values() if each.owner == GREEDY and each.ended]:
        end = max(greedy)
    asked, drawn = Counter[int](), Counter[int]()
    for each in outcome.requests.values():
        if each.ended is None or each.ended < start or each.asked > max(start, end - EDGE_SECONDS):
            continue
        asked[each.owner] += each.pictures
        if each.ended <= end:
            drawn[each.owner] += each.pictures
    fair = max_min(asked, drawn.total())
    return jain(drawn[owner] / share for owner, share in fair.items() if share)


def max_min(asked: Mapping[int, float], total: float) -> dict[int, float]:
    """The max-min fair shares of a total between people who ask for so much."""
    shares, left = {}, total
    for place, (owner, wanted) in enumerate(sorted(asked.items(), key=lambda each: each[1])):
        shares[owner] = min(wanted, left / (len(asked) - place))
        left -= shares[owner]
    return shares


def jain(values: Iterable[float]) -> float:
    """(Σx)² / (n Σx²): 1 where all are equal, 1/n where one has everything. Jain, Chiu and Hawe, DEC-TR-301 (1984)."""
    given = list(values)
    squares = sum(each**2 for each in given)
    return sum(given) ** 2 / (len(given) * squares) if squares else 1.0
