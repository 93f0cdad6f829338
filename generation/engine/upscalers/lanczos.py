"""Lanczos resampling (a windowed sinc of three lobes), by Pillow."""

from generation.engine.upscalers.base import resized
from generation.engine.upscalers.tiles import Pixels
from generation.upscaling import Tiling, UpscalerName


class Lanczos:
    """Needs no network, so that every machine has it."""

    name = UpscalerName.LANCZOS.value
    tiling = Tiling(side=512, context=4, blend=0)

    def enlarge(self, tile: Pixels, factor: int) -> Pixels:
        return resized(tile, factor)
