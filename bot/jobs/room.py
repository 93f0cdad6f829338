"""Whether the pool has room for another job."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from generation.jobs import Job

SPARE = 4
"""Jobs of one picture that may run beside the pool's room, each for a person who has nothing else in it. They get their
share with the next forwards, and need not wait until somebody's four pictures are done."""


def go_beside(job: Job, rooms: Sequence["Room"]) -> bool:
    """True where none of the rooms has room for a job, and it may run beside one of them."""
    return any(each.goes_beside(job) for each in rooms) and not any(each.has_room(job) for each in rooms)


class Room:
    """The room that jobs take in a pool which runs `pictures` of them without taking turns."""

    def __init__(self, pictures: Callable[[], int]) -> None:
        self._pictures = pictures
        self._busy = 0
        self._beside = 0
        self._owners: Counter[str] = Counter()
        self._models: Counter[str] = Counter()

    def enter(self, job: Job, *, beside: bool) -> None:
        """Note that a job is in the pool, in its room or beside it."""
        self._count(job, 1, beside=beside)

    def leave(self, job: Job, *, beside: bool) -> None:
        """Note that a job has left."""
        self._count(job, -1, beside=beside)

    def fits(self, job: Job) -> bool:
        """True where a job may enter now: there is room, or it may run beside it."""
        return self.has_room(job) or self._fits_beside(job)

    def has_room(self, job: Job) -> bool:
        """True where there is room for a job now."""
        return self._fits_in_room(job.task.pictures)

    def goes_beside(self, job: Job) -> bool:
        """True where a job has no room in the pool, and may run beside it."""
        return not self.has_room(job) and self._fits_beside(job)

    @property
    def pictures(self) -> int:
        """The pictures that there is room for."""
        return self._pictures()

    @property
    def busy(self) -> int:
        """The pictures that have their room."""
        return self._busy

    @property
    def owners(self) -> Collection[str]:
        """The people who have jobs in it or beside it."""
        return self._owners.keys()

    @property
    def models(self) -> Collection[str]:
        """The models of the jobs in it and beside it."""
        return self._models.keys()

    def is_closed_to(self, pictures: int) -> bool:
        """True where no job of so many pictures or more may enter, whoever owns it."""
        return not self._fits_in_room(pictures) and (pictures > 1 or self._beside >= SPARE)

    def _count(self, job: Job, sign: int, *, beside: bool) -> None:
        if beside:
            self._beside += sign
        else:
            self._busy += sign * job.task.pictures
        _add(self._owners, job.owner, sign)
        _add(self._models, job.task.settings.model, sign)

    def _fits_in_room(self, pictures: int) -> bool:
        return self._busy == 0 or self._busy + pictures <= self._pictures()

    def _fits_beside(self, job: Job) -> bool:
        """True for one picture of somebody who has nothing in the pool, while there is spare room for it."""
        return job.task.pictures == 1 and job.owner not in self._owners and self._beside < SPARE


def _add(counts: Counter[str], name: str, number: int) -> None:
    counts[name] += number
    if not counts[name]:
        del counts[name]
