"""What differs between Stable Diffusion 1.x, 2.x and XL, once their parts are in memory."""

from collections.abc import Mapping
from typing import Any

import torch

from generation.engine.conditioning import guidance
from generation.engine.conditioning.text_encoders import PromptEncoder, TextReader
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
    init_image = target = (settings.height, settings.width)
    cut_at = (0, 0)
    return {"time_ids": torch.tensor([[*init_image, *cut_at, *target]], device=unet.device, dtype=unet.dtype)}


def told_guidance(unet: Any, scale: float) -> torch.Tensor | None:
    """What a UNet is told of the guidance scale, (1, width), that was distilled to guide by itself; None for others."""
    width = unet.config.time_cond_proj_dim
    return guidance.embedded(scale, width).to(unet.device, unet.dtype) if width else None
