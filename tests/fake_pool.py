"""A worker pool without a model or a process: plain pictures, at once or when a test says so."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from io import BytesIO
from random import Random

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation import cost, infotext
from generation.errors import FailureKind
from generation.events import Cancelled, Completed, Explaining, Failed, Loading, Progress, Started
from generation.explanation import FORKS, MOMENTS, Explanation, Fork, Moment, spread
from generation.infotext import Drawn
from generation.jobs import Draw, Job, Task, Upscale
from generation.pictures import Picture, Preview
from generation.pool import Lost, PoolEvent, WorkersChanged
from generation.settings import PIXELS_PER_LATENT, GenerationSettings
from generation.upscaling import UpscalerName

GREY = Preview(2, 2, bytes([128] * 12))

CIRCUMSTANCES = "cpu, float32"

UPSCALER = UpscalerName.LANCZOS.value


class FakePool:
    """A `WorkerPool` that finishes each job as soon as it is submitted, unless it is held.

    A picture has one colour, which depends on its seed, and its settings inside, as a worker writes them. Four words of
    a prompt mean something: a "noisy" picture compresses badly, a "bare" one is flagged where the job asks for a check,
    a "shrunk" one has another size, and from "unread" on no word is read.
    """

    def __init__(self, *workers: str) -> None:
        self.room = 4
        """That of each worker."""
        self.names = workers or ("fake",)
        self.at_work: dict[int, Job] = {}
        self.checked: list[int] = []
        """The jobs that asked for a check."""
        self.given: dict[str, list[int]] = {}
        """The jobs that each worker was given, ended ones too."""
        self.faces = 0
        """How many faces are found in each picture, where a job asks for them."""
        self.cancelled: list[int] = []
        """The jobs that were to be cancelled, at work or not."""
        self._events: asyncio.Queue[PoolEvent] = asyncio.Queue()
        self._held = False
        self.deaf = False
        """True to hear of no cancel."""

    def hold(self) -> None:
        """Start the jobs that come from now on, and do not finish them."""
        self._held = True

    def release(self) -> None:
        """Finish all jobs at work, and those that come from now on."""
        self._held = False
        self.finish()

    def finish(self) -> None:
        """Finish all jobs at work."""
        for job in list(self.at_work.values()):
            self._finish(job)

    def fail(self) -> None:
        """Fail all jobs at work."""
        for job_id in list(self.at_work):
            del self.at_work[job_id]
            self._events.put_nowait(Failed(job_id, FailureKind.INTERNAL, "the test wants it"))

    def load(self, model: str) -> None:
        """Report that all jobs at work wait for a model to load."""
        for job in self.at_work.values():
            self._events.put_nowait(Loading(job.id, model))

    def step(self, step: int, steps: int | None = None) -> None:
        """Report a step of all jobs at work. `steps` is how many each has in all, by default what its task takes."""
        for job in self.at_work.values():
            self._events.put_nowait(Progress(job.id, step, steps or _steps(job.task), (GREY,) * job.task.pictures))

    def explain(self, part: int, parts: int) -> None:
        """Report that all jobs at work have made so many parts of their explanation."""
        for job in self.at_work.values():
            self._events.put_nowait(Explaining(job.id, part, parts, (GREY,)))

    async def until_at_work(self, jobs: int = 1) -> None:
        """Wait until the pool has so many jobs that are not finished."""
        async with asyncio.timeout(60):
            while len(self.at_work) < jobs:
                await asyncio.sleep(0)

    async def empty(self) -> None:
        """Forget the jobs at work and the events that nobody has read: the next bot numbers its jobs anew."""
        self.at_work.clear()
        while not self._events.empty():
            self._events.get_nowait()

    @property
    def workers(self) -> Mapping[str, int]:
        return dict.fromkeys(self.names, self.room)

    async def submit(self, job: Job, worker: str | None = None) -> None:
        self.at_work[job.id] = job
        self.given.setdefault(worker or self.names[0], []).append(job.id)
        self._events.put_nowait(Started(job.id))
        if job.task.check:
            self.checked.append(job.id)
        if not self._held:
            self._finish(job)

    def lose(self, worker: str) -> None:
        """Have a worker go, with its jobs."""
        self.names = tuple(name for name in self.names if name != worker)
        for job_id in self.given.get(worker, []):
            if job_id in self.at_work:
                del self.at_work[job_id]
                self._events.put_nowait(Lost(job_id))
        self._events.put_nowait(WorkersChanged())

    def join(self, worker: str) -> None:
        """Have a worker come."""
        self.names = (*self.names, worker)
        self._events.put_nowait(WorkersChanged())

    async def cancel(self, job_id: int) -> None:
        self.cancelled.append(job_id)
        if not self.deaf and job_id in self.at_work:
            del self.at_work[job_id]
            self._events.put_nowait(Cancelled(job_id))

    async def want_frame(self, job_id: int) -> None:
        """Do nothing: every preview is the same here."""

    async def events(self) -> AsyncIterator[PoolEvent]:
        while True:
            yield await self._events.get()

    async def close(self) -> None:
        self.at_work.clear()

    def _finish(self, job: Job) -> None:
        if self.at_work.pop(job.id, None):
            self._events.put_nowait(_completed(job, self.faces))


def _completed(job: Job, faces: int) -> Completed:
    task = job.task
    if isinstance(task, Upscale):
        return Completed(job.id, (_enlarged(task),), 1.0, CIRCUMSTANCES, UPSCALER)
    pictures = tuple(_picture(task, settings) for settings in task.each)
    explanation = _explanation(task) if task.explained else None
    _, word, rest = task.settings.prompt.partition("unread")
    found = [faces for each in task.each if each.faces]
    return Completed(
        job.id,
        pictures,
        1.0,
        CIRCUMSTANCES,
        explanation=explanation,
        unread=word + rest,
        faces=sum(found) if found else None,
    )


def _steps(task: Task) -> int:
    """How many steps the progress of a job counts: of all cells of a sheet together, of an upscale its tiles."""
    if isinstance(task, Upscale):
        return 1
    return sum(cost.steps(settings, bool(task.inputs.image)) for settings in task.cells or (task.settings,))


def _picture(task: Draw, settings: GenerationSettings) -> Picture:
    random = Random(settings.seed)
    size = (64, 128) if "shrunk" in settings.prompt else settings.final_size
    image = Image.new("RGB", size, tuple(random.randbytes(3)))
    if "noisy" in settings.prompt:
        image = Image.frombytes("RGB", image.size, random.randbytes(3 * image.width * image.height))
    text = infotext.to_infotext(settings, Drawn("fake", "fake", from_picture=bool(task.inputs.image)))
    flagged = task.check and "bare" in settings.prompt
    return Picture(_png(image, text), settings.seed, *image.size, _noise(settings), flagged)


def _enlarged(task: Upscale) -> Picture:
    with Image.open(BytesIO(task.picture)) as small:
        text = infotext.with_upscale(str(small.info.get(infotext.CHUNK_NAME, "")), UPSCALER, task.total_factor)
        large = small.resize((small.width * task.factor, small.height * task.factor))
    flagged = task.check and "bare" in task.settings.prompt
    return Picture(_png(large, text), task.settings.seed, *large.size, flagged=flagged)


def _png(image: Image.Image, text: str) -> bytes:
    info, file = PngInfo(), BytesIO()
    info.add_text(infotext.CHUNK_NAME, text)
    image.save(file, "PNG", pnginfo=info)
    return file.getvalue()


def _noise(settings: GenerationSettings) -> Preview:
    width, height = settings.width // PIXELS_PER_LATENT, settings.height // PIXELS_PER_LATENT
    return Preview(width, height, Random(settings.seed).randbytes(3 * width * height))


def _explanation(task: Draw) -> Explanation:
    """As many moments and forks as a worker records, each as plain as the picture itself."""
    settings, steps = task.settings, _steps(task)
    plain = Preview(*settings.final_size, bytes(Random(settings.seed).randbytes(3)) * math.prod(settings.final_size))
    moments = [Moment(step, 1 - step / steps, plain, plain) for step in (*spread(steps, MOMENTS - 1), steps)]
    forks = [Fork(step, 1 - step / steps, plain, plain, plain) for step in sorted({int(at * steps) for at in FORKS})]
    return Explanation(steps, _noise(settings), tuple(moments), tuple(forks), bool(task.inputs.image))
