"""The step loop: jobs join and leave a running batch between two denoising steps."""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from generation import suitability
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.conditioning.images import ConditioningImages
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.explain import Recorder
from generation.engine.failures import ends_worker, kind_of
from generation.engine.finishing import Finishing, Float32Fallback, Upscaling
from generation.engine.models.batched_model import AnyBatchedModel
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.flow_model import FlowModel
from generation.engine.models.safety_checker import SafetyCheckers
from generation.engine.pipeline_drawing import PipelineDrawing
from generation.engine.runtime import memory
from generation.engine.scheduling.admission import Admission
from generation.engine.scheduling.background import Background, DeviceTask, Outcome
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.fair_share import FairShare
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.scheduling.running_job import RunningJob
from generation.engine.upscalers.registry import UpscalerRegistry
from generation.engine.vision.faces import FaceFinder
from generation.errors import LoraUnavailable, ModelTooLarge, ModelUnavailable, UserError
from generation.events import Cancelled, Completed, Event, Failed, Loading, Progress, Started
from generation.jobs import Draw, Job, Upscale

log = logging.getLogger(__name__)

MODEL_WAIT_SECONDS = 20.0
"""How long a job waits for the running jobs of other models. Then it runs beside them, or, where memory has no room for
its model, no job joins them any more."""


class Stopped(Exception):
    """The job that a model is being loaded for has been cancelled."""


