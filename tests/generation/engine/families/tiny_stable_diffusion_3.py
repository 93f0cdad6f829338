"""A tiny pipeline of Stable Diffusion 3.5 with random weights."""

from typing import Any

from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
from transformers import CLIPTextModelWithProjection, T5Config, T5EncoderModel

from generation.settings import GenerationSettings
from tests.generation.engine import tiny

CHANNELS = 16
"""Of the latents; diffusers' inpainting takes no others."""


def pipeline(*, scheduler: Any = None, t5: bool = True, shift_factor: float = 0.0609) -> Any:
    """In memory; `t5` is its third text encoder, which may be left out."""
    width = 2 * tiny.WIDTH
    flux = tiny.flux_pipeline()
    words = flux.text_encoder.config
    letters = T5Config(**flux.text_encoder_2.config.to_dict() | {"d_model": width})
    transformer = SD3Transformer2DModel(
        sample_size=16,
        patch_size=2,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=width,
        pooled_projection_dim=width,
        pos_embed_max_size=16,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    )
    return StableDiffusion3Pipeline(
        transformer=transformer,
        vae=tiny.autoencoder(
            scaling_factor=1.5305,
            shift_factor=shift_factor,
            latent_channels=CHANNELS,
            use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        text_encoder=CLIPTextModelWithProjection(words),
        tokenizer=flux.tokenizer,
        text_encoder_2=CLIPTextModelWithProjection(words),
        tokenizer_2=flux.tokenizer,
        text_encoder_3=T5EncoderModel(letters) if t5 else None,
        tokenizer_3=flux.tokenizer_2 if t5 else None,
        scheduler=scheduler or FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


def told(settings: GenerationSettings) -> dict[str, Any]:
    """What the pipeline takes for settings, beside size, seed and steps."""
    return {"guidance_scale": settings.guidance_scale, "negative_prompt": settings.negative_prompt or None}
