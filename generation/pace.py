"""Estimates of drawing times, learned from the steps that were taken."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from generation import cost
from generation.forward_seconds import ENOUGH, ForwardSeconds
from generation.settings import GenerationSettings

Key = tuple[str, int]
"""A model's name and the number of pixels of a picture."""


_TOGETHER = 0.001
"""Seconds between jobs that end with the same forward, at most; no forward is as fast."""


class Work(NamedTuple):
    """The work of a request. `cells`, if any, replace `settings`. `of_picture` is True for image to image. `tiles` is
    how often the work is repeated."""

    settings: GenerationSettings
    of_picture: bool = False
    cells: tuple[GenerationSettings, ...] = ()
    tiles: int = 1

    @property
    def key(self) -> Key:
        """The model, and the mean number of pixels of its pictures."""
        pixels = [each.width * each.height for each in self.drawn]
        return self.settings.model, round(sum(pixels) / len(pixels))

    @property
    def drawn(self) -> tuple[GenerationSettings, ...]:
        return self.cells or (self.settings,)

    @property
    def each(self) -> "list[Work]":
        """The work of every cell by itself, each with its own model."""
        return [self._replace(settings=each, cells=()) for each in self.drawn]

    @property
    def steps(self) -> int:
        """The steps, as progress counts them."""
        return self.tiles * sum(cost.steps(each, self.of_picture) for each in self.drawn)

    @property
    def forwards(self) -> int:
        """The forwards of the UNet, one after the other: the cells of a sheet share theirs."""
        return self.tiles * max(cost.forwards_of(each, self.of_picture) for each in self.drawn)

    @property
    def charged(self) -> int:
        """The steps, as budgets count them."""
        return self.tiles * sum(cost.charged(each, self.of_picture) for each in self.drawn)


@lru_cache(maxsize=4096)
def _rows(work: Work) -> int:
    return work.tiles * sum(cost.rows(each, work.of_picture) for each in work.drawn)


class Drawing(NamedTuple):
    """Work that runs without a break: so many forwards, each with so many rows of one model and size."""

    key: Key
    forwards: float
    rows: float

    @classmethod
    def of(cls, work: Work) -> "Drawing":
        """All of a request's work."""
        return cls(work.key, work.forwards, _rows(work) / work.forwards)


@dataclass(slots=True)
class _InFlight:
    drawing: Drawing
    steps: int
    done: int = 0

    @property
    def left(self) -> Drawing:
        """What is left of it."""
        return self.drawing._replace(forwards=self.drawing.forwards * max(0, self.steps - self.done) / self.steps)

    @property
    def counted(self) -> float:
        """The share of its rows that counts as drawn: all with the last step but one, for the last is not reported."""
        return min(1.0, self.done / max(1, self.steps - 1))


