"""The images that condition a picture without being its start: control image and image prompts."""

import hashlib
from dataclasses import dataclass, field
from typing import Self

import torch
from PIL import Image

from generation import images
from generation.jobs import Inputs


@dataclass(frozen=True, eq=False)
class ConditioningImages:
    """RGB images: `controls` for ControlNets, `image_prompts` for an IP-Adapter, with the scale of each in `weights`;
    where these are empty, the mean of all is one image prompt. The IP-Adapter takes the style alone of a `style`
    image."""

    controls: tuple[Image.Image, ...] = ()
    image_prompts: tuple[Image.Image, ...] = ()
    style: Image.Image | None = None
    weights: tuple[float, ...] = ()
    encoded: dict[tuple[object, ...], tuple[torch.Tensor, ...]] = field(default_factory=dict)
    """What models have made of the image prompts, by model name and dtype."""

    @classmethod
    def of(cls, inputs: Inputs, weights: tuple[float, ...] = ()) -> Self:
        """The conditioning images of a job, decoded, on white."""
        return cls(
            controls=tuple(map(_read, inputs.controls)),
            image_prompts=tuple(map(_read, inputs.image_prompts)),
            style=_read(inputs.style_image) if inputs.style_image else None,
            weights=weights,
        )

    @property
    def prompt_groups(self) -> list[tuple[Image.Image, ...]]:
        """The images whose mean is one image prompt, for each image prompt."""
        return [(each,) for each in self.image_prompts] if self.weights else [self.image_prompts]

    @property
    def mark(self) -> str:
        """Tells these image prompts from others."""
        digest = hashlib.sha256()
        for image in self.image_prompts:
            digest.update(f"{image.size}".encode() + image.tobytes())
        return digest.hexdigest() if self.image_prompts else ""


NO_GUIDES = ConditioningImages()


def _read(data: bytes) -> Image.Image:
    return images.on_white(images.read(data, limited=False))
