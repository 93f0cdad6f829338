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
from generation.engine.conditioning.images import ConditioningImages
from generation.engine.denoising import hires, initial_latents, inpainting
from generation.engine.denoising.decoding import Decoding
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.explain import Recorder, explain
from generation.engine.failures import ends_worker, kind_of
from generation.engine.latents import png
from generation.engine.models import diffusers_pipeline
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.model import Model
from generation.engine.models.safety_checker import SafetyCheckers
from generation.engine.runtime import memory
from generation.engine.runtime.device import told
from generation.engine.scheduling.admission import Admission
from generation.engine.scheduling.background import Background, DeviceTask
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.fair_share import FairShare
from generation.engine.scheduling.model_cache import AnyModel, ModelCache
from generation.engine.scheduling.running_job import RunningJob
from generation.engine.upscalers.registry import UpscalerRegistry
from generation.engine.upscalers.run import upscale
from generation.errors import BrokenPicture, ModelTooLarge, ModelUnavailable
from generation.events import Cancelled, Completed, Event, Failed, Loading, Progress, Started
from generation.jobs import Draw, Job, Task, Upscale
from generation.pictures import Picture, Preview

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
        cache: ModelCache,
        emit: Callable[[Event], None],
        sizing: BatchSizing,
        model_wait: float = MODEL_WAIT_SECONDS,
        upscalers: UpscalerRegistry | None = None,
        clock: Callable[[], float] = time.monotonic,
        checkers: SafetyCheckers | None = None,
        is_unwanted: Callable[[int], bool] = lambda job_id: False,
    ) -> None:
        self._cache = cache
        self._emit = emit
        self._sizing = sizing
        self._upscalers = upscalers or UpscalerRegistry()
        self._checkers = checkers or SafetyCheckers(Catalogue(), torch.device("cpu"))
        self._clock = clock
        self._is_unwanted = is_unwanted
        """Whether a job's cancel is on its way, for what takes long to begin."""
        self._fair_share = FairShare()
        self._admission = Admission(cache, model_wait, clock)
        self._running_jobs: dict[int, RunningJob] = {}
        self._unfinished: dict[DenoisingState, int] = {}
        """The job of each painting that needs a forward, the one that waited longest first."""
        self._device_tasks: dict[DeviceTask, int] = {}
        """The job of each errand, in the same order."""
        self._background = Background(clock)
        """Explanations, which keep nobody waiting."""

    @property
    def idle(self) -> bool:
        return not self._running_jobs and not self._device_tasks and not self._admission.waiting

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
        if running_job := self._running_jobs.get(job_id):
            running_job.frame_wanted = True

    def step(self) -> None:
        """One forward of the pictures whose turn it is, or one slice of an errand."""
        for job in self._admission.take_next():
            self._start(job)
        state = min(self._unfinished, key=self._had, default=None)
        device_task = min(self._device_tasks, key=self._had, default=None)
        in_background = self._background.take(others=bool(self._unfinished or self._device_tasks))
        before = self._clock()
        if in_background is not None:
            served = self._explain_on(*in_background)
            self._background.spend(self._clock() - before)
        elif device_task is not None and (state is None or self._had(device_task) <= self._had(state)):
            served = self._go_on_with(device_task)
        elif state is not None:
            served = self._denoise(state)
        else:
            return
        self._fair_share.charge(served, self._clock() - before)

    def _start(self, job: Job) -> None:
        """Begin a job; one that cannot be begun fails by itself, unless it is other models that it has no place
        beside."""
        self._fair_share.enter(job.id, job.owner)
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
        self._cache.forget_idle()
        work()

    def _begin(self, job: Job) -> None:
        on_load, at_work = self._on_load(job.id, job.task.settings.model), self._admission.at_work
        if job.task.check:
            self._checkers.take(job.task.settings.model, on_load)
        match job.task:
            case Upscale():
                redrawn = self._cache.take(job.task.settings.model, on_load, at_work) if job.task.draws else None
                self._device_tasks[self._enlarge(job, job.task, redrawn)] = job.id
            case Draw():
                model = self._cache.any(job.task.settings.model, on_load, at_work)
                if isinstance(model, PipelineModel):
                    self._device_tasks[self._draw_alone(job, job.task, model)] = job.id
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
        init_images = {size: InitImage.of(task.inputs, *size, holes=model.is_inpainting) for size in sizes}
        guides = ConditioningImages.of(task.inputs)
        states = [
            DenoisingState(model, each, init_images[each.width, each.height], guides=guides) for each in task.each
        ]
        recorder = Recorder(states[0]) if task.explained else None
        self._running_jobs[job.id] = RunningJob(job, self._clock(), states, recorder)
        self._unfinished |= dict.fromkeys(states, job.id)
        self._fair_share.charge((job.id,), self._clock() - before)

    def _enlarge(self, job: Job, task: Upscale, model: Model | None) -> DeviceTask:
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

    def _draw_alone(self, job: Job, task: Draw, model: PipelineModel) -> DeviceTask:
        """By a model's own pipeline: one picture after the other, with a slice for each step."""

        def report(step: int, looks: tuple[Preview, ...]) -> None:
            self._emit(Progress(job.id, step, task.settings.steps, looks))

        def precisely(broken: BrokenPicture) -> PipelineModel:
            return self._precisely(job.id, model, broken)

        started, finished = self._clock(), []
        drawn, circumstances = yield from diffusers_pipeline.draw(task, model, report, precisely)
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

    def _had(self, work: DenoisingState | DeviceTask) -> tuple[float, float]:
        job_id = self._unfinished[work] if isinstance(work, DenoisingState) else self._device_tasks[work]
        return self._fair_share.had(job_id)

    @torch.inference_mode()
    def _denoise(self, first: DenoisingState) -> Collection[int]:
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
                for job_id in {self._unfinished[state] for state in together}:
                    self._fail(job_id, error)
                return ()
        if predictions is None:
            self._make_room(first, rows)
            return ()
        served = dict.fromkeys(self._unfinished[state] for state in together)
        for state, own in zip(together, predictions, strict=True):
            self._advance(state, own)
        for job_id in served:
            self._report(job_id)
        return served

    def _company_of(self, first: DenoisingState) -> list[DenoisingState]:
        """Those that can share a forward with `first`, itself in front, then whoever had least."""
        return sorted((each for each in self._unfinished if each.shape == first.shape), key=self._had)

    def _make_room(self, like: DenoisingState, failed: int) -> None:
        """Go on with smaller batches than the `failed` rows, for a step that nobody has taken yet."""
        self._cache.forget_idle()
        buckets = self._sizing.halve(like, failed, beside_others=len(self._admission.at_work) > 1)
        log.warning("out of memory; from now on %s a forward", buckets.about)

    def _advance(self, state: DenoisingState, predictions: list[torch.Tensor]) -> None:
        """Take the step; a painting that has taken its last is developed next."""
        job_id = self._unfinished.pop(state, None)
        if job_id is None:
            return
        try:
            self._sparingly(lambda: state.advance(predictions), f"in a sampler's step of job {job_id}")
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            self._fail(job_id, error)
            return
        if state.finished:
            self._device_tasks[self._develop(self._running_jobs[job_id], state)] = job_id
        else:
            self._unfinished[state] = job_id

    def _report(self, job_id: int) -> None:
        running_job = self._running_jobs.get(job_id)
        if running_job is None or running_job.drawn:
            return
        look: tuple[Preview, ...] = ()
        try:
            look = self._look_at(running_job)
        except memory.ERRORS as error:
            if not memory.is_exhausted(error):
                self._fail(job_id, error)
                return
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            self._fail(job_id, error)
            return
        self._emit(Progress(job_id, running_job.step, running_job.steps, look))

    def _look_at(self, running_job: RunningJob) -> tuple[Preview, ...]:
        return running_job.look(self._clock, self._fair_share.own(running_job.job.id))

    def _go_on_with(self, device_task: DeviceTask) -> Collection[int]:
        """One slice of an errand; its job."""
        job_id = self._device_tasks.pop(device_task)
        if self._has_more(device_task, job_id):
            self._device_tasks[device_task] = job_id
        return (job_id,)

    def _explain_on(self, device_task: DeviceTask, job_id: int) -> Collection[int]:
        """One slice of an explanation; its job."""
        if self._has_more(device_task, job_id):
            self._background.back(device_task, job_id)
        return (job_id,)

    def _has_more(self, device_task: DeviceTask, job_id: int) -> bool:
        """Do one slice; False after the last."""
        try:
            with torch.inference_mode():
                next(device_task)
        except StopIteration:
            return False
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            self._fail(job_id, error)
            return False
        return True

    def _develop(self, running_job: RunningJob, state: DenoisingState) -> DeviceTask:
        """From latents to a file. Where the arithmetic went astray, the picture is drawn once more in float32."""
        index = running_job.states.index(state)
        decoding = Decoding(state)
        with closing(decoding.slices()) as slices:
            for _ in slices:
                yield
                if decoding.slowly:
                    self._emit(
                        Progress(running_job.job.id, running_job.step, running_job.steps, self._look_at(running_job))
                    )
        try:
            image = png.from_pixels(decoding.pixels().numpy())
        except BrokenPicture as broken:
            self._redraw(running_job, index, broken)
            return
        running_job.in_tiles |= decoding.in_tiles
        if state.init_image:
            image = inpainting.pasted(image, state.init_image)
        if refining := hires.refinement(state, image):
            self._replace(running_job, index, refining)
            return
        settings = running_job.each[index]
        model = state.model
        drawn = png.drawn_by(model.hash, model.lora_hashes(state.settings), running_job.inputs)
        text = infotext.to_infotext(settings, drawn)
        picture = png.as_png(image, settings.seed, text, initial_latents.seen(model, settings))
        if running_job.job.task.check:
            yield
            picture = self._checked(picture, running_job.job.task)
        running_job.pictures[index] = picture
        if index == 0 and picture.flagged:
            running_job.recorder = None
        elif index == 0 and running_job.recorder is not None:
            self._background.put(self._explain(running_job, running_job.recorder, image), running_job.job.id)
        if running_job.developed:
            self._complete(running_job)

    def _explain(self, running_job: RunningJob, recorder: Recorder, image: Image.Image) -> DeviceTask:
        """The first picture, which is `image`, from the inside."""

        def report(look: Preview) -> None:
            self._emit(Progress(running_job.job.id, running_job.steps, running_job.steps, (look,)))

        running_job.explanation = yield from explain(recorder, image, report)
        if running_job.developed:
            self._complete(running_job)

    def _precisely(self, job_id: int, model: AnyModel, broken: BrokenPicture) -> AnyModel:
        """The model in float32, for a picture that its own number format cannot hold. Raises `broken` where it is that
        already, or memory has no place for another."""
        if model.dtype == torch.float32:
            raise broken
        log.warning("job %s: %s; once more in float32", job_id, broken)
        try:
            return self._cache.in_float32(model, self._on_load(job_id, model.spec.name))
        except (ModelUnavailable, *memory.ERRORS) as error:
            raise broken from error

    def _redraw(self, running_job: RunningJob, index: int, broken: BrokenPicture) -> None:
        gone = running_job.states[index]
        model = self._precisely(running_job.job.id, gone.model, broken)
        again = DenoisingState(model, gone.settings, gone.init_image, gone.steps_before, gone.guides)
        if running_job.recorder is not None and running_job.recorder.state is gone:
            running_job.recorder = Recorder(again)
        self._replace(running_job, index, again)

    def _replace(self, running_job: RunningJob, index: int, state: DenoisingState) -> None:
        """Another painting goes on with a picture."""
        running_job.states[index] = state
        self._unfinished[state] = running_job.job.id

    def _complete(self, running_job: RunningJob) -> None:
        self._remove(running_job.job.id)
        finished = tuple(running_job.pictures[index] for index in range(len(running_job.states)))
        seconds = self._clock() - running_job.started
        device, dtypes = running_job.states[0].model.device, [state.model.dtype for state in running_job.states]
        about = self._sizing.of(running_job.states[0]).about
        circumstances = told(device, dtypes, about, in_tiles=running_job.in_tiles)
        self._emit(Completed(running_job.job.id, finished, seconds, circumstances, explanation=running_job.explanation))

    def _remove(self, job_id: int) -> bool:
        """Free whatever a job has in the batch; False where it is not there."""
        if job_id not in self._fair_share:
            return False
        self._fair_share.leave(job_id)
        if self._admission.leave(job_id):
            self._cache.keep(self._admission.at_work)
        self._running_jobs.pop(job_id, None)
        self._unfinished = {each: owner for each, owner in self._unfinished.items() if owner != job_id}
        for device_task in [each for each, owner in self._device_tasks.items() if owner == job_id]:
            del self._device_tasks[device_task]
            device_task.close()
        self._background.remove(job_id)
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


def _rows_of(states: Collection[DenoisingState]) -> int:
    return sum(len(state.prompts) for state in states)


def _fitting(company: list[DenoisingState], most: int) -> list[DenoisingState]:
    """The first of the company, and of the others all that `most` rows have room for."""
    together = company[:1]
    for state in company[1:]:
        if _rows_of([*together, state]) <= most:
            together.append(state)
    return together
