"""A tiny pipeline of Z-Image with random weights."""

from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
from tokenizers.pre_tokenizers import ByteLevel
from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3Model

from generation.settings import GenerationSettings
from tests.generation.engine import tiny

CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def pipeline(**scheduler: Any) -> Any:
    """In memory; `scheduler` are options of its scheduler."""
    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=32,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=tiny.WIDTH,
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 32, 32],
    )
    for padding in (transformer.x_pad_token, transformer.cap_pad_token):
        torch.nn.init.normal_(padding)
    tokenizer = letters()
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=tiny.WIDTH,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
    )
    return ZImagePipeline(
        transformer=transformer,
        vae=tiny.autoencoder(
            latent_channels=16,
            scaling_factor=0.3611,
            shift_factor=0.1159,
            use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        text_encoder=Qwen3Model(config),
        tokenizer=tokenizer,
        scheduler=FlowMatchEulerDiscreteScheduler(**scheduler),
    )


def letters() -> Any:
    """A tokenizer with a token a byte, and those of a chat."""
    alphabet = {letter: number for number, letter in enumerate(sorted(ByteLevel.alphabet()))}
    tokenizer = Qwen2Tokenizer(vocab=alphabet, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = CHAT
    return tokenizer


def told(settings: GenerationSettings) -> dict[str, Any]:
    """The pipeline counts the scale from 0."""
    return {"guidance_scale": settings.guidance_scale - 1, "negative_prompt": settings.negative_prompt or None}
