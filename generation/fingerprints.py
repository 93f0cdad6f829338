"""Fingerprints of pictures, which stay nearly the same when a picture is saved again, resized or made brighter.

This is dHash of 256 bits: whether each pixel of a tiny grey copy is darker than its right neighbour.
https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html
"""

from itertools import pairwise

from PIL import Image

SIDE = 16
"""Rows of the grey copy, and comparisons in each."""

BITS = SIDE * SIDE

ALIKE = 26
"""Bits in which fingerprints of one picture may differ, a tenth of all; those of two pictures differ in about half."""

LEAST_DETAIL = 40
"""The fewest bits of either kind in a fingerprint that tells its picture from plain areas and gradients."""


def of(image: Image.Image) -> str:
    """The fingerprint of a picture, as 64 hexadecimal digits."""
    grey = image.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.LANCZOS).tobytes()
    rows = [grey[start : start + SIDE + 1] for start in range(0, len(grey), SIDE + 1)]
    bits = [left < right for row in rows for left, right in pairwise(row)]
    return f"{sum(bit << place for place, bit in enumerate(bits)):0{BITS // 4}x}"


def are_alike(one: str, other: str) -> bool:
    """True for fingerprints of the same picture."""
    return (int(one, 16) ^ int(other, 16)).bit_count() <= ALIKE


def has_detail(fingerprint: str) -> bool:
    """False for plain areas and gradients, which are all alike."""
    ones = int(fingerprint, 16).bit_count()
    return LEAST_DETAIL <= ones <= BITS - LEAST_DETAIL
