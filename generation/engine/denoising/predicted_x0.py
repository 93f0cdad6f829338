"""Predicted x0: the clean latents that a model's prediction points at."""

from dataclasses import dataclass
from typing import Any

import torch

FLOW = "flow_prediction"
"""The prediction of a flow-matching model: the velocity from picture to noise."""


@dataclass(frozen=True, slots=True)
class NoiseLevel:
    """The mixture of latents as the network takes them: `signal` x clean latents + `noise` x standard normal noise."""

    signal: float
    noise: float

    @property
    def share(self) -> float:
        """The noise's share of the variance, 0 to 1."""
        return self.noise**2 / (self.signal**2 + self.noise**2)


def level(scheduler: Any, index: int) -> NoiseLevel:
    """The noise level of the `index`-th forward of a diffusers scheduler's whole schedule.

    Some schedulers have sigmas, the ratio of noise to signal, which need not belong to a whole timestep (Karras et al.,
    arXiv 2206.00364); the others have timesteps and `alphas_cumprod`. In flow matching sigma is the noise's part of a
    straight line to the picture (Lipman et al., arXiv 2210.02747).
    """
    if prediction_type(scheduler) == FLOW:
        sigma = float(scheduler.sigmas[index])
        return NoiseLevel(1 - sigma, sigma)
    if getattr(scheduler, "sigmas", None) is not None:
        sigma = float(scheduler.sigmas[index]) / spread_of(scheduler)
        signal = (sigma**2 + 1) ** -0.5
        return NoiseLevel(signal, sigma * signal)
    remaining = float(scheduler.alphas_cumprod[int(scheduler.timesteps[index])])
    return NoiseLevel(remaining**0.5, (1 - remaining) ** 0.5)


def spread_of(scheduler: Any) -> float:
    """The standard deviation of clean latents for which a scheduler is made: 1, or another with EDM."""
    return float(scheduler.config.get("sigma_data", 1.0))


def prediction_type(scheduler: Any) -> str:
    """The meaning of predictions, as `predicted` takes it. What EDM's schedulers call "epsilon" isn't noise."""
    named: str = getattr(scheduler.config, "prediction_type", FLOW)
    return "edm" if "sigma_data" in scheduler.config and named == "epsilon" else named


def predicted(latents: torch.Tensor, prediction: torch.Tensor, at: NoiseLevel, kind: str) -> torch.Tensor:
    """The predicted x0 of a model's `prediction` for `latents` as the network took them; all have the same shape.

    `kind` is the `prediction_type` of its scheduler: "epsilon" is the noise (Ho et al., arXiv 2006.11239, eq. 15),
    "v_prediction" the velocity between noise and picture (Salimans and Ho, arXiv 2202.00512, appendix D), "sample" the
    picture itself, "flow_prediction" the velocity of a straight line, "edm" the velocity in the other direction (Karras
    et al., arXiv 2206.00364, eq. 7). Raises `ValueError` for any other.
    """
    match kind:
        case "epsilon":
            return (latents - at.noise * prediction) / at.signal
        case "v_prediction":
            return at.signal * latents - at.noise * prediction
        case "edm":
            return at.signal * latents + at.noise * prediction
        case "sample":
            return prediction
        case "flow_prediction":
            return latents - at.noise * prediction
    raise ValueError(f"unknown prediction type {kind}")
