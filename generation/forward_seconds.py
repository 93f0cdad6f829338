"""How long forwards of one model and size take, by their number of rows."""

import math
from dataclasses import dataclass

WEIGHT = 0.3
"""The weight of a new measurement against the earlier ones, where both are of as many forwards."""

ENOUGH = 8.0
"""Forwards on which an estimate may rest alone."""

GROWTH = 2 / 3
"""The power of their rows with which the seconds of forwards grow, where nothing else was measured. From 2 to 32 rows
it was 0.77 in float32 and 0.52 in bfloat16 on one thread, and 0.73 in float32 on two (benchmarks/README.md); on a GPU
it is less. In proportion it would be 1."""

_GUIDED = 2
"""Rows of one guided picture."""


@dataclass(slots=True)
class _Mean:
    """Measurements of about the same number of rows: their mean, and how many forwards it stands for."""

    rows: float
    seconds: float
    forwards: float

    def add(self, rows: float, seconds: float, forwards: float) -> None:
        new, old = WEIGHT * forwards, (1 - WEIGHT) * self.forwards
        self.rows = (new * rows + old * self.rows) / (new + old)
        self.seconds = (new * seconds + old * self.seconds) / (new + old)
        self.forwards = new + old


class ForwardSeconds:
    """Seconds of a forward. On a GPU, 16 rows may take hardly longer than 2; on a processor, eight times as long.

    Between two measured numbers of rows the seconds are interpolated, and outside of them they grow with a power of
    the rows: `GROWTH`, or its mean with the power that was measured between the nearest two. `a_row`, if known, are the
    seconds that a row of one guided picture took before anything was measured here.
    """

    def __init__(self, a_row: float | None = None) -> None:
        self._a_row = a_row
        self._means: dict[int, _Mean] = {}
        """By the logarithm of their rows."""
        self.forwards = 0.0
        """How many forwards all of this rests on."""
        if a_row is not None:
            self.forwards = ENOUGH

    def learn(self, rows: float, seconds: float, forwards: float) -> float:
        """Note that `forwards` of `rows` rows took `seconds` each; the seconds of a row of one guided picture, as they
        are known now."""
        self.forwards += forwards
        size = round(math.log2(rows))
        if size in self._means:
            self._means[size].add(rows, seconds, forwards)
        else:
            expected = self.of(rows)
            if expected is not None:
                seconds, forwards = (seconds * forwards + expected) / (forwards + 1), forwards + 1
            self._means[size] = _Mean(rows, seconds, forwards)
        a_pair = self.of(_GUIDED)
        assert a_pair is not None
        return a_pair / _GUIDED

    def of(self, rows: float) -> float | None:
        """The seconds of a forward with `rows` rows; None where nothing is known."""
        means = sorted(self._means.values(), key=lambda mean: mean.rows)
        if not means:
            return None if self._a_row is None else _GUIDED * self._a_row * _growth(_GUIDED, rows, GROWTH)
        after = next((mean for mean in means if mean.rows >= rows), None)
        before = next((mean for mean in reversed(means) if mean.rows <= rows), None)
        if after is None:
            return means[-1].seconds * _growth(means[-1].rows, rows, _power(means[-2:]))
        if before is None:
            return means[0].seconds * _growth(means[0].rows, rows, _power(means[:2]))
        if after is before:
            return after.seconds
        share = (rows - before.rows) / (after.rows - before.rows)
        return before.seconds + share * (after.seconds - before.seconds)


def _growth(measured: float, rows: float, power: float) -> float:
    return float((rows / measured) ** power)


def _power(means: list[_Mean]) -> float:
    """The power with which the seconds of two neighbours grow, and they beyond them."""
    few, many = means[0], means[-1]
    if few.rows == many.rows:
        return GROWTH
    measured = math.log(many.seconds / few.seconds) / math.log(many.rows / few.rows)
    return (min(1.0, max(0.0, measured)) + GROWTH) / 2
