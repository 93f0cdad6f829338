"""How near everything in a picture is, by a model of depth estimation (Depth Anything, arXiv 2406.09414; DPT)."""

from typing import Any

import torch
from PIL import Image
from torch.nn import functional

from generation.engine.vision.network import VisionNetwork

_DISTANCES = ("zoedepth", "depth_pro", "glpn", "chmv2")
"""Networks that tell how far everything is, and not how near."""


class DepthModel(VisionNetwork):
    """Estimates depth, of one picture at a time."""

    NETWORK = "AutoModelForDepthEstimation"
    PROCESSOR = "AutoImageProcessor"

    def __init__(self, network: Any, processor: Any, device: torch.device) -> None:
        super().__init__(network, processor, device)
        config = network.config
        self._is_far = config.model_type in _DISTANCES or getattr(config, "depth_estimation_type", "") == "metric"

    def nearness(self, picture: Image.Image) -> Image.Image:
        """A grey picture of the same size: white for the nearest place and black for the farthest, as ControlNets for
        depth were trained."""
        given = self._processor(images=picture, return_tensors="pt").to(self._device)
        predicted = self._network(**given).predicted_depth.float()
        size = picture.size[::-1]
        depth = functional.interpolate(predicted[:, None], size, mode="bicubic", align_corners=False)[0, 0]
        near = -depth if self._is_far else depth
        low, high = near.aminmax()
        scaled = (near - low) / (high - low).clamp(min=1e-12)
        return Image.fromarray((scaled * 255).round().byte().cpu().numpy())
