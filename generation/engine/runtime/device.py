"""Which device draws, in which number format, and how that is told."""

from collections.abc import Iterable

import torch

from generation.engine.runtime import memory


def choose(device: str, dtype: str) -> tuple[torch.device, torch.dtype]:
    """Resolve "auto": the GPU if there is one, of several that with the most free memory, in half precision; else the
    processor, in float32. To torch, ROCm is CUDA."""
    device = device.replace("rocm", "cuda")
    if device == "auto" and torch.cuda.is_available():
        device = _roomiest([f"cuda:{number}" for number in range(torch.cuda.device_count())])
    elif device == "auto":
        device = "mps" if torch.backends.mps.is_available() else "cpu"
    if dtype == "auto":
        dtype = "float32" if device == "cpu" else "float16"
    chosen: torch.dtype = getattr(torch, dtype)
    return torch.device(device), chosen


def told(device: torch.device, dtypes: Iterable[torch.dtype], by: str, *, in_tiles: bool = False) -> str:
    """What drew pictures, on which the last bits of their pixels depend; `by` which batch or pipeline, and whether any
    was decoded `in_tiles`."""
    names = sorted({str(dtype).removeprefix("torch.") for dtype in dtypes})
    threads = [_threads(torch.get_num_threads())] if device.type == "cpu" else []
    tiles = ["decoded in tiles"] if in_tiles else []
    return ", ".join([device.type, " and ".join(names), by, *tiles, *threads])


def _roomiest(names: list[str]) -> str:
    return max(names, key=lambda name: memory.free(torch.device(name))) if len(names) > 1 else names[0]


def _threads(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"
