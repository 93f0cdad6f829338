"""The step loop: jobs join and leave a running batch between two denoising steps."""

import logging
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from io import BytesIO

import torch
from PIL import Image

from generation import infotext
from generation.catalogue import Catalogue
from generation.engine import hires, masks, memory, own_pipelines, pictures, starting
from generation.engine.admission import Admission
from generation.engine.decoding import Decoding
from generation.engine.device import told
from generation.engine.drawing import Drawing
from generation.engine.explaining import Recorder, explain
from generation.engine.failing import ends_worker, kind_of
from generation.engine.guides import Guides
from generation.engine.leisure import Errand, Leisure
from generation.engine.models import Model
from generation.engine.originals import Original
from generation.engine.own_pipelines import OwnModel
from generation.engine.painting import Painting, predict
from generation.engine.safety import Checkers
from generation.engine.shares import Shares
from generation.engine.shelf import AnyModel, Shelf
from generation.engine.sizing import Sizing
from generation.engine.upscalers.choice import Upscalers
from generation.engine.upscalers.work import upscale
from generation.errors import BrokenPicture, ModelTooLarge, ModelUnavailable
from generation.events import Cancelled, Completed, Event, Failed, Loading, Picture, Preview, Progress, Started
from generation.jobs import Draw, Job, Task, Upscale

log = logging.getLogger(__name__)

MODEL_WAIT_SECONDS = 20.0
"""How long a job waits for the models at work to be done; then it is drawn beside them, or, where memory has no place
for its model, nothing joins them any more."""


class Stopped(Exception):
    """Nobody wants the job any more that a model is being loaded for."""


