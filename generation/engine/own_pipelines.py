"""Models of every other family (Stable Diffusion 3, Flux and on), drawn by diffusers' own pipelines.

They do not share forwards. A picture is drawn step by step all the same, so that others have their turns between two
steps, previews come, and it can be cancelled.
"""

import copy
import inspect
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

from generation import abilities, infotext
from generation.catalogue import ModelSpec
from generation.engine import families, noise, pictures
from generation.engine.device import told
from generation.engine.models import hash_of
from generation.engine.previews import LatentPreview
from generation.engine.turns import Pause, in_turns
from generation.errors import BrokenPicture, ModelUnavailable, Unsuitable
from generation.events import Picture, Preview
from generation.jobs import Draw
from generation.settings import GenerationSettings

STEP_HOOK = "callback_on_step_end"


@dataclass
class OwnModel:
    """A pipeline of diffusers, on its device."""

    spec: ModelSpec
    weights: Path
    pipeline: Any
    preview: LatentPreview | None
    device: torch.device
    dtype: torch.dtype

    @cached_property
    def hash(self) -> str:
        """The first ten hexadecimal digits of the SHA-256 of its weights."""
        return hash_of(self.weights, self.spec.source)

    @property
    def circumstances(self) -> str:
        """What drew a picture, on which the last bits of its pixels depend."""
        return told(self.device, [self.dtype], type(self.pipeline).__name__)

    def draw(self, settings: GenerationSettings) -> Generator[Preview | None, None, Image.Image]:
        """One picture: yields after each step but the last, with a preview where there can be one.

        Raises `Unsuitable` where the pipeline does not take these settings, `BrokenPicture` where nothing comes out.
        """
        looks: list[Preview | None] = []
        threads = torch.get_num_threads()

        def work(pause: Pause) -> Image.Image:
            def after_step(_: Any, step: int, __: Any, values: dict[str, Any]) -> dict[str, Any]:
                looks.append(self._look(values.get("latents"), settings))
                if step + 1 < settings.steps:
                    pause()
                return values

            torch.set_num_threads(threads)
            with torch.inference_mode():
                return self._drawn(settings, {STEP_HOOK: after_step})

        turns = in_turns(work)
        try:
            while True:
                next(turns)
                yield looks[-1]
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

    def _drawn(self, settings: GenerationSettings, hooks: Mapping[str, Any]) -> Image.Image:
        """By a pipeline of its own around the same networks, since a pipeline keeps what it is at."""
        pipeline = copy.copy(self.pipeline)
        pipeline.scheduler = copy.deepcopy(self.pipeline.scheduler)
        wanted: dict[str, Any] = {
            "prompt": settings.prompt,
            "num_inference_steps": settings.steps,
            "guidance_scale": settings.guidance_scale,
            "width": settings.width,
            "height": settings.height,
            "generator": noise.source(settings.seed),
        }
        if settings.negative_prompt:
            wanted |= {"negative_prompt": settings.negative_prompt, "true_cfg_scale": settings.guidance_scale}
        takes = inspect.signature(pipeline.__call__).parameters
        drawn = pipeline(**{name: value for name, value in wanted.items() if name in takes}, **hooks)
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


def draw(
    task: Draw, model: OwnModel, report: Callable[[int, tuple[Preview, ...]], None]
) -> Generator[None, None, list[Picture]]:
    """The pictures of a task, one after the other, in slices of a step. `report` is told how many of a picture's steps
    all of them together have come to, and what is to be seen.

    Raises `Unsuitable` where the task asks for what the model knows nothing of.
    """
    if task.inputs.given() or task.explained:
        abilities.check_takes_more(model.spec)
    finished: list[Picture] = []
    seen: tuple[Preview, ...] = ()
    for index, settings in enumerate(task.each):
        abilities.check(settings, model.spec)
        looks, step = seen, 0
        with closing(model.draw(settings)) as drawing:
            while True:
                try:
                    look = next(drawing)
                except StopIteration as end:
                    image: Image.Image = end.value
                    break
                step += 1
                looks = (*seen, look) if look else seen
                report((index * settings.steps + step) // task.pictures, looks)
                yield
        seen = looks
        text = infotext.to_infotext(abilities.understood(settings), pictures.drawn_by(model.hash, {}, task.inputs))
        finished.append(pictures.as_png(image, settings.seed, text))
        yield
    return finished


def assembled(spec: ModelSpec, weights: Path, pipeline: Any, device: torch.device, dtype: torch.dtype) -> OwnModel:
    """Raises `ModelUnavailable` where a pipeline could not be stopped."""
    if STEP_HOOK not in inspect.signature(pipeline.__call__).parameters:
        raise ModelUnavailable(f"model {spec.name} cannot be used: {type(pipeline).__name__} stops for nobody")
    pipeline.set_progress_bar_config(disable=True)
    return OwnModel(spec, weights, pipeline, _preview(pipeline), device, dtype)


def _preview(pipeline: Any) -> LatentPreview | None:
    """Where latents are a picture in two dimensions, as most are."""
    try:
        families.unscaled(torch.zeros(1, pipeline.vae.config.latent_channels, 1, 1), pipeline.vae.config)
        with torch.inference_mode():
            return LatentPreview.fitted_to(pipeline.vae)
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
        return None
