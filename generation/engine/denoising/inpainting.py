"""Inpainting: the part outside the mask stays, the rest is generated."""

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageChops, ImageFilter

from generation.engine.denoising import schedulers
from generation.engine.denoising.init_image import InitImage

SOFT_EDGE = 1 / 64
"""Width of the mask's soft edge, as a share of the picture's longer side."""


@dataclass(frozen=True, eq=False)
class KeptArea:
    """The latents outside the mask, for a UNet without mask input: after each step they get the noise level of the next
    and replace the generated ones (Lugmayr et al., arXiv 2201.09865; Avrahami et al., arXiv 2206.02779)."""

    latents: torch.Tensor
    noise: torch.Tensor
    drawn: torch.Tensor
    """The mask: 1 where the picture is generated anew, (1, 1, h, w)."""

    def laid_over(self, latents: torch.Tensor, scheduler: Any, timesteps: torch.Tensor) -> torch.Tensor:
        """`latents`, with the kept part noised to `timesteps`: the next one, or an empty tensor after the last step."""
        known = schedulers.noised(scheduler, self.latents, self.noise, timesteps) if len(timesteps) else self.latents
        merged: torch.Tensor = (1 - self.drawn) * known + self.drawn * latents
        return merged


def on_latents(drawn: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    """A pixel mask (1, 1, height, width) at the size of `latents`, by nearest neighbour, as in diffusers."""
    small: torch.Tensor = torch.nn.functional.interpolate(drawn, size=latents.shape[-2:])
    return small.to(latents.device, latents.dtype)


def pasted(image: Image.Image, init_image: InitImage) -> Image.Image:
    """The generated `image` inside the mask, and the init image's exact pixels outside. The edge is softened inwards by
    `SOFT_EDGE`."""
    if init_image.mask is None:
        return image
    return Image.composite(image, init_image.image, softened(init_image.mask))


def softened(mask: Image.Image) -> Image.Image:
    """The mask with an edge that rises inwards; it stays 0 outside."""
    width = max(round(max(mask.size) * SOFT_EDGE), 1)
    inner = mask.filter(ImageFilter.MinFilter(2 * width + 1))
    return ImageChops.darker(inner.filter(ImageFilter.BoxBlur(width)), mask)
