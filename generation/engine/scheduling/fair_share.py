"""Fair shares of the device's time: whoever has had least goes next."""

import math
from collections.abc import Collection


class FairShare:
    """The device time that each owner has had, and each of their running jobs, in seconds.

    Where one forward serves several owners, they split its time. A newcomer starts level with the owner who has had
    least, so that nobody saves time up, and nobody has to make up for the time before they came. An owner who left is
    remembered for as long as they had more than somebody who is still here, so that coming and going gains nothing
    (start-time fair queueing; Goyal, Vin and Cheng 1996).
    """

    def __init__(self) -> None:
        self._owners: dict[int, str] = {}
        self._just_left: dict[int, str] = {}
        """The owners of jobs that left since the last charge."""
        self._by_owner: dict[str, float] = {}
        self._by_job: dict[int, float] = {}
        self._levels: dict[int, float] = {}
        """The time that each running job was credited with when it came."""

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._owners

    def enter(self, job_id: int, owner: str) -> None:
        """Add a job."""
        if not self._owners:
            self._by_owner.clear()
            self._just_left.clear()
        level = min(self._of_those_here(), default=0.0)
        self._by_owner[owner] = max(self._by_owner.get(owner, level), level)
        theirs = [self._by_job[each] for each, other in self._owners.items() if other == owner]
        self._by_job[job_id] = self._levels[job_id] = min(theirs, default=0.0)
        self._owners[job_id] = owner

    def leave(self, job_id: int) -> None:
        """Remove a job that has ended."""
        self._just_left[job_id] = self._owners.pop(job_id)
        del self._by_job[job_id], self._levels[job_id]

    def had(self, job_id: int) -> tuple[float, float]:
        """The time charged to a job's owner, and to the job itself. The least goes next."""
        return self._by_owner[self._owners[job_id]], self._by_job[job_id]

    def own(self, job_id: int) -> float:
        """The time charged to a job itself, without what it was credited with."""
        return self._by_job[job_id] - self._levels[job_id]

    def charge(self, job_ids: Collection[int], seconds: float) -> None:
        """Charge for work that served several jobs at once; some may have ended with it."""
        owners = self._just_left | self._owners
        served: dict[str, list[int]] = {}
        for job_id in owners.keys() & set(job_ids):
            served.setdefault(owners[job_id], []).append(job_id)
        for owner, theirs in served.items():
            self._by_owner[owner] += seconds / len(served)
            for job_id in self._by_job.keys() & theirs:
                self._by_job[job_id] += seconds / len(served) / len(theirs)
        self._just_left.clear()
        self._forget()

    def _forget(self) -> None:
        """Forget owners who left and had no more than somebody who is still here."""
        here, level = set(self._owners.values()), min(self._of_those_here(), default=math.inf)
        self._by_owner = {owner: had for owner, had in self._by_owner.items() if owner in here or had > level}

    def _of_those_here(self) -> list[float]:
        return [self._by_owner[owner] for owner in set(self._owners.values())]
