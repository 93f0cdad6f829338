"""Hires fix: generate small, where models compose best, enlarge, and refine by image-to-image at the new size."""

from PIL import Image

from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.state import DenoisingState


def refinement(state: DenoisingState, image: Image.Image) -> DenoisingState | None:
    """The state that refines the finished `state`, decoded as `image`; None where no hires fix is asked for."""
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
