"""The picture that another one starts from."""

from dataclasses import dataclass, field
from typing import Self

import numpy
import torch
from PIL import Image

from generation import images
from generation.engine.latents.vae import Encoded
from generation.jobs import Inputs

DARK = 8
"""Of 255, what nobody can tell from black."""


@dataclass(frozen=True, eq=False)
class InitImage:
    """A picture to start from, in RGB and of the size that is drawn. Where `mask`, of mode L and as large, is 255 it is
    drawn anew, where it is 0 it stays; without one all of it is drawn over."""

    image: Image.Image
    mask: Image.Image | None = None
    noise: torch.Tensor | None = None
    """What it is drawn over with, (1, channels, h, w), instead of the noise of the seed."""
    blended: tuple[Image.Image, ...] = ()
    """Further pictures, as large: the drawing starts from halfway between all of them."""
    encoded: dict[tuple[str, torch.dtype, str], Encoded] = field(default_factory=dict)
    """What a model, by its name and number format, has made of its parts."""

    @classmethod
    def of(cls, inputs: Inputs, width: int, height: int, *, holes: bool) -> Self | None:
        """What a job starts from, fitted to its size; None where that is noise alone.

        With `holes`, what is transparent is the mask where there is no other.
        """
        if not inputs.image:
            return None
        given = images.read(inputs.image, limited=False)
        mask: Image.Image | None = None
        if inputs.mask:
            mask = images.mask(images.read(inputs.mask, limited=False)).resize(given.size)
        elif holes:
            mask = images.transparency(given)
        others = [images.read(other, limited=False) for other in inputs.blended if not inputs.image_prompt]
        fitted, *blended = (images.fitted(images.on_white(each), width, height) for each in (given, *others))
        drawn = _two_valued(images.fitted(mask, width, height)) if mask else None
        return cls(fitted, drawn, blended=tuple(blended))

    @property
    def is_black(self) -> bool:
        """True where there is nothing to be seen, so that what is drawn over it may be black too."""
        return bool(numpy.asarray(self.image).max() <= DARK)

    def pixels(self) -> torch.Tensor:
        """The picture as an autoencoder takes it: (1, 3, height, width), from -1 to 1."""
        return _values(self.image)

    def pixels_blended(self) -> list[torch.Tensor]:
        """The further pictures in the same way."""
        return [_values(each) for each in self.blended]

    def drawn(self) -> torch.Tensor:
        """1 where the picture is drawn anew, 0 where it stays: (1, 1, height, width)."""
        if self.mask is None:
            return torch.ones(1, 1, self.image.height, self.image.width)
        return torch.from_numpy(numpy.asarray(self.mask, dtype=numpy.float32) / 255)[None, None]


def _values(image: Image.Image) -> torch.Tensor:
    values = torch.from_numpy(numpy.asarray(image, dtype=numpy.float32) / 255)
    return values.permute(2, 0, 1)[None] * 2 - 1


def _two_valued(mask: Image.Image) -> Image.Image:
    return mask.point([0] * 128 + [255] * 128)
