"""Starting noise. It depends on seeds and sizes alone."""

from collections.abc import Sequence

import torch

from generation.settings import PIXELS_PER_LATENT, GenerationSettings


def source(seed: int) -> torch.Generator:
    """A picture's random generator, on the CPU, so that a seed gives the same noise on every device."""
    return torch.Generator("cpu").manual_seed(seed)


def starting_noise(
    settings: GenerationSettings, channels: int, chance: torch.Generator, pixels: int = PIXELS_PER_LATENT
) -> torch.Tensor:
    """Standard normal latents of one picture, shape (1, channels, height / pixels, width / pixels), float32, on the
    CPU; from `chance`, which is the `source` of the settings' seed."""
    noise = _drawn(chance, settings, channels, pixels)
    if settings.variation_strength:
        other = _drawn(source(settings.variation_seed), settings, channels, pixels)
        noise = slerp(noise, other, settings.variation_strength)
    return noise


def slerp(one: torch.Tensor, other: torch.Tensor, strength: float) -> torch.Tensor:
    """Spherical interpolation (Shoemake 1985): `one` at strength 0, `other` at 1, and noise of the same variance
    between them, which a straight mixture would not be."""
    cosine = torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0)
    angle = torch.acos(cosine.clamp(-1, 1))
    if angle.sin() < 1e-4:
        return torch.lerp(one, other, strength)
    return (torch.sin((1 - strength) * angle) * one + torch.sin(strength * angle) * other) / torch.sin(angle)


def middle(latents: Sequence[torch.Tensor]) -> torch.Tensor:
    """The middle of several latents of one shape: their mean, scaled to their mean norm, without which it would decode
    to a pale picture."""
    together = torch.stack(list(latents))
    mean = together.mean(0)
    length = together.flatten(1).norm(dim=1).mean()
    return torch.mul(mean, length / mean.norm())


def centred(patch: torch.Tensor, ground: torch.Tensor) -> torch.Tensor:
    """`ground` with `patch` in its middle, cropped to it. Both are (1, c, h, w)."""
    result = ground.clone()
    into, out_of = [], []
    for large, small in zip(ground.shape[-2:], patch.shape[-2:], strict=True):
        shared = min(large, small)
        into.append(slice((large - shared) // 2, (large - shared) // 2 + shared))
        out_of.append(slice((small - shared) // 2, (small - shared) // 2 + shared))
    result[..., into[0], into[1]] = patch[..., out_of[0], out_of[1]]
    return result


def _drawn(generator: torch.Generator, settings: GenerationSettings, channels: int, pixels: int) -> torch.Tensor:
    """Noise at the picture's size, with noise of the seed's size in its middle where that is another."""
    own = settings.width, settings.height
    seed_size = (settings.seed_width, settings.seed_height) if settings.seed_width else own
    noise = _normal(generator, channels, *seed_size, pixels)
    if seed_size != own:
        noise = centred(noise, _normal(generator, channels, *own, pixels))
    return noise


def _normal(generator: torch.Generator, channels: int, width: int, height: int, pixels: int) -> torch.Tensor:
    shape = (1, channels, height // pixels, width // pixels)
    return torch.randn(shape, generator=generator, dtype=torch.float32)
