"""The pocket upscaler: a small convolutional network that makes pictures four times as wide and high.

Its folder holds ``config.json`` (``architecture``, ``scale``, ``width``, ``blocks``) and ``model.safetensors``.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

ARCHITECTURE = "residual-pixel-shuffle"
SCALE = 4


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

    def forward(self, pictures: Tensor) -> Tensor:
        """The enlarged pictures; values may pass -1 and 1 a little."""
        features = F.relu(self.first(pictures))
        for block in self.body:
            features = features + block(features)
        enlarged = F.interpolate(pictures, scale_factor=float(SCALE), mode="nearest")
        return enlarged + F.pixel_shuffle(self.last(features), SCALE)


def load(directory: Path) -> PocketUpscaler:
    """The upscaler saved in ``directory``, in float32 and ready to use. Raises ``ValueError`` for another network."""
    shape = json.loads((directory / "config.json").read_text())
    if (shape["architecture"], shape["scale"]) != (ARCHITECTURE, SCALE):
        raise ValueError(f"{directory} is no {ARCHITECTURE} upscaler of factor {SCALE}")
    model = PocketUpscaler(shape["width"], shape["blocks"])
    weights = load_file(directory / "model.safetensors")
    model.load_state_dict({name: weight.to(torch.float32) for name, weight in weights.items()})
    return model.eval()
