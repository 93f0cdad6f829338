"""Fair shares of the device's time: whoever had least comes next."""

from collections.abc import Collection


class Shares:
    """The time that each job in flight has had, in seconds.

    Time is shared between owners, and what an owner gets between the owner's jobs: whoever has two jobs at work has
    each of them charged twice. Where one forward serves several owners, they split its time. A newcomer starts level
    with the job that had least, so that nobody saves time up and nobody has to make up for the time before they came
    (start-time fair queueing; Goyal, Vin and Cheng 1996).
    """

    def __init__(self) -> None:
        self._owners: dict[int, str] = {}
        self._spent: dict[int, float] = {}

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._spent

    def enter(self, job_id: int, owner: str) -> None:
        self._spent[job_id] = min(self._spent.values(), default=0.0)
        self._owners[job_id] = owner

    def leave(self, job_id: int) -> None:
        del self._spent[job_id], self._owners[job_id]

    def spent(self, job_id: int) -> float:
        """What a job has been charged; the one with the least is next."""
        return self._spent[job_id]

    def charge(self, job_ids: Collection[int], seconds: float) -> None:
        """Charge jobs for what was done for all of them at once. One that has left meanwhile owes nothing."""
        served = [job_id for job_id in job_ids if job_id in self._owners]
        owners = {self._owners[job_id] for job_id in served}
        for job_id in served:
            owner = self._owners[job_id]
            at_work = sum(each == owner for each in self._owners.values())
            in_this = sum(self._owners[each] == owner for each in served)
            self._spent[job_id] += seconds / len(owners) * at_work / in_this
