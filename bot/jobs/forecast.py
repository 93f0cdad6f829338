"""When requests will be drawn: a queue and the workers that it is for, played through ahead of time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bot.jobs.played_worker import Expected, PlayedWorker
from bot.jobs.room import go_beside
from generation.fair_order import FairOrder
from generation.jobs import Job


class Forecast:
    """Plays a queue through. `ends` tells when each job's request is done, as far as it was played."""

    def __init__(self, order: FairOrder, workers: Sequence[PlayedWorker]) -> None:
        """The order stays as it is: a copy is played."""
        self.ends: dict[int, float] = {}
        """The seconds until each job's request is done."""
        self._order = order.copy(lambda job: go_beside(job, [each.room for each in workers]))
        self._workers = workers
        self._now = 0.0
        self._waiting: dict[int, Expected] = {}
        self._sizes: Counter[int] = Counter()
        """The numbers of pictures that waiting jobs have."""

    def add_running(self, request: Expected, worker: PlayedWorker) -> None:
        """Add a job that a worker has, in the order in which they began. What is not left to draw of it is over."""
        self._enter(request, worker)

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
        while ahead := [(end, each) for each in self._workers if (end := each.next_end) is not None]:
            _, worker = min(ahead, key=lambda each: each[0])
            for request in worker.go_on():
                self._leave(request, worker)
            self._now = worker.now
            self._fill()
            yield self._now

    def _leave(self, request: Expected, worker: PlayedWorker) -> None:
        if request.turns:
            self.add_new(request)
        else:
            self.ends[request.job.id] = worker.now

    def _fill(self) -> None:
        """Hand to the workers what they have room for, and let in what waits there."""
        for worker in self._workers:
            worker.let_in()
        while self._waiting and not self._is_full:
            job = self._order.take(self._fits)
            if job is None:
                return
            request = self._waiting.pop(job.id)
            self._forget_size(job.task.pictures)
            first, *others = [each for each in self._workers if each.room.fits(job)]
            turn = request.turns[0]
            worker = min((first, *others), key=lambda each: each.seconds_of(turn)) if others else first
            request.beside = worker.room.goes_beside(job)
            self._enter(request, worker)

    @property
    def _is_full(self) -> bool:
        smallest = min(self._sizes)
        return all(each.room.is_closed_to(smallest) for each in self._workers)

    def _fits(self, job: Job) -> bool:
        return any(each.room.fits(job) for each in self._workers)

    def _forget_size(self, pictures: int) -> None:
        self._sizes[pictures] -= 1
        if not self._sizes[pictures]:
            del self._sizes[pictures]

    def _enter(self, request: Expected, worker: PlayedWorker) -> None:
        if not worker.enter(request, self._now):
            self._leave(request, worker)
