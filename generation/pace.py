"""Estimates of drawing times, learned from the steps that were taken."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from generation import cost
from generation.settings import GenerationSettings

WEIGHT = 0.3
"""The weight of a new measurement against the earlier ones."""

Key = tuple[str, int]
"""A model's name and the number of pixels of a picture."""


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
    def charged(self) -> int:
        """The steps, as budgets count them."""
        return self.tiles * sum(cost.charged(each, self.of_picture) for each in self.drawn)


@lru_cache(maxsize=4096)
def _rows(work: Work) -> int:
    return work.tiles * sum(cost.rows(each, work.of_picture) for each in work.drawn)


@dataclass(slots=True)
class _InFlight:
    work: Work
    steps: int
    done: int = 0

    @property
    def rows_a_step(self) -> float:
        return _rows(self.work) / self.steps

    @property
    def steps_left(self) -> int:
        return self.steps - self.done


class Pace:
    """Seconds per row, by model and size, over all jobs that run at the same time.

    Measured from one job's end to the next, so that encoding prompts and decoding pictures are included and loading a
    model is not.
    """

    def __init__(self, known: Mapping[Key, float] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = dict(known or {})
        self._clock = clock
        self._in_flight: dict[int, _InFlight] = {}
        self._since: float | None = None
        """The start of the measurement; None while no job runs."""
        self._rows: dict[Key, float] = {}
        """The rows of each key since then."""

    def knows(self, known: Mapping[Key, float]) -> None:
        """Add measurements of earlier runs."""
        self._seconds.update(known)

    def __contains__(self, job_id: object) -> bool:
        """True if a job is in the batch."""
        return job_id in self._in_flight

    def begin(self, job_id: int, work: Work) -> None:
        """Record that a job has joined the batch, with no steps done."""
        self._in_flight[job_id] = _InFlight(work, work.steps)
        if self._since is None:
            self._restart()

    def step(self, job_id: int, step: int) -> None:
        """Record that so many steps of a job are done."""
        if job := self._in_flight.get(job_id):
            key = job.work.key
            self._rows[key] = self._rows.get(key, 0) + max(0, step - job.done) * job.rows_a_step
            job.done = step

    def load(self) -> None:
        """Record that a model is being loaded, which discards the current measurement."""
        self._since = None

    def end(self, job_id: int) -> dict[Key, float]:
        """Record that a job has left the batch, and return the new measurements."""
        job = self._in_flight.pop(job_id, None)
        if job is None:
            return {}
        learned = self._learn()
        self._restart()
        if not self._in_flight:
            self._since = None
        return learned

    def seconds_for(self, work: Work) -> float | None:
        """Seconds a request takes by itself; None if its model has not been measured."""
        a_row = self._seconds_a_row(work)
        return None if a_row is None else _rows(work) * a_row

    def left(self, job_id: int) -> float | None:
        """Seconds until a job ends, if the batch stays as it is; None if that is not known."""
        job = self._in_flight.get(job_id)
        if job is None:
            return None
        a_step = 0.0
        for other in self._in_flight.values():
            if (a_row := self._seconds_a_row(other.work)) is None:
                return None
            a_step += other.rows_a_step * a_row
        return job.steps_left * a_step

    def all_left(self) -> float | None:
        """Seconds until every job in the batch has ended; None if that is not known."""
        total = 0.0
        for job in self._in_flight.values():
            if (a_row := self._seconds_a_row(job.work)) is None:
                return None
            total += job.steps_left * job.rows_a_step * a_row
        return total

    def _restart(self) -> None:
        self._since, self._rows = self._clock(), {}

    def _learn(self) -> dict[Key, float]:
        work = sum(count * pixels for (_, pixels), count in self._rows.items())
        if not work or self._since is None:
            return {}
        a_pixel = (self._clock() - self._since) / work
        for key in self._rows:
            new, old = a_pixel * key[1], self._seconds.get(key)
            self._seconds[key] = new if old is None else WEIGHT * new + (1 - WEIGHT) * old
        return {key: self._seconds[key] for key in self._rows}

    def _seconds_a_row(self, work: Work) -> float | None:
        """As measured at this size, or in proportion to the nearest measured size."""
        model, pixels = work.key
        measured = {key[1]: seconds for key, seconds in self._seconds.items() if key[0] == model}
        if not measured:
            return None
        nearest = min(measured, key=lambda each: abs(each - pixels))
        return measured[nearest] * pixels / nearest
