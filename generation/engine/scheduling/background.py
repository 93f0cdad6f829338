"""Device tasks that run between forwards, and those that must not keep others waiting."""

from collections.abc import Callable, Generator

from generation.engine.denoising.state import DenoisingState
from generation.events import Completed

SHARE = 0.04
"""The share of the device's time that background tasks get while others need the device."""

Outcome = DenoisingState | Completed | None
"""The state with which a picture goes on, or the event that ends the job, or nothing where the job has more to do."""

DeviceTask = Generator[None, None, Outcome]
"""Work for a job that is not a forward, in slices: it yields wherever others may have their turn."""


class Background:
    """Device tasks that run one after the other, at most `SHARE` of the time while others need the device.

    Time is counted only while there are tasks here and others need the device too.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tasks: dict[DeviceTask, int] = {}
        """The job of each task, the oldest task first."""
        self._since = 0.0
        self._spent = 0.0
        self._beside_others = False

    def put(self, task: DeviceTask, job_id: int) -> None:
        """Add a task of a job."""
        if not self._tasks:
            self._reset()
        self._tasks[task] = job_id

    def take(self, *, others: bool) -> tuple[DeviceTask, int] | None:
        """Take out the task that may run a slice now, and its job; None where none may. `others` is True where
        anything else waits for the device. A task with more to do goes `back`."""
        if not (others and self._beside_others):
            self._reset()
        self._beside_others = others
        if not self._tasks or (others and self._spent > SHARE * (self._clock() - self._since)):
            return None
        task = next(iter(self._tasks))
        return task, self._tasks.pop(task)

    def back(self, task: DeviceTask, job_id: int) -> None:
        """Return a task that has more to do."""
        self._tasks[task] = job_id

    def spend(self, seconds: float) -> None:
        """Count the seconds of the last slice."""
        if self._beside_others:
            self._spent += seconds

    def remove(self, job_id: int) -> None:
        """Close and drop the tasks of a job."""
        for task in [each for each, owner in self._tasks.items() if owner == job_id]:
            del self._tasks[task]
            task.close()

    def _reset(self) -> None:
        self._since, self._spent = self._clock(), 0.0
