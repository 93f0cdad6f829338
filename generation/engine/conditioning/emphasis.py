"""Weights of words: each token's embedding is multiplied by its weight."""

from enum import StrEnum

import torch

BOUNDS = 0.25, 4.0
"""The smallest and the largest factor by which restoring the mean may change embeddings."""


class Emphasis(StrEnum):
    """What follows the multiplication, by the names that A1111 reads and writes."""

    RESTORES_MEAN = "Original"
    """The mean of all embeddings is restored, if that takes a factor within `BOUNDS`. Stable Diffusion 1.x and 2.x."""
    NO_NORM = "No norm"
    """Nothing. Stable Diffusion XL."""

    @property
    def metadata(self) -> dict[str, str]:
        """The rule as a picture's metadata records it."""
        bounds = {"Emphasis factor": "{:g}-{:g}".format(*BOUNDS)} if self is Emphasis.RESTORES_MEAN else {}
        return {"Emphasis": self.value, **bounds}


def weigh(embedding: torch.Tensor, weights: list[float], emphasis: Emphasis) -> torch.Tensor:
    """Multiply the tokens' embeddings (tokens, width) by their `weights`, which begin with the second token's; those
    left over have weight 1.

    A mean near zero has nothing to restore: dividing by it would turn the prompt into noise, or its opposite. Such an
    embedding keeps its own weights alone.
    """
    if all(weight == 1.0 for weight in weights):
        return embedding
    factors = torch.ones(len(embedding), 1, device=embedding.device, dtype=embedding.dtype)
    factors[1 : len(weights) + 1, 0] = factors.new_tensor(weights)
    weighed = embedding * factors
    if emphasis is Emphasis.NO_NORM:
        return weighed
    restoring = float(embedding.float().mean() / weighed.float().mean())
    least, most = BOUNDS
    return weighed * restoring if least <= restoring <= most else weighed
