"""The pocket upscaler: a small convolutional network that makes pictures four times as wide and high.

A model's directory may bring one, in its folder `upscaler`: ``config.json`` (``architecture``, ``scale``, ``width``,
``blocks``) and ``model.safetensors``.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from generation.engine.upscalers.base import resized
from generation.engine.upscalers.tiles import Pixels
from generation.upscaling import Tiling, UpscalerName

FOLDER = "upscaler"
"""Name of the folder in a model's directory."""

ARCHITECTURE = "residual-pixel-shuffle"
SCALE = 4

_BLEND = 8
_REDUCTION = 2
"""Reach of the filter that makes a ×4 result smaller, in pixels of the small picture."""


class PocketUpscaler(nn.Module):
    """Pictures (B, 3, H, W) in -1..1 to (B, 3, 4H, 4W), detail added to the nearest-neighbour enlargement.

    All layers work at the small size; the last gives 16 pixels for each one (sub-pixel convolution, arXiv 1609.05158).
    """

    def __init__(self, width: int = 48, blocks: int = 6) -> None:
        super().__init__()
        self.width, self.blocks = width, blocks
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.body = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))
            for _ in range(blocks)
        )
        self.last = nn.Conv2d(width, 3 * SCALE**2, 3, padding=1)

    @classmethod
    def load(cls, directory: Path) -> "PocketUpscaler":
        """The network saved in `directory`, in float32 and in evaluation mode.

        Raises `OSError`, or `ValueError` for another architecture or scale.
        """
        shape = json.loads((directory / "config.json").read_text())
        if (shape["architecture"], shape["scale"]) != (ARCHITECTURE, SCALE):
            raise ValueError(f"{directory} is not a {ARCHITECTURE} upscaler of factor {SCALE}")
        network = cls(shape["width"], shape["blocks"])
        weights = load_file(directory / "model.safetensors")
        network.load_state_dict({name: weight.to(torch.float32) for name, weight in weights.items()})
        return network.eval()

    def forward(self, pictures: Tensor) -> Tensor:
        """The enlarged pictures; values may exceed -1..1 a little."""
        features = F.relu(self.first(pictures))
        for block in self.body:
            features = features + block(features)
        enlarged = F.interpolate(pictures, scale_factor=float(SCALE), mode="nearest")
        return enlarged + F.pixel_shuffle(self.last(features), SCALE)


class Pocket:
    """A `PocketUpscaler`, tile by tile."""

    name = UpscalerName.POCKET.value

    def __init__(self, directory: Path, device: torch.device) -> None:
        """Raises `OSError`, `KeyError` or `ValueError` where the directory holds no such network."""
        self._network = PocketUpscaler.load(directory).to(device)
        self._device = device
        reach = 2 + 2 * self._network.blocks  # a pixel a convolution: two in a block, one before, one after
        self.tiling = Tiling(side=192, context=reach + _REDUCTION, blend=_BLEND)

    @torch.inference_mode()
    def enlarge(self, tile: Pixels, factor: int) -> Pixels:
        values = torch.tensor(tile, device=self._device).permute(2, 0, 1)[None].float() / 127.5 - 1
        enlarged = (self._network(values)[0].permute(1, 2, 0) + 1) * 127.5
        pixels: Pixels = enlarged.round().clamp(0, 255).to(torch.uint8).cpu().numpy()
        return pixels if factor == SCALE else resized(pixels, factor / SCALE)
