"""Differences as heat maps."""

from typing import Any

import numpy
from PIL import Image

Values = numpy.ndarray[Any, numpy.dtype[numpy.float32]]

_STOPS = ((13, 8, 36), (84, 15, 109), (187, 55, 84), (249, 142, 9), (252, 255, 164))
"""From nothing to most: each brighter than the one before, so that it can be read without seeing colours."""


def of(values: Values, most: float | None = None) -> Image.Image:
    """Values of shape (height, width), none negative, as colours: black is 0, and `most` (the largest of them where it
    is left out) the brightest."""
    top = float(values.max()) if most is None else most
    share = numpy.clip(values / top, 0, 1) if top > 0 else numpy.zeros_like(values)
    at = numpy.linspace(0, 1, len(_STOPS))
    channels = [numpy.interp(share, at, [stop[channel] for stop in _STOPS]) for channel in range(3)]
    return Image.fromarray(numpy.stack(channels, axis=-1).round().astype(numpy.uint8), "RGB")
