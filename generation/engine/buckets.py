"""How many rows a forward has.

On most devices the arithmetic of a forward depends a little on its number of rows, so that a picture drawn in other
company differs in the last bits. Padding to a few sizes bounds how often that happens; padding to one size always
ends it.
"""

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Buckets:
    """The sizes in use, up to `most` rows. `strict` uses the largest alone: every picture is then bit-identical
    whatever else is drawn, and a lone one costs as much as a full batch."""

    def __init__(self, most: int, strict: bool = False) -> None:
        self._sizes = [size for size in SIZES if size <= most]
        self._strict = strict

    @property
    def strict(self) -> bool:
        return self._strict

    @property
    def most(self) -> int:
        """The rows of the largest bucket."""
        return self._sizes[-1]

    def holding(self, rows: int) -> int:
        """The size of the bucket for `rows` rows."""
        return self.most if self._strict else next(size for size in self._sizes if size >= rows)

    def halve(self) -> bool:
        """Give up the largest size, since it does not fit into memory; False where it is the last."""
        if len(self._sizes) == 1:
            return False
        self._sizes.pop()
        return True
