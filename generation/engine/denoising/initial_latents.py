"""Initial latents: of text-to-image, image-to-image at a denoising strength, and inpainting."""

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from generation import cost
from generation.engine.denoising import inpainting, schedulers
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.inpainting import KeptArea
from generation.engine.latents import noise
from generation.engine.latents.vae import Encoded
from generation.engine.models.batched_model import AnyBatchedModel
from generation.errors import PictureNeeded
from generation.pictures import Preview
from generation.settings import GenerationSettings


@dataclass(frozen=True, eq=False)
class Start:
    """The latents, timesteps and generator that denoising starts with."""

    latents: torch.Tensor
    """Shape (1, channels, h, w), at the noise level of the first timestep."""
    timesteps: torch.Tensor
    """The timesteps of the scheduler that are taken."""
    chance: torch.Generator
    """The picture's random generator, for further noise."""
    kept: KeptArea | None = None
    beside: torch.Tensor | None = None
    """The further input of a UNet: mask and masked image latents for inpainting, (1, 1 + channels, h, w), or latents
    of the picture to edit, (1, channels, h, w)."""


def begin(model: AnyBatchedModel, settings: GenerationSettings, scheduler: Any, init_image: InitImage | None) -> Start:
    """The start of one picture. Random numbers are taken in the order of diffusers' pipelines, so that a seed gives the
    same picture."""
    chance = noise.source(settings.seed)
    if model.is_editing:
        return _begin_edit(model, settings, scheduler, init_image, chance)
    if init_image is None:
        start = _noise(model, settings, chance).to(model.device)
        beside = _beside(model, _grey(settings), start, chance)
        return Start(start * schedulers.first_scale(scheduler), scheduler.timesteps, chance, beside=beside)
    first = (settings.steps - cost.steps_drawn(settings)) * scheduler.order
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    timesteps = scheduler.timesteps[first:]
    all_anew = init_image.mask is not None and settings.denoising_strength == 1.0
    known = None if all_anew and model.is_inpainting else _known(model, init_image, chance)
    given = init_image.noise
    if given is None:
        given = _noise(model, settings, chance)
    start = given.to(model.device)
    if known is None or all_anew:
        latents = start * schedulers.first_scale(scheduler)
    else:
        latents = schedulers.noised(scheduler, known, start, timesteps[:1])
    beside = _beside(model, init_image, start, chance)
    kept = None
    if init_image.mask and known is not None and beside is None:
        kept = KeptArea(known, start, inpainting.on_latents(init_image.drawn(), known))
    return Start(latents, timesteps, chance, kept, beside)


def _begin_edit(
    model: AnyBatchedModel,
    settings: GenerationSettings,
    scheduler: Any,
    init_image: InitImage | None,
    chance: torch.Generator,
) -> Start:
    """The start of an edit: noise alone, with the picture beside it. With a mask, the rest of the picture is kept.

    Raises `PictureNeeded` without a picture.
    """
    if init_image is None:
        raise PictureNeeded(f"{model.spec.name} edits pictures, and was given none")
    given = init_image.noise
    if given is None:
        given = _noise(model, settings, chance)
    start, kept = given.to(model.device), None
    if init_image.mask:
        known = _known(model, init_image, chance)
        kept = KeptArea(known, start, inpainting.on_latents(init_image.drawn(), known))
    pictures = init_image.pixels(), *init_image.pixels_blended()
    edited = [_encoded(model, init_image, f"picture {n}", pixels).middle() for n, pixels in enumerate(pictures)]
    beside = noise.middle(edited) if len(edited) > 1 else edited[0]
    if model.scales_edited:
        beside = beside * model.vae.config.scaling_factor
    return Start(start * schedulers.first_scale(scheduler), scheduler.timesteps, chance, kept, beside)


def _noise(model: AnyBatchedModel, settings: GenerationSettings, chance: torch.Generator) -> torch.Tensor:
    return noise.starting_noise(settings, model.latent_channels, chance, model.pixels_per_latent)


def _known(model: AnyBatchedModel, init_image: InitImage, chance: torch.Generator) -> torch.Tensor:
    """The init image's latents, or the middle of those of several images."""
    pictures = init_image.pixels(), *init_image.pixels_blended()
    known = [_encoded(model, init_image, f"picture {n}", pixels).latents(chance) for n, pixels in enumerate(pictures)]
    return noise.middle(known) if len(known) > 1 else known[0]


def _encoded(model: AnyBatchedModel, init_image: InitImage, part: str, pixels: torch.Tensor) -> Encoded:
    """A part of the init image, encoded once for all pictures of a job."""
    key = model.spec.name, model.dtype, part
    if key not in init_image.encoded:
        init_image.encoded[key] = model.encode(pixels)
    return init_image.encoded[key]


def seen(model: AnyBatchedModel, settings: GenerationSettings) -> Preview:
    """The starting noise of a picture as a preview, one pixel a latent."""
    return model.preview(_noise(model, settings, noise.source(settings.seed)))


def _beside(
    model: AnyBatchedModel, init_image: InitImage, like: torch.Tensor, chance: torch.Generator
) -> torch.Tensor | None:
    """For an inpainting UNet: the mask, and the latents of the masked image."""
    if not model.is_inpainting:
        return None
    drawn = init_image.drawn()
    known = _encoded(model, init_image, "what stays", init_image.pixels() * (1 - drawn)).latents(chance)
    return torch.cat([inpainting.on_latents(drawn, like), known], dim=1)


def _grey(settings: GenerationSettings) -> InitImage:
    """A grey init image, for an inpainting UNet that has none."""
    return InitImage(Image.new("RGB", (settings.width, settings.height), (128, 128, 128)))
