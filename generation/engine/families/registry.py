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
    """The adapter of a pipeline that runs in the shared batch, around its networks; None for other pipelines."""
    name = type(pipeline).__name__
    return next((family(pipeline) for family in FAMILIES if name in family.pipelines), None)
