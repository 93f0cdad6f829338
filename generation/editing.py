"""Models that edit a picture by words: InstructPix2Pix (Brooks et al., arXiv 2211.09800) and CosXL Edit.

They take the whole start picture as an input of their own and begin with noise alone, so there is no strength.
"""

from dataclasses import replace

from generation.catalogue import ModelSpec
from generation.errors import Unsuitable
from generation.settings import GenerationSettings, PartialSettings

ALL_STEPS = 1.0
"""The denoising strength of an edit: every step is run."""


def check(settings: GenerationSettings, model: ModelSpec, *, from_picture: bool, enlarges: bool = False) -> None:
    """Raise `Unsuitable` where an editing model has no picture, or is asked for more than an edit."""
    if not model.is_editing:
        return
    if not from_picture and not enlarges:
        raise Unsuitable(
            "{model} edits pictures. Attach one as `image`, and write what to change.",
            model=model.name,
        )
    if settings.denoising_strength != ALL_STEPS or settings.hires_factor != 1.0 or enlarges:
        raise Unsuitable(
            "{model} edits a whole picture by your words. Remove strength and hires, or choose another model.",
            model=model.name,
        )


def fitted(defaults: PartialSettings, model: ModelSpec) -> PartialSettings:
    """Default settings, without strength and hires for an editing model."""
    return replace(defaults, denoising_strength=ALL_STEPS, hires_factor=1.0) if model.is_editing else defaults


def stripped(settings: GenerationSettings, model: ModelSpec) -> GenerationSettings:
    """The settings of another model, without strength and hires for an editing model."""
    return replace(settings, denoising_strength=ALL_STEPS, hires_factor=1.0) if model.is_editing else settings
