"""What is in front in a picture, by a model of semantic segmentation."""

from typing import Any

import torch
from PIL import Image
from torch.nn import functional

from generation.engine.vision.network import VisionNetwork

BACKGROUND = "background"
"""The class of everything that is in none of the others."""


class BackgroundModel(VisionNetwork):
    """Tells the background of pictures, one at a time."""

    NETWORK = "AutoModelForSemanticSegmentation"
    PROCESSOR = "AutoImageProcessor"

    def __init__(self, network: Any, processor: Any, device: torch.device) -> None:
        """Raises `ValueError` for a network that knows no background."""
        labels = {str(label).lower(): int(index) for index, label in network.config.id2label.items()}
        if BACKGROUND not in labels:
            raise ValueError(f"the model has no class called {BACKGROUND}")
        self._index = labels[BACKGROUND]
        super().__init__(network, processor, device)

    def foreground(self, picture: Image.Image) -> Image.Image:
        """How surely each pixel is not of the background, from black to white, in the picture's size."""
        given = self._processor(images=picture, return_tensors="pt").to(self._device)
        logits = functional.interpolate(self._network(**given).logits.float(), picture.size[::-1], mode="bilinear")
        front = 1 - logits[0].softmax(0)[self._index]
        return Image.fromarray((front * 255).round().byte().cpu().numpy())
