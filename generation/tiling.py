"""How large pictures are cut into tiles that overlap.

A tile's pixels near an inner edge lack their surroundings, so they are thrown away (`context`). Of what two
neighbours both have beyond that, one goes over into the other (`blend`). Where `context` is at least the reach of
the network, both have the same there, and the tiled result is the untiled one.
"""

from dataclasses import dataclass


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
