"""Work that must not keep others waiting: it has a small part of the time while anybody else is at work."""

from collections.abc import Callable, Generator

SHARE = 0.04
"""Of the time, while others are at work."""

DeviceTask = Generator[None, None, None]
"""Work for a job that is no forward, in slices: it yields where others may have their turn."""


class Background:
    """Errands in slices, one after the other. Time is counted while there are errands and others are at work."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._device_tasks: dict[DeviceTask, int] = {}
        self._since = 0.0
        self._spent = 0.0
        self._beside_others = False

    def put(self, device_task: DeviceTask, job_id: int) -> None:
        """Take in an errand of a job."""
        if not self._device_tasks:
            self._count_anew()
        self._device_tasks[device_task] = job_id

    def take(self, *, others: bool) -> tuple[DeviceTask, int] | None:
        """The errand that may have a slice now, and its job; `others` where anything else waits for the device. Give it
        `back` where it is not done by that."""
        if not (others and self._beside_others):
            self._count_anew()
        self._beside_others = others
        if not self._device_tasks or (others and self._spent > SHARE * (self._clock() - self._since)):
            return None
        device_task = next(iter(self._device_tasks))
        return device_task, self._device_tasks.pop(device_task)

    def back(self, device_task: DeviceTask, job_id: int) -> None:
        """It has more to do."""
        self._device_tasks[device_task] = job_id

    def spend(self, seconds: float) -> None:
        """Note what the slice took that was given last."""
        if self._beside_others:
            self._spent += seconds

    def remove(self, job_id: int) -> None:
        """Drop a job's errands."""
        for device_task in [each for each, owner in self._device_tasks.items() if owner == job_id]:
            del self._device_tasks[device_task]
            device_task.close()

    def _count_anew(self) -> None:
        self._since, self._spent = self._clock(), 0.0
