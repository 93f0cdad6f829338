"""Finds the family of a diffusers pipeline."""

from typing import Any

from generation.engine.families.chroma import Chroma
from generation.engine.families.family import FlowFamily
from generation.engine.families.flux import Flux, Kontext
from generation.engine.families.flux_2 import Flux2, Flux2Klein
from generation.engine.families.krea_2 import Krea2
from generation.engine.families.lumina_2 import Lumina2
from generation.engine.families.qwen_image import QwenImage, QwenImageEdit, QwenImageEditPlus
from generation.engine.families.stable_diffusion_3 import StableDiffusion3
from generation.engine.families.z_image import ZImage

FAMILIES: tuple[type[FlowFamily], ...] = (
    Flux,
    Kontext,
    Flux2,
    Flux2Klein,
    StableDiffusion3,
    ZImage,
    QwenImage,
    QwenImageEdit,
    QwenImageEditPlus,
    Chroma,
    Krea2,
    Lumina2,
)


def family_of(pipeline: Any) -> FlowFamily | None:
    """The adapter of a pipeline that runs in the shared batch, around its networks; None for other pipelines.

    Raises `ValueError` for one whose scheduler is not made for flow matching.
    """
    from diffusers import FlowMatchEulerDiscreteScheduler

    name = type(pipeline).__name__
    family = next((each for each in FAMILIES if name in each.pipelines), None)
    if family is None:
        return None
    if not isinstance(pipeline.scheduler, FlowMatchEulerDiscreteScheduler):
        raise ValueError(f"its scheduler is a {type(pipeline.scheduler).__name__}, which is not for flow matching")
    return family(pipeline)


def reads_pictures(pipeline: str) -> bool:
    """True for a pipeline's class name whose text encoder reads pictures with the prompt."""
    return any(pipeline in each.pipelines and each.text_sees_references for each in FAMILIES)
