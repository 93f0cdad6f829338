"""Finished pictures as files."""

from importlib.metadata import version
from io import BytesIO

import numpy
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation import infotext
from generation.events import Picture
from generation.settings import GenerationSettings


def as_png(image: Image.Image, settings: GenerationSettings, drawn: infotext.Drawn) -> Picture:
    """A PNG with `settings` in its `parameters` text chunk."""
    metadata = PngInfo()
    metadata.add_text(infotext.CHUNK_NAME, infotext.to_infotext(settings, drawn))
    file = BytesIO()
    image.save(file, "PNG", pnginfo=metadata)
    return Picture(file.getvalue(), settings.seed, image.width, image.height)


def from_pixels(pixels: numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.uint8]]) -> Image.Image:
    """Bytes of shape (height, width, 3) as an image."""
    return Image.fromarray(pixels, "RGB")


def drawn_by(
    model_hash: str, upscaler: str = "", upscale_factor: int = 1, *, from_picture: bool = False
) -> infotext.Drawn:
    """How a picture came to be, stamped with this program's version."""
    return infotext.Drawn(model_hash, f"noisefox {version('noisefox')}", upscaler, upscale_factor, from_picture)
