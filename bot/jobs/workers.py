"""The workers of all pools: what each has to draw, what it has in memory, and how fast it is."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.jobs.played_worker import PlayedWorker, Turn
from bot.jobs.room import Room, go_beside
from generation.jobs import Job
from generation.model_loads import LOADING, ModelLoads
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


@dataclass(eq=False, slots=True)
class Worker:
    """One worker of a pool."""

    line: str
    """The name of its pool."""
    name: str
    """Its name in the pool."""
    pool: WorkerPool
    patience: float
    """Seconds that a job waits for those of other models."""
    room: Room
    pace: Pace
    loads: ModelLoads

    @property
    def key(self) -> str:
        """Its name among all workers."""
        return f"{self.line}/{self.name}"

    def knows(self, known: Mapping[Key, float]) -> None:
        """Take over measurements: seconds a row, and those of a load under `LOADING`."""
        self.loads.knows({model: seconds for (model, pixels), seconds in known.items() if pixels == LOADING})
        self.pace.knows({key: seconds for key, seconds in known.items() if key[1] != LOADING})

    def seconds_of(self, job: Job, turn: Turn) -> float:
        """Seconds until it would have drawn a job, as far as they are known: until there is room, of loading its model,
        and of the drawing beside what the batch has."""
        waiting = 0.0 if self.room.fits(job) else self.pace.seconds_until_one_ends()
        first, *_ = (*turn, None)
        loading = 0.0 if first is None or first.key[0] in self.loads.loaded else self.loads.seconds(first.key[0])
        drawing = sum(self.pace.seconds_with(each) or 0.0 for each in turn)
        return (math.inf if waiting is None else waiting) + loading + drawing

    def played(self) -> PlayedWorker:
        """The worker without its jobs, to be played through ahead of time."""
        room = Room(lambda: self.room.pictures)
        return PlayedWorker(room=room, pace=self.pace, loads=self.loads, patience=self.patience)


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

    def __iter__(self) -> Iterator[Worker]:
        """The workers that are there, pool by pool."""
        for name in self._pools:
            yield from self.of(name)

    @property
    def pools(self) -> Sequence[NamedPool]:
        return [*self._pools.values()]

    def of(self, pool: str) -> list[Worker]:
        """The workers of a pool that are there."""
        return [self._get(self._pools[pool], name) for name in self._pools[pool].pool.workers]

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
        workers = self.of(self.line_of(job))
        if not any(each.room.fits(job) for each in workers):
            return None
        first = min(workers, key=lambda each: (each.seconds_of(job, turn), each.room.busy))
        return first if first.room.fits(job) else None

    def goes_beside(self, job: Job) -> bool:
        """True where no worker has room for a job, and it may run beside that of one."""
        return go_beside(job, [each.room for each in self.of(self.line_of(job))])

    def _get(self, pool: NamedPool, name: str) -> Worker:
        if (worker := self._met.get((pool.name, name))) is None:
            room = Room(lambda: pool.pool.workers.get(name, 0))
            loads = ModelLoads(pool.models_in_memory, self._clock)
            pace = Pace(clock=self._clock)
            worker = Worker(pool.name, name, pool.pool, pool.patience, room, pace, loads)
            self._met[pool.name, name] = worker
            worker.knows(self._known_of(worker))
        return worker

    def _known_of(self, worker: Worker) -> dict[Key, float]:
        others = {key: seconds for each in self._known.values() for key, seconds in each.items()}
        return others | self._known.get(worker.key, {})
