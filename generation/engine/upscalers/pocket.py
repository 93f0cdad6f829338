"""The upscaler that a model's folder brings along."""

from pathlib import Path

import torch

from generation.engine.upscalers import pocket_network
from generation.engine.upscalers.base import resized
from generation.engine.upscalers.pocket_network import SCALE
from generation.engine.upscalers.tiles import Pixels
from generation.upscaling import Tiling, UpscalerName

FOLDER = "upscaler"
"""Of a model's directory: where its upscaler is, if it has one."""

_BLEND = 8
_REDUCTION = 2
"""How far the filter reaches that makes a ×4 result a smaller one, in pixels of the small picture."""


class Pocket:
    """A `PocketUpscaler` on tiles."""

    name = UpscalerName.POCKET.value

    def __init__(self, directory: Path, device: torch.device) -> None:
        """Raises `OSError` or `ValueError` where the directory holds no such network."""
        self._network = pocket_network.load(directory).to(device)
        self._device = device
        reach = 2 + 2 * self._network.blocks  # a pixel a convolution: two in a block, one before, one after
        self.tiling = Tiling(side=192, context=reach + _REDUCTION, blend=_BLEND)

    @torch.inference_mode()
    def enlarge(self, tile: Pixels, factor: int) -> Pixels:
        given = torch.tensor(tile, device=self._device).permute(2, 0, 1)[None].float() / 127.5 - 1
        drawn = (self._network(given)[0].permute(1, 2, 0) + 1) * 127.5
        pixels: Pixels = drawn.round().clamp(0, 255).to(torch.uint8).cpu().numpy()
        return pixels if factor == SCALE else resized(pixels, factor / SCALE)
