"""Which worker gets a job."""

import math
from collections.abc import Callable, Sequence

from bot.jobs.played_worker import Turn
from bot.jobs.room import go_beside
from bot.jobs.worker import Worker
from generation.jobs import Job


class Placing:
    """Where jobs go, as long as nothing changes."""

    def __init__(self, workers: Sequence[Worker], waiting: Callable[[str], int]) -> None:
        """`waiting` counts the pictures of a model that wait."""
        self._workers = workers
        self._rooms = [each.room for each in workers]
        self._waiting = waiting
        self._chosen: dict[tuple[Turn, int, frozenset[int]], Worker | None] = {}
        self._seconds: dict[Turn, list[float]] = {}
        self._until_room: dict[int, float] = {}
        self._with: dict[str, set[int]] = {}
        """The numbers of the workers that have jobs of a person."""
        for number, worker in enumerate(workers):
            for owner in worker.room.owners:
                self._with.setdefault(owner, set()).add(number)

    def choose(self, job: Job, turn: Turn) -> Worker | None:
        """The worker that would have drawn a job first: one that has its model loaded, unless waiting there takes
        longer than loading elsewhere. None where a job has to wait for it."""
        with_owner = frozenset(self._with.get(job.owner, ())) if job.task.pictures == 1 else frozenset()
        asked = turn, job.task.pictures, with_owner
        if asked not in self._chosen:
            self._chosen[asked] = self._first(job, turn)
        return self._chosen[asked]

    def goes_beside(self, job: Job) -> bool:
        """True where no worker has room for a job, and it may run beside that of one."""
        return go_beside(job, self._rooms)

    def _first(self, job: Job, turn: Turn) -> Worker | None:
        fitting = {number for number, each in enumerate(self._workers) if each.room.fits(job)}
        if not fitting:
            return None
        if turn not in self._seconds:
            self._seconds[turn] = [each.seconds_of(turn) for each in self._workers]

        def seconds(number: int) -> tuple[float, int]:
            waiting = 0.0 if number in fitting else self._seconds_until_room(number)
            return waiting + self._seconds[turn][number], self._workers[number].room.busy

        first = min(range(len(self._workers)), key=seconds)
        return self._workers[first] if first in fitting else self._idle_one(turn)

    def _idle_one(self, turn: Turn) -> Worker | None:
        """A worker with nothing to do, if it loads a model sooner than others draw all that waits for that."""
        idle = [each for each in self._workers if each.is_idle]
        if not idle or not turn:
            return None
        best = min(idle, key=lambda each: each.seconds_to_load(turn))
        model = turn[0].key[0]
        drawing = [each for each in self._workers if model in each.room.models]
        room = sum(each.room.pictures for each in drawing)
        batches = self._waiting(model) / room if room else 0.0
        usual = sum(each.seconds_of(turn) for each in drawing) / len(drawing) if drawing else 0.0
        return best if batches * usual > best.seconds_to_load(turn) else None

    def _seconds_until_room(self, number: int) -> float:
        if number not in self._until_room:
            seconds = self._workers[number].pace.seconds_until_one_ends()
            self._until_room[number] = math.inf if seconds is None else seconds
        return self._until_room[number]
