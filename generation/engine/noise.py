"""The noise a picture starts from. It depends on the seed and the size, and on nothing else."""

import torch

from generation.settings import PIXELS_PER_LATENT


def generator_of(seed: int) -> torch.Generator:
    """The picture's own source of chance. On the CPU, so that a seed means the same on every device."""
    return torch.Generator("cpu").manual_seed(seed)


def initial_noise(generator: torch.Generator, channels: int, width: int, height: int) -> torch.Tensor:
    """Standard normal latents, shape (1, channels, height/8, width/8), float32, on the CPU. Sizes are in pixels."""
    shape = (1, channels, height // PIXELS_PER_LATENT, width // PIXELS_PER_LATENT)
    return torch.randn(shape, generator=generator, dtype=torch.float32)
