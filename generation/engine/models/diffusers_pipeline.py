"""Models of other families (Stable Diffusion 3, Flux and later), run by diffusers' own pipelines.

They don't share forwards, but run step by step, so that other jobs have their turn between two steps, previews are
shown, and a job can be cancelled.
"""

import copy
import inspect
import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

from generation import abilities, infotext
from generation.catalogue import ModelSpec
from generation.engine.conditioning.unread_words import PromptWatch
from generation.engine.latents import noise, png, scaling
from generation.engine.latents.previews import LatentPreview
from generation.engine.latents.vae import cut_smaller
from generation.engine.models.model import hash_of
from generation.engine.runtime import memory
from generation.engine.runtime.device import told
from generation.engine.runtime.stepwise import Pause, in_turns
from generation.errors import BrokenPicture, ModelUnavailable, Unsuitable
from generation.jobs import Draw
from generation.pictures import Picture, Preview
from generation.settings import PIXELS_PER_LATENT, GenerationSettings

log = logging.getLogger(__name__)

STEP_HOOK = "callback_on_step_end"

AfterStep = Callable[[int, Any], None]
"""Called with the number of steps done, and the latents."""

StepResult = tuple[int, Preview | None]
"""The number of steps done, and a preview where there is one."""

Drawn = tuple[Image.Image, str]
"""A picture, and the end of its prompt that the model did not read."""


@dataclass
class PipelineModel:
    """A pipeline of diffusers, on its device."""

    spec: ModelSpec
    weights: Path
    hash: str
    """The hash of its weights, by `hash_of`."""
    pipeline: Any
    preview: LatentPreview | None
    device: torch.device
    dtype: torch.dtype
    offloaded: bool = False
    """True where networks that don't run at present stay in the CPU's memory."""

    def draw(self, settings: GenerationSettings) -> Generator[StepResult, None, Drawn]:
        """Generate one picture: yields after each step but the last. Where memory is short, it starts again with less.

        Raises `Unsuitable` where the pipeline doesn't take these settings, `BrokenPicture` for a black picture.
        """
        while True:
            try:
                return (yield from self._steps(settings))
            except memory.ERRORS as error:
                if not (memory.is_exhausted(error) and self._take_less(settings)):
                    raise
            memory.release(self.device)

    def _take_less(self, settings: GenerationSettings) -> bool:
        """Switch to smaller tiles and to CPU offloading; False where nothing more can be saved."""
        side = max(settings.width, settings.height) // PIXELS_PER_LATENT
        vae = getattr(self.pipeline, "vae", None)
        smaller = cut_smaller(vae, side, getattr(vae, "use_tiling", False))
        if self.device.type == "cpu" or self.offloaded or not self.pipeline.model_cpu_offload_seq:
            return smaller
        log.warning("out of memory; %s now keeps on %s only the network that runs", self.spec.name, self.device)
        self.offloaded = True
        self.pipeline.enable_model_cpu_offload(device=self.device)
        return True

    def cuts(self, settings: GenerationSettings) -> bool:
        """True where a picture of this size is decoded in tiles, as far as is known."""
        side = max(settings.width, settings.height) // PIXELS_PER_LATENT
        vae = getattr(self.pipeline, "vae", None)
        return getattr(vae, "use_tiling", False) and side > getattr(vae, "tile_latent_min_size", 0)

    def _steps(self, settings: GenerationSettings) -> Generator[StepResult, None, Drawn]:
        looks: list[Preview | None] = []
        prompt = PromptWatch(settings.prompt)
        threads = torch.get_num_threads()

        def work(pause: Pause) -> Image.Image:
            def after_step(done: int, latents: Any) -> None:
                looks.append(self._look(latents, settings))
                if done < settings.steps:
                    pause()

            torch.set_num_threads(threads)
            with torch.inference_mode():
                return self._drawn(settings, prompt, after_step)

        turns = in_turns(work)
        try:
            while True:
                next(turns)
                yield len(looks), looks[-1]
        except StopIteration as end:
            image: Image.Image = end.value
        except ValueError as reason:
            if looks:
                raise
            raise Unsuitable(f"{type(self.pipeline).__name__} does not take these settings: {reason}") from reason
        finally:
            turns.close()
        if not numpy.asarray(image).any():
            raise BrokenPicture(f"seed {settings.seed} came out as nothing in {self.dtype}")
        return image, prompt.unread

    def _drawn(self, settings: GenerationSettings, prompt: PromptWatch, after_step: AfterStep) -> Image.Image:
        """Generate with a copy of the pipeline around the same networks, since a pipeline keeps the state of a run."""
        pipeline = copy.copy(self.pipeline)
        pipeline.scheduler = copy.deepcopy(self.pipeline.scheduler)
        prompt.watch(pipeline)

        def told(_: Any, step: int, __: Any, values: dict[str, Any]) -> dict[str, Any]:
            after_step(step + 1, values.get("latents"))
            return values

        wanted: dict[str, Any] = {
            "prompt": settings.prompt,
            "num_inference_steps": settings.steps,
            "guidance_scale": settings.guidance_scale,
            "width": settings.width,
            "height": settings.height,
            "generator": noise.source(settings.seed),
            STEP_HOOK: told,
        }
        takes = inspect.signature(pipeline.__call__).parameters
        if STEP_HOOK not in takes:
            _watch(pipeline.scheduler, after_step)
        if settings.negative_prompt or _guides_by_two_predictions(pipeline, takes):
            wanted |= {"negative_prompt": settings.negative_prompt or " ", "true_cfg_scale": settings.guidance_scale}
        drawn = pipeline(**{name: value for name, value in wanted.items() if name in takes})
        image: Image.Image = drawn.images[0]
        return image.convert("RGB")

    def _look(self, latents: Any, settings: GenerationSettings) -> Preview | None:
        if self.preview is None or not isinstance(latents, torch.Tensor):
            return None
        if latents.ndim == 3 and hasattr(self.pipeline, "_unpack_latents"):
            size = settings.height, settings.width
            latents = self.pipeline._unpack_latents(latents, *size, self.pipeline.vae_scale_factor)
        fits = latents.ndim == 4 and latents.shape[1] == self.pipeline.vae.config.latent_channels
        return self.preview(latents[:1]) if fits else None


