"""Seamless pictures: convolutions that continue at the opposite edge, and latents with such a margin to decode.

A network whose convolutions pad circularly knows no edges, since attention has none; what it draws can be laid side by
side. The autoencoder decodes a margin of the opposite edges beside the picture, also where it decodes in tiles.
"""

from typing import Any

import torch

MARGIN = 16
"""Latents around a picture that its edges depend on, as far as the decoder's convolutions reach."""


def set_padding(network: Any, circular: bool) -> None:
    """Have all convolutions of a network pad circularly, or with zeros as they were trained."""
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d) and module.padding not in ((0, 0), "valid"):
            module.padding_mode = "circular" if circular else "zeros"


def with_margin(latents: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Latents (1, channels, h, w) with the opposite edges around them, and how wide that margin is, in latents."""
    margin = min(MARGIN, *latents.shape[-2:])
    return torch.nn.functional.pad(latents, (margin,) * 4, mode="circular"), margin


def without_margin(pixels: torch.Tensor, margin: int) -> torch.Tensor:
    """Pixels (height, width, 3) without a margin of so many pixels."""
    return pixels[margin:-margin, margin:-margin]
