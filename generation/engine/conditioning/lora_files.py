"""LoRA files: the changes they hold, for each layer of a model's networks, and embeddings that are packed with them."""

import hashlib
import inspect
import json
import math
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from generation.engine.conditioning import lora_kinds, lora_names
from generation.engine.conditioning.lora_changes import Change
from generation.errors import LoraUnavailable
from generation.weights import fault_of

BUNDLED = "bundle_emb."
"""The beginning of the names of tensors that belong to an embedding, as OneTrainer packs it."""

_METADATA = "lora_adapter_metadata"

Tensors = dict[str, torch.Tensor]

Convert = Callable[[Tensors], Mapping[str, torch.Tensor]]
"""Gives tensors the names of diffusers and peft."""

Changes = Mapping[str, Mapping[str, Change]]
"""The changes of a network: by the layer's name without dots, of its weights and its bias."""


@dataclass(frozen=True, slots=True)
class LoraFile:
    """The changes by network (such as "unet"), and the tensors of embeddings by their words."""

    parts: Mapping[str, Changes] = field(default_factory=dict)
    embeddings: Mapping[str, Tensors] = field(default_factory=dict)


def read(path: Path, convert: Convert = lambda tensors: tensors) -> LoraFile:
    """Read a .safetensors file. Raises `LoraUnavailable` where it can't be read or isn't a LoRA."""
    roles: dict[str, dict[str, Tensors]] = defaultdict(lambda: defaultdict(dict))
    try:
        with safe_open(path, framework="pt") as file:
            settings = _Settings.of(file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no dict
        embeddings = _unbundled(tensors)
        for key, tensor in convert(tensors).items():
            name, role = lora_kinds.split(key)
            part, layer = lora_names.part_of(name)
            roles[part][layer][role] = tensor
        parts = {
            part: {layer: _changes(settings, part, layer, given) for layer, given in layers.items()}
            for part, layers in roles.items()
        }
    except (OSError, SafetensorError, ValueError, KeyError) as reason:
        raise LoraUnavailable(fault_of(path) or f"{path}: {reason}") from reason
    return LoraFile(parts, embeddings)


def converter_of(pipeline: Any) -> Convert:
    """The names that a pipeline of diffusers gives to layers which other programs call otherwise."""

    def convert(tensors: Tensors) -> Mapping[str, torch.Tensor]:
        if not hasattr(pipeline, "lora_state_dict"):
            raise ValueError(f"{type(pipeline).__name__} has no LoRAs")
        takes = inspect.signature(pipeline.lora_state_dict).parameters
        if "return_alphas" not in takes:
            named: Mapping[str, torch.Tensor] = pipeline.lora_state_dict(tensors)
            return named
        named, alphas = pipeline.lora_state_dict(tensors, return_alphas=True)
        return {**named, **(alphas or {})}

    return convert


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


def without_embeddings(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """A file's tensors without those of embeddings that are packed with it."""
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(BUNDLED)}


def _unbundled(tensors: Tensors) -> dict[str, Tensors]:
    """Take the embeddings out of a file's tensors, by their words."""
    embeddings: dict[str, Tensors] = defaultdict(dict)
    for key in [each for each in tensors if each.startswith(BUNDLED)]:
        word, _, name = key.removeprefix(BUNDLED).rpartition(".")
        embeddings[word.removesuffix(".string_to_param")][name] = tensors.pop(key)
    return dict(embeddings)


@dataclass(frozen=True, slots=True)
class _Settings:
    """peft's settings, which diffusers writes into a file's header instead of tensors."""

    told: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> "_Settings":
        """What can be read of a header."""
        try:
            told = json.loads(metadata.get(_METADATA, "{}"))
        except ValueError:
            return cls()
        return cls(told if isinstance(told, dict) else {})

    def alpha(self, part: str, layer: str) -> float | None:
        """The alpha of a layer; None where it is not told."""
        patterns = self._of(part, "alpha_pattern")
        for pattern, alpha in patterns.items() if isinstance(patterns, dict) else ():
            if f"_{layer}".endswith(f"_{lora_names.flat(pattern)}"):
                return lora_kinds.number(alpha)
        return lora_kinds.number(self._of(part, "lora_alpha"))

    def by_root(self, part: str) -> bool:
        """True where alpha is divided by the root of the rank (rsLoRA, Kalajdzievski, arXiv 2312.03732)."""
        return self._of(part, "use_rslora") is True

    def _of(self, part: str, setting: str) -> Any:
        for key, value in self.told.items():
            network, _, name = key.rpartition(".")
            if name == setting and lora_names.part_called(network) == part:
                return value
        return None


def _changes(settings: _Settings, part: str, layer: str, tensors: Tensors) -> dict[str, Change]:
    alpha = settings.alpha(part, layer)
    if alpha is not None and settings.by_root(part) and "down" in tensors:
        alpha *= math.sqrt(len(tensors["down"]))
    return lora_kinds.changes(tensors, alpha)
