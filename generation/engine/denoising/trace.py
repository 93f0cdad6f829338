"""The inner values of a denoising step, for explanations."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from generation.engine.conditioning.rows import Row
from generation.engine.denoising.predicted_x0 import NoiseLevel, predicted


@dataclass(frozen=True, slots=True)
class TraceStep:
    """The inner values of one step. All tensors but `input` have the shape of the latents, (1, channels, h, w)."""

    forward: int
    """How many forwards came before."""
    step: int
    """How many steps came before."""
    latents: torch.Tensor
    """With the variance of clean latents."""
    level: NoiseLevel
    prediction_type: str
    without: torch.Tensor | None
    """The prediction without the prompt, in an edit with the picture; None where the step has none."""
    with_prompt: torch.Tensor
    merged: torch.Tensor
    input: torch.Tensor
    """The input of the network, (1, input channels, h, w)."""
    timestep: torch.Tensor
    silence: Row
    """The conditioning of an unconditional row."""
    spread: float = 1.0
    """The standard deviation of clean latents."""
    unguided: Row | None = None
    """The conditioning of a row without guidance, where the network applied guidance to `with_prompt` by itself."""

    def clean(self, prediction: torch.Tensor) -> torch.Tensor:
        """The predicted x0 of a prediction made at this step, (1, channels, h, w), in float32."""
        unit = predicted(self.latents.float() / self.spread, prediction.float(), self.level, self.prediction_type)
        return unit * self.spread


Observer = Callable[[TraceStep], None]
