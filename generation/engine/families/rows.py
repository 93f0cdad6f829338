"""The conditioning of one row of a flow-matching model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch

from generation.engine.conditioning.rows import ControlCondition
from generation.loras import LoraSet


@dataclass(frozen=True, eq=False)
class FlowRow:
    """A prompt's embeddings, and all else that a row is conditioned on."""

    text: Mapping[str, torch.Tensor]
    """Arguments of the transformer, one row each."""
    loras: LoraSet = ()
    guidance: float | None = None
    """The guidance scale that a distilled transformer is told."""
    references: tuple[torch.Tensor, ...] = field(default=(), repr=False)
    """Latents of reference pictures, (1, channels, h, w) each."""
    unread: str = ""
    controls: ClassVar[tuple[ControlCondition, ...]] = ()

    @property
    def shape(self) -> tuple[object, ...]:
        text = [(name, tensor.shape) for name, tensor in sorted(self.text.items())]
        return self.loras, *text, *(each.shape for each in self.references)

    def controlled(self, controls: tuple[ControlCondition, ...]) -> "FlowRow":
        """The row itself: it has no control images."""
        return self

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in (*self.text.values(), *self.references))


def together(rows: Sequence[FlowRow]) -> dict[str, torch.Tensor]:
    """The embeddings of all rows as keyword arguments of the transformer's forward."""
    return {name: torch.cat([row.text[name] for row in rows]) for name in rows[0].text}


def pictures_of(rows: Sequence[FlowRow]) -> list[torch.Tensor]:
    """The reference pictures of all rows, (rows, channels, h, w) each."""
    return [torch.cat(same) for same in zip(*(row.references for row in rows), strict=True)]


def told(rows: Sequence[FlowRow], device: torch.device) -> torch.Tensor | None:
    """The guidance scale that a distilled transformer is told for each row, (rows,); None where it isn't."""
    scales = [row.guidance for row in rows if row.guidance is not None]
    return torch.tensor(scales, device=device, dtype=torch.float32) if scales else None
