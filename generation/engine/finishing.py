"""The work of a job that is not a forward: latents become files, and pictures are upscaled.

Everything here is a `DeviceTask`, work in slices between which the step loop serves others.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from io import BytesIO

import torch
from PIL import Image

from generation import infotext
from generation.engine.denoising import hires, initial_latents, inpainting
from generation.engine.denoising.decoding import Decoding
from generation.engine.denoising.faces import FaceRedrawing
from generation.engine.denoising.state import DenoisingState
from generation.engine.explain import Recorder, explain
from generation.engine.latents import png
from generation.engine.models.safety_checker import SafetyCheckers
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import memory
from generation.engine.runtime.device import told
from generation.engine.scheduling.background import Background, DeviceTask
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import AnyModel, ModelCache
from generation.engine.scheduling.running_job import RunningJob
from generation.engine.upscalers.registry import UpscalerRegistry
from generation.engine.upscalers.run import upscale
from generation.engine.vision.faces import FaceFinder
from generation.errors import BrokenPicture, ModelUnavailable
from generation.events import Completed, Event, Explaining, Progress
from generation.jobs import Job, Task, Upscale
from generation.pictures import Picture, Preview

log = logging.getLogger(__name__)

Clock = Callable[[], float]
Emit = Callable[[Event], None]

OnLoad = Callable[[int, str], Callable[[float], None]]
"""Given a job and a model's name, the callback that is told which share of the model is loaded, 0 to 1."""


class Float32Fallback:
    """Models in float32, for pictures that their usual number format cannot hold."""

    def __init__(self, cache: ModelCache, on_load: OnLoad) -> None:
        self._cache = cache
        self._on_load = on_load

    def take(self, job_id: int, model: AnyModel, broken: BrokenPicture) -> AnyModel:
        """The same model in float32. Raises `broken` where `model` is in float32 already, or memory has no room for
        the second one."""
        if model.dtype == torch.float32:
            raise broken
        log.warning("job %s: %s; once more in float32", job_id, broken)
        try:
            return self._cache.in_float32(model, self._on_load(job_id, model.spec.name))
        except (ModelUnavailable, *memory.ERRORS) as error:
            raise broken from error


class Finishing:
    """Turns the last latents of a job's pictures into files, and explains the first picture where the job asks for it.

    `report` emits the progress of a job, `emit` any event.
    """

    def __init__(
        self,
        *,
        float32: Float32Fallback,
        sizing: BatchSizing,
        checkers: SafetyCheckers,
        faces: FaceFinder,
        background: Background,
        clock: Clock,
        emit: Emit,
        report: Callable[[RunningJob], None],
    ) -> None:
        self._float32 = float32
        self._sizing = sizing
        self._checkers = checkers
        self._faces = faces
        self._background = background
        self._clock = clock
        self._emit = emit
        self._report = report

    def finish(self, running_job: RunningJob, state: DenoisingState) -> DeviceTask:
        """From the latents of one picture to its file.

        Returns the state that goes on where the picture is refined (hires fix), a face of it is drawn anew, or it is
        drawn once more in float32, and `Completed` where it is the last thing that the job needed.
        """
        index = running_job.states.index(state)
        # 1. Decode.
        decoding = Decoding(state)
        with closing(decoding.slices()) as slices:
            for _ in slices:
                yield
                if decoding.slowly:
                    self._report(running_job)
        try:
            image = png.from_pixels(decoding.pixels().numpy())
        except BrokenPicture as broken:
            return self._in_float32(running_job, index, broken)
        running_job.in_tiles |= decoding.in_tiles
        # 2. Put back what the mask keeps.
        if state.init_image:
            image = inpainting.pasted(image, state.init_image)
        # 3. Go on at the larger size, where hires fix is on.
        if refining := hires.refinement(state, image):
            return running_job.replace_state(index, refining)
        # 4. Draw its faces anew, one after the other.
        if running_job.each[index].faces:
            yield
            redrawing = self._with_face(running_job, index, state, image)
            if of_face := redrawing.following(state):
                return running_job.replace_state(index, of_face)
            image = redrawing.image
        # 5. Write the file, and have it checked.
        picture = _file_of(running_job, index, image)
        if running_job.task.check:
            yield
            picture = checked(picture, running_job.task, self._checkers)
        running_job.pictures[index] = picture
        # 6. Explain the first picture, unless it was flagged.
        if index == 0 and picture.flagged:
            running_job.recorder = None
        elif index == 0 and running_job.recorder is not None:
            self._background.put(self._explain(running_job, running_job.recorder, image), running_job.job.id)
        return self._completed(running_job)

    def _with_face(
        self, running_job: RunningJob, index: int, state: DenoisingState, image: Image.Image
    ) -> FaceRedrawing:
        """The faces of a picture: looked for where `image` is the picture, and with one more where it is a face."""
        redrawing = running_job.faces.get(index)
        if redrawing:
            redrawing.put_back(image)
            return redrawing
        boxes, mask = self._faces.take().boxes(image), state.init_image.mask if state.init_image else None
        running_job.faces[index] = FaceRedrawing(image, boxes, running_job.each[index], mask)
        return running_job.faces[index]

    def _explain(self, running_job: RunningJob, recorder: Recorder, image: Image.Image) -> DeviceTask:
        """Explain the first picture, which is `image`."""

        job_id, parts = running_job.job.id, len(recorder.trace)

        def report(part: int, picture: Preview) -> None:
            self._emit(Explaining(job_id, part, parts, (picture,)))

        self._emit(Explaining(job_id, 0, parts))
        running_job.explanation = yield from explain(recorder, image, report)
        return self._completed(running_job)

    def _in_float32(self, running_job: RunningJob, index: int, broken: BrokenPicture) -> DenoisingState:
        """A state that draws a picture once more, from its start."""
        old = running_job.states[index]
        model = self._float32.take(running_job.job.id, old.model, broken)
        new = DenoisingState(model, old.settings, old.init_image, old.steps_before, old.guides)
        if running_job.recorder is not None and running_job.recorder.state is old:
            running_job.recorder = Recorder(new)
        return running_job.replace_state(index, new)

    def _completed(self, running_job: RunningJob) -> Completed | None:
        """The job's last event; None where something is left to do."""
        if not running_job.is_complete:
            return None
        states = running_job.states
        return Completed(
            running_job.job.id,
            tuple(running_job.pictures[index] for index in range(len(states))),
            seconds=self._clock() - running_job.started,
            circumstances=told(
                states[0].model.device,
                [state.model.dtype for state in states],
                "1 row" if states[0].model.one_by_one else self._sizing.of(states[0]).about,
                in_tiles=running_job.in_tiles,
                cache=states[0].model.spec.cache,
            ),
            explanation=running_job.explanation,
            unread=running_job.unread,
            knows_few=states[0].model.knows_few(states[0].settings),
            faces=running_job.faces_found,
        )


