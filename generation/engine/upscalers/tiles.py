"""Puts a large picture together from its tiles, without seams."""

import numpy
from PIL import Image

from generation.upscaling import Tiling

Pixels = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.uint8]]
"""Shape (height, width, 3)."""


class TileBlend:
    """Blends the tiles of a picture of `width` x `height`, each enlarged by `factor`, into the whole."""

    def __init__(self, width: int, height: int, tiling: Tiling, factor: int) -> None:
        self._blend = tiling.blend * factor
        self._columns = [x * factor for x in tiling.cut(width)[1]]
        self._rows = [y * factor for y in tiling.cut(height)[1]]
        self._strip = numpy.zeros((tiling.cut(height)[0] * factor, width * factor, 3), numpy.uint8)
        """The row of tiles that is being filled."""
        self._whole = numpy.zeros((height * factor, width * factor, 3), numpy.uint8)
        self._laid = 0

    def lay(self, tile: Pixels) -> None:
        """Add the next tile, in the order of `Tiling.boxes`."""
        row, column = divmod(self._laid, len(self._columns))
        self._laid += 1
        _lay(self._strip.swapaxes(0, 1), tile.swapaxes(0, 1), self._columns, column, self._blend)
        if column == len(self._columns) - 1:
            _lay(self._whole, self._strip, self._rows, row, self._blend)

    @property
    def image(self) -> Image.Image:
        """The whole picture."""
        return Image.fromarray(self._whole, "RGB")


def _lay(under: Pixels, over: Pixels, starts: list[int], index: int, blend: int) -> None:
    """Put `over` on the rows of `under` from its start on; it fades in over the middle of where both overlap."""
    start, length = starts[index], len(over)
    weight = numpy.ones(length, numpy.float32)
    if index:
        middle = (starts[index - 1] + length - start) / 2
        weight = ((numpy.arange(length, dtype=numpy.float32) + 0.5 - middle) / max(blend, 1) + 0.5).clip(0, 1)
    begin, end = int((weight == 0).sum()), int((weight < 1).sum())
    share = weight[begin:end, None, None]
    under, mixed = under[start : start + length], over[begin:end] * share
    under[begin:end] = (under[begin:end] * (1 - share) + mixed).round().astype(numpy.uint8)
    under[end:] = over[end:]
