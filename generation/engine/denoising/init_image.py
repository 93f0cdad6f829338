"""The init image of image-to-image and inpainting."""

from dataclasses import dataclass, field
from typing import Self

import numpy
import torch
from PIL import Image

from generation import images
from generation.engine.latents.vae import Encoded
from generation.jobs import Inputs

DARK = 8
"""The largest value, of 255, that looks black."""


@dataclass(frozen=True, eq=False)
class InitImage:
    """An RGB image of the picture's size. `mask`, of mode L and the same size, is 255 where the image is generated anew
    and 0 where it stays; without a mask, all of it changes."""

    image: Image.Image
    mask: Image.Image | None = None
    noise: torch.Tensor | None = None
    """Noise to add instead of the seed's, (1, channels, h, w)."""
    blended: tuple[Image.Image, ...] = ()
    """Further images of the same size; the init latents are in the middle of all of them."""
    encoded: dict[tuple[str, torch.dtype, str], Encoded] = field(default_factory=dict)
    """Encoded images by model name, dtype and part."""

    @classmethod
    def of(cls, inputs: Inputs, width: int, height: int, *, holes: bool) -> Self | None:
        """The init image of a job, fitted to its size; None for text-to-image.

        With `holes`, transparent pixels become the mask where no other is given.
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
        """True for a black image, after which a black result is no error."""
        return bool(numpy.asarray(self.image).max() <= DARK)

    def pixels(self) -> torch.Tensor:
        """The image as the autoencoder takes it: (1, 3, height, width), from -1 to 1."""
        return _values(self.image)

    def pixels_blended(self) -> list[torch.Tensor]:
        """The `blended` images in the same form."""
        return [_values(each) for each in self.blended]

    def drawn(self) -> torch.Tensor:
        """The mask as a tensor: 1 where the picture is generated anew, 0 where it stays, (1, 1, height, width)."""
        if self.mask is None:
            return torch.ones(1, 1, self.image.height, self.image.width)
        return torch.from_numpy(numpy.asarray(self.mask, dtype=numpy.float32) / 255)[None, None]


def _values(image: Image.Image) -> torch.Tensor:
    values = torch.from_numpy(numpy.asarray(image, dtype=numpy.float32) / 255)
    return values.permute(2, 0, 1)[None] * 2 - 1


def _two_valued(mask: Image.Image) -> Image.Image:
    return mask.point([0] * 128 + [255] * 128)
