"""Fair shares of the device's time: whoever had least comes next."""

from collections.abc import Collection


class Shares:
    """The time that each owner with jobs in flight has had, and each job of theirs, in seconds.

    Where one forward serves several owners, they split its time. A newcomer starts level with the one who had least,
    so that nobody saves time up and nobody has to make up for the time before they came (start-time fair queueing;
    Goyal, Vin and Cheng 1996).
    """

    def __init__(self) -> None:
        self._owners: dict[int, str] = {}
        self._by_owner: dict[str, float] = {}
        self._by_job: dict[int, float] = {}

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._owners

    def enter(self, job_id: int, owner: str) -> None:
        self._by_owner.setdefault(owner, min(self._by_owner.values(), default=0.0))
        theirs = [self._by_job[each] for each, other in self._owners.items() if other == owner]
        self._by_job[job_id] = min(theirs, default=0.0)
        self._owners[job_id] = owner

    def leave(self, job_id: int) -> None:
        owner = self._owners.pop(job_id)
        del self._by_job[job_id]
        if owner not in self._owners.values():
            del self._by_owner[owner]

    def had(self, job_id: int) -> tuple[float, float]:
        """What a job's owner was charged, and what the job itself was. The least is next."""
        return self._by_owner[self._owners[job_id]], self._by_job[job_id]

    def charge(self, job_ids: Collection[int], seconds: float) -> None:
        """Charge for what was done for several jobs at once. One that has left meanwhile owes nothing."""
        served = [job_id for job_id in job_ids if job_id in self._owners]
        owners = {self._owners[job_id] for job_id in served}
        for owner in owners:
            theirs = [job_id for job_id in served if self._owners[job_id] == owner]
            self._by_owner[owner] += seconds / len(owners)
            for job_id in theirs:
                self._by_job[job_id] += seconds / len(owners) / len(theirs)
