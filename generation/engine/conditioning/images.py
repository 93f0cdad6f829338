"""Pictures that another one keeps to or listens to while it is drawn, and does not start from."""

from dataclasses import dataclass, field
from typing import Self

import torch
from PIL import Image

from generation import images
from generation.jobs import Inputs


@dataclass(frozen=True, eq=False)
class ConditioningImages:
    """Pictures in RGB: `control` is what a ControlNet keeps to, `image_prompts` what an IP-Adapter hears, all at
    once."""

    control: Image.Image | None = None
    image_prompts: tuple[Image.Image, ...] = ()
    heard: dict[tuple[str, torch.dtype], tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    """What a model, by its name and number format, has heard in them, and in none."""

    @classmethod
    def of(cls, inputs: Inputs) -> Self:
        return cls(
            control=_read(inputs.control) if inputs.control else None,
            image_prompts=tuple(map(_read, inputs.image_prompts)),
        )


NO_GUIDES = ConditioningImages()


def _read(data: bytes) -> Image.Image:
    return images.on_white(images.read(data, limited=False))
