"""When requests will be drawn: the queue, the pool and the worker, played through ahead of time."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.jobs.room import Room
from generation import model_loads
from generation.fair_order import FairOrder
from generation.jobs import Job
from generation.model_loads import ModelLoads
from generation.pace import Drawing, Key, Pace

Turn = tuple[Drawing, ...]
"""All that a request draws while it is in the pool, one after the other; empty for an upscale that draws nothing."""

_NOTHING = 1e-9
"""Forwards that count as none, for they are no whole numbers."""


@dataclass(slots=True)
class Expected:
    """A job, and what is left of its request: its turn in the pool, and those for which it comes back to the queue."""

    job: Job
    turns: deque[Turn]
    beside: bool = False
    """True where it runs beside the pool's room."""


@dataclass(slots=True)
class _InPool:
    request: Expected
    todo: deque[Drawing]
    left: float
    """The forwards that are left of the first thing to do."""
    since: float
    """When it came."""

    @property
    def model(self) -> str:
        return self.todo[0].key[0]


class Forecast:
    """Plays the queue through. `ends` tells when each job's request is done, as far as it was played."""

    def __init__(self, *, order: FairOrder, room: Room, pace: Pace, loads: ModelLoads, patience: float) -> None:
        self.ends: dict[int, float] = {}
        """The seconds until each job's request is done."""
        self._order = order
        self._room = room
        self._pace = pace
        self._loads = loads
        self._patience = patience
        """Seconds that a job waits in the pool for those of other models; see `WorkerConfig.model_wait_seconds`."""
        self._loaded = loads.loaded
        self._now = 0.0
        self._drawn: list[_InPool] = []
        self._held: list[_InPool] = []
        """Jobs in the pool that wait while another model is in use."""
        self._waiting: dict[int, Expected] = {}
        self._sizes: Counter[int] = Counter()
        """The numbers of pictures that waiting jobs have."""
        self._cycles: dict[tuple[tuple[Key, float], ...], float | None] = {}

    def add_running(self, request: Expected) -> None:
        """Add a job that the pool has, in the order in which they began. What is not left to draw of it is over."""
        self._enter(request)

    def add_waiting(self, request: Expected) -> None:
        """Add what a job of the order has left to draw."""
        self._waiting[request.job.id] = request
        self._sizes[request.job.task.pictures] += 1

    def add_new(self, request: Expected) -> None:
        """Add a job that the order does not have yet."""
        self._order.put(request.job)
        self.add_waiting(request)

    def play(self, until: Iterable[int] = ()) -> None:
        """Play until all jobs `until` are done, if there are any, or until nothing more is known."""
        awaited = set(until)
        for _ in self.moments():
            if awaited and awaited <= self.ends.keys():
                return

    def moments(self) -> Iterator[float]:
        """Play from one moment at which something ends to the next; yields the seconds until each."""
        self._fill()
        while self._drawn:
            seconds = self._cycle()
            if seconds is None:
                return
            forwards = min(each.left for each in self._drawn)
            self._now += forwards * seconds
            for each in self._drawn:
                each.left -= forwards
            for each in [each for each in self._drawn if each.left <= _NOTHING]:
                self._go_on(each)
            self._fill()
            yield self._now

    def _cycle(self) -> float | None:
        """Seconds until everything in the batch has had a forward."""
        rows: dict[Key, float] = {}
        for each in self._drawn:
            first = each.todo[0]
            rows[first.key] = rows.get(first.key, 0.0) + first.rows
        state = tuple(sorted(rows.items()))
        if state not in self._cycles:
            self._cycles[state] = self._pace.seconds_together(Drawing(key, 1, each) for key, each in state)
        return self._cycles[state]

    def _go_on(self, drawn: _InPool) -> None:
        """Have a job that has drawn the first thing draw the next, or leave."""
        drawn.todo.popleft()
        if drawn.todo:
            drawn.left = drawn.todo[0].forwards
        else:
            self._drawn.remove(drawn)
            self._leave(drawn.request)

    def _leave(self, request: Expected) -> None:
        self._room.leave(request.job, beside=request.beside)
        if request.turns:
            self.add_new(request)
        else:
            self.ends[request.job.id] = self._now

    def _fill(self) -> None:
        """Hand to the pool what has room, and let in what waits there."""
        self._let_in()
        while self._waiting and not self._room.is_closed_to(min(self._sizes)):
            job = self._order.take(self._room.fits)
            if job is None:
                return
            request = self._waiting.pop(job.id)
            self._forget_size(job.task.pictures)
            request.beside = self._room.goes_beside(job)
            self._enter(request)

    def _forget_size(self, pictures: int) -> None:
        self._sizes[pictures] -= 1
        if not self._sizes[pictures]:
            del self._sizes[pictures]

    def _enter(self, request: Expected) -> None:
        self._room.enter(request.job, beside=request.beside)
        turn = request.turns.popleft()
        if not turn:
            self._leave(request)
            return
        entering = _InPool(request, deque(turn), turn[0].forwards, self._now)
        if self._joins(entering.model):
            self._start(entering)
        else:
            self._held.append(entering)

    def _joins(self, model: str) -> bool:
        """True where a job may be drawn with those of the pool that are."""
        in_use = self._in_use()
        return model in in_use and not self._is_impatient if in_use else not self._held

    @property
    def _is_impatient(self) -> bool:
        """True where a job has waited so long for those of other models that none may join these."""
        return bool(self._held) and self._now - self._held[0].since >= self._patience

    def _let_in(self) -> None:
        """Start jobs of the model that has waited longest, once no other is in use, or it may run beside that."""
        if not self._held:
            return
        first, in_use = self._held[0], self._in_use()
        if not in_use or (self._is_impatient and len(in_use) < self._loads.room):
            due = [each for each in self._held if each.model == first.model]
            self._held = [each for each in self._held if each.model != first.model]
            for each in due:
                self._start(each)

    def _start(self, entering: _InPool) -> None:
        """Draw a job; where its model has to be loaded, everybody waits for that."""
        if entering.model not in self._loaded:
            self._now += self._loads.seconds(entering.model)
        self._loaded = model_loads.use(self._loaded, entering.model, self._loads.room)
        self._drawn.append(entering)

    def _in_use(self) -> set[str]:
        return {each.model for each in self._drawn}
