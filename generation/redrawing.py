"""Drawing over an enlarged picture, tile by tile: which tiles there are, and what draws each."""

from dataclasses import replace

from generation.catalogue import ModelSpec
from generation.pace import Work
from generation.settings import PIXELS_PER_LATENT, SIZE, GenerationSettings
from generation.tiling import Tiling

STRENGTH = 0.3
"""Denoising strength: much above it every tile begins to be a picture of its own."""

SMALLEST = SIZE.low // PIXELS_PER_LATENT
"""Latents a side that are enough to draw on; tiles are cut to no less than half of what they may be."""


def tile_of(settings: GenerationSettings) -> GenerationSettings:
    """What draws a tile, but for its size."""
    return replace(settings, count=1, denoising_strength=STRENGTH, hires_factor=1.0)


def tiling(side: int) -> Tiling:
    """Of tiles of so many latents a side."""
    return Tiling(side, context=side // 16, blend=side // 16)


def tiling_for(model: ModelSpec) -> Tiling:
    """Of tiles of about the size that a model draws best."""
    best = min(model.width, model.height) // PIXELS_PER_LATENT
    return tiling(max(best, 2 * SMALLEST))


def latents(pixels: int) -> int:
    """How many latents cover so many pixels, and are enough to draw on."""
    return max(-(-pixels // PIXELS_PER_LATENT), SMALLEST)


def work(settings: GenerationSettings, model: ModelSpec, factor: int) -> Work:
    """All that is drawn over a picture that is `factor` times as large as `settings` drew it."""
    whole = tiling_for(model)
    (across, columns), (down, rows) = (whole.cut(latents(side * factor)) for side in settings.final_size)
    tile = replace(tile_of(settings), width=across * PIXELS_PER_LATENT, height=down * PIXELS_PER_LATENT)
    return Work(tile, of_picture=True, tiles=len(columns) * len(rows))
