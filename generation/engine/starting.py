"""How a picture starts: from noise, from another picture at a denoising strength, or inside another's mask."""

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from generation import cost
from generation.engine import masks, noise
from generation.engine.autoencoder import Encoded
from generation.engine.masks import Kept
from generation.engine.models import Model
from generation.engine.originals import Original
from generation.events import Preview
from generation.settings import GenerationSettings


@dataclass(frozen=True, eq=False)
class Start:
    """The first state of a picture."""

    latents: torch.Tensor
    """Shape (1, channels, h, w), at the noise level of the first timestep."""
    timesteps: torch.Tensor
    """Of the scheduler, those that are drawn."""
    chance: torch.Generator
    """The picture's own, for whatever noise is still to come."""
    kept: Kept | None = None
    beside: torch.Tensor | None = None
    """What an inpainting UNet takes beside the latents in every forward, (1, 1 + channels, h, w)."""


def begin(model: Model, settings: GenerationSettings, scheduler: Any, original: Original | None) -> Start:
    """The start of one picture. Chance is asked in the order in which diffusers' own pipelines ask it, so that the same
    seed means the same picture."""
    chance = noise.source(settings.seed)
    if original is None:
        start = noise.starting_noise(settings, model.latent_channels, chance).to(model.device)
        beside = _beside(model, _grey(settings), start, chance)
        return Start(start * scheduler.init_noise_sigma, scheduler.timesteps, chance, beside=beside)
    first = (settings.steps - cost.steps_drawn(settings)) * scheduler.order
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    timesteps = scheduler.timesteps[first:]
    all_anew = original.mask is not None and settings.denoising_strength == 1.0
    known = None if all_anew and model.is_inpainting else _known(model, original, chance)
    given = original.noise
    if given is None:
        given = noise.starting_noise(settings, model.latent_channels, chance)
    start = given.to(model.device)
    if known is None or all_anew:
        latents = start * scheduler.init_noise_sigma
    else:
        latents = scheduler.add_noise(known, start, timesteps[:1])
    beside = _beside(model, original, start, chance)
    kept = None
    if original.mask and known is not None and beside is None:
        kept = Kept(known, start, masks.on_latents(original.drawn(), known))
    return Start(latents, timesteps, chance, kept, beside)


def _known(model: Model, original: Original, chance: torch.Generator) -> torch.Tensor:
    """The latents of the picture, or what lies in the middle of several ones."""
    pictures = original.pixels(), *original.pixels_blended()
    known = [_encoded(model, original, f"picture {n}", pixels).latents(chance) for n, pixels in enumerate(pictures)]
    return noise.middle(known) if len(known) > 1 else known[0]


def _encoded(model: Model, original: Original, part: str, pixels: torch.Tensor) -> Encoded:
    """Of a part of the picture, once for all that start from it."""
    key = model.spec.name, model.dtype, part
    if key not in original.encoded:
        original.encoded[key] = model.encode(pixels)
    return original.encoded[key]


def seen(model: Model, settings: GenerationSettings) -> Preview:
    """The noise that the seed of one picture makes, as colours: one pixel a latent."""
    return model.preview(noise.starting_noise(settings, model.latent_channels, noise.source(settings.seed)))


def _beside(model: Model, original: Original, like: torch.Tensor, chance: torch.Generator) -> torch.Tensor | None:
    """For an inpainting UNet: the mask, and the latents of the picture without what is masked."""
    if not model.is_inpainting:
        return None
    drawn = original.drawn()
    known = _encoded(model, original, "what stays", original.pixels() * (1 - drawn)).latents(chance)
    return torch.cat([masks.on_latents(drawn, like), known], dim=1)


def _grey(settings: GenerationSettings) -> Original:
    """A picture that tells nothing."""
    return Original(Image.new("RGB", (settings.width, settings.height), (128, 128, 128)))