class StepLoop:
    """Runs any number of jobs together.

    Each `step` is one forward of the UNet, shared by as many pictures of one model and shape as the largest bucket has
    rows for, or one slice of a device task: a picture decoded, a tile enlarged. The job that has had least of the
    device's time goes first, and with it its model where several are in use. Events leave through `emit` in the order
    in which they happen, and every admitted job ends in exactly one `Completed`, `Failed` or `Cancelled`, unless the
    process loses the device: then that error is raised, and another process must start the jobs again.
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
        faces: FaceFinder | None = None,
    ) -> None:
        self._cache = cache
        self._emit = emit
        self._sizing = sizing
        self._clock = clock
        self._checkers = checkers or SafetyCheckers(Catalogue(), torch.device("cpu"))
        self._faces = faces or FaceFinder()
        self._is_unwanted = is_unwanted
        """True once somebody has cancelled the job; long loads poll it."""
        self._fair_share = FairShare()
        self._admission = Admission(cache, model_wait, clock)
        self._running_jobs: dict[int, RunningJob] = {}
        self._unfinished: dict[DenoisingState, int] = {}
        """The job of each picture that needs a forward, the one that has waited longest first."""
        self._device_tasks: dict[DeviceTask, int] = {}
        """The job of each device task, in the same order."""
        self._background = Background(clock)
        """Explanations, which must not keep others waiting."""
        float32 = Float32Fallback(cache, self._on_load)
        self._finishing = Finishing(
            float32=float32,
            sizing=sizing,
            checkers=self._checkers,
            faces=self._faces,
            background=self._background,
            clock=clock,
            emit=emit,
            report=self._emit_progress,
        )
        self._upscaling = Upscaling(
            upscalers=upscalers or UpscalerRegistry(),
            float32=float32,
            checkers=self._checkers,
            clock=clock,
            emit=emit,
        )
        self._pipeline_drawing = PipelineDrawing(float32=float32, checkers=self._checkers, clock=clock, emit=emit)

    @property
    def idle(self) -> bool:
        """True where no job is running or waiting."""
        return not self._running_jobs and not self._device_tasks and not self._admission.waiting

    def admit(self, job: Job) -> None:
        """Start a job, or have it wait while other models are in use."""
        if self._admission.lets_in(job):
            self._start(job)

    def cancel(self, job_id: int) -> None:
        """Take a job out before its next step. A job that is not here has ended already; nothing happens."""
        if self._admission.forget(job_id) or self._remove(job_id):
            self._emit(Cancelled(job_id))

    def want_frame(self, job_id: int) -> None:
        """Ask for a decoded preview with the job's next step; there is one where it costs little."""
        if running_job := self._running_jobs.get(job_id):
            running_job.frame_wanted = True

    def step(self) -> None:
        """One forward of the pictures whose turn it is, or one slice of a device task."""
        for job in self._admission.take_next():
            self._start(job)
        state = min(self._unfinished, key=self._had, default=None)
        task = min(self._device_tasks, key=self._had, default=None)
        in_background = self._background.take(others=bool(self._unfinished or self._device_tasks))
        before = self._clock()
        if in_background is not None:
            served = self._run_in_background(*in_background)
            self._background.spend(self._clock() - before)
        elif task is not None and (state is None or self._had(task) <= self._had(state)):
            served = self._run(task)
        elif state is not None:
            served = self._denoise(state)
        else:
            return
        self._fair_share.charge(served, self._clock() - before)

    def _had(self, work: DenoisingState | DeviceTask) -> tuple[float, float]:
        """The device time that the work's owner has had, and its job."""
        job_id = self._unfinished[work] if isinstance(work, DenoisingState) else self._device_tasks[work]
        return self._fair_share.had(job_id)

    # How a job starts.

    def _start(self, job: Job) -> None:
        """Start a job. Where memory has no room for its model beside those in use, it waits for them."""
        self._fair_share.enter(job.id, job.owner)
        self._admission.enter(job)
        with self._isolate(job.id):
            try:
                self._sparingly(lambda: self._begin(job), f"at the beginning of job {job.id}")
            except ModelTooLarge:
                if len(self._admission.in_use) == 1:
                    raise
                self._remove(job.id)
                self._admission.put_back(job)
            else:
                self._emit(Started(job.id))

    def _begin(self, job: Job) -> None:
        """Load what a job needs, and put its first work in line."""
        name, in_use = job.task.settings.model, self._admission.in_use
        on_load = self._on_load(job.id, name)
        if job.task.check:
            self._checkers.take(name, on_load)
        match job.task:
            case Upscale() as task:
                redrawing = self._cache.take(name, on_load, in_use) if task.draws else None
                self._device_tasks[self._upscaling.run(job, task, redrawing)] = job.id
            case Draw() as task:
                model = self._cache.any(name, on_load, in_use)
                if isinstance(model, PipelineModel):
                    self._device_tasks[self._pipeline_drawing.run(job, task, model)] = job.id
                else:
                    self._begin_denoising(job, task, model)

    def _on_load(self, job_id: int, model: str) -> Callable[[float], None]:
        """The callback that is told which share of a model is loaded, 0 to 1. It raises `Stopped` once the job is
        cancelled."""

        def report(share: float) -> None:
            if self._is_unwanted(job_id):
                raise Stopped
            self._emit(Loading(job_id, model, share))

        return report

    @torch.inference_mode()
    def _begin_denoising(self, job: Job, task: Draw, model: AnyBatchedModel) -> None:
        """Encode the texts and pictures of a job, and charge the job for that. Loading the model is not charged, since
        others use it too."""
        before = self._clock()
        if isinstance(model, FlowModel):
            suitability.check_all(task.each, model.spec, task.inputs.roles, explained=task.explained)
            task = _suited(model.spec, task)
        if any(each.faces for each in task.each):
            self._faces.take()
        sizes = {(each.width, each.height) for each in task.each}
        start, looked_at = model.starts_from(task.inputs)
        init_images = {size: InitImage.of(start, *size, holes=model.is_inpainting) for size in sizes}
        guides = ConditioningImages.of(looked_at, task.weights)
        states = [
            DenoisingState(model, each, init_images[each.width, each.height], guides=guides) for each in task.each
        ]
        recorder = Recorder(states[0]) if task.explained else None
        running_job = RunningJob(replace(job, task=task), self._clock(), states, recorder)
        self._running_jobs[job.id] = running_job
        self._unfinished |= dict.fromkeys(running_job.begin_next(), job.id)
        self._fair_share.charge((job.id,), self._clock() - before)

    # One forward.

    @torch.inference_mode()
    def _denoise(self, first: DenoisingState) -> Collection[int]:
        """One denoising step of `first` and of all that share its forward; returns the jobs that were served."""
        # 1. Predict the noise of all of them, in one forward of the UNet.
        predictions = self._predict(first)
        job_ids = dict.fromkeys(self._unfinished[state] for state in predictions)
        # 2. Take a step with each one's own sampler.
        for state, own in predictions.items():
            self._advance(state, own)
        # 3. Report the progress of their jobs, with previews.
        for job_id in job_ids:
            self._report(job_id)
        return job_ids

    def _predict(self, first: DenoisingState) -> dict[DenoisingState, list[torch.Tensor]]:
        """The predictions for `first` and all that share its forward, by state. There are none where the forward
        failed: its jobs have failed too, or, where memory was not enough, they wait for a smaller one."""
        with self._isolate(self._unfinished[first]):
            batch, rows, holding = self._batch_with(first)
            with self._isolate(*{self._unfinished[state] for state in batch}):
                try:
                    return dict(zip(batch, predict(batch, rows, holding), strict=True))
                except memory.ERRORS as error:
                    if rows == 1 or not memory.is_exhausted(error):
                        raise
                self._make_room(first, rows)
        return {}

    def _batch_with(self, first: DenoisingState) -> tuple[list[DenoisingState], int, Callable[[int], int]]:
        """The states that share a forward with `first`, those that have had least first; the rows of that forward,
        padding included; and those that it would have for another number. A step cache remembers single rows."""
        if first.model.one_by_one:
            return [first], 1, lambda rows: 1
        sharing = sorted((each for each in self._unfinished if each.shape == first.shape), key=self._had)
        buckets = self._sizing.of(first, wanted=_rows_of(sharing))
        batch = _fitting(sharing, buckets.most)
        return batch, buckets.holding(_rows_of(batch)), buckets.holding

    def _make_room(self, like: DenoisingState, failed: int) -> None:
        """From now on run smaller batches than the `failed` rows."""
        self._cache.forget_idle()
        buckets = self._sizing.halve(like, failed, beside_others=len(self._admission.in_use) > 1)
        log.warning("out of memory; from now on %s a forward", buckets.about)

    def _advance(self, state: DenoisingState, predictions: list[torch.Tensor]) -> None:
        """Take the step. After the last one the picture is finished by a device task."""
        job_id = self._unfinished.pop(state, None)
        if job_id is None:  # another picture of the job failed in this very step
            return
        with self._isolate(job_id):
            self._sparingly(lambda: state.advance(predictions), f"in a sampler's step of job {job_id}")
            if state.finished:
                running_job = self._running_jobs[job_id]
                self._device_tasks[self._finishing.finish(running_job, state)] = job_id
                if not state.steps_before:  # a state that refines a picture has none after it
                    self._unfinished |= dict.fromkeys(running_job.begin_next(), job_id)
            else:
                self._unfinished[state] = job_id

    def _report(self, job_id: int) -> None:
        running_job = self._running_jobs.get(job_id)
        if running_job is None or running_job.is_denoised:
            return
        with self._isolate(job_id):
            self._emit_progress(running_job)

    def _emit_progress(self, running_job: RunningJob) -> None:
        job_id = running_job.job.id
        previews = running_job.previews(self._clock, self._fair_share.own(job_id))
        self._emit(Progress(job_id, running_job.step, running_job.steps, previews))

    # One slice of a device task.

    def _run(self, task: DeviceTask) -> Collection[int]:
        """One slice of a task; returns its job."""
        job_id = self._device_tasks.pop(task)
        if self._has_more(task, job_id):
            self._device_tasks[task] = job_id
        return (job_id,)

    def _run_in_background(self, task: DeviceTask, job_id: int) -> Collection[int]:
        """One slice of a background task; returns its job."""
        if self._has_more(task, job_id):
            self._background.back(task, job_id)
        return (job_id,)

    def _has_more(self, task: DeviceTask, job_id: int) -> bool:
        """Run one slice; False after the last."""
        with self._isolate(job_id):
            try:
                with torch.inference_mode():
                    next(task)
                return True
            except StopIteration as last:
                self._go_on(job_id, last.value)
        return False

    def _go_on(self, job_id: int, outcome: Outcome) -> None:
        """Do what a finished device task says."""
        match outcome:
            case DenoisingState():
                self._unfinished[outcome] = job_id
            case Completed():
                self._remove(job_id)
                self._emit(outcome)

    # How a job ends.

    @contextmanager
    def _isolate(self, *job_ids: int) -> Iterator[None]:
        """An error inside ends these jobs and no others."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a job's error ends that job, whatever it is
            for job_id in job_ids:
                self._fail(job_id, error)

    def _fail(self, job_id: int, error: Exception) -> None:
        """End a job by the error that it met. An error that means that the device is lost to this process is raised
        again."""
        if isinstance(error, Stopped):
            self.cancel(job_id)
            return
        if ends_worker(error):
            raise error
        if isinstance(error, ModelUnavailable | LoraUnavailable):
            log.error("job %s failed: %s", job_id, error)
        elif not isinstance(error, UserError):  # which is a matter of the request, not of this program
            log.error("job %s failed", job_id, exc_info=error)
        self._remove(job_id)
        self._emit(Failed(job_id, kind_of(error), f"{type(error).__name__}: {error}"))

    def _remove(self, job_id: int) -> bool:
        """Free everything that a job holds; False where it is not running."""
        if job_id not in self._fair_share:
            return False
        self._fair_share.leave(job_id)
        if self._admission.leave(job_id):
            self._cache.keep(self._admission.in_use)
        if running_job := self._running_jobs.pop(job_id, None):
            running_job.states[0].model.end_pictures()
        self._unfinished = {each: owner for each, owner in self._unfinished.items() if owner != job_id}
        for task in [each for each, owner in self._device_tasks.items() if owner == job_id]:
            del self._device_tasks[task]
            task.close()
        self._background.remove(job_id)
        return True

    def _sparingly(self, work: Callable[[], None], where: str) -> None:
        """Do the work; where memory is not enough, once more after freeing what is kept for later."""
        try:
            work()
            return
        except memory.ERRORS as error:
            if isinstance(error, ModelTooLarge) or not memory.is_exhausted(error):
                raise
            log.warning("out of memory %s; once more with less kept", where)
        self._cache.forget_idle()
        work()


def _suited(model: ModelSpec, task: Draw) -> Draw:
    """The task without defaults that the model does not support, and with sizes that it draws, as metadata records. Its
    strength stays: the pictures that are given decide what that means."""
    settings, *cells = (suitability.stripped(each, model, masked=True) for each in (task.settings, *task.cells))
    return replace(task, settings=settings, cells=tuple(cells))


def _rows_of(states: Collection[DenoisingState]) -> int:
    return sum(len(state.prompts) for state in states)


def _fitting(states: list[DenoisingState], most: int) -> list[DenoisingState]:
    """The first state, and of the others all that `most` rows have room for."""
    batch = states[:1]
    for state in states[1:]:
        if _rows_of([*batch, state]) <= most:
            batch.append(state)
    return batch
