"""A tiny pipeline of Chroma with random weights."""

from typing import Any

from diffusers import ChromaPipeline, ChromaTransformer2DModel

from generation.settings import GenerationSettings
from tests.generation.engine import tiny


def pipeline() -> Any:
    """In memory; FLUX.1's parts but for the transformer, and without CLIP."""
    flux = tiny.flux_pipeline()
    transformer = ChromaTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=tiny.WIDTH,
        axes_dims_rope=(4, 4, 8),
        approximator_num_channels=16,
        approximator_hidden_dim=32,
        approximator_layers=1,
    )
    return ChromaPipeline(
        transformer=transformer,
        vae=flux.vae,
        text_encoder=flux.text_encoder_2,
        tokenizer=flux.tokenizer_2,
        scheduler=flux.scheduler,
    )


def told(settings: GenerationSettings) -> dict[str, Any]:
    """What the pipeline takes for settings, beside size, seed and steps."""
    return {"guidance_scale": settings.guidance_scale, "negative_prompt": settings.negative_prompt or None}
