"""Finished pictures as PNG files."""

from collections.abc import Mapping
from importlib.metadata import version
from io import BytesIO
from types import MappingProxyType

import numpy
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation import infotext
from generation.jobs import Inputs
from generation.pictures import Picture, Preview

NO_WEIGHTS: Mapping[str, str] = MappingProxyType({})


def as_png(image: Image.Image, seed: int, text: str, noise: Preview | None = None) -> Picture:
    """A PNG with `text`, an infotext, in its `parameters` chunk; no chunk if it is empty. `noise` is a preview of the
    starting noise. Compressed fast rather than small, since other pictures wait meanwhile."""
    metadata = PngInfo()
    if text:
        metadata.add_text(infotext.CHUNK_NAME, text)
    file = BytesIO()
    image.save(file, "PNG", pnginfo=metadata, compress_level=1)
    return Picture(file.getvalue(), seed, image.width, image.height, noise)


def from_pixels(pixels: numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.uint8]]) -> Image.Image:
    """Bytes of shape (height, width, 3) as an image."""
    return Image.fromarray(pixels, "RGB")


def drawn_by(
    model_hash: str, lora_hashes: Mapping[str, str], inputs: Inputs, emphasis: Mapping[str, str] = NO_WEIGHTS
) -> infotext.Drawn:
    """The infotext's provenance fields, with this program's version."""
    return infotext.Drawn(
        model_hash,
        f"noisefox {version('noisefox')}",
        from_picture=bool(inputs.image),
        lora_hashes=lora_hashes,
        controlled=bool(inputs.controls),
        image_prompted=bool(inputs.image_prompt),
        styled=bool(inputs.style_image),
        emphasis=emphasis,
    )
