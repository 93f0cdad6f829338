"""What differs between Stable Diffusion 1.x, 2.x and XL, once their parts are in memory."""

from collections.abc import Mapping
from typing import Any

import torch

from generation.engine import guidance
from generation.engine.prompts import PromptEncoder, TextReader
from generation.settings import GenerationSettings


def prompt_encoder(pipeline: Any) -> PromptEncoder:
    """Who reads the prompts of a pipeline of diffusers: one CLIP encoder, or the two of Stable Diffusion XL."""
    first = TextReader(pipeline.tokenizer, pipeline.text_encoder.eval())
    if not hasattr(pipeline, "text_encoder_2"):
        return PromptEncoder([first])
    first.final_norm = False
    second = TextReader(pipeline.tokenizer_2, pipeline.text_encoder_2.eval(), final_norm=False)
    return PromptEncoder([first, second], zeros_for_none=bool(pipeline.config.force_zeros_for_empty_prompt))


def beside_the_text(unet: Any, settings: GenerationSettings) -> Mapping[str, torch.Tensor]:
    """What a UNet is told of a picture beside its text, one row each, by the UNet's own names.

    Stable Diffusion XL (Podell et al., arXiv 2307.01952, section 2.2) was told of every training picture how large it
    was, where it was cut and how large it was drawn: here it is all of a picture of the size that is drawn.
    """
    if unet.config.addition_embed_type != "text_time":
        return {}
    original = target = (settings.height, settings.width)
    cut_at = (0, 0)
    return {"time_ids": torch.tensor([[*original, *cut_at, *target]], device=unet.device, dtype=unet.dtype)}


def told_guidance(unet: Any, scale: float) -> torch.Tensor | None:
    """What a UNet is told of the guidance scale, (1, width), that was distilled to guide by itself; None for others."""
    width = unet.config.time_cond_proj_dim
    return guidance.embedded(scale, width).to(unet.device, unet.dtype) if width else None


def scaled(latents: torch.Tensor, config: Any) -> torch.Tensor:
    """An autoencoder's latents (n, channels, h, w), brought to unit variance as its `config` says."""
    factor: float = config.scaling_factor
    if shift := getattr(config, "shift_factor", None):
        latents = latents - shift
    if statistics := _statistics(latents, config):
        mean, std = statistics
        return (latents - mean) * factor / std
    return latents * factor


def unscaled(latents: torch.Tensor, config: Any) -> torch.Tensor:
    """The reverse of `scaled`."""
    factor: float = config.scaling_factor
    shift: float = getattr(config, "shift_factor", None) or 0.0
    if statistics := _statistics(latents, config):
        mean, std = statistics
        return latents * std / factor + mean + shift
    return latents / factor + shift


def _statistics(latents: torch.Tensor, config: Any) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Mean and standard deviation of each channel, where the autoencoder names them."""
    mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is None or std is None:
        return None
    return latents.new_tensor(mean).view(1, -1, 1, 1), latents.new_tensor(std).view(1, -1, 1, 1)
