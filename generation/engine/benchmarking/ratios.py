"""Ratios of times that are measured in turns, how far they spread, and whether they are settled."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Self, TypeVar

UNSETTLED = 0.15
"""The spread from which on a ratio says little."""

SPREAD = "_spread"
"""What the name of a ratio's spread ends in."""

Taken = TypeVar("Taken")


@dataclass(frozen=True)
class Ratio:
    """A ratio that was measured in several rounds."""

    rounds: tuple[float, ...]

    @classmethod
    def of(cls, rounds: Iterable[float]) -> Self:
        return cls(tuple(rounds))

    @property
    def median(self) -> float:
        return median(self.rounds)

    @property
    def spread(self) -> float | None:
        """The largest less the smallest, as a share of the median; None after a single round."""
        return (max(self.rounds) - min(self.rounds)) / self.median if len(self.rounds) > 1 else None

    @property
    def settled(self) -> bool:
        return self.spread is not None and self.spread <= UNSETTLED


def in_turns(
    works: Sequence[Callable[[], Taken]],
    rounds: int,
    seconds: float = math.inf,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[tuple[Taken, ...]]:
    """What each work returns, round by round: one after the other, so that a change of the machine's speed affects all.
    After the first, no round begins that would probably end after `seconds`."""
    started = clock()
    for number in range(1, rounds + 1):
        yield tuple([work() for work in works])
        taken = clock() - started
        if taken + taken / number > seconds:
            return


def as_json(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures with medians in the place of ratios, their spreads, and the names of those that are `unsettled`."""
    flat: dict[str, Any] = {}
    for name, value in figures.items():
        flat |= {name: value.median, name + SPREAD: value.spread} if isinstance(value, Ratio) else {name: value}
    unsettled = [name for name, value in figures.items() if isinstance(value, Ratio) and not value.settled]
    return flat | {"unsettled": unsettled}
