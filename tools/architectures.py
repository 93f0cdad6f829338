"""Counts the weights of well-known networks and writes them: `python -m tools.architectures`.

It writes `generation/architectures.json`, from which the bot tells what a model needs that is not downloaded yet. The
numbers are those of the published configs; no weight is made.
"""

import json
from dataclasses import astuple
from typing import Any

import diffusers
import torch
import transformers

from generation.architectures import FILE, measures
from generation.networks import Network

_XL: dict[str, Any] = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}

_NETWORKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "UNet of Stable Diffusion 1": (diffusers.UNet2DConditionModel, {"cross_attention_dim": 768}),
    "UNet of Stable Diffusion 2": (
        diffusers.UNet2DConditionModel,
        {"cross_attention_dim": 1024, "attention_head_dim": (5, 10, 20, 20), "use_linear_projection": True},
    ),
    "UNet of Stable Diffusion XL": (diffusers.UNet2DConditionModel, _XL),
    "Stable Diffusion 3.5 Medium": (
        diffusers.SD3Transformer2DModel,
        {
            "num_layers": 24,
            "num_attention_heads": 24,
            "caption_projection_dim": 1536,
            "pos_embed_max_size": 384,
            "dual_attention_layers": tuple(range(13)),
            "qk_norm": "rms_norm",
        },
    ),
    "Stable Diffusion 3.5 Large": (
        diffusers.SD3Transformer2DModel,
        {
            "num_layers": 38,
            "num_attention_heads": 38,
            "caption_projection_dim": 2432,
            "pos_embed_max_size": 192,
            "qk_norm": "rms_norm",
        },
    ),
    "FLUX.1": (diffusers.FluxTransformer2DModel, {"guidance_embeds": True}),
    "FLUX.2": (diffusers.Flux2Transformer2DModel, {}),
    "FLUX.2 Klein 4B": (
        diffusers.Flux2Transformer2DModel,
        {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24, "joint_attention_dim": 7680},
    ),
    "FLUX.2 Klein 9B": (
        diffusers.Flux2Transformer2DModel,
        {"num_layers": 8, "num_single_layers": 24, "num_attention_heads": 32, "joint_attention_dim": 12288},
    ),
    "Qwen-Image": (diffusers.QwenImageTransformer2DModel, {}),
    "Z-Image": (diffusers.ZImageTransformer2DModel, {}),
    "Chroma": (diffusers.ChromaTransformer2DModel, {}),
    "Lumina 2": (diffusers.Lumina2Transformer2DModel, {}),
    "CLIP L": (
        transformers.CLIPTextModel,
        {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
    ),
    "OpenCLIP H": (
        transformers.CLIPTextModel,
        {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16},
    ),
    "OpenCLIP bigG": (
        transformers.CLIPTextModelWithProjection,
        {
            "hidden_size": 1280,
            "intermediate_size": 5120,
            "num_hidden_layers": 32,
            "num_attention_heads": 20,
            "projection_dim": 1280,
        },
    ),
    "T5 XXL": (
        transformers.T5EncoderModel,
        {"d_model": 4096, "d_ff": 10240, "num_layers": 24, "num_heads": 64, "feed_forward_proj": "gated-gelu"},
    ),
    "Qwen3 4B": (
        transformers.Qwen3Model,
        {"hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36, "num_key_value_heads": 8},
    ),
    "Qwen3 8B": (
        transformers.Qwen3ForCausalLM,
        {"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36, "num_key_value_heads": 8},
    ),
    "Qwen2.5-VL 7B": (
        transformers.Qwen2_5_VLForConditionalGeneration,
        {
            "text_config": {
                "hidden_size": 3584,
                "intermediate_size": 18944,
                "num_hidden_layers": 28,
                "num_attention_heads": 28,
                "num_key_value_heads": 4,
                "vocab_size": 152064,
            },
            "vision_config": {"hidden_size": 1280, "out_hidden_size": 3584},
        },
    ),
    "Mistral Small 24B": (
        transformers.Mistral3ForConditionalGeneration,
        {
            "text_config": {
                "model_type": "mistral",
                "hidden_size": 5120,
                "intermediate_size": 32768,
                "num_hidden_layers": 40,
                "num_attention_heads": 32,
                "num_key_value_heads": 8,
                "head_dim": 128,
                "vocab_size": 131072,
            },
            "tie_word_embeddings": False,
        },
    ),
    "Gemma 2 2B": (
        transformers.Gemma2Model,
        {
            "hidden_size": 2304,
            "intermediate_size": 9216,
            "num_hidden_layers": 26,
            "num_attention_heads": 8,
            "num_key_value_heads": 4,
        },
    ),
    "VAE": (
        diffusers.AutoencoderKL,
        {
            "block_out_channels": (128, 256, 512, 512),
            "layers_per_block": 2,
            "down_block_types": ("DownEncoderBlock2D",) * 4,
            "up_block_types": ("UpDecoderBlock2D",) * 4,
        },
    ),
    "VAE of Qwen-Image": (diffusers.AutoencoderKLQwenImage, {}),
}


def described(name: str) -> dict[str, Any]:
    """The class, the measures and the weights of a network."""
    kind, given = _NETWORKS[name]
    with torch.device("meta"):
        network = kind(**given) if issubclass(kind, diffusers.ModelMixin) else kind(kind.config_class(**given))
    config = network.config if issubclass(kind, diffusers.ModelMixin) else network.config.to_dict()
    depth, width = measures(config)
    weights = Network.of({name: weight.numel() for name, weight in network.named_parameters()})
    return {"kind": kind.__name__, "depth": depth, "width": width, "weights": astuple(weights)}


def main() -> None:
    FILE.write_text(json.dumps({name: described(name) for name in _NETWORKS}, indent=2) + "\n")


if __name__ == "__main__":
    main()
