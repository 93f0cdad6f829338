"""Tiny pipelines of FLUX.2 with random weights."""

from typing import Any

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Pipeline,
    Flux2Transformer2DModel,
)
from transformers import (
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from tests.generation.engine.families.showing import showing
from tests.generation.engine.families.tiny_qwen_image import tokenizer

WIDTH = 16
"""Of a text embedding."""
CHANNELS = 4
"""Of the autoencoder's latents."""

_CHAT = """{% for message in messages %}<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}\
{% else %}{% for part in message.content %}{{ part.text }}{% endfor %}{% endif %}<|im_end|>
{% endfor %}"""

_TEXT: dict[str, Any] = {
    "hidden_size": WIDTH,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "initializer_range": 0.4,
    "bos_token_id": None,
    "eos_token_id": 0,
    "pad_token_id": 0,
}


def dev(words: Any = None, *, layers: int = 30) -> Any:
    """In memory; it is told the guidance scale. Its tokenizer alone is enough for `words`: pictures are not read by the
    text encoder."""
    torch.manual_seed(0)
    words = words or tokenizer(chat_template=_CHAT)
    vision = {"hidden_size": WIDTH, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {"model_type": "mistral", "vocab_size": len(tokenizer()), "num_hidden_layers": layers} | _TEXT
    config = Mistral3Config(text_config=text, vision_config={"model_type": "pixtral"} | vision)
    return Flux2Pipeline(
        text_encoder=Mistral3ForConditionalGeneration(config),
        tokenizer=words,
        **_around(guidance_embeds=True),
    )


def processor() -> Any:
    """The processor of which dev's folder has one, with the same tokenizer; it needs torchvision."""
    from transformers import PixtralImageProcessor, PixtralProcessor

    marks = {"image_token": "<|image_pad|>", "image_break_token": "<|im_end|>", "image_end_token": "<|vision_end|>"}
    return PixtralProcessor(PixtralImageProcessor(), tokenizer(), chat_template=_CHAT, **marks)


def klein(*, is_distilled: bool) -> Any:
    """In memory."""
    torch.manual_seed(0)
    words = tokenizer(chat_template=_CHAT)
    return Flux2KleinPipeline(
        text_encoder=Qwen3ForCausalLM(Qwen3Config(vocab_size=len(words), num_hidden_layers=27, **_TEXT)),
        tokenizer=words,
        is_distilled=is_distilled,
        **_around(guidance_embeds=False),
    )


def _around(*, guidance_embeds: bool) -> dict[str, Any]:
    transformer = Flux2Transformer2DModel(
        in_channels=4 * CHANNELS,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * WIDTH,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=guidance_embeds,
    )
    return {
        "transformer": showing(transformer),
        "vae": autoencoder(),
        "scheduler": FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    }


def autoencoder() -> Any:
    """An eighth of the size each way, before patches."""
    made = AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        latent_channels=CHANNELS,
        norm_num_groups=4,
    )
    made.bn.running_mean.normal_(0, 0.3)
    made.bn.running_var.uniform_(0.5, 2)
    return made
