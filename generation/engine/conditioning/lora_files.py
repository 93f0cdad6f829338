"""LoRA files: the low-rank changes they hold, for each layer of a model's networks.

Reads both naming schemes in use: that of diffusers and peft, and that of kohya's trainers, which most shared files have
and which names the layers of Stable Diffusion XL as the original code does.
"""

import hashlib
import inspect
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from generation.errors import LoraUnavailable

UNET = "unet"
TEXT_ENCODERS = TEXT_ENCODER, SECOND_TEXT_ENCODER = "text_encoder", "text_encoder_2"

_PREFIXES = {
    "lora_unet_": UNET,
    "lora_te_": TEXT_ENCODER,
    "lora_te1_": TEXT_ENCODER,
    "lora_te2_": SECOND_TEXT_ENCODER,
    "unet.": UNET,
    "transformer.": UNET,
    "text_encoder.": TEXT_ENCODER,
    "text_encoder_2.": SECOND_TEXT_ENCODER,
}
_LOW_RANK = re.compile(r"(?:\.lora_linear_layer\.|\.lora_|\.lora\.|_lora\.)(down|up|A|B)(?:\.\w+)?\.weight$")
_ALPHA = ".alpha"
_METADATA = "lora_adapter_metadata"


@dataclass(slots=True)
class LowRank:
    """The change of one layer's weights: `alpha` / rank * `up` @ `down` (Hu et al., arXiv 2106.09685, section 4.1)."""

    down: torch.Tensor | None = None
    up: torch.Tensor | None = None
    alpha: float | None = None

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        """The change of `weight`, in its shape, in float32. Raises `ValueError` where the shapes don't fit."""
        if self.down is None or self.up is None:
            raise ValueError("one half of a pair is missing")
        down, up = (half.flatten(1).to(weight.device, torch.float32) for half in (self.down, self.up))
        if up.shape != (weight.shape[0], len(down)) or down.shape[1] != weight[0].numel():
            raise ValueError(f"{tuple(up.shape)} times {tuple(down.shape)} is not {tuple(weight.shape)}")
        scale = 1.0 if self.alpha is None else self.alpha / len(down)
        return (scale * (up @ down)).reshape(weight.shape)


@dataclass(frozen=True, slots=True)
class LoraFile:
    """The changes by network (such as "unet") and by the layer's name without dots."""

    parts: Mapping[str, Mapping[str, LowRank]] = field(default_factory=dict)


_OTHER_KINDS = {"dora_scale": "DoRA", "lokr_": "LoKr", "hada_": "LoHa", "ia3": "IA3"}
"""Changes of other kinds than low rank, by a part of their tensors' names."""

Tensors = dict[str, torch.Tensor]

Convert = Callable[[Tensors], Mapping[str, torch.Tensor]]
"""Gives tensors the names of diffusers and peft."""


