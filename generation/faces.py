"""Faces in pictures: where each is drawn anew, at which size, and with which settings."""

from dataclasses import dataclass, replace
from math import ceil, floor, sqrt

import numpy
from PIL import Image

from generation.prompts import parts
from generation.settings import GenerationSettings

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of a picture; the right and the bottom are outside."""

MOST = 6
"""The most faces of a picture that are drawn anew, the largest ones."""

SMALLEST = 8
"""Pixels a side of the smallest face: in less nothing can be drawn."""

STRENGTH = 0.4
"""The denoising strength of a face: it gets detail, and keeps its looks."""

ROOM = 1.8
"""The sides of the crop around a face, in longer sides of its box: a model draws a face better with what is around."""

EDGE = 1 / 8
"""Width of the soft edge inside a face's box, as a share of its shorter side."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture, and the part of the picture around it."""

    box: Box
    crop: Box

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the crop."""
        return self.crop[2] - self.crop[0], self.crop[3] - self.crop[1]

    @property
    def box_in_crop(self) -> Box:
        """The box, counted from the crop's left and top."""
        left, top, right, bottom = self.box
        x, y = self.crop[:2]
        return left - x, top - y, right - x, bottom - y

    def mask(self, size: tuple[int, int]) -> Image.Image:
        """White in the face's box and black around it, for the crop drawn at `size`."""
        across, down = size[0] / self.size[0], size[1] / self.size[1]
        left, top, right, bottom = self.box_in_crop
        mask = Image.new("L", size)
        mask.paste(255, (floor(left * across), floor(top * down), ceil(right * across), ceil(bottom * down)))
        return mask

    def soft_mask(self) -> Image.Image:
        """How much of the drawn face counts, in the crop's own size: nothing outside of the box, and inside more with
        each pixel from its edge, until `EDGE`."""
        width, height = self.box[2] - self.box[0], self.box[3] - self.box[1]
        edge = max(round(min(width, height) * EDGE), 1)
        across, down = (numpy.minimum(numpy.arange(1, side + 1), numpy.arange(side, 0, -1)) for side in (width, height))
        inwards = numpy.minimum.outer(down, across) / (edge + 1)
        mask = Image.new("L", self.size)
        mask.paste(Image.fromarray((inwards.clip(max=1) * 255).round().astype(numpy.uint8)), self.box_in_crop)
        return mask


def largest(boxes: list[tuple[float, float, float, float]], size: tuple[int, int]) -> list[Face]:
    """At most `MOST` faces in a picture of `size`, width first, the largest first. Boxes may stand out of it."""
    width, height = size
    inside = [
        (max(floor(left), 0), max(floor(top), 0), min(ceil(right), width), min(ceil(bottom), height))
        for left, top, right, bottom in boxes
    ]
    drawable = [box for box in inside if min(box[2] - box[0], box[3] - box[1]) >= SMALLEST]
    drawable.sort(key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))
    return [Face(box, _around(box, size)) for box in drawable[:MOST]]


def _around(box: Box, size: tuple[int, int]) -> Box:
    """A square around a box with some room, moved and cut so that it is in the picture."""
    side = round(max(box[2] - box[0], box[3] - box[1]) * ROOM)
    (left, right), (top, bottom) = (_part(box[at], box[at + 2], side, size[at]) for at in (0, 1))
    return left, top, right, bottom


def _part(start: int, end: int, length: int, whole: int) -> tuple[int, int]:
    length = min(length, whole)
    first = min(max((start + end - length) // 2, 0), whole - length)
    return first, first + length


def enlarged(crop: tuple[int, int], usual: tuple[int, int]) -> tuple[int, int]:
    """The size at which a model draws a crop whose `usual` pictures have that size: about as many pixels in the crop's
    aspect, and never fewer than it has. All are (width, height)."""
    factor = max(sqrt(usual[0] * usual[1] / (crop[0] * crop[1])), 1.0)
    return round(crop[0] * factor), round(crop[1] * factor)


def settings_of(settings: GenerationSettings, width: int, height: int) -> GenerationSettings:
    """The settings that draw one face of a picture anew at a size in pixels. Regions are of a whole picture."""
    return replace(
        settings,
        prompt=parts.without_regions(settings.prompt),
        count=1,
        width=width,
        height=height,
        seed_width=0,
        seed_height=0,
        denoising_strength=STRENGTH,
        hires_factor=1.0,
        tile=False,
        faces=False,
    )
