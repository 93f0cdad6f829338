"""What a worker will do with its jobs, played through ahead of time."""

from collections import deque
from dataclasses import dataclass

from bot.jobs.room import Room
from generation import model_loads
from generation.jobs import Job
from generation.model_loads import ModelLoads
from generation.pace import Drawing, Key, Pace

Turn = tuple[Drawing, ...]
"""All that a request draws while it is in a pool, one after the other; empty for an upscale that draws nothing."""

_NOTHING = 1e-9
"""Forwards that count as none, for they are no whole numbers."""


@dataclass(slots=True)
class Expected:
    """A job, and what is left of its request: a turn with a worker, and those for which it comes back."""

    job: Job
    turns: deque[Turn]
    beside: bool = False
    """True where it runs beside the worker's room."""


@dataclass(slots=True)
class _AtWork:
    request: Expected
    todo: deque[Drawing]
    left: float
    """The forwards that are left of the first thing to do."""
    since: float
    """When it came."""

    @property
    def model(self) -> str:
        return self.todo[0].key[0]


class PlayedWorker:
    """A worker, its jobs and its models, at a time `now` that goes on as it is played."""

    def __init__(self, *, room: Room, pace: Pace, loads: ModelLoads, patience: float) -> None:
        self.room = room
        self.now = 0.0
        """Seconds from the beginning."""
        self._pace = pace
        self._loads = loads
        self._patience = patience
        """Seconds that a job waits for those of other models; see `WorkerConfig.model_wait_seconds`."""
        self._loaded = loads.loaded
        self._drawn: list[_AtWork] = []
        self._held: list[_AtWork] = []
        """Jobs that wait while another model is in use."""
        self._cycles: dict[tuple[tuple[Key, float], ...], float | None] = {}

    @property
    def next_end(self) -> float | None:
        """When the next thing that is being drawn is done; None where nothing is, or that is not known."""
        if not self._drawn or (seconds := self._cycle()) is None:
            return None
        return self.now + min(each.left for each in self._drawn) * seconds

    def seconds_of(self, turn: Turn) -> float:
        """Seconds that a turn would take here from now on, as far as that is known."""
        first, *_ = (*turn, None)
        loading = 0.0 if first is None or first.key[0] in self._loaded else self._loads.seconds(first.key[0])
        batch = [Drawing(key, 1, rows) for key, rows in self._rows()]
        together = (each.forwards * (self._pace.seconds_together([*batch, each]) or 0.0) for each in turn)
        return self.now + loading + sum(together)

    def enter(self, request: Expected, now: float) -> bool:
        """Hand a job over; False where it is done at once."""
        self.now = max(self.now, now)
        self.room.enter(request.job, beside=request.beside)
        turn = request.turns.popleft()
        if not turn:
            self._leave(request)
            return False
        entering = _AtWork(request, deque(turn), turn[0].forwards, self.now)
        if self._joins(entering.model):
            self._start(entering)
        else:
            self._held.append(entering)
        return True

    def go_on(self) -> list[Expected]:
        """Play until the next end; the jobs that left then."""
        seconds = self._cycle()
        assert seconds is not None
        forwards = min(each.left for each in self._drawn)
        self.now += forwards * seconds
        for each in self._drawn:
            each.left -= forwards
        done = [each for each in self._drawn if each.left <= _NOTHING and not self._has_more(each)]
        for each in done:
            self._drawn.remove(each)
            self._leave(each.request)
        return [each.request for each in done]

    def _has_more(self, drawn: _AtWork) -> bool:
        """Have a job that has drawn the first thing draw the next; False where there is none."""
        drawn.todo.popleft()
        if drawn.todo:
            drawn.left = drawn.todo[0].forwards
        return bool(drawn.todo)

    def _leave(self, request: Expected) -> None:
        self.room.leave(request.job, beside=request.beside)

    def _rows(self) -> list[tuple[Key, float]]:
        """The rows of a forward, by their key."""
        rows: dict[Key, float] = {}
        for each in self._drawn:
            first = each.todo[0]
            rows[first.key] = rows.get(first.key, 0.0) + first.rows
        return sorted(rows.items())

    def _cycle(self) -> float | None:
        """Seconds until everything in the batch has had a forward."""
        state = tuple(self._rows())
        if state not in self._cycles:
            self._cycles[state] = self._pace.seconds_together(Drawing(key, 1, rows) for key, rows in state)
        return self._cycles[state]

    def _joins(self, model: str) -> bool:
        """True where a job may be drawn with those that are."""
        in_use = self._in_use()
        return model in in_use and not self._is_impatient if in_use else not self._held

    @property
    def _is_impatient(self) -> bool:
        """True where a job has waited so long for those of other models that none may join these."""
        return bool(self._held) and self.now - self._held[0].since >= self._patience

    def let_in(self) -> None:
        """Start jobs of the model that has waited longest, once no other is in use, or it may run beside that."""
        if not self._held:
            return
        first, in_use = self._held[0], self._in_use()
        if not in_use or (self._is_impatient and len(in_use) < self._loads.room):
            due = [each for each in self._held if each.model == first.model]
            self._held = [each for each in self._held if each.model != first.model]
            for each in due:
                self._start(each)

    def _start(self, entering: _AtWork) -> None:
        """Draw a job; where its model has to be loaded, everybody waits for that."""
        if entering.model not in self._loaded:
            self.now += self._loads.seconds(entering.model)
        self._loaded = model_loads.use(self._loaded, entering.model, self._loads.room)
        self._drawn.append(entering)

    def _in_use(self) -> set[str]:
        return {each.model for each in self._drawn}
