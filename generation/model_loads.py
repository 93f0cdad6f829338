"""How long models take to load, and which of them are loaded."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

WEIGHT = 0.3
"""The weight of a new measurement against the earlier ones."""

LOADING = 0
"""The number of pixels under which the seconds of a load are kept, among those of rows: no picture has so few."""


@dataclass(frozen=True, slots=True)
class _Load:
    """A load that goes on."""

    job_id: int
    model: str
    since: float


class ModelLoads:
    """The loads of a worker that keeps `room` models in memory, those that were used last."""

    def __init__(self, room: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self.room = room
        self._clock = clock
        self._seconds: dict[str, float] = {}
        self._loaded: list[str] = []
        """The models in memory, the one used last at the end."""
        self._load: _Load | None = None

    def knows(self, known: Mapping[str, float]) -> None:
        """Add the seconds that models took in earlier runs."""
        self._seconds |= known

    @property
    def loaded(self) -> list[str]:
        """The models that are in memory, as far as is known, the one used last at the end."""
        return [*self._loaded]

    def begin(self, job_id: int, model: str) -> None:
        """Record that a job waits for a model to load."""
        if model in self._loaded:
            self._loaded.remove(model)
        if self._load is None or (self._load.job_id, self._load.model) != (job_id, model):
            self._load = _Load(job_id, model, self._clock())

    def use(self, job_id: int, model: str) -> float | None:
        """Record that a job has begun to draw with a model; the seconds of its load, if that was measured."""
        self._loaded = use(self._loaded, model, self.room)
        load, self._load = self._load, None if self._load and self._load.model == model else self._load
        if load is None or (load.job_id, load.model) != (job_id, model):
            return None
        took, before = self._clock() - load.since, self._seconds.get(model)
        self._seconds[model] = took if before is None else WEIGHT * took + (1 - WEIGHT) * before
        return self._seconds[model]

    def end(self, job_id: int) -> None:
        """Record that a job has ended, with it its load."""
        if self._load is not None and self._load.job_id == job_id:
            self._load = None

    def forget(self) -> None:
        """Record that the worker has ended, with all that it had in memory."""
        self._loaded, self._load = [], None

    def seconds(self, model: str) -> float:
        """Seconds until a model that is not in memory is loaded, less those that its load goes on already. A model
        that was never loaded is taken to be like the others."""
        known = [*self._seconds.values()]
        usual = self._seconds.get(model, sum(known) / len(known) if known else 0.0)
        if self._load is not None and self._load.model == model:
            return max(0.0, usual - (self._clock() - self._load.since))
        return usual


def use(loaded: list[str], model: str, room: int) -> list[str]:
    """The models in memory once a model is used, of `loaded` ones in the order of their last use."""
    return [*(each for each in loaded if each != model), model][-room:]
