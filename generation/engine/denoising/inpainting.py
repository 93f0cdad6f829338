"""Keeping the part of a picture that stays while the rest is drawn."""

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageChops, ImageFilter

from generation.engine.denoising.init_image import InitImage

SOFT_EDGE = 1 / 64
"""Of a picture's longer side, how wide the edge is over which the drawn part gives way to what stays."""


@dataclass(frozen=True, eq=False)
class KeptArea:
    """What stays, for a UNet that knows nothing of masks: after each step it is brought to the noise level of the next
    and laid over what was drawn (Lugmayr et al., arXiv 2201.09865; Avrahami et al., arXiv 2206.02779)."""

    latents: torch.Tensor
    noise: torch.Tensor
    drawn: torch.Tensor
    """1 where the picture is drawn anew, (1, 1, h, w)."""

    def laid_over(self, latents: torch.Tensor, scheduler: Any, timesteps: torch.Tensor) -> torch.Tensor:
        """`latents`, with what stays as it is at `timesteps`: the next one, or none after the last step."""
        known = scheduler.add_noise(self.latents, self.noise, timesteps) if len(timesteps) else self.latents
        merged: torch.Tensor = (1 - self.drawn) * known + self.drawn * latents
        return merged


def on_latents(drawn: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    """A mask of pixels (1, 1, height, width) as one of `latents`, each of which takes the value of its first pixel."""
    small: torch.Tensor = torch.nn.functional.interpolate(drawn, size=latents.shape[-2:])
    return small.to(latents.device, latents.dtype)


def pasted(image: Image.Image, init_image: InitImage) -> Image.Image:
    """The drawn `image` where the mask says so, and around it the original's own pixels, the very same. The edge is
    softened inwards, by `SOFT_EDGE`."""
    if init_image.mask is None:
        return image
    return Image.composite(image, init_image.image, softened(init_image.mask))


def softened(mask: Image.Image) -> Image.Image:
    """The mask with an edge that rises inwards; it is 0 wherever it was."""
    width = max(round(max(mask.size) * SOFT_EDGE), 1)
    inner = mask.filter(ImageFilter.MinFilter(2 * width + 1))
    return ImageChops.darker(inner.filter(ImageFilter.BoxBlur(width)), mask)
