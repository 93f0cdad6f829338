"""A pool that needs no model and no process: plain pictures in no time, or only when a story says so."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from random import Random

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation import infotext
from generation.errors import FailureKind
from generation.events import Cancelled, Completed, Event, Failed, Loading, Progress, Started
from generation.infotext import Drawn
from generation.jobs import Draw, Job, Task, Upscale
from generation.pictures import Picture, Preview

GREY = Preview(2, 2, bytes([128] * 12))


class SketchPool:
    """Behaves as `generation.pool.WorkerPool` says. What a prompt says it shows: "noisy" is hard to compress, "bare" is
    flagged by the checker wherever one is asked for."""

    room = 4

    def __init__(self) -> None:
        self.at_work: dict[int, Job] = {}
        self.checked: list[int] = []
        """The jobs that were to be checked."""
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._held = False

    def hold(self) -> None:
        """From now on jobs are begun, and not finished."""
        self._held = True

    def release(self) -> None:
        """Finish all that is at work, and from now on whatever comes."""
        self._held = False
        self.finish()

    def finish(self) -> None:
        """Finish all that is at work."""
        for job in list(self.at_work.values()):
            self._finish(job)

    def fail(self) -> None:
        """Fail all that is at work."""
        for job_id in list(self.at_work):
            del self.at_work[job_id]
            self._events.put_nowait(Failed(job_id, FailureKind.INTERNAL, "a story wants it"))

    def load(self, model: str) -> None:
        """Say of all that is at work that it waits for its model."""
        for job in self.at_work.values():
            self._events.put_nowait(Loading(job.id, model))

    def step(self, step: int, steps: int = 20) -> None:
        """Report progress of all that is at work."""
        for job in self.at_work.values():
            self._events.put_nowait(Progress(job.id, step, steps, (GREY,) * job.task.pictures))

    async def submit(self, job: Job) -> None:
        self.at_work[job.id] = job
        self._events.put_nowait(Started(job.id))
        if job.task.check:
            self.checked.append(job.id)
        if not self._held:
            self._finish(job)

    async def cancel(self, job_id: int) -> None:
        if self.at_work.pop(job_id, None):
            self._events.put_nowait(Cancelled(job_id))

    async def want_frame(self, job_id: int) -> None:
        """Every preview is the same here."""

    async def events(self) -> AsyncIterator[Event]:
        while True:
            yield await self._events.get()

    async def close(self) -> None:
        self.at_work.clear()

    def _finish(self, job: Job) -> None:
        if self.at_work.pop(job.id, None):
            pictures = tuple(_picture(job.task, index) for index in range(job.task.pictures))
            self._events.put_nowait(Completed(job.id, pictures, 1.0))


def _picture(task: Task, index: int) -> Picture:
    settings = task.settings.of_picture(index)
    (width, height), factor = settings.final_size, task.factor if isinstance(task, Upscale) else 1
    width, height = width * factor, height * factor
    chance = Random(settings.seed)
    image = Image.new("RGB", (width, height), (chance.randrange(256), chance.randrange(256), chance.randrange(256)))
    if "noisy" in settings.prompt:
        image = Image.frombytes("RGB", (width, height), chance.randbytes(3 * width * height))
    text, file = PngInfo(), BytesIO()
    from_picture = isinstance(task, Draw) and bool(task.inputs.image)
    text.add_text(infotext.CHUNK_NAME, infotext.to_infotext(settings, Drawn("sketch", "sketch", from_picture)))
    image.save(file, "PNG", pnginfo=text)
    flagged = task.check and "bare" in settings.prompt
    return Picture(file.getvalue(), settings.seed, width, height, flagged=flagged)