class Upscaling:
    """Enlarges finished pictures: an upscale job is one device task."""

    def __init__(
        self,
        *,
        upscalers: UpscalerRegistry,
        float32: Float32Fallback,
        checkers: SafetyCheckers,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._upscalers = upscalers
        self._float32 = float32
        self._checkers = checkers
        self._clock = clock
        self._emit = emit

    def run(self, job: Job, task: Upscale, model: UNetModel | None) -> DeviceTask:
        """Enlarge a picture tile by tile; a `model` then redraws the result."""

        def report(done: int, of: int) -> None:
            self._emit(Progress(job.id, done, of, ()))

        def in_float32(model: UNetModel, broken: BrokenPicture) -> UNetModel:
            fallback = self._float32.take(job.id, model, broken)
            dtypes[:] = [fallback.dtype]
            return fallback

        started = self._clock()
        dtypes = [model.dtype] if model else []
        picture, upscaler = yield from upscale(task, self._upscalers, model, report, in_float32)
        if task.check:
            yield
            picture = checked(picture, task, self._checkers)
        circumstances = told(model.device, dtypes, "tile by tile") if model else ""
        return Completed(job.id, (picture,), self._clock() - started, circumstances, upscaler)


def checked(picture: Picture, task: Task, checkers: SafetyCheckers) -> Picture:
    """The picture, flagged where the safety checker of the task's model flags it."""
    with Image.open(BytesIO(picture.png)) as image:
        flagged = checkers.take(task.settings.model).flags(image.convert("RGB"))
    return replace(picture, flagged=flagged)


def _file_of(running_job: RunningJob, index: int, image: Image.Image) -> Picture:
    """A finished picture as PNG, with its settings as text inside."""
    settings, state = running_job.each[index], running_job.states[index]
    model, inputs = state.model, running_job.inputs
    drawn_by = png.drawn_by(model.hash, model.lora_hashes(settings), inputs, model.emphasis(settings))
    if model.is_editing:
        drawn_by = replace(drawn_by, image_guidance=model.spec.image_guidance)
    if state.guides.weights:  # the settings' weight is that of none of them
        drawn_by = replace(drawn_by, image_prompted=False)
    text = infotext.to_infotext(settings, drawn_by)
    return png.as_png(image, settings.seed, text, initial_latents.seen(state.model, settings))
