"""Draws with models that have a diffusers pipeline of their own: such a job is one `DeviceTask`."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace

import torch
from PIL import Image

from generation import cost, images, infotext, loras, suitability
from generation.engine.denoising import inpainting
from generation.engine.denoising.init_image import InitImage
from generation.engine.finishing import Clock, Emit, Float32Fallback, checked
from generation.engine.latents import png
from generation.engine.models.diffusers_pipeline import Drawn, PipelineModel
from generation.engine.models.pipeline_arguments import Pictures
from generation.engine.models.safety_checker import SafetyCheckers
from generation.engine.runtime.device import told
from generation.engine.scheduling.background import DeviceTask
from generation.errors import BrokenPicture
from generation.events import Completed, Progress
from generation.jobs import Draw, Inputs, Job
from generation.pictures import Picture, Preview
from generation.settings import GenerationSettings

Report = Callable[[int, tuple[Preview, ...]], None]
"""Called with the mean number of steps done, and with previews."""


class PipelineDrawing:
    """Draws with models that have a diffusers pipeline of their own."""

    def __init__(self, *, float32: Float32Fallback, checkers: SafetyCheckers, clock: Clock, emit: Emit) -> None:
        self._float32 = float32
        self._checkers = checkers
        self._clock = clock
        self._emit = emit

    def run(self, job: Job, task: Draw, model: PipelineModel) -> DeviceTask:
        """Draw one picture after the other, with a slice for each step."""

        steps = cost.steps(task.settings, _has_strength(task.inputs, model))

        def report(step: int, previews: tuple[Preview, ...]) -> None:
            self._emit(Progress(job.id, min(step, steps), steps, previews))

        def in_float32(broken: BrokenPicture) -> PipelineModel:
            return self._float32.take(job.id, model, broken)

        started, finished = self._clock(), list[Picture]()
        drawn, circumstances, unread = yield from _draw(task, model, report, in_float32)
        for picture in drawn:
            finished.append(checked(picture, task, self._checkers) if task.check else picture)
            yield
        return Completed(job.id, tuple(finished), self._clock() - started, circumstances, unread=unread)


def _draw(
    task: Draw, model: PipelineModel, report: Report, precisely: Callable[[BrokenPicture], PipelineModel]
) -> Generator[None, None, tuple[list[Picture], str, str]]:
    """Generate the pictures of a task, one after the other; yields after each step. Returns them with a line on device,
    dtype and pipeline, on which the last bits of pixels depend, and with the end of the prompt that was not read.

    After a `BrokenPicture`, the model that `precisely` returns generates that picture again and the rest. Raises
    `Unsuitable` for what the model doesn't support.
    """
    suitability.check_all(task.each, model.spec, task.inputs.roles, explained=task.explained)
    finished: list[Picture] = []
    seen: tuple[Preview, ...] = ()
    dtypes: list[torch.dtype] = []
    in_tiles, unread = False, ""
    for asked in task.each:
        settings = suitability.stripped(asked, model.spec)
        start = _start(task.inputs, settings, model)
        pictures = _pictures(task.inputs, start)
        steps = cost.steps(settings, start is not None)

        def tell(step: int, looks: tuple[Preview, ...], before: int = len(finished) * steps) -> None:
            report((before + step) // task.pictures, looks)

        try:
            (image, not_read), looks = yield from _drawn(model, settings, pictures, seen, tell)
        except BrokenPicture as broken:
            model = precisely(broken)
            (image, not_read), looks = yield from _drawn(model, settings, pictures, seen, tell)
        seen, unread = looks, unread or not_read
        dtypes.append(model.dtype)
        in_tiles |= model.cuts(settings)
        finished.append(_file_of(image, settings, start, task.inputs, model))
        yield
    return finished, told(model.device, dtypes, type(model.pipeline).__name__, in_tiles=in_tiles), unread


def _drawn(
    model: PipelineModel,
    settings: GenerationSettings,
    pictures: Pictures,
    seen: tuple[Preview, ...],
    report: Report,
) -> Generator[None, None, tuple[Drawn, tuple[Preview, ...]]]:
    """One picture, and previews of it and of those before, which are `seen`."""
    looks = seen
    with closing(model.draw(settings, pictures)) as running_job:
        while True:
            try:
                step, look = next(running_job)
            except StopIteration as end:
                return end.value, looks
            looks = (*seen, look) if look else seen
            report(step, looks)
            yield


def _has_strength(inputs: Inputs, model: PipelineModel) -> bool:
    """True where a given picture is the start of image to image, not something to look at."""
    return bool(inputs.image) and (bool(inputs.mask) or model.kind.abilities.start_picture)


def _start(inputs: Inputs, settings: GenerationSettings, model: PipelineModel) -> InitImage | None:
    """The init image; None where there is none, or where the pictures are references."""
    if not _has_strength(inputs, model):
        return None
    return InitImage.of(inputs, settings.width, settings.height, holes=False)


def _pictures(inputs: Inputs, start: InitImage | None) -> Pictures:
    if start is not None:
        return Pictures(start=start.image, mask=start.mask)
    given = filter(None, (inputs.image, inputs.image_prompt, *inputs.blended))
    return Pictures(references=tuple(images.on_white(images.read(each, limited=False)) for each in given))


def _file_of(
    image: Image.Image, settings: GenerationSettings, start: InitImage | None, inputs: Inputs, model: PipelineModel
) -> Picture:
    """A finished picture as PNG, with the settings and the size that it was drawn with."""
    if start is not None and image.size == start.image.size:
        image = inpainting.pasted(image, start)
    hashes = model.lora_adapters.hashes(loras.read(settings.prompt)[1])
    drawn_by = png.drawn_by(model.hash, hashes, inputs)
    text = infotext.to_infotext(_at_size(settings, image), drawn_by)
    return png.as_png(image, settings.seed, text)


def _at_size(settings: GenerationSettings, image: Image.Image) -> GenerationSettings:
    width, height = image.size
    return replace(settings, width=width, height=height)
