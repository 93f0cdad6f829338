"""The conditioning of the rows of a forward, of whatever family the model is."""

from dataclasses import dataclass
from typing import Protocol

import torch

from generation.loras import LoraSet


@dataclass(frozen=True, eq=False)
class ImageCondition:
    """A control image and its conditioning scale."""

    tensor: torch.Tensor
    scale: float


@dataclass(frozen=True, eq=False)
class ImagePrompts:
    """Embeddings of image prompts, (1, prompts, tokens, width), and the scale of each."""

    tensor: torch.Tensor
    scales: tuple[float, ...]


class Row(Protocol):
    """The conditioning of one row."""

    @property
    def shape(self) -> tuple[object, ...]:
        """Rows of equal shape can share a forward."""

    @property
    def nbytes(self) -> int:
        """Bytes of its embeddings."""

    @property
    def loras(self) -> LoraSet:
        """The LoRAs applied to the denoising network."""

    @property
    def control(self) -> ImageCondition | None:
        """The control image, where a ControlNet runs too."""

    @property
    def unread(self) -> str:
        """The end of the prompt that no text encoder has read."""
