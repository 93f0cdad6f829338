"""The names of a Stable Diffusion checkpoint's tensors: variants in use, in the form that diffusers reads."""

import re
from collections.abc import Mapping
from typing import TypeVar

UNET = "model.diffusion_model."
VAE = "first_stage_model."
CLIP = "cond_stage_model.transformer."
"""The prefixes of the networks."""

EMA = "model_ema."
"""The prefix of a second, averaged UNet, whose names have lost their dots."""

_WITHOUT_MODEL = tuple(f"{CLIP}{part}." for part in ("embeddings", "encoder", "final_layer_norm"))
"""As NovelAI and old trainers write them."""

_WORDS = re.compile(
    "input_blocks|output_blocks|middle_block|transformer_blocks|time_embed|label_emb|in_layers|emb_layers|out_layers"
    "|skip_connection|proj_in|proj_out|norm[123]?|attn[12]|to_[qkv]|to_out|ff|net|proj|op|conv|out|weight|bias"
    r"|(?<=input_blocks)\d+(?=\d)|(?<=output_blocks)\d+(?=\d)|(?<=transformer_blocks)\d+|\d"
)

Value = TypeVar("Value")


def usual(tensors: Mapping[str, Value]) -> dict[str, Value]:
    """Tensors by the names that diffusers reads. An averaged UNet is left out where the UNet itself is there."""
    averaged_alone = not any(name.startswith(UNET) for name in tensors)
    renamed: dict[str, Value] = {}
    for name, value in tensors.items():
        if name.startswith(_WITHOUT_MODEL):
            renamed[f"{CLIP}text_model.{name.removeprefix(CLIP)}"] = value
        elif not name.startswith(EMA):
            renamed[name] = value
        elif averaged_alone and name.startswith(f"{EMA}diffusion_model"):
            renamed[UNET + _dotted(name.removeprefix(f"{EMA}diffusion_model"))] = value
    return renamed


def part(tensors: Mapping[str, Value], *prefixes: str) -> dict[str, Value]:
    """The tensors whose names start with one of `prefixes`."""
    return {name: value for name, value in tensors.items() if name.startswith(prefixes)}


def _dotted(name: str) -> str:
    """`input_blocks101transformer_blocks0norm1weight` as `input_blocks.10.1.transformer_blocks.0.norm1.weight`."""
    return ".".join(_WORDS.findall(name))
