"""Classifier-free guidance (Ho and Salimans, arXiv 2207.12598)."""

import torch


def merge(without: torch.Tensor, with_prompt: torch.Tensor, scale: float, rescale: float = 0.0) -> torch.Tensor:
    """What the model sees by itself, moved `scale` times the way the prompt points. Shapes are equal, (1, c, h, w).

    `rescale`, 0 to 1, brings the result back to the standard deviation of the prompt's own prediction, against burnt
    colours at high scales (Lin et al., arXiv 2305.08891, section 3.4).
    """
    merged = without + scale * (with_prompt - without)
    if not rescale:
        return merged
    return torch.lerp(merged, merged * (with_prompt.std() / merged.std()), rescale)
