"""Zero terminal SNR (Lin et al., arXiv 2305.08891, section 3.1): the last noise level of training is noise alone."""

from typing import Any

import torch

LAST = 2**-24
"""The signal's share of the variance at the last noise level: not quite 0, so that the ratio of noise to signal is
4096 and not infinite; as in those schedulers of diffusers that rescale betas themselves."""


def options(model_config: dict[str, Any]) -> dict[str, Any]:
    """The options that give any diffusers scheduler the rescaled betas of a model that was trained with them; none for
    other models. Half of the schedulers of diffusers would ignore `rescale_betas_zero_snr`."""
    if not model_config.get("rescale_betas_zero_snr"):
        return {}
    import diffusers

    plain = getattr(diffusers, model_config["_class_name"]).from_config(model_config, rescale_betas_zero_snr=False)
    return {"rescale_betas_zero_snr": False, "trained_betas": rescaled(plain.betas).tolist()}


def rescaled(betas: torch.Tensor) -> torch.Tensor:
    """The betas of all training steps, (steps,), shifted and scaled so that the first signal stays and the last ends at
    `LAST` (algorithm 1)."""
    signal = (1 - betas.double()).cumprod(0).sqrt()
    signal = (signal - signal[-1]) * signal[0] / (signal[0] - signal[-1])
    remaining = signal**2
    remaining[-1] = LAST
    return 1 - torch.cat([remaining[:1], remaining[1:] / remaining[:-1]])
