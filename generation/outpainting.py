"""Outpainting: a larger view of a picture, with a mask of the part to generate."""

from dataclasses import dataclass
from enum import StrEnum

import numpy
from PIL import Image, ImageFilter

from generation.errors import InvalidSetting
from generation.settings import PIXELS_PER_LATENT

ZOOMS = (1.5, 2.0)
"""The zoom factors."""

EXTENSION = 0.5
"""The share of a side that a pan adds."""

STRENGTH = 0.95
"""The denoising strength: just low enough that the new part follows the picture's colours."""

_OVERLAP = PIXELS_PER_LATENT
"""Pixels of the picture's edge that are repainted, so that the new part blends in."""

_GRAIN = 12.0
"""Standard deviation, of 255, of the noise on the background. Models continue grain better than a smooth blur."""

_BAND = 64
"""Rows that get their grain together: as numbers of 64 bits they take eight times the memory of pixels."""


class Direction(StrEnum):
    """The direction of a pan."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture with room around it. `mask` is white where it is to be generated, black where the picture is kept."""

    image: Image.Image
    mask: Image.Image


@dataclass(frozen=True, slots=True)
class Margins:
    """Pixels that a picture is extended by at each side."""

    left: int = 0
    up: int = 0
    right: int = 0
    down: int = 0

    def around(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height of a picture of `size` with the margins."""
        return size[0] + self.left + self.right, size[1] + self.up + self.down


NO_MARGINS = Margins()


def zoomed_out(image: Image.Image, zoom: float) -> Canvas:
    """The picture `zoom` times smaller, in the middle of a canvas of its old size. Raises `InvalidSetting` unless
    `zoom` is one of `ZOOMS`."""
    if zoom not in ZOOMS:
        raise InvalidSetting("zoom", "Zoom out by one of: {zooms:g}.", zooms=ZOOMS)
    width, height = _on_grid(image.width / zoom), _on_grid(image.height / zoom)
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    left, top = ((large - inner) // 2 for large, inner in zip(image.size, small.size, strict=True))
    return _around(small, image.size, (_floor(left), _floor(top)))


def panned(image: Image.Image, direction: Direction, side: int) -> Canvas:
    """The picture extended by half in one direction. If that would exceed `side` pixels, the view moves by as much at
    the same size, and the opposite part is cut off."""
    across = direction in (Direction.LEFT, Direction.RIGHT)
    extension = _on_grid((image.width if across else image.height) * EXTENSION)
    size = view_size(image.size, direction, side)
    backwards = direction in (Direction.LEFT, Direction.UP)
    offset = extension if backwards else 0 if size != image.size else -extension
    return _around(image, size, (offset, 0) if across else (0, offset))


def extended(image: Image.Image, margins: Margins) -> Canvas:
    """The picture with margins around it."""
    return _around(image, margins.around(image.size), (margins.left, margins.up))


def view_size(size: tuple[int, int], zoom_or_direction: float | Direction, side: int) -> tuple[int, int]:
    """Width and height of the canvas for a picture of `size`."""
    if not isinstance(zoom_or_direction, Direction):
        return size
    across = zoom_or_direction in (Direction.LEFT, Direction.RIGHT)
    length = size[0] if across else size[1]
    grown = length + _on_grid(length * EXTENSION)
    if grown > side:
        return size
    return (grown, size[1]) if across else (size[0], grown)


def _around(image: Image.Image, size: tuple[int, int], offset: tuple[int, int]) -> Canvas:
    """A canvas of `size` with `image` at `offset`, cropped to the canvas."""
    shown = image.crop(
        (
            max(-offset[0], 0),
            max(-offset[1], 0),
            min(size[0] - offset[0], image.width),
            min(size[1] - offset[1], image.height),
        )
    )
    left, top = max(offset[0], 0), max(offset[1], 0)
    ground = _ground(shown, size, (left, top))
    ground.paste(shown, (left, top))
    kept = [left, top, left + shown.width, top + shown.height]
    for side, edge in enumerate((0, 0, *size)):
        if kept[side] != edge:
            kept[side] += _OVERLAP if side < 2 else -_OVERLAP
    mask = Image.new("L", size, 255)
    mask.paste(0, (kept[0], kept[1], kept[2], kept[3]))
    return Canvas(ground, mask)


def _ground(image: Image.Image, size: tuple[int, int], offset: tuple[int, int]) -> Image.Image:
    """The background: the picture's edge pixels stretched over a canvas, blurred, with grain."""
    pixels = numpy.asarray(image.convert("RGB"))
    before = [(offset[1], size[1] - offset[1] - image.height), (offset[0], size[0] - offset[0] - image.width), (0, 0)]
    stretched = numpy.pad(pixels, before, mode="edge")
    blurred = Image.fromarray(stretched).filter(ImageFilter.GaussianBlur(max(image.size) / 16))
    grained = numpy.array(blurred)
    random = numpy.random.default_rng(0)
    for top in range(0, len(grained), _BAND):
        rows = grained[top : top + _BAND]
        rows[:] = (rows + random.normal(0, _GRAIN, rows.shape)).clip(0, 255).astype(numpy.uint8)
    return Image.fromarray(grained)


def _on_grid(length: float) -> int:
    return max(round(length / PIXELS_PER_LATENT), 1) * PIXELS_PER_LATENT


def _floor(length: int) -> int:
    return length // PIXELS_PER_LATENT * PIXELS_PER_LATENT
