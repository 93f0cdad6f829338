"""Changes that are computed beside a layer in every forward, whose weights stay as they are."""

from collections.abc import Iterable
from typing import Any

import torch

from generation.engine.conditioning.lora_changes import Change
from generation.engine.conditioning.lora_layer import Layer


class Beside:
    """Takes the place of a layer's forward while it is applied. A hook would not do: compiled networks don't see a new
    one. `bias` is what is added for each channel."""

    def __init__(self, layer: Layer, changes: Iterable[tuple[Change, float]], bias: torch.Tensor | None) -> None:
        self.layer = layer
        self._changes = tuple(changes)
        self._bias = bias
        self._before: Any = None

    @property
    def nbytes(self) -> int:
        """Bytes of the changes' tensors."""
        return sum(change.nbytes for change, _ in self._changes) + (0 if self._bias is None else self._bias.nbytes)

    def begin(self) -> None:
        """Compute the changes from now on."""
        self._before = vars(self.layer.module).get("forward")
        self.layer.module.forward = self

    def end(self) -> None:
        """Leave the layer as it was."""
        if self._before is None:
            del self.layer.module.forward
        else:
            self.layer.module.forward = self._before

    def __call__(self, given: torch.Tensor) -> torch.Tensor:
        output = self.layer.forward(given)
        total = output
        for change, scale in self._changes:
            total = total + (scale * change.beside(self.layer, given, output)).to(output.dtype)
        return total if self._bias is None else total + self.layer.by_channel(self._bias).to(output.dtype)