class Pace:
    """Seconds per forward, by model, size and number of rows, over all jobs that run at the same time.

    Measured from one job's end to the next, so that all is included for which a job has its room, such as decoding its
    pictures, and loading a model is not. A job that ends before its last step, cancelled or failed, ends no
    measurement: what it took until its first step would count as one slow forward.
    """

    def __init__(self, known: Mapping[Key, float] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds: dict[Key, ForwardSeconds] = {}
        self._batches: dict[tuple[tuple[Key, float], ...], float | None] = {}
        """The seconds of forwards of whole batches, by their rows, as long as nothing is learned."""
        self._clock = clock
        self._in_flight: dict[int, _InFlight] = {}
        self._since: float | None = None
        """The start of the measurement; None while no job runs."""
        self._noted = 0.0
        """Until when `_row_seconds` are counted."""
        self._rows: dict[Key, float] = {}
        """The rows of each key since then."""
        self._row_seconds: dict[Key, float] = {}
        """The rows in the batch, times the seconds that they were in it."""
        self.knows(known or {})

    def knows(self, known: Mapping[Key, float]) -> None:
        """Add measurements of earlier runs, in seconds a row."""
        self._seconds |= {key: ForwardSeconds(seconds) for key, seconds in known.items()}
        self._batches.clear()

    def __contains__(self, job_id: object) -> bool:
        """True if a job is in the batch."""
        return job_id in self._in_flight

    def begin(self, job_id: int, work: Work) -> None:
        """Record that a job has joined the batch, with no steps done."""
        self._note_rows()
        self._in_flight[job_id] = _InFlight(Drawing.of(work), work.steps)
        if self._since is None:
            self._restart()

    def step(self, job_id: int, step: int) -> None:
        """Record that so many steps of a job are done."""
        if job := self._in_flight.get(job_id):
            key, before = job.drawing.key, job.counted
            job.done = step
            rows = max(0.0, job.counted - before) * job.drawing.forwards * job.drawing.rows
            self._rows[key] = self._rows.get(key, 0) + rows

    def complete(self, job_id: int) -> None:
        """Record that all steps of a job are done."""
        if job := self._in_flight.get(job_id):
            self.step(job_id, job.steps)

    def load(self) -> None:
        """Record that a model is being loaded, which discards the current measurement."""
        self._since = None

    def end(self, job_id: int) -> dict[Key, float]:
        """Record that a job has left the batch, and return the new measurements, in seconds a row."""
        if job_id not in self._in_flight:
            return {}
        self._note_rows()
        whole = self._in_flight.pop(job_id).counted == 1
        learned = self._learn() if whole else {}
        if whole or self._since is None:
            self._restart()
        if not self._in_flight:
            self._since = None
        return learned

    def seconds_together(self, drawings: Iterable[Drawing]) -> float | None:
        """Seconds until each of some drawings has had a forward; None if a model has not been measured."""
        rows: dict[Key, float] = {}
        for each in drawings:
            rows[each.key] = rows.get(each.key, 0) + each.rows
        return self._seconds_of_rows(rows)

    def remaining(self, job_id: int) -> Drawing | None:
        """What is left of a job in the batch; None for one that is not there."""
        job = self._in_flight.get(job_id)
        return None if job is None else job.left

    def _seconds_of_rows(self, rows: Mapping[Key, float]) -> float | None:
        """Seconds until all rows of a batch have had a forward."""
        batch = tuple(rows.items())
        if batch not in self._batches:
            seconds = [self._seconds_of(key, together) for key, together in batch]
            self._batches[batch] = None if None in seconds else sum(filter(None, seconds))
        return self._batches[batch]

    def left(self, job_id: int) -> float | None:
        """Seconds until a job ends, if the batch stays as it is; None if that is not known."""
        job = self.remaining(job_id)
        together = self.seconds_together(each.drawing for each in self._in_flight.values())
        return None if job is None or together is None else job.forwards * together

    def seconds_with(self, drawing: Drawing) -> float | None:
        """Seconds that a drawing would take together with what is in the batch; None if that is not known."""
        together = self.seconds_together([*(each.drawing for each in self._in_flight.values()), drawing])
        return None if together is None else drawing.forwards * together

    def seconds_until_one_ends(self) -> float | None:
        """Seconds until the first job of the batch ends; None where there is none, or that is not known."""
        return self._seconds_until(min)

    def seconds_until_all_end(self) -> float | None:
        """Seconds until the last job of the batch ends; None where there is none, or that is not known."""
        return self._seconds_until(max)

    def _seconds_until(self, which: Callable[[list[float]], float]) -> float | None:
        together = self.seconds_together(each.drawing for each in self._in_flight.values())
        if together is None or not self._in_flight:
            return None
        return together * which([each.left.forwards for each in self._in_flight.values()])

    def _restart(self) -> None:
        self._since = self._noted = self._clock()
        self._rows, self._row_seconds = {}, {}

    def _note_rows(self) -> None:
        """Count the rows that were in the batch since the last time."""
        now = self._clock()
        for job in self._in_flight.values():
            key = job.drawing.key
            self._row_seconds[key] = self._row_seconds.get(key, 0) + job.drawing.rows * (now - self._noted)
        self._noted = now

    def _learn(self) -> dict[Key, float]:
        """Time is shared between models and sizes by the pixels of the rows that were drawn of them."""
        pixels = {key: rows * key[1] for key, rows in self._rows.items() if rows and self._row_seconds[key]}
        if self._since is None or not pixels or self._noted - self._since < _TOGETHER:
            return {}
        seconds, learned = self._noted - self._since, {}
        self._batches.clear()
        for key, theirs in pixels.items():
            rows = self._row_seconds[key] / seconds
            forwards = self._rows[key] / rows
            a_forward = seconds * theirs / sum(pixels.values()) / forwards
            learned[key] = self._seconds.setdefault(key, ForwardSeconds()).learn(rows, a_forward, forwards)
        return learned

    def _seconds_of(self, key: Key, rows: float) -> float | None:
        """As measured at this size, or in proportion to the nearest measured sizes: as many as `ENOUGH` forwards were
        taken of, so that a few slow ones do not stand for a model."""
        model, pixels = key
        measured = sorted((abs(size - pixels), size) for name, size in self._seconds if name == model)
        logarithm = weight = 0.0
        for _, size in measured:
            theirs = self._seconds[model, size]
            seconds = theirs.of(rows)
            if seconds and weight < ENOUGH:
                counted = min(theirs.forwards, ENOUGH - weight)
                logarithm += counted * math.log(seconds * pixels / size)
                weight += counted
        return math.exp(logarithm / weight) if weight else None
