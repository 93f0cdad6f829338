"""What a diffusers pipeline is called with: settings and pictures under the names of its parameters."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from PIL import Image

from generation import abilities, pipelines
from generation.abilities import Abilities
from generation.engine.latents import noise
from generation.errors import Unsuitable
from generation.pipelines import Guidance, Pipeline
from generation.settings import GenerationSettings
from generation.sources import Description

STEP_HOOK = "callback_on_step_end"

UNGUIDED = 1.0

_SPRINT_STEPS = 2
"""The steps that Sana Sprint's intermediate timestep is for."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures that are drawn from, all in RGB. `start` and `mask` (mode L, white where it is redrawn) have the
    picture's size; `references` have their own."""

    start: Image.Image | None = None
    mask: Image.Image | None = None
    references: tuple[Image.Image, ...] = ()


NO_PICTURES = Pictures()


@dataclass(frozen=True, slots=True)
class PipelineKind:
    """What a pipeline's `__call__` takes, and what a model can do with it."""

    takes: Pipeline
    abilities: Abilities

    @classmethod
    def of(cls, pipeline: Any) -> Self:
        """The kind of a pipeline and its network."""
        name = type(pipeline).__name__
        network = getattr(getattr(pipeline, "transformer", None), "config", None)
        described = Description(
            name,
            told_guidance=bool(getattr(network, "guidance_embeds", False)),
            distilled=bool(getattr(getattr(pipeline, "config", None), "is_distilled", False)),
        )
        return cls(pipelines.of(name), abilities.described(described))


def sibling_of(facts: Pipeline, pictures: Pictures) -> str:
    """The class name of the pipeline that draws from these pictures; empty for the model's own."""
    if pictures.mask is not None:
        return facts.mask
    return facts.start_picture if pictures.start is not None else ""


def arguments(
    pipeline: Any, kind: PipelineKind, settings: GenerationSettings, pictures: Pictures = NO_PICTURES
) -> dict[str, Any]:
    """The arguments of one call. Raises `Unsuitable` for a setting that the pipeline doesn't take."""
    takes = inspect.signature(pipeline.__call__).parameters
    asked = {
        "prompt": settings.prompt,
        "num_inference_steps": settings.steps,
        **_guidance(kind, settings),
        **_pictures(kind.takes, settings, pictures),
    }
    for name in asked:
        if name not in takes:
            raise Unsuitable(f"{type(pipeline).__name__} takes no {name}")
    usual = {
        "width": settings.width,
        "height": settings.height,
        "generator": noise.source(settings.seed),
        **_instead_of_defaults(settings),
    }
    return asked | {name: value for name, value in usual.items() if name in takes}


def _guidance(kind: PipelineKind, settings: GenerationSettings) -> dict[str, Any]:
    """The guidance scale and the negative prompt. True classifier-free guidance needs a negative prompt, maybe an empty
    one, which some pipelines take for none."""
    scale, guidance = kind.takes.scale, kind.abilities.guidance
    negative = {"negative_prompt": settings.negative_prompt} if settings.negative_prompt else {}
    if guidance is Guidance.NONE:
        return {scale: UNGUIDED} if scale else {}
    if scale != "true_cfg_scale":
        return {scale: settings.guidance_scale} | negative
    true = {"true_cfg_scale": settings.guidance_scale, "negative_prompt": settings.negative_prompt or " "}
    if guidance is Guidance.TOLD:
        return {"guidance_scale": settings.guidance_scale} | (true if negative else {})
    return true


def _pictures(facts: Pipeline, settings: GenerationSettings, pictures: Pictures) -> dict[str, Any]:
    if pictures.mask is not None:
        return {"image": pictures.start, "mask_image": pictures.mask, "strength": _strength(settings)}
    if pictures.start is not None:
        return {"image": pictures.start, "strength": _strength(settings)}
    if not pictures.references:
        return {}
    several = facts.references > 1
    return {facts.reference: list(pictures.references) if several else pictures.references[0]}


def _strength(settings: GenerationSettings) -> float:
    """The denoising strength, of which at least one step is left."""
    return max(settings.denoising_strength, 1 / settings.steps)


def _instead_of_defaults(settings: GenerationSettings) -> Mapping[str, Any]:
    """Parameters whose defaults go against the settings: the size of Kontext, the guidance of Ideogram 4, which is a
    list beside the scale, and the timestep that Sana Sprint has for two steps alone."""
    others = {} if settings.steps == _SPRINT_STEPS else {"intermediate_timesteps": None}
    return {"max_area": settings.width * settings.height, "guidance_schedule": None, **others}
