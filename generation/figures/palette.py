"""The colours of figures and of heat maps.

Text on the card has a contrast of at least 7:1, quiet text of at least 4.5:1 (WCAG 2.2, 1.4.3).
"""

from typing import Any

import numpy
from PIL import Image

Values = numpy.ndarray[Any, numpy.dtype[numpy.float32]]
Colour = tuple[int, int, int]

CARD = (24, 26, 32)
"""The background of a figure."""
EMPTY = (36, 39, 48)
"""In place of a missing picture."""
GROOVE = (62, 66, 78)
"""The part of a bar that is not filled."""
TEXT = (242, 243, 245)
QUIET = (181, 186, 198)

ORANGE = (242, 145, 61)
"""Noisefox's own colour, and the prediction with the prompt."""
BLUE = (106, 168, 255)
"""The prediction without the prompt."""
GREEN = (110, 214, 140)
"""Both predictions merged."""
VIOLET = (190, 150, 255)
"""Noise."""

_HEAT = ((13, 8, 36), (84, 15, 109), (187, 55, 84), (249, 142, 9), (252, 255, 164))
"""The colours of a heat map, from 0 up, each brighter than the last, so that it can be read without colour vision."""


def heat_map(values: Values, most: float | None = None) -> Image.Image:
    """Values of shape (height, width), none negative, as colours: 0 is nearly black, `most` the brightest (by default
    the largest value)."""
    top = float(values.max()) if most is None else most
    share = numpy.clip(values / top, 0, 1) if top > 0 else numpy.zeros_like(values)
    at = numpy.linspace(0, 1, len(_HEAT))
    channels = [numpy.interp(share, at, [stop[channel] for stop in _HEAT]) for channel in range(3)]
    return Image.fromarray(numpy.stack(channels, axis=-1).round().astype(numpy.uint8), "RGB")
