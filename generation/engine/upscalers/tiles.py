"""Large pictures in tiles: cut with overlap, put together again without a seam.

A tile's pixels near an inner edge lack their surroundings, so they are thrown away (`context`). Of what two
neighbours both have beyond that, one goes over into the other (`blend`). Where `context` is at least the reach of
the network, both have the same there, and the tiled result is the untiled one.
"""

from dataclasses import dataclass

import numpy
from PIL import Image

Pixels = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.uint8]]
"""Shape (height, width, 3)."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How pictures are cut. All in pixels of the picture that is cut."""

    side: int
    """Of a tile at most, context included; a smaller picture is one tile."""
    context: int
    blend: int

    def cut(self, length: int) -> tuple[int, list[int]]:
        """The side and the beginnings of the equal tiles that cover `length` pixels, as few and as small as can be."""
        overlap = 2 * self.context + self.blend + 1
        number = max(1, -(-(length - overlap) // (self.side - overlap)))
        side = -(-(length + (number - 1) * overlap) // number)
        return side, [round(i * (length - side) / max(1, number - 1)) for i in range(number)]

    def boxes(self, width: int, height: int) -> list[tuple[int, int, int, int]]:
        """Left, top, right and bottom of each tile, row by row."""
        (across, columns), (down, rows) = self.cut(width), self.cut(height)
        return [(x, y, x + across, y + down) for y in rows for x in columns]


class Mosaic:
    """A picture put together from the tiles of another one, each enlarged by `factor`."""

    def __init__(self, width: int, height: int, tiling: Tiling, factor: int) -> None:
        self._blend = tiling.blend * factor
        self._columns = [x * factor for x in tiling.cut(width)[1]]
        self._rows = [y * factor for y in tiling.cut(height)[1]]
        self._strip = numpy.zeros((tiling.cut(height)[0] * factor, width * factor, 3), numpy.uint8)
        """The row of tiles in the making."""
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
        return Image.fromarray(self._whole, "RGB")


def _lay(under: Pixels, over: Pixels, starts: list[int], index: int, blend: int) -> None:
    """Put `over` on the rows of `under` from its start on, going over from its predecessor in the middle of both."""
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
