"""Finds the family of a diffusers pipeline."""

from typing import Any

from generation.engine.families.chroma import Chroma
from generation.engine.families.family import FlowFamily
from generation.engine.families.flux import Flux, Kontext
from generation.engine.families.lumina_2 import Lumina2
from generation.engine.families.stable_diffusion_3 import StableDiffusion3
from generation.engine.families.z_image import ZImage

FAMILIES: tuple[type[FlowFamily], ...] = (Flux, Kontext, StableDiffusion3, ZImage, Chroma, Lumina2)


def family_of(pipeline: Any) -> FlowFamily | None:
    """The adapter of a pipeline that runs in the shared batch, around its networks; None for other pipelines."""
    name = type(pipeline).__name__
    return next((family(pipeline) for family in FAMILIES if name in family.pipelines), None)
