"""Conditioning that differs between Stable Diffusion 1.x, 2.x and XL."""

from collections.abc import Mapping
from typing import Any

import torch

from generation.engine.conditioning import guidance
from generation.engine.conditioning.emphasis import Emphasis
from generation.engine.conditioning.text_encoders import PromptEncoder, TextReader
from generation.settings import GenerationSettings


def prompt_encoder(pipeline: Any) -> PromptEncoder:
    """The prompt encoder of diffusers' `pipeline`: one CLIP text encoder, or the two of Stable Diffusion XL."""
    device = pipeline._execution_device
    if not hasattr(pipeline, "text_encoder_2"):
        return PromptEncoder([TextReader(pipeline.tokenizer, pipeline.text_encoder.eval(), device=device)])
    first, second = (
        TextReader(tokenizer, text_encoder.eval(), final_norm=False, emphasis=Emphasis.NO_NORM, device=device)
        for tokenizer, text_encoder in (
            (pipeline.tokenizer, pipeline.text_encoder),
            (pipeline.tokenizer_2, pipeline.text_encoder_2),
        )
    )
    return PromptEncoder([first, second], zeros_for_none=bool(pipeline.config.force_zeros_for_empty_prompt))


def added_conditioning(unet: Any, settings: GenerationSettings) -> Mapping[str, torch.Tensor]:
    """Added conditioning of one row, by the UNet's argument names; empty for Stable Diffusion 1.x and 2.x.

    Stable Diffusion XL is conditioned on original size, crop corner and target size (Podell et al., arXiv 2307.01952,
    section 2.2): here the original is as large as the target and isn't cropped.
    """
    if unet.config.addition_embed_type != "text_time":
        return {}
    original = target = (settings.height, settings.width)
    crop_corner = (0, 0)
    return {"time_ids": torch.tensor([[*original, *crop_corner, *target]], device=unet.device, dtype=unet.dtype)}


def guidance_embedding(unet: Any, scale: float) -> torch.Tensor | None:
    """The embedded guidance scale of a guidance-distilled UNet, (1, width); None for other UNets."""
    width = unet.config.time_cond_proj_dim
    return guidance.embedded(scale, width).to(unet.device, unet.dtype) if width else None
