"""How many bytes the weights of a network take, as a whole and while it is streamed to a device."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from heapq import nlargest
from pathlib import Path
from typing import Self

from generation.sources import Weight, head_of

SAFETENSORS = "*.safetensors"

ITEM_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
"""Bytes of a weight, by torch's name of its number format."""

_CAST = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2")
"""What safetensors calls the formats that are cast to the one a model runs in. Others, quantised ones, stay."""

_ITEM_BYTES = {"I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2}

_BLOCK = re.compile(r"([a-z_]+\.\d+)\.")
_UNET_BLOCK = re.compile(r"(input|output)_blocks\.(\d+)\.")
"""What the names of a UNet's layers begin with in single files."""

LAYERS = 3
"""How many of them are one block in diffusers; the very first one is apart."""

AT_ONCE = 2
"""Blocks or layers on the device at once where they are streamed: the next one is fetched while one runs."""


@dataclass(frozen=True, slots=True)
class Network:
    """Bytes of a network's weights."""

    whole: int = 0
    outside: int = 0
    """Those outside of its blocks, which stay on the device where only the blocks are streamed."""
    blocks: int = 0
    """The two largest blocks: one runs while the next is fetched."""
    layers: int = 0
    """The two largest layers."""

    @classmethod
    def of(cls, tensors: Mapping[str, int]) -> Self:
        """The network of these tensors, the bytes of each by its name."""
        blocks: dict[str, int] = defaultdict(int)
        layers: dict[str, int] = defaultdict(int)
        for name, size in tensors.items():
            layers[name.rpartition(".")[0]] += size
            blocks[_block_of(name)] += size
        outside = blocks.pop("", 0)
        return cls(sum(tensors.values()), outside, *(sum(nlargest(2, each.values())) for each in (blocks, layers)))

    def times(self, factor: float, but_layers: bool = False) -> "Network":
        """The same network with weights that are `factor` times as large; with `but_layers`, all but the largest
        layers, which are a text encoder's embeddings."""
        kept = self.layers if but_layers else 0
        return Network(*(round(factor * (each - kept)) + kept for each in astuple(self)))

    def __add__(self, other: "Network") -> "Network":
        return Network(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def _block_of(tensor: str) -> str:
    """The block that a tensor belongs to; empty for one outside of them."""
    if found := _UNET_BLOCK.match(tensor):
        place, number = found[1], int(found[2])
        if place == "output":
            return f"{place}.{number // LAYERS}"
        return f"{place}.{(number - 1) // LAYERS}" if number else ""
    match = _BLOCK.match(tensor)
    return match[1] if match else ""


def bytes_of(weight: Weight, dtype: str) -> int:
    """The bytes that a weight takes in a model of the number format `dtype`, "float16" or another of `ITEM_BYTES`."""
    if weight.dtype in _CAST:
        return weight.elements * ITEM_BYTES[dtype]
    return weight.elements * _ITEM_BYTES.get(weight.dtype, 1)


def tensors_of(folder: Path, dtype: str) -> dict[str, int]:
    """The bytes of each tensor in a network's folder. Raises `OSError` or `ValueError`."""
    return {name: bytes_of(weight, dtype) for file in files_of_part(folder) for name, weight in head_of(file).items()}


def files_of_part(folder: Path) -> list[Path]:
    """The weight files of a network's folder; of one with variants, those without fp16."""
    variant = variant_of(folder)
    return [file for file in folder.glob(SAFETENSORS) if (".fp16." in file.name) == (variant == "fp16")]


def variant_of(folder: Path) -> str | None:
    """The variant "fp16" where there are no other weights; None otherwise."""
    names = [file.name for file in folder.glob(SAFETENSORS)]
    return "fp16" if names and all(".fp16." in name for name in names) else None
