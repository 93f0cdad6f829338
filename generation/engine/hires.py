"""Hires fix: a picture is drawn small, where models compose best, enlarged, and refined at its new size."""

from PIL import Image

from generation.engine.originals import Original
from generation.engine.painting import Painting


def refinement(painting: Painting, image: Image.Image) -> Painting | None:
    """The painting that refines a finished one, whose picture is `image`; None where none is asked for."""
    settings = painting.settings
    if settings.hires_factor == 1:
        return None
    larger = settings.refinement
    size = larger.width, larger.height
    mask = painting.original.mask if painting.original else None
    original = Original(
        image.resize(size, Image.Resampling.LANCZOS), mask.resize(size, Image.Resampling.NEAREST) if mask else None
    )
    return Painting(painting.model, larger, original, painting.step, painting.guides)
