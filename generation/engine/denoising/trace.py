"""Watching a picture come to be, from the inside."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from generation.engine.conditioning.text_encoders import Conditioning
from generation.engine.denoising.predicted_x0 import NoiseLevel, predicted


@dataclass(frozen=True, slots=True)
class TraceStep:
    """The inner values of one step. All tensors but `input` have the shape of the latents, (1, channels, h, w)."""

    forward: int
    """How often the model was asked before."""
    step: int
    """How many steps were done before."""
    latents: torch.Tensor
    """At unit variance."""
    level: NoiseLevel
    prediction_type: str
    without: torch.Tensor | None
    """The prediction without the prompt; None where the step needs none."""
    with_prompt: torch.Tensor
    merged: torch.Tensor
    input: torch.Tensor
    """What the model was given, (1, channels of its input, h, w)."""
    timestep: torch.Tensor
    silence: Conditioning
    """What a row listens to that predicts without the prompt."""
    unguided: Conditioning | None = None
    """What a row listens to that predicts with the prompt alone, where the UNet did the guiding in `with_prompt`."""

    def clean(self, prediction: torch.Tensor) -> torch.Tensor:
        """The finished latents that a prediction points at from here."""
        return predicted(self.latents.float(), prediction.float(), self.level, self.prediction_type)


Observer = Callable[[TraceStep], None]
