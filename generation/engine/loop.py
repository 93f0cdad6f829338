"""The step loop: jobs join and leave a running batch between two denoising steps."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from generation.engine import pictures, upscalers
from generation.engine.buckets import Buckets
from generation.engine.models import Model, Shelf
from generation.engine.painting import Painting, advance, predict
from generation.errors import BrokenPicture, FailureKind, ModelUnavailable, UnknownModel
from generation.events import (
    Cancelled,
    Completed,
    Event,
    Failed,
    Loading,
    Picture,
    Preview,
    Progress,
    Started,
)
from generation.jobs import Draw, Job, Upscale
from generation.settings import GenerationSettings

log = logging.getLogger(__name__)

FRAME_SHARE = 0.05
"""Of a job's time so far, how much decoding frames for its preview may cost."""


@dataclass
class _Drawing:
    """A job in the batch."""

    job: Job
    started: float
    paintings: list[Painting]
    frame_wanted: bool = False
    frame_seconds: float = 0.0
    pictures: dict[int, Picture] = field(default_factory=dict)

    @property
    def settings(self) -> GenerationSettings:
        return self.paintings[0].settings

    @property
    def step(self) -> int:
        return min(painting.step for painting in self.paintings)


class StepLoop:
    """Draws any number of jobs together.

    Each `step` is one forward of the UNet, shared by as many pictures of one model and shape as the largest bucket
    holds rows for; the shape that waited longest goes first. Events leave through `emit` in the order they happen,
    and every job admitted ends in exactly one `Completed`, `Failed` or `Cancelled`.
    """

    def __init__(
        self,
        shelf: Shelf,
        emit: Callable[[Event], None],
        buckets: Buckets,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf = shelf
        self._emit = emit
        self._buckets = buckets
        self._clock = clock
        self._drawings: dict[int, _Drawing] = {}
        self._held: deque[Job] = deque()
        """Jobs for another model than the one at work, and all that came after them."""
        self._turns: list[Painting] = []
        """Unfinished paintings, the one that waited longest for its step first."""

    @property
    def idle(self) -> bool:
        return not self._drawings and not self._held

    def admit(self, job: Job) -> None:
        """Take a job into the batch, or, where it needs another model, as soon as the batch has drained."""
        if isinstance(job.task, Draw) and (self._held or not self._suits(job)):
            self._held.append(job)
        else:
            self._start(job)

    def _suits(self, job: Job) -> bool:
        """True where no other model is at work."""
        return all(drawing.settings.model == job.task.settings.model for drawing in self._drawings.values())

    def _start(self, job: Job) -> None:
        """Begin a job; one that cannot be begun fails by itself."""
        try:
            match job.task:
                case Upscale():
                    self._upscale(job, job.task)
                case Draw():
                    self._begin(job, job.task)
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            self._fail(job.id, error)

    def cancel(self, job_id: int) -> None:
        """Take a job out before its next step. One that is not here has ended already, and stays so."""
        held = next((job for job in self._held if job.id == job_id), None)
        if held is not None:
            self._held.remove(held)
        elif job_id in self._drawings:
            self._remove(job_id)
        else:
            return
        self._emit(Cancelled(job_id))

    def want_frame(self, job_id: int) -> None:
        """Ask for a decoded preview with the job's next step, where that costs little."""
        if drawing := self._drawings.get(job_id):
            drawing.frame_wanted = True

    def step(self) -> None:
        """One denoising step of the pictures whose turn it is."""
        while self._held and self._suits(self._held[0]):
            self._start(self._held.popleft())
        if not self._turns:
            return
        together = self._next_together()
        rows = sum(len(painting.prompts) for painting in together)
        try:
            predictions = predict(together, self._buckets.holding(rows))
            advance(together, predictions)
        except torch.OutOfMemoryError as error:
            self._make_room(together, error)
            return
        except Exception as error:  # noqa: BLE001 - the jobs in this forward fail, the others go on
            self._fail_all(together, error)
            return
        self._turns = [painting for painting in self._turns if painting not in together]
        self._turns += [painting for painting in together if not painting.finished]
        for job_id in self._jobs_of(together):
            self._report(self._drawings[job_id])

    def _next_together(self) -> list[Painting]:
        shape, rows = self._turns[0].shape, 0
        together: list[Painting] = []
        for painting in self._turns:
            if painting.shape == shape:
                rows += len(painting.prompts)
                if together and rows > self._buckets.most:
                    break
                together.append(painting)
        return together

    def _make_room(self, together: list[Painting], error: torch.OutOfMemoryError) -> None:
        """Go on with smaller batches; nobody has taken the step yet that did not fit."""
        torch.cuda.empty_cache()
        needed = max(len(painting.prompts) for painting in together)
        if self._buckets.most <= needed or not self._buckets.halve():
            self._fail_all(together, error)
            return
        log.warning("out of memory; from now on at most %s rows a forward", self._buckets.most)

    def _fail_all(self, together: list[Painting], error: Exception) -> None:
        for job_id in self._jobs_of(together):
            self._fail(job_id, error)

    def _jobs_of(self, paintings: list[Painting]) -> list[int]:
        return [
            job_id
            for job_id, drawing in self._drawings.items()
            if any(painting in paintings for painting in drawing.paintings)
        ]

    @torch.inference_mode()
    def _begin(self, job: Job, task: Draw) -> None:
        settings = task.settings
        model = self._shelf.take(settings.model, on_load=lambda: self._emit(Loading(job.id, settings.model)))
        prompts = model.prompts.encode_pair(settings.prompt, settings.negative_prompt, settings.clip_skip)
        paintings = [Painting(model, settings.of_picture(i), *prompts) for i in range(settings.count)]
        self._drawings[job.id] = _Drawing(job, self._clock(), paintings)
        self._turns += paintings
        self._emit(Started(job.id))

    def _upscale(self, job: Job, task: Upscale) -> None:
        started = self._clock()
        self._emit(Started(job.id))
        picture = upscalers.enlarge(task)
        self._emit(Completed(job.id, (picture,), self._clock() - started))

    @torch.inference_mode()
    def _report(self, drawing: _Drawing) -> None:
        try:
            self._finish_pictures(drawing)
            if len(drawing.pictures) < len(drawing.paintings):
                self._emit(Progress(drawing.job.id, drawing.step, drawing.settings.steps, self._look(drawing)))
                return
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            self._fail(drawing.job.id, error)
            return
        self._remove(drawing.job.id)
        finished = tuple(drawing.pictures[i] for i in range(len(drawing.paintings)))
        seconds = self._clock() - drawing.started
        self._emit(Completed(drawing.job.id, finished, seconds, self._circumstances(drawing)))

    def _circumstances(self, drawing: _Drawing) -> str:
        """Where the last bits of the pixels come from."""
        model = drawing.paintings[0].model
        mode = f"{self._buckets.most} rows always" if self._buckets.strict else f"up to {self._buckets.most} rows"
        threads = f", {torch.get_num_threads()} threads" if model.device.type == "cpu" else ""
        return f"{model.device.type}, {str(model.dtype).removeprefix('torch.')}, {mode}{threads}"

    def _finish_pictures(self, drawing: _Drawing) -> None:
        for index, painting in enumerate(drawing.paintings):
            if painting.finished and index not in drawing.pictures:
                image = pictures.from_pixels(_decoded(painting).numpy())
                drawn = pictures.drawn_by(painting.model.hash)
                drawing.pictures[index] = pictures.as_png(image, painting.settings, drawn)

    def _look(self, drawing: _Drawing) -> tuple[Preview, ...]:
        """Previews of a job's pictures: decoded where that is wanted and affordable, else the linear map."""
        elapsed = self._clock() - drawing.started
        if drawing.frame_wanted and drawing.frame_seconds <= FRAME_SHARE * elapsed:
            drawing.frame_wanted = False
            before = self._clock()
            looks = tuple(_frame(painting.model, painting) for painting in drawing.paintings)
            drawing.frame_seconds += self._clock() - before
            return looks
        return tuple(painting.model.preview(painting.visible) for painting in drawing.paintings)

    def _remove(self, job_id: int) -> None:
        gone = self._drawings.pop(job_id).paintings
        self._turns = [painting for painting in self._turns if painting not in gone]

    def _fail(self, job_id: int, error: Exception) -> None:
        log.error("job %s failed", job_id, exc_info=error)
        if job_id in self._drawings:
            self._remove(job_id)
        self._emit(Failed(job_id, _kind_of(error), f"{type(error).__name__}: {error}"))


def _decoded(painting: Painting) -> torch.Tensor:
    """The finished picture's pixels; raises `BrokenPicture` where the arithmetic has gone astray."""
    pixels = painting.model.decode(painting.result)[0]
    if not painting.result.isfinite().all() or not pixels.any():
        raise BrokenPicture(f"seed {painting.settings.seed} came out as nothing in {painting.model.dtype}")
    return pixels


def _frame(model: Model, painting: Painting) -> Preview:
    pixels = model.decode(painting.visible)[0]
    height, width, _ = pixels.shape
    return Preview(width, height, pixels.numpy().tobytes(), decoded=True)


def _kind_of(error: Exception) -> FailureKind:
    match error:
        case ModelUnavailable() | UnknownModel():
            return FailureKind.MODEL_UNAVAILABLE
        case BrokenPicture():
            return FailureKind.BROKEN_PICTURE
        case torch.OutOfMemoryError() | MemoryError():
            return FailureKind.OUT_OF_MEMORY
    return FailureKind.INTERNAL
