"""The conditioning of the rows of a forward, of whatever family the model is."""

from dataclasses import dataclass
from typing import Protocol, Self

import torch

from generation.loras import LoraSet


@dataclass(frozen=True, eq=False)
class ImageCondition:
    """A control image and its conditioning scale."""

    tensor: torch.Tensor
    scale: float


@dataclass(frozen=True, eq=False)
class ControlCondition(ImageCondition):
    """A control image, (1, 3, height, width), from 0 to 1, and the ControlNet that it is for."""

    network: str
    mode: int | None
    """What a ControlNet-Union is told that the image shows; None for another network."""
    start: float = 0.0
    end: float = 1.0
    """The part of the steps in which it counts, as shares."""

    @property
    def shape(self) -> tuple[object, ...]:
        """Rows of equal shape can share a forward, in which a ControlNet-Union takes one scale for all."""
        return self.network, self.mode, None if self.mode is None else self.scale


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
    def controls(self) -> tuple[ControlCondition, ...]:
        """The control images, where ControlNets run too."""

    def controlled(self, controls: tuple[ControlCondition, ...]) -> Self:
        """The row with other control images."""

    @property
    def unread(self) -> str:
        """The end of the prompt that no text encoder has read."""
