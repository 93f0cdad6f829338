"""Models of other families (Stable Diffusion 3, Flux and later), run by diffusers' own pipelines.

They don't share forwards, but run step by step, so that other jobs have their turn between two steps, previews are
shown, and a job can be cancelled.
"""

import inspect
import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from itertools import count
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

from generation import cost, loras
from generation.catalogue import ModelSpec
from generation.engine.conditioning.pipeline_prompts import PipelinePrompts
from generation.engine.conditioning.unread_words import PromptWatch
from generation.engine.latents.pipeline_previews import PipelinePreview
from generation.engine.latents.vae import cut_smaller, cut_to_tiles
from generation.engine.models import pipeline_arguments, pipeline_trial
from generation.engine.models.pipeline_arguments import NO_PICTURES, STEP_HOOK, Pictures, PipelineKind
from generation.engine.models.pipeline_loras import PipelineLoras
from generation.engine.models.pipeline_siblings import copy_of
from generation.engine.models.weights_hash import hash_of
from generation.engine.runtime import memory
from generation.engine.runtime.stepwise import Pause, in_turns
from generation.errors import BrokenPicture, ModelUnavailable, Unsuitable
from generation.loras import Loras, LoraSet
from generation.pictures import Preview
from generation.plans import EVERYTHING, Plan
from generation.settings import PIXELS_PER_LATENT, GenerationSettings

log = logging.getLogger(__name__)

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
    preview: PipelinePreview | None
    device: torch.device
    dtype: torch.dtype
    plan: Plan = EVERYTHING
    """Where its parts are."""
    offloaded: bool = False
    """True where networks that don't run at present stay in the CPU's memory, since memory has run out."""
    loras: Loras = field(default_factory=Loras)
    _prompts: PipelinePrompts = field(default_factory=PipelinePrompts)

    @cached_property
    def kind(self) -> PipelineKind:
        return PipelineKind.of(self.pipeline)

    @cached_property
    def lora_adapters(self) -> PipelineLoras:
        return PipelineLoras(self.spec.name, self.pipeline, self.loras)

    def draw(
        self, settings: GenerationSettings, pictures: Pictures = NO_PICTURES
    ) -> Generator[StepResult, None, Drawn]:
        """Generate one picture: yields after each step but the last. Where memory is short, it starts again with less.

        Raises `Unsuitable` where the pipeline doesn't take these settings, `BrokenPicture` for a black picture, and
        `LoraUnavailable`.
        """
        while True:
            try:
                return (yield from self._steps(settings, pictures))
            except memory.ERRORS as error:
                if not (memory.is_exhausted(error) and self._take_less(settings)):
                    raise
            memory.release(self.device)

    def _take_less(self, settings: GenerationSettings) -> bool:
        """Switch to smaller tiles and to CPU offloading; False where nothing more can be saved."""
        side = max(settings.width, settings.height) // PIXELS_PER_LATENT
        vae = getattr(self.pipeline, "vae", None)
        smaller = cut_smaller(vae, side, getattr(vae, "use_tiling", False))
        if (
            self.device.type == "cpu"
            or self.offloaded
            or self.plan.held_back
            or not self.pipeline.model_cpu_offload_seq
        ):
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

    def _steps(self, settings: GenerationSettings, pictures: Pictures) -> Generator[StepResult, None, Drawn]:
        looks: list[Preview | None] = []
        words, wanted = loras.read(settings.prompt)
        prompt = PromptWatch(words)
        threads = torch.get_num_threads()
        steps = cost.steps(settings, pictures.start is not None)

        def work(pause: Pause) -> Image.Image:
            def after_step(done: int, latents: Any) -> None:
                looks.append(self.preview.of(latents, settings) if self.preview else None)
                if done < steps:
                    pause()
                    self._apply(wanted)

            torch.set_num_threads(threads)
            self._apply(wanted)
            with torch.inference_mode():
                return self._drawn(settings, pictures, prompt, after_step)

        turns = in_turns(work)
        try:
            while True:
                next(turns)
                yield len(looks), looks[-1]
        except StopIteration as end:
            image: Image.Image = end.value
        except pipeline_trial.MISFITS as reason:
            if looks or memory.is_exhausted(reason) or isinstance(reason, torch.AcceleratorError):
                raise
            raise Unsuitable(f"{type(self.pipeline).__name__} does not take these settings: {reason}") from reason
        finally:
            turns.close()
        if not numpy.asarray(image).any() and not _is_black(pictures):
            raise BrokenPicture(f"seed {settings.seed} came out as nothing in {self.dtype}")
        return image, prompt.unread

    def _apply(self, wanted: LoraSet) -> None:
        """Apply the LoRAs of a picture, whatever another one has applied since its last step."""
        if wanted or "lora_adapters" in vars(self):
            with torch.inference_mode(False):
                self.lora_adapters.apply(wanted)

    def _drawn(
        self, settings: GenerationSettings, pictures: Pictures, prompt: PromptWatch, after_step: AfterStep
    ) -> Image.Image:
        """Generate with a pipeline of its own around the same networks, since a pipeline keeps the state of a run."""
        pipeline = copy_of(self.pipeline, pipeline_arguments.sibling_of(self.kind.takes, pictures))
        prompt.watch(pipeline)

        def told(_: Any, step: int, __: Any, values: dict[str, Any]) -> dict[str, Any]:
            after_step(step + 1, values.get("latents"))
            return values

        words, wanted = loras.read(settings.prompt)
        among = settings.guidance_scale, settings.negative_prompt, settings.width, settings.height, wanted
        self._prompts.remember_in(pipeline, prompt, among)
        given = pipeline_arguments.arguments(pipeline, self.kind, replace(settings, prompt=words or " "), pictures)
        if STEP_HOOK in inspect.signature(pipeline.__call__).parameters:
            given[STEP_HOOK] = told
        else:
            _watch(pipeline.scheduler, after_step)
        return _first(pipeline(**given)[0]).convert("RGB")


