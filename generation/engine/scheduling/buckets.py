"""How many rows a forward has.

On most devices the arithmetic of a forward depends a little on its number of rows, so that a picture drawn in other
company differs in the last bits. Padding to a few sizes bounds how often that happens; padding to one size always
ends it.
"""

SIZES = (1, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32, 48, 64, 96, 128)
"""Close enough for little to be wasted: rows that nobody needs cost as much as others."""


class RowBuckets:
    """The sizes in use, up to `most` rows. `strict` uses the largest alone: every picture is then bit-identical
    whatever else is drawn, and a lone one costs as much as a full batch."""

    def __init__(self, most: int, strict: bool = False) -> None:
        self._most = max(size for size in SIZES if size <= most)
        self._strict = strict

    @property
    def most(self) -> int:
        """The rows of the largest bucket."""
        return self._most

    @property
    def about(self) -> str:
        rows = "1 row" if self._most == 1 else f"{self._most} rows"
        return f"{rows} always" if self._strict else f"up to {rows}"

    def holding(self, rows: int) -> int:
        """The size of the bucket for `rows` rows; the largest where none holds so many."""
        return self._most if self._strict or rows > self._most else next(size for size in SIZES if size >= rows)

    def grow(self, most: int) -> None:
        """Have so many rows in the largest."""
        self._most = max(size for size in SIZES if size <= most)

    def halve(self, failed: int) -> None:
        """Half of what did not fit into memory, which was a bucket of `failed` rows."""
        self._most = max(size for size in SIZES if size <= max(failed // 2, 1))
