"""Finds the family of a diffusers pipeline."""

from typing import Any

from generation.engine.families.family import FlowFamily
from generation.engine.families.flux import Flux, Kontext
from generation.engine.families.flux_2 import Flux2, Flux2Klein
from generation.engine.families.krea_2 import Krea2
from generation.engine.families.qwen_image import QwenImage, QwenImageEdit, QwenImageEditPlus

FAMILIES: tuple[type[FlowFamily], ...] = (
    Flux,
    Kontext,
    Flux2,
    Flux2Klein,
    QwenImage,
    QwenImageEdit,
    QwenImageEditPlus,
    Krea2,
)


def family_of(pipeline: Any) -> FlowFamily | None:
    """The adapter of a pipeline that runs in the shared batch, around its networks; None for other pipelines."""
    name = type(pipeline).__name__
    return next((family(pipeline) for family in FAMILIES if name in family.pipelines), None)
