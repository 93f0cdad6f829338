"""A layer that LoRAs change: its weights, and what it computes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import conv2d, linear

PLAIN = (torch.float32, torch.float16, torch.bfloat16)
"""Number formats in which weights can be summed."""


def is_plain(weight: torch.Tensor) -> bool:
    """True where weights are numbers that can be summed, neither quantised nor in 8 bits."""
    return type(weight.data) is torch.Tensor and weight.dtype in PLAIN


def is_linear(module: Any) -> bool:
    """True for a linear layer, also one of a library for quantised weights."""
    return hasattr(module, "in_features")


def shape_of(module: Any) -> torch.Size:
    """The shape of a layer's weights, also where they are stored in another form."""
    return torch.Size((module.out_features, module.in_features)) if is_linear(module) else module.weight.shape


@dataclass(frozen=True, eq=False)
class Layer:
    """A linear or convolutional layer, with its own forward, whatever is computed beside it, and the number format that
    it computes in."""

    module: Any
    forward: Callable[[torch.Tensor], torch.Tensor]
    dtype: torch.dtype

    @property
    def shape(self) -> torch.Size:
        """The shape of its weights."""
        return shape_of(self.module)

    def weight(self, device: torch.device) -> torch.Tensor:
        """Its weights. Quantised ones are restored: they are the outputs for all unit vectors."""
        own: torch.Tensor = self.module.weight
        if is_plain(own) or not self._is_linear:
            return own.detach().to(device)
        units = torch.eye(self.module.in_features, device=device, dtype=self.dtype)
        return self.without_bias(self.forward(units)).T

    def without_bias(self, output: torch.Tensor) -> torch.Tensor:
        """Its output without what the bias adds."""
        bias = self.module.bias
        return output if bias is None else output - self.by_channel(bias.detach().to(output.device, output.dtype))

    def by_channel(self, values: torch.Tensor) -> torch.Tensor:
        """One value a channel, in a shape that fits inputs or outputs."""
        return values.flatten() if self._is_linear else values.reshape(-1, 1, 1)

    def times(self, given: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """What the layer gives with other weights and without bias."""
        if self._is_linear:
            return linear(given, weight)
        output: torch.Tensor = self.module._conv_forward(given, weight, None)
        return output

    def mixed(self, given: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Channels mixed by `weight`, (channels, channels given)."""
        return linear(given, weight) if self._is_linear else conv2d(given, weight[..., None, None])

    @property
    def is_in_groups(self) -> bool:
        """True for a convolution whose channels see only some of the input's."""
        return not self._is_linear and self.module.groups != 1

    @property
    def _is_linear(self) -> bool:
        return is_linear(self.module)
