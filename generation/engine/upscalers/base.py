"""What all upscalers have in common: a tile in, a larger tile out; and the way from a picture to a larger one."""

from collections.abc import Callable, Generator
from typing import Protocol

import numpy
from PIL import Image

from generation.engine.upscalers.tiles import Pixels, TileBlend
from generation.upscaling import Tiling

Report = Callable[[int, int], None]
"""Told how many parts are done, and of how many."""


class Upscaler(Protocol):
    """Enlarges one tile at a time; a tile is to take no longer than a denoising step or two."""

    @property
    def name(self) -> str:
        """What a record calls it."""

    @property
    def tiling(self) -> Tiling: ...

    def enlarge(self, tile: Pixels, factor: int) -> Pixels:
        """A tile at `factor` times its width and height."""


def enlarged(image: Image.Image, upscaler: Upscaler, factor: int, report: Report) -> Generator[None, None, Image.Image]:
    """An RGB picture at `factor` times its width and height. Between two tiles it reports, and lets others go on."""
    mosaic = TileBlend(image.width, image.height, upscaler.tiling, factor)
    boxes = upscaler.tiling.boxes(image.width, image.height)
    for done, box in enumerate(boxes):
        if done:
            report(done, len(boxes))
            yield
        mosaic.lay(upscaler.enlarge(numpy.asarray(image.crop(box)), factor))
    return mosaic.image


def resized(tile: Pixels, factor: float) -> Pixels:
    """A tile resampled to `factor` times its width and height."""
    image = Image.fromarray(tile, "RGB")
    size = round(image.width * factor), round(image.height * factor)
    return numpy.asarray(image.resize(size, Image.Resampling.LANCZOS))
