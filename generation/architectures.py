"""Networks whose size is known before anything of them is downloaded.

`architectures.json` is written by `python -m tools.architectures`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generation.networks import Network

FILE = Path(__file__).with_name("architectures.json")


@dataclass(frozen=True, slots=True)
class Architecture:
    """A published network. `weights` counts its weights, not their bytes."""

    kind: str
    """Its class in diffusers or transformers."""
    depth: int
    width: int
    """Channels of a token, or of a UNet's first block."""
    weights: Network


def _read(entry: dict[str, Any]) -> Architecture:
    return Architecture(entry["kind"], entry["depth"], entry["width"], Network(*entry["weights"]))


NETWORKS = {name: _read(entry) for name, entry in json.loads(FILE.read_text()).items()}
"""The published networks, by name."""

_ON_TOP = re.compile(r"(ForCausalLM|ForConditionalGeneration|WithProjection|Model)*$")

VAE = "VAE"
"""The autoencoder of almost every family."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The names of a model's networks among `NETWORKS`."""

    denoiser: str
    text_encoders: tuple[str, ...]
    pipeline: str
    """The class of its pipeline in diffusers."""
    vae: str = VAE


_FLUX = ("T5 XXL", "CLIP L")
_THREE = (*_FLUX, "OpenCLIP bigG")

_MODELS: dict[str, Parts] = {
    r"flux\.?2.*klein.*9b": Parts("FLUX.2 Klein 9B", ("Qwen3 8B",), "Flux2KleinPipeline"),
    r"flux\.?2.*klein": Parts("FLUX.2 Klein 4B", ("Qwen3 4B",), "Flux2KleinPipeline"),
    r"flux\.?2": Parts("FLUX.2", ("Mistral Small 24B",), "Flux2Pipeline"),
    r"chroma": Parts("Chroma", ("T5 XXL",), "ChromaPipeline"),
    r"flux": Parts("FLUX.1", _FLUX, "FluxPipeline"),
    r"qwen-?image": Parts("Qwen-Image", ("Qwen2.5-VL 7B",), "QwenImagePipeline", "VAE of Qwen-Image"),
    r"z-?image": Parts("Z-Image", ("Qwen3 4B",), "ZImagePipeline"),
    r"lumina.*2": Parts("Lumina 2", ("Gemma 2 2B",), "Lumina2Pipeline"),
    r"(stable-diffusion|sd)-?3.*medium": Parts("Stable Diffusion 3.5 Medium", _THREE, "StableDiffusion3Pipeline"),
    r"(stable-diffusion|sd)-?3": Parts("Stable Diffusion 3.5 Large", _THREE, "StableDiffusion3Pipeline"),
    r"xl": Parts("UNet of Stable Diffusion XL", ("CLIP L", "OpenCLIP bigG"), "StableDiffusionXLPipeline"),
    r"stable-diffusion-2": Parts("UNet of Stable Diffusion 2", ("OpenCLIP H",), "StableDiffusionPipeline"),
    r"stable-diffusion|sd": Parts("UNet of Stable Diffusion 1", ("CLIP L",), "StableDiffusionPipeline"),
}
"""Patterns of names, and the networks of the models that are called so. The first that matches counts."""


def parts_of(source: str, pipeline: str = "") -> Parts | None:
    """The networks of a model, by the name of its hub repository or file, or else by the class of its pipeline; None
    for an unknown one."""
    name = source.lower().replace("_", "-")
    named = (parts for pattern, parts in _MODELS.items() if re.search(pattern, name))
    return next(named, None) or next((parts for parts in _MODELS.values() if parts.pipeline == pipeline), None)


def like(config: Mapping[str, Any]) -> Architecture | None:
    """The network that a config.json describes, its weights estimated from the nearest published one of its class: they
    grow with the depth and the square of the width. None for a class that has none."""
    kind = config.get("_class_name") or next(iter(config.get("architectures") or ()), "")
    known = [each for each in NETWORKS.values() if _bare(each.kind) == _bare(kind)]
    depth, width = measures(config)
    if not (known and depth and width):
        return None
    nearest = min(known, key=lambda each: abs(each.depth * each.width**2 - depth * width**2))
    wider = (width / nearest.width) ** 2
    deeper = depth / nearest.depth
    weights = replace(nearest.weights.times(wider), whole=round(nearest.weights.whole * wider * deeper))
    return Architecture(kind, depth, width, weights)


def _bare(kind: str) -> str:
    """A class name without what a network has on top."""
    return _ON_TOP.sub("", kind)


def measures(config: Mapping[str, Any]) -> tuple[int, int]:
    """The depth and the width of a network, from its config; 0 where it does not say. A double block of FLUX counts as
    two, and a UNet is as deep as its blocks have layers."""
    config = config.get("text_config") or config
    if channels := config.get("block_out_channels"):
        return len(channels), channels[0]
    blocks = next((config[name] for name in ("num_layers", "n_layers", "num_hidden_layers") if name in config), 0)
    if "num_single_layers" in config:
        blocks = 2 * blocks + config["num_single_layers"]
    if "attention_head_dim" in config and "num_attention_heads" in config:
        return blocks, config["num_attention_heads"] * config["attention_head_dim"]
    return blocks, next((config[name] for name in ("dim", "hidden_size", "d_model", "base_dim") if name in config), 0)
