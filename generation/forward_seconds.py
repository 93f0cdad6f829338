"""How long forwards of one model and size take, by their number of rows."""

import math
from dataclasses import dataclass

WEIGHT = 0.3
"""The weight of a new measurement against the earlier ones, where both are of as many forwards."""


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

    Between two measured numbers of rows the seconds are interpolated, and outside of them they are in proportion.
    `a_row`, if known, are the seconds that a row took before anything was measured here.
    """

    def __init__(self, a_row: float | None = None) -> None:
        self._a_row = a_row
        self._means: dict[int, _Mean] = {}
        """By the logarithm of their rows."""

    def learn(self, rows: float, seconds: float, forwards: float) -> float:
        """Note that `forwards` of `rows` rows took `seconds` each; the seconds of a row, as they are known now."""
        size = round(math.log2(rows))
        if size in self._means:
            self._means[size].add(rows, seconds, forwards)
        else:
            expected = self.of(rows)
            if expected is not None:
                seconds, forwards = (seconds * forwards + expected) / (forwards + 1), forwards + 1
            self._means[size] = _Mean(rows, seconds, forwards)
        return self._means[size].seconds / self._means[size].rows

    def of(self, rows: float) -> float | None:
        """The seconds of a forward with `rows` rows; None where nothing is known."""
        means = sorted(self._means.values(), key=lambda mean: mean.rows)
        if not means:
            return None if self._a_row is None else rows * self._a_row
        after = next((mean for mean in means if mean.rows >= rows), None)
        before = next((mean for mean in reversed(means) if mean.rows <= rows), None)
        if after is None or before is None or after is before:
            nearest = after or before
            assert nearest is not None
            return nearest.seconds * rows / nearest.rows
        share = (rows - before.rows) / (after.rows - before.rows)
        return before.seconds + share * (after.seconds - before.seconds)
