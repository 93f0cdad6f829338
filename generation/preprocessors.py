"""Control pictures made from any picture: what a ControlNet was trained to follow, white on black."""

from collections.abc import Callable, Collection, Iterable, Sequence
from io import BytesIO
from itertools import accumulate
from typing import Any

from PIL import Image, ImageChops, ImageFilter

from generation import images
from generation.controls import ControlKind
from generation.errors import UserError
from generation.sentences import Sentence
from generation.settings import SIZE

Preprocessor = Callable[[bytes], bytes]
"""From the PNG file of a picture to that of a control picture of the same size. Raises `UserError`."""

EDGE_LOW, EDGE_HIGH = 100, 200
"""Canny's thresholds, for a gradient of pixels from 0 to 255: a weak edge counts where it touches a strong one."""

SCRIBBLE_THRESHOLD = 32
"""How much darker than its surroundings a pixel is that becomes a line of a scribble."""

LINE_LEAST, LINE_WEAKEST = 8, 16
"""How much darker than its surroundings a pixel of a line is, and what the usual one counts as at least."""

TILE_FACTOR = 4
"""How many times smaller a tile's detail is, which the model draws anew."""


class NoPreprocessor(UserError):
    """A kind of control picture for which the host has configured no model."""


def scaled(png: bytes, size: tuple[int, int]) -> bytes:
    """A picture at a scale at which it covers a drawing of `size`, width first: lines have the width that a ControlNet
    was trained with there, and nothing is cropped."""
    image = images.on_white(Image.open(BytesIO(png)))
    factor = min(max(size[0] / image.width, size[1] / image.height), SIZE.high / max(image.size))
    fitting = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return images.as_png(image.resize(fitting, Image.Resampling.LANCZOS))


def prepared(kind: ControlKind, png: bytes, size: tuple[int, int]) -> bytes:
    """The control picture of a kind, `scaled` to a drawing of `size`. Raises `NoPreprocessor` for a kind that only a
    model makes."""
    check([kind])
    return PREPROCESSORS[kind](scaled(png, size))


def check(kinds: Iterable[ControlKind | None], seen: Collection[ControlKind] = ()) -> None:
    """Raise `NoPreprocessor` for a kind to be made, see `Control.made`, that only a model makes, unless it is one of
    those that are `seen`."""
    for kind in kinds:
        if kind in MODELS and kind not in seen:
            raise NoPreprocessor(MODELS[kind])


def _on_image(draw: Callable[[Image.Image], Image.Image]) -> Preprocessor:
    def prepare(png: bytes) -> bytes:
        return images.as_png(draw(images.on_white(Image.open(BytesIO(png)))).convert("RGB"))

    return prepare


def _canny(image: Image.Image) -> Image.Image:
    """Edges one pixel wide: the ridges of the brightness gradient (Canny, 1986)."""
    import numpy
    from scipy import ndimage

    grey = numpy.asarray(image.convert("L"), dtype=numpy.float32)
    across, down = ndimage.sobel(grey, axis=1, mode="nearest"), ndimage.sobel(grey, axis=0, mode="nearest")
    strength = numpy.abs(across) + numpy.abs(down)
    ridge = _ridges(strength, across, down)
    touching, number = ndimage.label(ridge, structure=numpy.ones((3, 3)))
    is_strong = numpy.zeros(number + 1, dtype=bool)
    is_strong[numpy.unique(touching[ridge & (strength > EDGE_HIGH)])] = True
    return Image.fromarray((is_strong[touching] * 255).astype(numpy.uint8))


def _ridges(strength: Any, across: Any, down: Any) -> Any:
    """Where the gradient counts and is not weaker than at its two neighbours in its own direction, of four."""
    import numpy

    rows, columns = numpy.nonzero(strength > EDGE_LOW)
    octant = numpy.round(numpy.arctan2(down[rows, columns], across[rows, columns]) / (numpy.pi / 4)).astype(int) % 4
    x, y = numpy.array([(1, 0), (1, 1), (0, 1), (-1, 1)]).T[:, octant]
    around, own = numpy.pad(strength, 1), strength[rows, columns]
    before, after = around[rows + 1 - y, columns + 1 - x], around[rows + 1 + y, columns + 1 + x]
    ridge = numpy.zeros(strength.shape, dtype=bool)
    ridge[rows, columns] = (own > before) & (own >= after)
    return ridge


def _lines(image: Image.Image) -> Image.Image:
    """Soft lines: how much darker each pixel is than what is around it, in proportion to the usual line."""
    grey = image.convert("L")
    darker = ImageChops.subtract(grey.filter(ImageFilter.GaussianBlur(6)), grey)
    usual = max(_median(darker.histogram()[LINE_LEAST:]) + LINE_LEAST, LINE_WEAKEST)
    return darker.point([min(255, 127 * value // usual) for value in range(256)])


def _median(histogram: Sequence[int]) -> int:
    """The value that half of the pixels are below."""
    middle = sum(histogram) / 2
    return next(value for value, below in enumerate(accumulate(histogram)) if below >= middle)


def _scribble(image: Image.Image) -> Image.Image:
    """Thick lines of one brightness, by the difference of two blurs, as if drawn with a broad pen."""
    grey = image.convert("L")
    fine, broad = (grey.filter(ImageFilter.GaussianBlur(radius)) for radius in (0.5, 5))
    inked = ImageChops.subtract(broad, fine).point(lambda value: 255 * (value > SCRIBBLE_THRESHOLD))
    return inked.filter(ImageFilter.MaxFilter(3))


def _tile(image: Image.Image) -> Image.Image:
    """The picture without its detail."""
    small = image.reduce(min(TILE_FACTOR, *image.size))
    return small.resize(image.size, Image.Resampling.BICUBIC)


PREPROCESSORS: dict[ControlKind, Preprocessor] = {
    ControlKind.CANNY: _on_image(_canny),
    ControlKind.LINES: _on_image(_lines),
    ControlKind.SCRIBBLE: _on_image(_scribble),
    ControlKind.TILE: _on_image(_tile),
}
"""What makes each kind of control picture. Another picture is followed as it is."""

MODELS = {
    ControlKind.DEPTH: Sentence(
        "This bot has no model that sees depth. For a depth map of your own, type `--control depth as is`."
    ),
    ControlKind.POSE: Sentence(
        "This bot has no model that sees poses. For a skeleton of your own, type `--control pose as is`."
    ),
}
"""The kinds that models of `generation.vision` make, and what is said where the host has none."""
