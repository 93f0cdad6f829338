"""Scaling between the VAE's latents and those of the UNet, as in diffusers' pipelines."""

from typing import Any

import torch


def scaled(latents: torch.Tensor, config: Any) -> torch.Tensor:
    """An autoencoder's latents (n, channels, h, w) at unit variance, by the factors in its `config`."""
    factor: float = getattr(config, "scaling_factor", None) or 1.0
    if shift := getattr(config, "shift_factor", None):
        latents = latents - shift
    if statistics := _statistics(latents, config):
        mean, std = statistics
        return (latents - mean) * factor / std
    return latents * factor


def unscaled(latents: torch.Tensor, config: Any) -> torch.Tensor:
    """The reverse of `scaled`."""
    factor: float = getattr(config, "scaling_factor", None) or 1.0
    shift: float = getattr(config, "shift_factor", None) or 0.0
    if statistics := _statistics(latents, config):
        mean, std = statistics
        return latents * std / factor + mean + shift
    return latents / factor + shift


def _statistics(latents: torch.Tensor, config: Any) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Mean and standard deviation of each channel, (1, channels, 1, 1); None where the config has none."""
    mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is None or std is None:
        return None
    return latents.new_tensor(mean).view(1, -1, 1, 1), latents.new_tensor(std).view(1, -1, 1, 1)
