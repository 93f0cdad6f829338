"""A tiny pipeline of Krea 2 with random weights."""

from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, Krea2Pipeline, Krea2Transformer2DModel
from transformers import Qwen3VLConfig, Qwen3VLModel

from tests.generation.engine.families.showing import showing
from tests.generation.engine.families.tiny_qwen_image import CHANNELS, WIDTH, autoencoder, tokenizer

LAYERS = (0, 1, 2)
"""Of the text encoder."""


def pipeline(*, is_distilled: bool) -> Any:
    """In memory."""
    torch.manual_seed(0)
    words = tokenizer()
    transformer = Krea2Transformer2DModel(
        in_channels=4 * CHANNELS,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=32,
        timestep_embed_dim=8,
        text_hidden_dim=WIDTH,
        num_text_layers=len(LAYERS),
        text_num_attention_heads=2,
        text_num_key_value_heads=1,
        text_intermediate_size=16,
        num_layerwise_text_blocks=1,
        num_refiner_text_blocks=1,
        axes_dims_rope=(4, 2, 2),
    )
    return Krea2Pipeline(
        transformer=showing(transformer),
        vae=autoencoder(),
        text_encoder=_text_encoder(len(words)),
        tokenizer=words,
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_image_seq_len=4, max_image_seq_len=6400
        ),
        text_encoder_select_layers=LAYERS,
        is_distilled=is_distilled,
    )


def _text_encoder(words: int) -> Any:
    shape = {"hidden_size": WIDTH, "intermediate_size": 32, "initializer_range": 0.4}
    heads = {"num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8}
    rope = {"rope_parameters": {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 1e6}}
    vision = {"depth": 1, "num_heads": 2, "out_hidden_size": WIDTH, "deepstack_visual_indexes": [0]}
    return Qwen3VLModel(
        Qwen3VLConfig(text_config={"vocab_size": words} | shape | heads | rope, vision_config=vision | shape)
    )