def _watch(scheduler: Any, after_step: AfterStep) -> None:
    """Call `after_step` from the scheduler, for a pipeline without step callback. Schedulers of higher order run
    more than once a step."""
    take, asked = scheduler.step, count(1)

    @wraps(take)
    def step(*inputs: Any, **named: Any) -> Any:
        taken = take(*inputs, **named)
        done, between = divmod(next(asked), scheduler.order)
        if not between:
            after_step(done, taken[0])
        return taken

    scheduler.step = step


def _guides_by_two_predictions(pipeline: Any, takes: Mapping[str, inspect.Parameter]) -> bool:
    """True for true classifier-free guidance, as in Qwen-Image, which needs a negative prompt, maybe empty. Others are
    distilled for a guidance scale (Flux dev), or for none (Flux schnell, off by default in its pipeline)."""
    if "true_cfg_scale" not in takes or takes["true_cfg_scale"].default <= 1:
        return False
    return not getattr(pipeline.transformer.config, "guidance_embeds", False)


def draw(
    task: Draw,
    model: PipelineModel,
    report: Callable[[int, tuple[Preview, ...]], None],
    precisely: Callable[[BrokenPicture], PipelineModel],
) -> Generator[None, None, tuple[list[Picture], str, str]]:
    """Generate the pictures of a task, one after the other; yields after each step. Returns them with a line on device,
    dtype and pipeline, on which the last bits of pixels depend, and with the end of the prompt that was not read.

    `report` gets the mean number of steps done and previews. After a `BrokenPicture`, the model that `precisely`
    returns generates that picture again and the rest. Raises `Unsuitable` for settings that the model doesn't have.
    """
    abilities.check_all(task.each, model.spec, task.inputs.roles, explained=task.explained)
    finished: list[Picture] = []
    seen: tuple[Preview, ...] = ()
    dtypes: list[torch.dtype] = []
    in_tiles, unread = False, ""
    for settings in task.each:

        def tell(step: int, looks: tuple[Preview, ...], before: int = len(finished) * settings.steps) -> None:
            report((before + step) // task.pictures, looks)

        try:
            (image, not_read), looks = yield from _drawn(settings, model, seen, tell)
        except BrokenPicture as broken:
            model = precisely(broken)
            (image, not_read), looks = yield from _drawn(settings, model, seen, tell)
        seen, unread = looks, unread or not_read
        dtypes.append(model.dtype)
        in_tiles |= model.cuts(settings)
        text = infotext.to_infotext(abilities.stripped(settings, model.spec), png.drawn_by(model.hash, {}, task.inputs))
        finished.append(png.as_png(image, settings.seed, text))
        yield
    return finished, told(model.device, dtypes, type(model.pipeline).__name__, in_tiles=in_tiles), unread


def _drawn(
    settings: GenerationSettings,
    model: PipelineModel,
    seen: tuple[Preview, ...],
    report: Callable[[int, tuple[Preview, ...]], None],
) -> Generator[None, None, tuple[Drawn, tuple[Preview, ...]]]:
    """One picture, and previews of it and of those before, which are `seen`."""
    looks = seen
    with closing(model.draw(settings)) as running_job:
        while True:
            try:
                step, look = next(running_job)
            except StopIteration as end:
                return end.value, looks
            looks = (*seen, look) if look else seen
            report(step, looks)
            yield


def assembled(
    spec: ModelSpec, weights: Path, pipeline: Any, device: torch.device, dtype: torch.dtype, offloaded: bool = False
) -> PipelineModel:
    """A model of another family. Raises `ModelUnavailable` if its pipeline has no steps or needs more than a prompt."""
    takes = inspect.signature(pipeline.__call__).parameters
    named = [each for each in takes.values() if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    needs = [each.name for each in named if each.default is each.empty and each.name != "prompt"]
    reason = f"needs {', '.join(needs)} besides" if needs else "stops for nobody"
    if needs or not (STEP_HOOK in takes or _has_steps(pipeline)):
        raise ModelUnavailable(f"model {spec.name} cannot be used: {type(pipeline).__name__} {reason}")
    pipeline.set_progress_bar_config(disable=True)
    mark, preview = hash_of(weights, spec.source), _preview(pipeline)
    return PipelineModel(spec, weights, mark, pipeline, preview, device, dtype, offloaded)


def _has_steps(pipeline: Any) -> bool:
    """True where the pipeline's own scheduler takes the steps, not that of a pipeline inside it."""
    from diffusers import DiffusionPipeline

    within = any(isinstance(part, DiffusionPipeline) for part in vars(pipeline).values())
    return hasattr(pipeline, "scheduler") and not within


def _preview(pipeline: Any) -> LatentPreview | None:
    """A preview for two-dimensional latents; None for others."""
    try:
        scaling.unscaled(torch.zeros(1, pipeline.vae.config.latent_channels, 1, 1), pipeline.vae.config)
        with torch.inference_mode():
            return LatentPreview.fitted_to(pipeline.vae)
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
        return None
