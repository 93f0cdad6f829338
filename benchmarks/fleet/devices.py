"""Devices that draw by waiting: a pool of workers without a model, for `virtual_time`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from generation import model_loads
from generation.events import Completed, Loading, Progress, Started
from generation.jobs import Job
from generation.pool import Lost, PoolEvent, WorkersChanged

ROOM = 4
"""Pictures in the batch of each device."""
FORWARD_SECONDS = 0.2
"""Seconds of a forward with one picture."""
GROWTH = 2 / 3
"""The power of its pictures with which a forward takes longer."""
LOAD_SECONDS = 12.0
"""Seconds until a model is in memory."""
IN_MEMORY = 2
"""Models that a device keeps in memory."""
PATIENCE = 20.0
"""Seconds after which a job lets none join before it that are of the model in use; the default of the config."""
STEPS_AT_ONCE = 5
"""Steps between two events, and between two moments at which jobs join the batch."""


def forward_seconds(pictures: int) -> float:
    """Seconds of a forward with so many pictures."""
    return float(FORWARD_SECONDS * pictures**GROWTH)


@dataclass(eq=False)
class _Drawn:
    job: Job
    since: float
    """When it came."""
    step: int = 0

    @property
    def model(self) -> str:
        return self.job.task.settings.model

    @property
    def steps(self) -> int:
        return self.job.task.settings.steps

    @property
    def is_drawn(self) -> bool:
        return self.step >= self.steps


@dataclass
class _Device:
    waiting: list[_Drawn] = field(default_factory=list)
    """What the device has and does not draw yet, as it came."""
    batch: list[_Drawn] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    """The models in memory, the one used last at the end."""
    came: asyncio.Event = field(default_factory=asyncio.Event)


class TimedPool:
    """A `WorkerPool` of so many devices. Like a worker, each loads a model when the batch has drained, or when somebody
    has waited for `PATIENCE` seconds for that. Use as `async with`."""

    def __init__(self, devices: int) -> None:
        self._devices: dict[str, _Device] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._events: asyncio.Queue[PoolEvent] = asyncio.Queue()
        self.loads: Counter[str] = Counter()
        """How often each model was loaded."""
        for number in range(devices):
            self.join(f"gpu{number}")

    async def __aenter__(self) -> "TimedPool":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def workers(self) -> Mapping[str, int]:
        return dict.fromkeys(self._devices, ROOM)

    def join(self, name: str) -> None:
        """Have a device come, with nothing in memory."""
        self._devices[name] = _Device()
        self._tasks[name] = asyncio.get_running_loop().create_task(self._draw(self._devices[name]))
        self._events.put_nowait(WorkersChanged())

    def fail(self, name: str) -> None:
        """Have a device go, with its jobs and what it had in memory."""
        self._tasks.pop(name).cancel()
        gone = self._devices.pop(name)
        for each in (*gone.batch, *gone.waiting):
            self._events.put_nowait(Lost(each.job.id))
        self._events.put_nowait(WorkersChanged())

    async def submit(self, job: Job, worker: str | None = None) -> None:
        if worker not in self._devices:
            self._events.put_nowait(Lost(job.id))
            return
        device = self._devices[worker]
        device.waiting.append(_Drawn(job, asyncio.get_running_loop().time()))
        device.came.set()

    async def cancel(self, job_id: int) -> None:
        """Do nothing: nobody cancels here."""

    async def want_frame(self, job_id: int) -> None:
        """Do nothing: there are no previews here."""

    async def events(self) -> AsyncIterator[PoolEvent]:
        while True:
            yield await self._events.get()

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _draw(self, device: _Device) -> None:
        while True:
            await self._let_in(device)
            if not device.batch:
                device.came.clear()
                await device.came.wait()
                continue
            await asyncio.sleep(STEPS_AT_ONCE * _cycle(device.batch))
            for each in device.batch:
                self._advance(each)
            for each in [each for each in device.batch if each.is_drawn]:
                device.batch.remove(each)
                self._events.put_nowait(Completed(each.job.id, (), 0.0))

    async def _let_in(self, device: _Device) -> None:
        """Have jobs join the batch: of the models in use, or else of the one that has waited longest."""
        while device.waiting:
            first, in_use = device.waiting[0], {each.model for each in device.batch}
            is_impatient = asyncio.get_running_loop().time() - first.since >= PATIENCE
            if not in_use or (is_impatient and len(in_use) < IN_MEMORY):
                due = [each for each in device.waiting if each.model == first.model]
            else:
                due = [each for each in device.waiting if each.model in in_use and (each is first or not is_impatient)]
            if not due:
                return
            if due[0].model not in device.loaded:
                await self._load(device, due[0])
            device.loaded = model_loads.use(device.loaded, due[0].model, IN_MEMORY)
            for each in due:
                device.waiting.remove(each)
                device.batch.append(each)
                self._events.put_nowait(Started(each.job.id))

    async def _load(self, device: _Device, first: _Drawn) -> None:
        self.loads[first.model] += 1
        self._events.put_nowait(Loading(first.job.id, first.model))
        await asyncio.sleep(LOAD_SECONDS)

    def _advance(self, drawn: _Drawn) -> None:
        """Draw some steps, of which the last one is not reported."""
        drawn.step += STEPS_AT_ONCE
        self._events.put_nowait(Progress(drawn.job.id, min(drawn.step, drawn.steps - 1), drawn.steps, ()))


def _cycle(batch: list[_Drawn]) -> float:
    """Seconds until everything in the batch has had a forward, model by model."""
    pictures: Counter[str] = Counter()
    for each in batch:
        pictures[each.model] += each.job.task.pictures
    return sum(map(forward_seconds, pictures.values()))
