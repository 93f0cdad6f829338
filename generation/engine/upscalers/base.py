"""The interface of all upscalers, and enlarging a whole picture with one."""

from collections.abc import Callable, Generator
from typing import Protocol

import numpy
from PIL import Image

from generation.engine.upscalers.tiles import Pixels, TileBlend
from generation.upscaling import Tiling

Report = Callable[[int, int], None]
"""Told how many tiles or steps are done, and of how many."""


class Upscaler(Protocol):
    """Enlarges one tile at a time; a tile should take no longer than a denoising step or two."""

    @property
    def name(self) -> str:
        """The name that a picture's record gives."""

    @property
    def tiling(self) -> Tiling:
        """How a picture is cut into tiles."""

    def enlarge(self, tile: Pixels, factor: int) -> Pixels:
        """A tile at `factor` times its width and height."""


def enlarged(image: Image.Image, upscaler: Upscaler, factor: int, report: Report) -> Generator[None, None, Image.Image]:
    """An RGB picture at `factor` times its width and height. Reports and yields between two tiles."""
    blend = TileBlend(image.width, image.height, upscaler.tiling, factor)
    boxes = upscaler.tiling.boxes(image.width, image.height)
    for done, box in enumerate(boxes):
        if done:
            report(done, len(boxes))
            yield
        blend.lay(upscaler.enlarge(numpy.asarray(image.crop(box)), factor))
    return blend.image


def resized(tile: Pixels, factor: float) -> Pixels:
    """A tile resampled to `factor` times its width and height."""
    image = Image.fromarray(tile, "RGB")
    size = round(image.width * factor), round(image.height * factor)
    return numpy.asarray(image.resize(size, Image.Resampling.LANCZOS))
