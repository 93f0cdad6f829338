"""The device and dtype to generate with, and their names in a picture's record."""

from collections.abc import Iterable

import torch

from generation.engine.runtime import memory


def choose(device: str, dtype: str) -> tuple[torch.device, torch.dtype]:
    """Resolve "auto": a GPU, the one with the most free memory, in float16; without one, the CPU in float32. torch
    calls ROCm "cuda"."""
    device = device.replace("rocm", "cuda")
    if device == "auto" and torch.cuda.is_available():
        device = _roomiest([f"cuda:{number}" for number in range(torch.cuda.device_count())])
    elif device == "auto":
        device = "mps" if torch.backends.mps.is_available() else "cpu"
    if dtype == "auto":
        dtype = "float32" if device == "cpu" else "float16"
    chosen: torch.dtype = getattr(torch, dtype)
    return torch.device(device), chosen


def told(
    device: torch.device, dtypes: Iterable[torch.dtype], by: str, *, in_tiles: bool = False, cache: str = ""
) -> str:
    """A line on device, dtypes, batch or pipeline (`by`), step cache, tiles and threads, on all of which pixels
    depend."""
    names = sorted({str(dtype).removeprefix("torch.") for dtype in dtypes})
    threads = [_threads(torch.get_num_threads())] if device.type == "cpu" else []
    cached = [f"{cache} cache"] if cache else []
    tiles = ["decoded in tiles"] if in_tiles else []
    return ", ".join([device.type, " and ".join(names), by, *cached, *tiles, *threads])


def _roomiest(names: list[str]) -> str:
    return max(names, key=lambda name: memory.free(torch.device(name))) if len(names) > 1 else names[0]


def _threads(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"