class StepLoop:
    """Draws any number of jobs together.

    Each `step` is one forward of the UNet, shared by as many pictures of one model and shape as the largest bucket
    holds rows for, or one slice of an errand: a picture decoded, a tile enlarged. The job that had least of the
    device's time decides which, and so with which model where several are at work. Events leave through `emit` in the
    order they happen, and every job admitted ends in exactly one `Completed`, `Failed` or `Cancelled`, unless the
    device is lost to the process: then that is raised, and another process must begin the jobs again.
    """

    def __init__(
        self,
        shelf: Shelf,
        emit: Callable[[Event], None],
        sizing: Sizing,
        model_wait: float = MODEL_WAIT_SECONDS,
        upscalers: Upscalers | None = None,
        clock: Callable[[], float] = time.monotonic,
        checkers: Checkers | None = None,
        is_unwanted: Callable[[int], bool] = lambda job_id: False,
    ) -> None:
        self._shelf = shelf
        self._emit = emit
        self._sizing = sizing
        self._upscalers = upscalers or Upscalers()
        self._checkers = checkers or Checkers(Catalogue(), torch.device("cpu"))
        self._clock = clock
        self._is_unwanted = is_unwanted
        """Whether a job's cancel is on its way, for what takes long to begin."""
        self._shares = Shares()
        self._admission = Admission(shelf, model_wait, clock)
        self._drawings: dict[int, Drawing] = {}
        self._unfinished: dict[Painting, int] = {}
        """The job of each painting that needs a forward, the one that waited longest first."""
        self._errands: dict[Errand, int] = {}
        """The job of each errand, in the same order."""
        self._leisure = Leisure(clock)
        """Explanations, which keep nobody waiting."""

    @property
    def idle(self) -> bool:
        return not self._drawings and not self._errands and not self._admission.waiting

    def admit(self, job: Job) -> None:
        """Take a job into the batch, or, where it needs another model, as soon as the batch has drained or there is a
        place for both."""
        if self._admission.lets_in(job):
            self._start(job)

    def cancel(self, job_id: int) -> None:
        """Take a job out before its next step. One that is not here has ended already, and stays so."""
        if self._admission.forget(job_id) or self._remove(job_id):
            self._emit(Cancelled(job_id))

    def want_frame(self, job_id: int) -> None:
        """Ask for a decoded preview with the job's next step, where that costs little."""
        if drawing := self._drawings.get(job_id):
            drawing.frame_wanted = True

    def step(self) -> None:
        """One forward of the pictures whose turn it is, or one slice of an errand."""
        for job in self._admission.take_next():
            self._start(job)
        painting = min(self._unfinished, key=self._had, default=None)
        errand = min(self._errands, key=self._had, default=None)
        at_leisure = self._leisure.take(others=bool(self._unfinished or self._errands))
        before = self._clock()
        if at_leisure is not None:
            served = self._explain_on(*at_leisure)
            self._leisure.spend(self._clock() - before)
        elif errand is not None and (painting is None or self._had(errand) <= self._had(painting)):
            served = self._go_on_with(errand)
        elif painting is not None:
            served = self._denoise(painting)
        else:
            return
        self._shares.charge(served, self._clock() - before)

    def _start(self, job: Job) -> None:
        """Begin a job; one that cannot be begun fails by itself, unless it is other models that it has no place
        beside."""
        self._shares.enter(job.id, job.owner)
        self._admission.enter(job)
        try:
            self._sparingly(lambda: self._begin(job), f"at the beginning of job {job.id}")
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            if isinstance(error, ModelTooLarge) and len(self._admission.at_work) > 1:
                self._remove(job.id)
                self._admission.put_back(job)
            else:
                self._fail(job.id, error)
            return
        self._emit(Started(job.id))

    def _sparingly(self, work: Callable[[], None], where: str) -> None:
        """Where memory is not enough, once more without what is kept there for later."""
        try:
            work()
            return
        except memory.ERRORS as error:
            if isinstance(error, ModelTooLarge) or not memory.is_exhausted(error):
                raise
            log.warning("out of memory %s; once more with less kept", where)
        self._shelf.forget_idle()
        work()

    def _begin(self, job: Job) -> None:
        on_load, at_work = self._on_load(job.id, job.task.settings.model), self._admission.at_work
        if job.task.check:
            self._checkers.take(job.task.settings.model, on_load)
        match job.task:
            case Upscale():
                redrawn = self._shelf.take(job.task.settings.model, on_load, at_work) if job.task.draws else None
                self._errands[self._enlarge(job, job.task, redrawn)] = job.id
            case Draw():
                model = self._shelf.any(job.task.settings.model, on_load, at_work)
                if isinstance(model, OwnModel):
                    self._errands[self._draw_alone(job, job.task, model)] = job.id
                else:
                    self._begin_drawing(job, job.task, model)

    def _on_load(self, job_id: int, model: str) -> Callable[[float], None]:
        """What is told how far loading for a job is. Raises `Stopped` once the job is not wanted any more."""

        def report(share: float) -> None:
            if self._is_unwanted(job_id):
                raise Stopped
            self._emit(Loading(job_id, model, share))

        return report

    @torch.inference_mode()
    def _begin_drawing(self, job: Job, task: Draw, model: Model) -> None:
        """Read what the job is given, and charge it for that; its model, which others use too, is loaded already."""
        before = self._clock()
        sizes = {(each.width, each.height) for each in task.each}
        originals = {size: Original.of(task.inputs, *size, holes=model.is_inpainting) for size in sizes}
        guides = Guides.of(task.inputs)
        paintings = [Painting(model, each, originals[each.width, each.height], guides=guides) for each in task.each]
        recorder = Recorder(paintings[0]) if task.explained else None
        self._drawings[job.id] = Drawing(job, self._clock(), paintings, recorder)
        self._unfinished |= dict.fromkeys(paintings, job.id)
        self._shares.charge((job.id,), self._clock() - before)

    def _enlarge(self, job: Job, task: Upscale, model: Model | None) -> Errand:
        def report(done: int, of: int) -> None:
            self._emit(Progress(job.id, done, of, ()))

        def precisely(model: Model, broken: BrokenPicture) -> Model:
            precise = self._precisely(job.id, model, broken)
            dtypes[:] = [precise.dtype]
            return precise

        started = self._clock()
        dtypes = [model.dtype] if model else []
        picture, upscaler = yield from upscale(task, self._upscalers, model, report, precisely)
        if task.check:
            yield
            picture = self._checked(picture, task)
        self._remove(job.id)
        circumstances = told(model.device, dtypes, "tile by tile") if model else ""
        self._emit(Completed(job.id, (picture,), self._clock() - started, circumstances, upscaler))

    def _draw_alone(self, job: Job, task: Draw, model: OwnModel) -> Errand:
        """By a model's own pipeline: one picture after the other, with a slice for each step."""

        def report(step: int, looks: tuple[Preview, ...]) -> None:
            self._emit(Progress(job.id, step, task.settings.steps, looks))

        def precisely(broken: BrokenPicture) -> OwnModel:
            return self._precisely(job.id, model, broken)

        started, finished = self._clock(), []
        drawn, circumstances = yield from own_pipelines.draw(task, model, report, precisely)
        for picture in drawn:
            finished.append(self._checked(picture, task) if task.check else picture)
            yield
        self._remove(job.id)
        self._emit(Completed(job.id, tuple(finished), self._clock() - started, circumstances))

    def _checked(self, picture: Picture, task: Task) -> Picture:
        """A picture with what the safety checker says of it."""
        with Image.open(BytesIO(picture.png)) as image:
            flagged = self._checkers.take(task.settings.model).flags(image.convert("RGB"))
        return replace(picture, flagged=flagged)

    def _had(self, work: Painting | Errand) -> tuple[float, float]:
        job_id = self._unfinished[work] if isinstance(work, Painting) else self._errands[work]
        return self._shares.had(job_id)

    @torch.inference_mode()
    def _denoise(self, first: Painting) -> Collection[int]:
        """One forward for `first` and those that can share it; the jobs that were served."""
        together, rows, predictions = [first], 0, None
        try:
            company = self._company_of(first)
            buckets = self._sizing.of(first, wanted=_rows_of(company))
            together = _fitting(company, buckets.most)
            rows = buckets.holding(_rows_of(together))
            predictions = predict(together, rows)
        except Exception as error:  # noqa: BLE001 - the jobs in this forward fail, the others go on
            if rows <= 1 or not memory.is_exhausted(error):
                for job_id in {self._unfinished[painting] for painting in together}:
                    self._fail(job_id, error)
                return ()
        if predictions is None:
            self._make_room(first, rows)
            return ()
        served = dict.fromkeys(self._unfinished[painting] for painting in together)
        for painting, own in zip(together, predictions, strict=True):
            self._advance(painting, own)
        for job_id in served:
            self._report(job_id)
        return served

    def _company_of(self, first: Painting) -> list[Painting]:
        """Those that can share a forward with `first`, itself in front, then whoever had least."""
        return sorted((each for each in self._unfinished if each.shape == first.shape), key=self._had)

    def _make_room(self, like: Painting, failed: int) -> None:
        """Go on with smaller batches than the `failed` rows, for a step that nobody has taken yet."""
        self._shelf.forget_idle()
        buckets = self._sizing.halve(like, failed, beside_others=len(self._admission.at_work) > 1)
        log.warning("out of memory; from now on %s a forward", buckets.about)

    def _advance(self, painting: Painting, predictions: list[torch.Tensor]) -> None:
        """Take the step; a painting that has taken its last is developed next."""
        job_id = self._unfinished.pop(painting, None)
        if job_id is None:
            return
        try:
            self._sparingly(lambda: painting.advance(predictions), f"in a sampler's step of job {job_id}")
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            self._fail(job_id, error)
            return
        if painting.finished:
            self._errands[self._develop(self._drawings[job_id], painting)] = job_id
        else:
            self._unfinished[painting] = job_id

    def _report(self, job_id: int) -> None:
        drawing = self._drawings.get(job_id)
        if drawing is None or drawing.drawn:
            return
        look: tuple[Preview, ...] = ()
        try:
            look = self._look_at(drawing)
        except memory.ERRORS as error:
            if not memory.is_exhausted(error):
                self._fail(job_id, error)
                return
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            self._fail(job_id, error)
            return
        self._emit(Progress(job_id, drawing.step, drawing.steps, look))

    def _look_at(self, drawing: Drawing) -> tuple[Preview, ...]:
        return drawing.look(self._clock, self._shares.own(drawing.job.id))

    def _go_on_with(self, errand: Errand) -> Collection[int]:
        """One slice of an errand; its job."""
        job_id = self._errands.pop(errand)
        if self._has_more(errand, job_id):
            self._errands[errand] = job_id
        return (job_id,)

    def _explain_on(self, errand: Errand, job_id: int) -> Collection[int]:
        """One slice of an explanation; its job."""
        if self._has_more(errand, job_id):
            self._leisure.back(errand, job_id)
        return (job_id,)

    def _has_more(self, errand: Errand, job_id: int) -> bool:
        """Do one slice; False after the last."""
        try:
            with torch.inference_mode():
                next(errand)
        except StopIteration:
            return False
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            self._fail(job_id, error)
            return False
        return True

    def _develop(self, drawing: Drawing, painting: Painting) -> Errand:
        """From latents to a file. Where the arithmetic went astray, the picture is drawn once more in float32."""
        index = drawing.paintings.index(painting)
        decoding = Decoding(painting)
        with closing(decoding.slices()) as slices:
            for _ in slices:
                yield
                if decoding.slowly:
                    self._emit(Progress(drawing.job.id, drawing.step, drawing.steps, self._look_at(drawing)))
        try:
            image = pictures.from_pixels(decoding.pixels().numpy())
        except BrokenPicture as broken:
            self._redraw(drawing, index, broken)
            return
        drawing.in_tiles |= decoding.in_tiles
        if painting.original:
            image = masks.pasted(image, painting.original)
        if refining := hires.refinement(painting, image):
            self._replace(drawing, index, refining)
            return
        settings = drawing.each[index]
        model = painting.model
        drawn = pictures.drawn_by(model.hash, model.lora_hashes(painting.settings), drawing.inputs)
        text = infotext.to_infotext(settings, drawn)
        picture = pictures.as_png(image, settings.seed, text, starting.seen(model, settings))
        if drawing.job.task.check:
            yield
            picture = self._checked(picture, drawing.job.task)
        drawing.pictures[index] = picture
        if index == 0 and picture.flagged:
            drawing.recorder = None
        elif index == 0 and drawing.recorder is not None:
            self._leisure.put(self._explain(drawing, drawing.recorder, image), drawing.job.id)
        if drawing.developed:
            self._complete(drawing)

    def _explain(self, drawing: Drawing, recorder: Recorder, image: Image.Image) -> Errand:
        """The first picture, which is `image`, from the inside."""

        def report(look: Preview) -> None:
            self._emit(Progress(drawing.job.id, drawing.steps, drawing.steps, (look,)))

        drawing.explanation = yield from explain(recorder, image, report)
        if drawing.developed:
            self._complete(drawing)

    def _precisely(self, job_id: int, model: AnyModel, broken: BrokenPicture) -> AnyModel:
        """The model in float32, for a picture that its own number format cannot hold. Raises `broken` where it is that
        already, or memory has no place for another."""
        if model.dtype == torch.float32:
            raise broken
        log.warning("job %s: %s; once more in float32", job_id, broken)
        try:
            return self._shelf.in_float32(model, self._on_load(job_id, model.spec.name))
        except (ModelUnavailable, *memory.ERRORS) as error:
            raise broken from error

    def _redraw(self, drawing: Drawing, index: int, broken: BrokenPicture) -> None:
        gone = drawing.paintings[index]
        model = self._precisely(drawing.job.id, gone.model, broken)
        again = Painting(model, gone.settings, gone.original, gone.steps_before, gone.guides)
        if drawing.recorder is not None and drawing.recorder.painting is gone:
            drawing.recorder = Recorder(again)
        self._replace(drawing, index, again)

    def _replace(self, drawing: Drawing, index: int, painting: Painting) -> None:
        """Another painting goes on with a picture."""
        drawing.paintings[index] = painting
        self._unfinished[painting] = drawing.job.id

    def _complete(self, drawing: Drawing) -> None:
        self._remove(drawing.job.id)
        finished = tuple(drawing.pictures[index] for index in range(len(drawing.paintings)))
        seconds = self._clock() - drawing.started
        device, dtypes = drawing.paintings[0].model.device, [painting.model.dtype for painting in drawing.paintings]
        about = self._sizing.of(drawing.paintings[0]).about
        circumstances = told(device, dtypes, about, in_tiles=drawing.in_tiles)
        self._emit(Completed(drawing.job.id, finished, seconds, circumstances, explanation=drawing.explanation))

    def _remove(self, job_id: int) -> bool:
        """Free whatever a job has in the batch; False where it is not there."""
        if job_id not in self._shares:
            return False
        self._shares.leave(job_id)
        if self._admission.leave(job_id):
            self._shelf.keep(self._admission.at_work)
        self._drawings.pop(job_id, None)
        self._unfinished = {each: owner for each, owner in self._unfinished.items() if owner != job_id}
        for errand in [each for each, owner in self._errands.items() if owner == job_id]:
            del self._errands[errand]
            errand.close()
        self._leisure.remove(job_id)
        return True

    def _fail(self, job_id: int, error: Exception) -> None:
        """End a job by what was raised: an error of its own, or that it is not wanted any more. What leaves no job a
        device is raised once more."""
        if isinstance(error, Stopped):
            self.cancel(job_id)
            return
        if ends_worker(error):
            raise error
        log.error("job %s failed", job_id, exc_info=error)
        self._remove(job_id)
        self._emit(Failed(job_id, kind_of(error), f"{type(error).__name__}: {error}"))


def _rows_of(paintings: Collection[Painting]) -> int:
    return sum(len(painting.prompts) for painting in paintings)


def _fitting(company: list[Painting], most: int) -> list[Painting]:
    """The first of the company, and of the others all that `most` rows have room for."""
    together = company[:1]
    for painting in company[1:]:
        if _rows_of([*together, painting]) <= most:
            together.append(painting)
    return together
