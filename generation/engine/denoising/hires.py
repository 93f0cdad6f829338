"""Hires fix: a picture is drawn small, where models compose best, enlarged, and refined at its new size."""

from PIL import Image

from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.state import DenoisingState


def refinement(state: DenoisingState, image: Image.Image) -> DenoisingState | None:
    """The painting that refines a finished one, whose picture is `image`; None where none is asked for."""
    settings = state.settings
    if settings.hires_factor == 1:
        return None
    larger = settings.refinement
    size = larger.width, larger.height
    mask = state.init_image.mask if state.init_image else None
    init_image = InitImage(
        image.resize(size, Image.Resampling.LANCZOS), mask.resize(size, Image.Resampling.NEAREST) if mask else None
    )
    return DenoisingState(state.model, larger, init_image, state.step, state.guides)
