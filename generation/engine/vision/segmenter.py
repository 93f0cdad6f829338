"""What a word names in a picture, by CLIPSeg (Lüddecke and Ecker, arXiv 2112.10003)."""

import torch
from PIL import Image, ImageFilter

from generation.engine.vision.network import VisionNetwork

LIKELY = 0.4
"""The probability from which a pixel belongs to what is named."""

MARGIN = 48
"""A mask grows by one part in so many of the longer side: CLIPSeg's own are coarse, and what is drawn anew needs a
little room."""


class Segmenter(VisionNetwork):
    """Finds things by name, one at a time."""

    NETWORK = "CLIPSegForImageSegmentation"
    PROCESSOR = "CLIPSegProcessor"

    def probabilities(self, picture: Image.Image, name: str) -> torch.Tensor:
        """How surely each place belongs to what is named: (H, W), 0 to 1, of the network's own size."""
        given = self._processor(text=[name], images=[picture], padding=True, return_tensors="pt").to(self._device)
        logits: torch.Tensor = self._network(**given).logits
        return logits.reshape(logits.shape[-2:]).sigmoid().float().cpu()

    def mask(self, picture: Image.Image, name: str) -> Image.Image:
        """White where the thing is, in the picture's size; all black where there is none."""
        coarse = Image.fromarray((self.probabilities(picture, name) * 255).round().byte().numpy())
        fine = coarse.resize(picture.size, Image.Resampling.BICUBIC)
        mask = fine.point([255 * (value >= LIKELY * 255) for value in range(256)])
        return mask.filter(ImageFilter.MaxFilter(max(picture.size) // MARGIN // 2 * 2 + 1))
