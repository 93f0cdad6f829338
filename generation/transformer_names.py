"""Transformers in files of their own: which family the names of their tensors belong to.

They are shared in three layouts: diffusers', that of the original code, and the latter with ComfyUI's prefix.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

PREFIXES = ("model.diffusion_model.", "diffusion_model.", "transformer.")

SCALES = (".scale_weight", ".weight_scale")
"""What the names end with of the numbers by which weights in fp8 are multiplied."""
UNREAD = (".scale_input", ".input_scale", ".comfy_quant", "scaled_fp8")
"""What other names of such files end with, which are for faster arithmetic, or say what they are."""


@dataclass(frozen=True, slots=True)
class Transformer:
    """A family's transformer."""

    pipeline: str
    """The class of the pipeline in diffusers that runs it, unless its base has another."""
    marks: tuple[str, ...]
    """Names of tensors; files that hold one of them are of this family."""
    base: str
    """A hub id whose model has everything else, to name in advice."""


TRANSFORMERS: tuple[Transformer, ...] = (
    Transformer(
        "ChromaPipeline",
        ("distilled_guidance_layer.in_proj.weight",),
        "lodestones/Chroma1-HD",
    ),
    Transformer(
        "Flux2Pipeline",
        ("single_stream_modulation.lin.weight", "single_stream_modulation.linear.weight"),
        "black-forest-labs/FLUX.2-klein-4B",
    ),
    Transformer(
        "FluxPipeline",
        ("double_blocks.0.img_attn.norm.key_norm.scale", "single_transformer_blocks.0.proj_mlp.weight"),
        "black-forest-labs/FLUX.1-schnell",
    ),
    Transformer(
        "StableDiffusion3Pipeline",
        ("joint_blocks.0.context_block.attn.qkv.weight", "transformer_blocks.0.norm1_context.linear.weight"),
        "stabilityai/stable-diffusion-3.5-medium",
    ),
    Transformer(
        "QwenImagePipeline",
        ("transformer_blocks.0.img_mod.1.weight",),
        "Qwen/Qwen-Image",
    ),
    Transformer(
        "ZImagePipeline",
        ("noise_refiner.0.adaLN_modulation.0.weight",),
        "Tongyi-MAI/Z-Image-Turbo",
    ),
    Transformer(
        "Krea2Pipeline",
        ("txtfusion.projector.weight", "text_fusion.projector.weight"),
        "krea/Krea-2-Raw",
    ),
    Transformer(
        "Lumina2Pipeline",
        ("noise_refiner.0.adaLN_modulation.1.weight", "time_caption_embed.caption_embedder.0.weight"),
        "Alpha-VLLM/Lumina-Image-2.0",
    ),
)

GUIDANCE = ("guidance_in.in_layer.weight", "guidance_embedder.linear_1.weight")
"""Ends of the names that only a transformer has which is told the guidance scale."""

Value = TypeVar("Value")


def bare(tensors: Mapping[str, Value]) -> dict[str, Value]:
    """The transformer's tensors without their prefix, where all of them or those of several networks have one."""
    for prefix in PREFIXES:
        if found := {name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)}:
            return found
    return dict(tensors)


def transformer_of(names: Iterable[str]) -> Transformer | None:
    """The family of a transformer by the names of a file's tensors; None for other files."""
    known = bare(dict.fromkeys(names))
    return next((each for each in TRANSFORMERS if any(mark in known for mark in each.marks)), None)


def is_told_guidance(names: Iterable[str]) -> bool:
    """True where a transformer has layers that take the guidance scale."""
    return any(name.endswith(GUIDANCE) for name in names)


def depth(names: Iterable[str], stem: str) -> int:
    """How many blocks a transformer has whose names are `stem` and a number; 0 for none."""
    found = (re.match(rf"{stem}\.(\d+)\.", name) for name in names)
    return max((int(match[1]) + 1 for match in found if match), default=0)
