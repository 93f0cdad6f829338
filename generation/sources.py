"""Where a model's weights are, and of which family they are, told without reading them."""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from generation.errors import InvalidSetting

PICKLED = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
"""Endings of files that are pickles: reading one can run code."""

SINGLE_FILE = ".safetensors"
INDEX = "model_index.json"


class Family(StrEnum):
    """What kind of model it is, as far as that matters here."""

    STABLE_DIFFUSION = "Stable Diffusion"
    """1.x and 2.x."""
    XL = "Stable Diffusion XL"
    OTHER = "another family"
    """Drawn by its own pipeline of diffusers, one picture after the other."""

    @property
    def clip_skip(self) -> int:
        """The text encoder's layer that it was trained to listen to, counted from the end."""
        return 2 if self is Family.XL else 1


BATCHED = {
    "StableDiffusionPipeline": Family.STABLE_DIFFUSION,
    "StableDiffusionImg2ImgPipeline": Family.STABLE_DIFFUSION,
    "StableDiffusionInpaintPipeline": Family.STABLE_DIFFUSION,
    "LatentConsistencyModelPipeline": Family.STABLE_DIFFUSION,
    "StableDiffusionXLPipeline": Family.XL,
    "StableDiffusionXLInpaintPipeline": Family.XL,
}
"""The pipelines of diffusers whose models the running batch draws with."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What the head of a .safetensors file says of one tensor."""

    dtype: str
    """As safetensors writes it: F32, BF16, ..."""
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


def check(field: str, source: str) -> None:
    """Raise `InvalidSetting`, naming `field`, where `source` is a kind of file that is not read."""
    if source.endswith(PICKLED):
        raise InvalidSetting(
            field,
            "{file} is a pickle: loading it can run any code, so it is refused. Use a .safetensors file of the "
            "model, or convert this one on a machine you can spare.",
            file=Path(source).name,
        )


def is_single_file(source: str) -> bool:
    return source.endswith(SINGLE_FILE)


def head_of(file: Path) -> Mapping[str, Weight]:
    """The tensors of a .safetensors file by name. Raises `OSError`, or `ValueError` where it is no such file."""
    with file.open("rb") as stream:
        start = stream.read(8)
        if len(start) < 8:
            raise ValueError(f"{file} is no .safetensors file")
        (length,) = struct.unpack("<Q", start)
        if length > file.stat().st_size:
            raise ValueError(f"{file} is no .safetensors file")
        head = json.loads(stream.read(length))
    return {name: Weight(each["dtype"], tuple(each["shape"])) for name, each in head.items() if name != "__metadata__"}


def family_of(source: str) -> Family | None:
    """Of a folder in diffusers' format, a .safetensors file or a hub id; None where nothing of it is on this machine,
    or nothing that can be read."""
    try:
        return _read_family(source)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache
def _read_family(source: str) -> Family:
    """Raises `OSError`, `ValueError`, `KeyError`, `TypeError`."""
    path = Path(source).expanduser()
    if is_single_file(source):
        return family_of_tensors(head_of(path))
    index = path / INDEX if path.is_dir() else _cached(source)
    return family_of_class(json.loads(index.read_text())["_class_name"])


def family_of_class(pipeline: str) -> Family:
    """Of the models that one of diffusers' pipelines draws with."""
    return BATCHED.get(pipeline, Family.OTHER)


def family_of_tensors(names: Mapping[str, object]) -> Family:
    """Of a checkpoint in one file, by the names of its tensors."""
    if "conditioner.embedders.1.model.positional_embedding" in names:
        return Family.XL
    encoders = ("cond_stage_model.transformer.text_model.embeddings", "cond_stage_model.model.positional_embedding")
    if any(name.startswith(encoders) for name in names):
        return Family.STABLE_DIFFUSION
    return Family.OTHER


def _cached(hub_id: str) -> Path:
    """What is already here of a repository on the hub; raises `FileNotFoundError` or `ValueError`."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(hub_id, INDEX)
    if not isinstance(found, str):
        raise FileNotFoundError(hub_id)
    return Path(found)