def read(path: Path, convert: Convert = lambda tensors: tensors) -> LoraFile:
    """Read a .safetensors file. Raises `LoraUnavailable` where it can't be read or isn't a LoRA."""
    parts: dict[str, dict[str, LowRank]] = defaultdict(lambda: defaultdict(LowRank))
    try:
        with safe_open(path, framework="pt") as file:
            alphas = _alphas(file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no dict
        _refuse_other_kinds(tensors)
        for key, tensor in convert(tensors).items():
            _sort_in(parts, key, tensor)
    except (OSError, SafetensorError, ValueError, KeyError) as reason:
        raise LoraUnavailable(f"{path}: {reason}") from reason
    for part, alpha in alphas.items():
        for low_rank in parts.get(_PREFIXES.get(f"{part}.", part), {}).values():
            low_rank.alpha = alpha
    return LoraFile(parts)


def reader_for(pipeline: Any) -> Callable[[Path], LoraFile]:
    """Reads files for a pipeline of diffusers, which knows the names that other programs give to its layers."""

    def convert(tensors: Tensors) -> Mapping[str, torch.Tensor]:
        if not hasattr(pipeline, "lora_state_dict"):
            raise ValueError(f"{type(pipeline).__name__} has no LoRAs")
        takes = inspect.signature(pipeline.lora_state_dict).parameters
        if "return_alphas" not in takes:
            named: Mapping[str, torch.Tensor] = pipeline.lora_state_dict(tensors)
            return named
        named, alphas = pipeline.lora_state_dict(tensors, return_alphas=True)
        return {**named, **(alphas or {})}

    return lambda path: read(path, convert)


@lru_cache
def hash_of(path: Path) -> str:
    """The first twelve hexadecimal digits of the SHA-256 of a file's weights, without its header, as pictures' metadata
    name it. Empty where the file is gone."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            file.seek(int.from_bytes(file.read(8), "little"), os.SEEK_CUR)
            while block := file.read(2**20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()[:12]


def layers_of(part: str, network: Any) -> dict[str, str]:
    """The linear and convolutional layers of a network: each name that files use → the name in the network."""
    layers: dict[str, str] = {}
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
            layers[_flat(name)] = name
            if part == UNET and (older := _first_name(name, network.config.get("layers_per_block"))):
                layers[older] = name
    return layers


def _sort_in(parts: Mapping[str, Mapping[str, LowRank]], key: str, tensor: torch.Tensor) -> None:
    part, layer = next(
        ((part, key.removeprefix(prefix)) for prefix, part in _PREFIXES.items() if key.startswith(prefix)), ("", "")
    )
    match = _LOW_RANK.search(layer)
    if match:
        low_rank = parts[part][_flat(layer[: match.start()])]
        if match[1] in ("down", "A"):
            low_rank.down = tensor
        else:
            low_rank.up = tensor
    elif layer.endswith(_ALPHA):
        parts[part][_flat(layer.removesuffix(_ALPHA))].alpha = float(tensor)
    else:
        raise ValueError(f"{key} isn't part of a LoRA")


def _refuse_other_kinds(tensors: Tensors) -> None:
    for mark, kind in _OTHER_KINDS.items():
        if any(mark in key for key in tensors):
            raise ValueError(f"it is a {kind}, which is not supported")


def _alphas(metadata: Mapping[str, str]) -> dict[str, float]:
    """The alphas from peft's configuration, which diffusers writes into the header instead of tensors."""
    told = json.loads(metadata.get(_METADATA, "{}"))
    for setting in ("use_dora", "use_rslora", "alpha_pattern"):
        if any(value for key, value in told.items() if key.endswith(f".{setting}")):
            raise ValueError(f"{setting} is not supported")
    return {key.removesuffix(".lora_alpha"): float(told[key]) for key in told if key.endswith(".lora_alpha")}


def _flat(layer: str) -> str:
    """A layer's name without what the naming schemes differ in."""
    flat = layer.replace(".processor.", ".").replace(".", "_").removeprefix("text_model_")
    return flat + "_0" if flat.endswith("_to_out") else flat


_RESNET = {
    "conv1": "in_layers_2",
    "time_emb_proj": "emb_layers_1",
    "conv2": "out_layers_3",
    "conv_shortcut": "skip_connection",
}
_ENDS = {
    "conv_in": "input_blocks_0_0",
    "conv_out": "out_2",
    "time_embedding.linear_1": "time_embed_0",
    "time_embedding.linear_2": "time_embed_2",
    "add_embedding.linear_1": "label_emb_0_0",
    "add_embedding.linear_2": "label_emb_0_2",
}
_IN_BLOCK = re.compile(
    r"(?P<way>down|up|mid)_blocks?\.(?:(?P<block>\d+)\.)?(?P<kind>resnets|attentions|downsamplers|upsamplers)\."
    r"(?P<index>\d+)\.(?P<rest>.+)"
)


def _first_name(name: str, layers: Any) -> str:
    """A UNet layer's name in the original Stable Diffusion code, which numbers all blocks in one row; "" for none.

    A level has `layers` resnets on the way down, one more on the way up, and a down- or upsampler at its end."""
    if name in _ENDS:
        return _ENDS[name]
    match = _IN_BLOCK.fullmatch(name)
    if match is None or not isinstance(layers, int):
        return ""
    kind, index, rest = match["kind"], int(match["index"]), match["rest"]
    rest = _RESNET.get(rest, rest) if kind == "resnets" else _flat(rest)
    start, inner = int(match["block"] or 0) * (layers + 1), int(kind == "attentions")
    match match["way"], kind:
        case "mid", _:
            return f"middle_block_{inner or 2 * index}_{rest}"
        case "down", "downsamplers":
            return f"input_blocks_{start + layers + 1}_0_op"
        case "down", _:
            return f"input_blocks_{start + 1 + index}_{inner}_{rest}"
        case _, "upsamplers":
            return f"output_blocks_{start + layers}_2_{rest}"
    return f"output_blocks_{start + index}_{inner}_{rest}"
