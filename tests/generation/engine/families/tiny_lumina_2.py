"""A tiny pipeline of Lumina 2 with random weights."""

from typing import Any

from diffusers import FlowMatchEulerDiscreteScheduler, Lumina2Pipeline, Lumina2Transformer2DModel
from transformers import Gemma2Config, Gemma2Model

from generation.settings import GenerationSettings
from tests.generation.engine import tiny


def pipeline(**scheduler: Any) -> Any:
    """In memory, with the tokenizer of T5; `scheduler` are options of its scheduler."""
    transformer = Lumina2Transformer2DModel(
        sample_size=16,
        in_channels=4,
        hidden_size=32,
        num_layers=1,
        num_refiner_layers=1,
        num_attention_heads=4,
        num_kv_heads=2,
        multiple_of=16,
        axes_dim_rope=(4, 2, 2),
        axes_lens=(300, 32, 32),
        cap_feat_dim=tiny.WIDTH,
    )
    flux = tiny.flux_pipeline()
    config = Gemma2Config(
        vocab_size=256,
        hidden_size=tiny.WIDTH,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
    )
    return Lumina2Pipeline(
        transformer=transformer,
        vae=flux.vae,
        text_encoder=Gemma2Model(config),
        tokenizer=flux.tokenizer_2,
        scheduler=FlowMatchEulerDiscreteScheduler(**scheduler),
    )


def told(settings: GenerationSettings) -> dict[str, Any]:
    """What the pipeline takes for settings, beside size, seed and steps."""
    return {"guidance_scale": settings.guidance_scale, "negative_prompt": settings.negative_prompt or None}
