"""LoRAs with random weights for tiny pipelines, in each of the ways in which files name layers."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

RANK = 3


def peft(file: Path, pipeline: Any, seed: int = 0, parts: Iterable[str] = ("unet", "text_encoder")) -> Path:
    """As diffusers and peft write it."""
    tensors: dict[str, torch.Tensor] = {}
    for part, name, down, up in _changes(pipeline, seed, parts):
        tensors[f"{part}.{name}.lora_A.weight"] = down
        tensors[f"{part}.{name}.lora_B.weight"] = up
    return _saved(file, tensors)


def kohya(file: Path, pipeline: Any, seed: int = 0, parts: Iterable[str] = ("unet", "text_encoder")) -> Path:
    """As kohya's trainers write it, with alphas that are not the rank."""
    prefixes = {"unet": "lora_unet", "text_encoder": "lora_te"}
    tensors: dict[str, torch.Tensor] = {}
    for part, name, down, up in _changes(pipeline, seed, parts):
        name = f"text_model.{name}" if part == "text_encoder" and not name.startswith("text_model") else name
        layer = f"{prefixes[part]}_{name.replace('.', '_')}"
        tensors[f"{layer}.lora_down.weight"], tensors[f"{layer}.lora_up.weight"] = down, up
        tensors[f"{layer}.alpha"] = torch.tensor(1.5)
    return _saved(file, tensors)


def _changes(pipeline: Any, seed: int, parts: Iterable[str]) -> Iterable[tuple[str, str, torch.Tensor, torch.Tensor]]:
    """Each layer that is changed: its network, its name in it, and both halves of its change."""
    chance = torch.Generator().manual_seed(seed)
    for part in parts:
        for name, layer in getattr(pipeline, part).named_modules():
            attends = name.endswith(("to_q", "to_k", "to_v", "to_out.0", "q_proj", "v_proj", "proj_in"))
            if not attends or not isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):
                continue
            rows, *columns = layer.weight.shape
            down = torch.randn(RANK, *columns, generator=chance)
            up = torch.randn(rows, RANK, *(1 for _ in columns[1:]), generator=chance)
            yield part, name, down * 0.3, up * 0.3


def _saved(file: Path, tensors: dict[str, torch.Tensor]) -> Path:
    save_file(tensors, file)
    return file
