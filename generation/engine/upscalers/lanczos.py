"""Lanczos: three lobes of a windowed sinc, as Pillow computes it."""

from generation.engine.upscalers.base import resized
from generation.engine.upscalers.tiles import Pixels
from generation.upscaling import Tiling, UpscalerName


class Lanczos:
    """For every picture, on every machine."""

    name = UpscalerName.LANCZOS.value
    tiling = Tiling(side=512, context=4, blend=0)

    def enlarge(self, tile: Pixels, factor: int) -> Pixels:
        return resized(tile, factor)
