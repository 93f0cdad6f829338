"""How many bytes the weights of a network take, as a whole and while it is streamed to a device."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from heapq import nlargest
from pathlib import Path
from typing import Self

from generation.weights import Weight, head_of, keeps_float8

SAFETENSORS = "*.safetensors"

ITEM_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
"""Bytes of a weight, by torch's name of its number format."""

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


def bytes_of(head: Mapping[str, Weight], dtype: str) -> dict[str, int]:
    """The bytes that each tensor of a file takes in a model of the number format `dtype`, one of `ITEM_BYTES`."""
    keeps = keeps_float8(head)
    return {name: weight.bytes_as(ITEM_BYTES[dtype], keeps) for name, weight in head.items()}


def tensors_of(files: Iterable[Path], dtype: str) -> dict[str, int]:
    """The bytes of each tensor in a network's files. Raises `OSError` or `ValueError`."""
    return {name: size for file in files for name, size in bytes_of(head_of(file), dtype).items()}


def files_of_part(folder: Path) -> list[Path]:
    """The weight files of a network's folder; of one with variants, those without fp16."""
    variant = variant_of(folder)
    return [file for file in folder.glob(SAFETENSORS) if (".fp16." in file.name) == (variant == "fp16")]


def variant_of(folder: Path) -> str | None:
    """The variant "fp16" where there are no other weights; None otherwise."""
    names = [file.name for file in folder.glob(SAFETENSORS)]
    return "fp16" if names and all(".fp16." in name for name in names) else None
