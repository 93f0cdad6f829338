"""The predicted clean picture: where a prediction points from where the latents are."""

from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class NoiseLevel:
    """How latents at unit variance are mixed: `signal` x the clean picture + `noise` x standard normal noise."""

    signal: float
    noise: float

    @property
    def share(self) -> float:
        """The noise's part of the variance."""
        return self.noise**2 / (self.signal**2 + self.noise**2)


def level(scheduler: Any, index: int) -> NoiseLevel:
    """The noise level at which a scheduler of diffusers has the model asked the `index`-th time of its whole schedule.

    Some schedulers know their levels as sigma, the ratio of noise to signal, which need not belong to a whole timestep
    (Karras et al., arXiv 2206.00364, and other spacings); the others know only the timestep. Either way the model is
    given latents of unit variance.
    """
    if getattr(scheduler, "sigmas", None) is not None:
        sigma = float(scheduler.sigmas[index])
        signal = (sigma**2 + 1) ** -0.5
        return NoiseLevel(signal, sigma * signal)
    remaining = float(scheduler.alphas_cumprod[int(scheduler.timesteps[index])])
    return NoiseLevel(remaining**0.5, (1 - remaining) ** 0.5)


def predicted(latents: torch.Tensor, prediction: torch.Tensor, at: NoiseLevel, kind: str) -> torch.Tensor:
    """The clean latents that a model's `prediction` points at from `latents`, which are at unit variance.

    `kind` is the scheduler's `prediction_type`: "epsilon" is the noise (Ho et al., arXiv 2006.11239, eq. 15),
    "v_prediction" the velocity between noise and picture (Salimans and Ho, arXiv 2202.00512, appendix D), "sample" the
    picture itself. Raises `ValueError` for any other.
    """
    match kind:
        case "epsilon":
            return (latents - at.noise * prediction) / at.signal
        case "v_prediction":
            return at.signal * latents - at.noise * prediction
        case "sample":
            return prediction
    raise ValueError(f"nothing is known of the prediction type {kind}")
