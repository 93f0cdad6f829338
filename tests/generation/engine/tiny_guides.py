"""A ControlNet and an IP-Adapter with random weights, for a tiny pipeline."""

from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel, ControlNetUnionModel
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

SEEN = 12
"""How many numbers the image encoder makes of a picture."""
LAYER = 16
"""How many numbers a layer of it has for each patch."""
TOKENS = 4
"""How many tokens the adapter makes of those."""


def controlnet(folder: Path, pipeline: Any, seed: int = 5) -> Path:
    """With weights also where a new one begins with zeros, so that it shows."""
    return _saved(ControlNetModel.from_unet(pipeline.unet, conditioning_channels=3), folder, seed)


def controlnet_union(folder: Path, pipeline: Any, types: int = 6) -> Path:
    """One that follows several kinds of pictures at once. Its fusion has the width of the UNet's first block."""
    config = {name: pipeline.unet.config[name] for name in _OF_UNET}
    width = pipeline.unet.config.block_out_channels[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        network = ControlNetUnionModel(
            **config,
            conditioning_embedding_out_channels=(4, 4, 8, 8),
            num_control_type=types,
            num_trans_channel=width,
            num_trans_head=2,
            num_proj_channel=width,
        )
    return _saved(network, folder, 5)


_OF_UNET = (
    *("down_block_types", "block_out_channels", "layers_per_block", "norm_num_groups", "cross_attention_dim"),
    *("attention_head_dim", "use_linear_projection", "addition_embed_type", "addition_time_embed_dim"),
    "projection_class_embeddings_input_dim",
)


def _saved(network: Any, folder: Path, seed: int) -> Path:
    chance = torch.Generator().manual_seed(seed)
    for name, weight in network.named_parameters():
        if "controlnet" in name or "task_embedding" in name or "spatial" in name:
            weight.data = torch.randn(weight.shape, generator=chance) * 0.1
    network.save_pretrained(folder)
    return folder


def ip_adapter(folder: Path, pipeline: Any, kind: str = "") -> Path:
    """The adapter's file, with its image encoder in a folder beside it. `kind` "plus" and "full" (the one for faces):
    it hears the last layer but one of the encoder in place of the whole."""
    chance = torch.Generator().manual_seed(6)
    config = CLIPVisionConfig(
        hidden_size=LAYER,
        intermediate_size=16,
        projection_dim=SEEN,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
        initializer_range=0.4,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        CLIPVisionModelWithProjection(config).save_pretrained(folder / "image_encoder")
    unet = pipeline.unet
    width = unet.config.cross_attention_dim
    tensors = {"": _projection, "plus": _resampler, "full": _every_patch}[kind](width, chance)
    listening = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(listening):
        rows = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
        for part in ("to_k_ip", "to_v_ip"):
            tensors[f"ip_adapter.{2 * number + 1}.{part}.weight"] = torch.randn(rows, width, generator=chance)
    file = folder / "adapter.safetensors"
    save_file(tensors, file)
    return file


def _projection(width: int, chance: torch.Generator) -> dict[str, torch.Tensor]:
    return {
        "image_proj.proj.weight": torch.randn(TOKENS * width, SEEN, generator=chance),
        "image_proj.proj.bias": torch.zeros(TOKENS * width),
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }


def _every_patch(width: int, chance: torch.Generator) -> dict[str, torch.Tensor]:
    """A layer for each patch, and a norm."""
    return {
        "image_proj.proj.0.weight": torch.randn(LAYER, LAYER, generator=chance) * 0.3,
        "image_proj.proj.0.bias": torch.zeros(LAYER),
        "image_proj.proj.2.weight": torch.randn(width, LAYER, generator=chance) * 0.3,
        "image_proj.proj.2.bias": torch.zeros(width),
        "image_proj.proj.3.weight": torch.ones(width),
        "image_proj.proj.3.bias": torch.zeros(width),
    }


def _resampler(width: int, chance: torch.Generator) -> dict[str, torch.Tensor]:
    """Four layers of attention with one head of 64."""
    shapes = {"latents": (1, TOKENS, LAYER), "proj_in.weight": (LAYER, LAYER), "proj_out.weight": (width, LAYER)}
    norms = {"norm_out": width}
    for layer in range(4):
        attention, forward = f"layers.{layer}.0", f"layers.{layer}.1"
        shapes |= {f"{attention}.to_q.weight": (64, LAYER), f"{attention}.to_kv.weight": (128, LAYER)}
        shapes |= {f"{attention}.to_out.weight": (LAYER, 64)}
        shapes |= {f"{forward}.1.weight": (4 * LAYER, LAYER), f"{forward}.3.weight": (LAYER, 4 * LAYER)}
        norms |= {f"{attention}.norm1": LAYER, f"{attention}.norm2": LAYER, f"{forward}.0": LAYER}
    tensors = {name: torch.randn(shape, generator=chance) * 0.3 for name, shape in shapes.items()}
    tensors |= {"proj_in.bias": torch.zeros(LAYER), "proj_out.bias": torch.zeros(width)}
    for name, rows in norms.items():
        tensors |= {f"{name}.weight": torch.ones(rows), f"{name}.bias": torch.zeros(rows)}
    return {f"image_proj.{name}": tensor for name, tensor in tensors.items()}