def _first(drawn: Any) -> Image.Image:
    """The only picture of a pipeline's output, which calls its list `images` or `image`."""
    while isinstance(drawn, list):
        drawn = drawn[0]
    image: Image.Image = drawn
    return image


def _is_black(pictures: Pictures) -> bool:
    """True where a black picture is no error, since it starts from one."""
    return pictures.start is not None and not numpy.asarray(pictures.start).any()


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


def assembled(
    spec: ModelSpec, weights: Path, pipeline: Any, device: torch.device, dtype: torch.dtype, plan: Plan = EVERYTHING
) -> PipelineModel:
    """A model of another family. Raises `ModelUnavailable` if its pipeline has no steps, needs more than a prompt or a
    picture, or refuses the model's own settings."""
    takes = inspect.signature(pipeline.__call__).parameters
    named = [each for each in takes.values() if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    given = {"prompt", PipelineKind.of(pipeline).takes.reference}
    needs = [each.name for each in named if each.default is each.empty and each.name not in given]
    reason = f"needs {', '.join(needs)} besides" if needs else "stops for nobody"
    if needs or not (STEP_HOOK in takes or _has_steps(pipeline)):
        raise ModelUnavailable(f"model {spec.name} cannot be used: {type(pipeline).__name__} {reason}")
    pipeline.set_progress_bar_config(disable=True)
    pipeline_trial.try_out(spec, pipeline)
    mark, preview = hash_of(weights, spec.source), PipelinePreview.fitted_to(pipeline)
    if plan.tiles and hasattr(getattr(pipeline, "vae", None), "use_tiling"):
        cut_to_tiles(pipeline.vae)
    return PipelineModel(spec, weights, mark, pipeline, preview, device, dtype, plan)


def _has_steps(pipeline: Any) -> bool:
    """True where the pipeline's own scheduler takes the steps, not that of a pipeline inside it."""
    from diffusers import DiffusionPipeline

    within = any(isinstance(part, DiffusionPipeline) for part in vars(pipeline).values())
    return hasattr(pipeline, "scheduler") and not within
