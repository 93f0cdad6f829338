"""Classifier-free guidance (Ho and Salimans, arXiv 2207.12598)."""

import math
from collections.abc import Sequence

import torch


def merge(without: torch.Tensor, with_prompt: torch.Tensor, scale: float, rescale: float = 0.0) -> torch.Tensor:
    """The unconditional prediction plus `scale` times its difference to the conditional one; all are (1, c, h, w).

    `rescale`, 0 to 1, brings the result back to the standard deviation of the conditional prediction, which prevents
    overexposure at high scales (Lin et al., arXiv 2305.08891, section 3.4).
    """
    return _rescaled(without + scale * (with_prompt - without), with_prompt, rescale)


def composed(
    predictions: Sequence[torch.Tensor], weights: Sequence[torch.Tensor], without: torch.Tensor | None
) -> torch.Tensor:
    """The predictions for several prompts as one; all are (1, c, h, w), and `weights` (1, 1, h, w).

    With the unconditional prediction, their differences to it are added by weight: conjunction of concepts (Liu et al.,
    arXiv 2206.01714, eq. 11), which guidance then scales. Without it, they are blended by weights that are 1 in all at
    each latent: regions, as in MultiDiffusion (Bar-Tal et al., arXiv 2302.08113, eq. 5).
    """
    if without is None:
        return sum((weight * each for weight, each in zip(weights, predictions, strict=True)), torch.zeros(()))
    differences = (weight * (each - without) for weight, each in zip(weights, predictions, strict=True))
    return sum(differences, without)


def merge_edit(
    without: torch.Tensor,
    with_picture: torch.Tensor,
    with_both: torch.Tensor,
    scale: float,
    image_scale: float,
    rescale: float = 0.0,
) -> torch.Tensor:
    """Guidance by a picture to edit and by words (Brooks et al., arXiv 2211.09800, eq. 3), from predictions with
    neither, with the picture alone and with both; all are (1, c, h, w). `rescale` as in `merge`.
    """
    merged = without + image_scale * (with_picture - without) + scale * (with_both - with_picture)
    return _rescaled(merged, with_both, rescale)


def _rescaled(merged: torch.Tensor, with_prompt: torch.Tensor, rescale: float) -> torch.Tensor:
    if not rescale:
        return merged
    return torch.lerp(merged, merged * (with_prompt.std() / merged.std()), rescale)


def embedded(scale: float, width: int) -> torch.Tensor:
    """The embedding of a guidance scale for a guidance-distilled UNet (Meng et al., arXiv 2210.03142): (1, width).

    Sines, then cosines, of 1000 * (scale - 1) at `width` // 2 frequencies from 1 down to 1 / 10000: the sinusoidal
    embedding of time in Kingma et al., arXiv 2107.00630, as diffusers uses it for latent consistency models (Luo et
    al., arXiv 2310.04378). An odd width ends with a zero.
    """
    half = width // 2
    frequencies = torch.exp(torch.arange(half) * (-math.log(10000) / (half - 1)))
    angles = (scale - 1) * 1000 * frequencies
    return torch.nn.functional.pad(torch.cat([angles.sin(), angles.cos()]), (0, width % 2))[None]
