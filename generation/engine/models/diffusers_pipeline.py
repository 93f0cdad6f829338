"""Models of every other family (Stable Diffusion 3, Flux and on), drawn by diffusers' own pipelines.

They do not share forwards. A picture is drawn step by step all the same, so that others have their turns between two
steps, previews come, and it can be cancelled.
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
"""Is told how many steps are done, and the latents then."""

MessageContent = tuple[int, Preview | None]
"""How many steps are done, and what is to be seen, where there can be a preview."""


@dataclass
class PipelineModel:
    """A pipeline of diffusers, on its device."""

    spec: ModelSpec
    weights: Path
    hash: str
    """Of its weights, by `hash_of`."""
    pipeline: Any
    preview: LatentPreview | None
    device: torch.device
    dtype: torch.dtype
    offloaded: bool = False
    """True where the machine's own memory holds what is not at work."""

    def draw(self, settings: GenerationSettings) -> Generator[MessageContent, None, Image.Image]:
        """One picture: yields after each step but the last. Where memory is not enough, it begins again with less of it
        in use.

        Raises `Unsuitable` where the pipeline does not take these settings, `BrokenPicture` where nothing comes out.
        """
        while True:
            try:
                return (yield from self._steps(settings))
            except memory.ERRORS as error:
                if not (memory.is_exhausted(error) and self._take_less(settings)):
                    raise
            memory.release(self.device)

    def _take_less(self, settings: GenerationSettings) -> bool:
        """From now on decode in tiles, and keep on the device only what is at work; False where that is so already."""
        side = max(settings.width, settings.height) // PIXELS_PER_LATENT
        vae = getattr(self.pipeline, "vae", None)
        smaller = cut_smaller(vae, side, getattr(vae, "use_tiling", False))
        if self.device.type == "cpu" or self.offloaded or not self.pipeline.model_cpu_offload_seq:
            return smaller
        log.warning("out of memory; from now on %s keeps on %s what is at work alone", self.spec.name, self.device)
        self.offloaded = True
        self.pipeline.enable_model_cpu_offload(device=self.device)
        return True

    def cuts(self, settings: GenerationSettings) -> bool:
        """True where a picture of that size is decoded in tiles, as far as is known."""
        side = max(settings.width, settings.height) // PIXELS_PER_LATENT
        vae = getattr(self.pipeline, "vae", None)
        return getattr(vae, "use_tiling", False) and side > getattr(vae, "tile_latent_min_size", 0)

    def _steps(self, settings: GenerationSettings) -> Generator[MessageContent, None, Image.Image]:
        looks: list[Preview | None] = []
        threads = torch.get_num_threads()

        def work(pause: Pause) -> Image.Image:
            def after_step(done: int, latents: Any) -> None:
                looks.append(self._look(latents, settings))
                if done < settings.steps:
                    pause()

            torch.set_num_threads(threads)
            with torch.inference_mode():
                return self._drawn(settings, after_step)

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
        return image

    def _drawn(self, settings: GenerationSettings, after_step: AfterStep) -> Image.Image:
        """By a pipeline of its own around the same networks, since a pipeline keeps what it is at."""
        pipeline = copy.copy(self.pipeline)
        pipeline.scheduler = copy.deepcopy(self.pipeline.scheduler)

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
    """Have a scheduler tell of each step that it took, for a pipeline that tells nobody. One of a higher order is asked
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
    """True where a prediction without the prompt is what a pipeline is guided by, as Qwen-Image is; it then wants a
    negative prompt, which may say nothing. Others were distilled for a scale (Flux dev), or for no guidance at all
    (Flux schnell, by whose pipeline the second prediction is not usual)."""
    if "true_cfg_scale" not in takes or takes["true_cfg_scale"].default <= 1:
        return False
    return not getattr(pipeline.transformer.config, "guidance_embeds", False)


def draw(
    task: Draw,
    model: PipelineModel,
    report: Callable[[int, tuple[Preview, ...]], None],
    precisely: Callable[[BrokenPicture], PipelineModel],
) -> Generator[None, None, tuple[list[Picture], str]]:
    """The pictures of a task, one after the other, in slices of a step, and what drew them, on which the last bits of
    their pixels depend. `report` is told how many of a picture's steps all of them together have come to, and what is
    to be seen. What the model's number format cannot hold, the same model `precisely` draws once more, and what follows
    too.

    Raises `Unsuitable` where the task asks for what the model knows nothing of.
    """
    if task.inputs.given() or task.explained:
        abilities.check_takes_more(model.spec)
    finished: list[Picture] = []
    seen: tuple[Preview, ...] = ()
    dtypes: list[torch.dtype] = []
    in_tiles = False
    for settings in task.each:
        abilities.check(settings, model.spec)

        def tell(step: int, looks: tuple[Preview, ...], before: int = len(finished) * settings.steps) -> None:
            report((before + step) // task.pictures, looks)

        try:
            image, looks = yield from _drawn(settings, model, seen, tell)
        except BrokenPicture as broken:
            model = precisely(broken)
            image, looks = yield from _drawn(settings, model, seen, tell)
        seen = looks
        dtypes.append(model.dtype)
        in_tiles |= model.cuts(settings)
        text = infotext.to_infotext(abilities.understood(settings), png.drawn_by(model.hash, {}, task.inputs))
        finished.append(png.as_png(image, settings.seed, text))
        yield
    return finished, told(model.device, dtypes, type(model.pipeline).__name__, in_tiles=in_tiles)


def _drawn(
    settings: GenerationSettings,
    model: PipelineModel,
    seen: tuple[Preview, ...],
    report: Callable[[int, tuple[Preview, ...]], None],
) -> Generator[None, None, tuple[Image.Image, tuple[Preview, ...]]]:
    """One picture, and what is to be seen of it and of those before, which is `seen`."""
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
    """Raises `ModelUnavailable` where a pipeline could not be stopped, or draws by more than words."""
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
    """True where a pipeline's own scheduler takes the steps, and not that of a pipeline within."""
    from diffusers import DiffusionPipeline

    within = any(isinstance(part, DiffusionPipeline) for part in vars(pipeline).values())
    return hasattr(pipeline, "scheduler") and not within


def _preview(pipeline: Any) -> LatentPreview | None:
    """Where latents are a picture in two dimensions, as most are."""
    try:
        scaling.unscaled(torch.zeros(1, pipeline.vae.config.latent_channels, 1, 1), pipeline.vae.config)
        with torch.inference_mode():
            return LatentPreview.fitted_to(pipeline.vae)
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
        return None
