"""Classifier-free guidance (Ho and Salimans, arXiv 2207.12598)."""

import torch


def needs_two_predictions(scale: float) -> bool:
    """At scale 1 the merged prediction is the prompt's own, and the other is not computed."""
    return scale != 1.0


def merge(without: torch.Tensor, with_prompt: torch.Tensor, scale: float) -> torch.Tensor:
    """What the model sees by itself, moved `scale` times the way the prompt points. Shapes are equal."""
    return without + scale * (with_prompt - without)
