"""The workers of all pools, and the lines of jobs that wait for them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.jobs.placing import Placing
from bot.jobs.played_worker import Turn
from bot.jobs.room import Room
from bot.jobs.worker import Worker
from generation.jobs import Job
from generation.model_loads import ModelLoads
from generation.pace import Key, Pace
from generation.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class NamedPool:
    """A pool, as the host has named and set it."""

    name: str
    pool: WorkerPool
    models_in_memory: int = 1
    """The models that each worker keeps in memory."""
    patience: float = 0.0
    """Seconds that a job waits for those of other models; see `WorkerConfig.model_wait_seconds`."""


class Workers:
    """All workers. Those of one pool share a line of waiting jobs."""

    def __init__(
        self,
        pools: Sequence[NamedPool],
        pool_of: Callable[[str], str] = lambda model: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`pool_of` tells the pool that draws a model; where it names none of the `pools`, the first one does."""
        self._pools = {each.name: each for each in pools}
        self._first = pools[0]
        self._pool_of = pool_of
        self._clock = clock
        self._met: dict[tuple[str, str], Worker] = {}
        self._known: dict[str, dict[Key, float]] = {}
        self._pictures: dict[tuple[str, str], int] = {}
        """The pictures that each worker has room for."""

    def __iter__(self) -> Iterator[Worker]:
        """The workers that are there, pool by pool."""
        for name in self._pools:
            yield from self.of(name)

    @property
    def pools(self) -> Sequence[NamedPool]:
        return [*self._pools.values()]

    def of(self, pool: str) -> list[Worker]:
        """The workers of a pool that are there."""
        there = self._pools[pool].pool.workers
        self._pictures |= {(pool, name): pictures for name, pictures in there.items()}
        return [self._get(self._pools[pool], name) for name in there]

    def knows(self, known: Mapping[str, Mapping[Key, float]]) -> None:
        """Take over what earlier runs measured, by the keys of workers. A worker that measured nothing itself takes it
        from the others."""
        self._known = {key: dict(each) for key, each in known.items()}
        for worker in self._met.values():
            worker.knows(self._known_of(worker))

    def line_of(self, job: Job) -> str:
        """The line in which a job waits: that of its model's pool."""
        return self.line_of_model(job.task.settings.model)

    def line_of_model(self, model: str) -> str:
        """The line in which the jobs of a model wait."""
        name = self._pool_of(model)
        return name if name in self._pools else self._first.name

    def choose(self, job: Job, turn: Turn) -> Worker | None:
        """The worker that would have drawn a job first: one that has its model loaded, unless waiting there takes
        longer than loading elsewhere. None where a job has to wait for it."""
        return self.placing(self.line_of(job)).choose(job, turn)

    def placing(self, line: str, waiting: Callable[[str], int] = lambda model: 0) -> Placing:
        """Where jobs of a line go as things are now; `waiting` counts the pictures of a model that wait."""
        return Placing(self.of(line), waiting)

    def forget_gone(self) -> None:
        """Note that workers that have gone come back with nothing in memory."""
        there = set(self)
        for worker in self._met.values():
            if worker not in there:
                worker.loads.forget()

    def _get(self, pool: NamedPool, name: str) -> Worker:
        if (worker := self._met.get((pool.name, name))) is None:
            room = Room(lambda: self._pictures[pool.name, name])
            loads = ModelLoads(pool.models_in_memory, self._clock)
            pace = Pace(clock=self._clock)
            worker = Worker(pool.name, name, pool.pool, pool.patience, room, pace, loads)
            self._met[pool.name, name] = worker
            worker.knows(self._known_of(worker))
        return worker

    def _known_of(self, worker: Worker) -> dict[Key, float]:
        others = {key: seconds for each in self._known.values() for key, seconds in each.items()}
        return others | self._known.get(worker.key, {})
