"""The images that condition a picture without being its start: control image and image prompts."""

from dataclasses import dataclass, field
from typing import Self

import torch
from PIL import Image

from generation import images
from generation.jobs import Inputs


@dataclass(frozen=True, eq=False)
class ConditioningImages:
    """RGB images: `control` for a ControlNet, `image_prompts` for an IP-Adapter, which averages them."""

    control: Image.Image | None = None
    image_prompts: tuple[Image.Image, ...] = ()
    encoded: dict[tuple[str, torch.dtype], tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    """Image prompt embeddings by model name and dtype: of these images, and unconditional."""

    @classmethod
    def of(cls, inputs: Inputs) -> Self:
        """The conditioning images of a job, decoded, on white."""
        return cls(
            control=_read(inputs.control) if inputs.control else None,
            image_prompts=tuple(map(_read, inputs.image_prompts)),
        )


NO_GUIDES = ConditioningImages()


def _read(data: bytes) -> Image.Image:
    return images.on_white(images.read(data, limited=False))
