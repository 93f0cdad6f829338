"""One worker: what it has to draw, what it has in memory, and how fast it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.jobs.played_worker import PlayedWorker, Turn
from bot.jobs.room import Room
from generation.model_loads import LOADING, ModelLoads
from generation.pace import Key, Pace
from generation.pool import WorkerPool


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

    def seconds_of(self, turn: Turn) -> float:
        """Seconds until it would have drawn a turn, as far as they are known, once there is room: until others are
        done with another model, of loading its own, and of the drawing beside what the batch has."""
        drawing = sum(self.pace.seconds_with(each) or 0.0 for each in turn)
        if not turn or turn[0].key[0] in self.room.models:
            return drawing
        return self._seconds_until_free() + self.seconds_to_load(turn) + drawing

    def seconds_to_load(self, turn: Turn) -> float:
        """Seconds of loading the model of a turn, and of loading again what has to make place for it."""
        if not turn or turn[0].key[0] in {*self.loads.loaded, *self.room.models}:
            return 0.0
        loads = 1 if len(self.loads.loaded) < self.loads.room else 2
        return loads * self.loads.seconds(turn[0].key[0])

    @property
    def is_idle(self) -> bool:
        """True where it has nothing to do."""
        return not self.room.models

    def _seconds_until_free(self) -> float:
        """Seconds until another model than those in use may be drawn with, as far as that is known."""
        seconds = self.pace.seconds_until_all_end() or 0.0
        return min(seconds, self.patience) if len(self.room.models) < self.loads.room else seconds

    def played(self) -> PlayedWorker:
        """The worker without its jobs, to be played through ahead of time."""
        room = Room(lambda: self.room.pictures)
        return PlayedWorker(room=room, pace=self.pace, loads=self.loads, patience=self.patience)
