"""Files of weights, .safetensors and .gguf: their tensors by name, read from the head alone, and what is wrong with a
file that cannot be read."""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation import mistaken_files

SAFETENSORS = ".safetensors"
GGUF = ".gguf"

FLOATS = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2")
"""The formats that are read as numbers of the model's own format; the others stay packed as they are."""

FLOAT8 = "F8_E4M3"
"""The one of them that a transformer may keep, to be cast up in each forward."""

_UNKEPT = (".scale_weight", ".weight_scale", "scaled_fp8", "first_stage_model.")
"""Parts of names in files whose float8 numbers are cast up when they are read: those with scales, and checkpoints of
Stable Diffusion."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor's entry in the head of a file."""

    dtype: str
    """As safetensors or GGUF writes it: F32, BF16, Q8_0, ..."""
    shape: tuple[int, ...]
    stored: int = 0
    """Bytes in the file."""

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    def bytes_as(self, itemsize: int, keeps_float8: bool = False) -> int:
        """Bytes in memory where numbers take `itemsize` bytes each; quantised ones stay as they are."""
        if keeps_float8 and self.dtype == FLOAT8:
            return self.elements
        return self.elements * itemsize if self.dtype in FLOATS or not self.stored else self.stored


def keeps_float8(head: Mapping[str, Weight]) -> bool:
    """True for a file with float8 numbers that stay so."""
    is_float8 = any(weight.dtype == FLOAT8 for weight in head.values())
    return is_float8 and not any(part in name for name in head for part in _UNKEPT)


def head_of(file: Path) -> Mapping[str, Weight]:
    """The tensors of a file, by name. Raises `OSError`, or `ValueError` with a sentence for a damaged file."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        mistaken_files.check(file, stream.read(mistaken_files.BYTES), size)
    return _gguf(file) if file.suffix == GGUF else _safetensors(file, size)


def fault_of(file: Path) -> str:
    """A sentence about what is wrong with a file of weights; empty where its head is sound and nothing is cut off."""
    try:
        head_of(file)
    except FileNotFoundError:
        return f"{file.name} does not exist."
    except OSError as reason:
        return f"{file.name} cannot be read: {reason.strerror}."
    except ValueError as reason:
        return str(reason)
    return ""


def _safetensors(file: Path, size: int) -> Mapping[str, Weight]:
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > size:
            raise ValueError(mistaken_files.unknown(file))
        try:
            head: dict[str, Any] = json.loads(stream.read(length))
            head.pop("__metadata__", None)
            found = {name: _weight(each) for name, each in head.items()}
            end = max((each["data_offsets"][1] for each in head.values()), default=0)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            raise ValueError(mistaken_files.unknown(file)) from None
    mistaken_files.check_length(file, size, 8 + length + end)
    return found


def _weight(entry: Mapping[str, Any]) -> Weight:
    start, end = entry["data_offsets"]
    return Weight(entry["dtype"], tuple(entry["shape"]), end - start)


def _gguf(file: Path) -> Mapping[str, Weight]:
    try:
        from gguf import GGUFReader
    except ImportError:
        raise ValueError('GGUF files need one more package. Run `pip install "noisefox[gguf]"`.') from None
    try:
        tensors = GGUFReader(file).tensors
    except (ValueError, KeyError, IndexError, TypeError, OverflowError):
        raise ValueError(mistaken_files.incomplete(file)) from None
    return {
        each.name: Weight(each.tensor_type.name, tuple(int(side) for side in reversed(each.shape)), int(each.n_bytes))
        for each in tensors
    }
