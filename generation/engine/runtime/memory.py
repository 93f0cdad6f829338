"""Memory: how much is free, how much a model needs, and whether an error means that it ran out.

The batch is halved in `batch_sizing`, the tiles of the VAE in `latents.vae`.
"""

import gc
import logging
from collections.abc import Iterable
from pathlib import Path

import psutil
import torch

from generation.errors import ModelTooLarge
from generation.weights import head_of

log = logging.getLogger(__name__)

GIGABYTE = 10**9

_EXHAUSTED = ("out of memory", "can't allocate memory", "ALLOC_FAILED")
"""Parts of torch's messages in a plain RuntimeError: on Apple GPUs, from CUDA's libraries, and on the CPU."""


ERRORS = (RuntimeError, MemoryError, ModelTooLarge)
"""Errors that may mean too little memory; `is_exhausted` tells."""


def is_exhausted(error: Exception) -> bool:
    """True for an error that means too little memory, on any device."""
    said = isinstance(error, RuntimeError) and any(words in str(error) for words in _EXHAUSTED)
    return said or isinstance(error, torch.OutOfMemoryError | MemoryError | ModelTooLarge)


def release(device: torch.device) -> None:
    """Free cached memory of a device's allocator."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def needed(files: Iterable[Path], dtype: torch.dtype) -> int:
    """Bytes of the weights in files as `dtype`; quantised ones stay as they are. Raises `OSError` or `ValueError`."""
    return sum(weight.bytes_as(dtype.itemsize) for file in files for weight in head_of(file).values())


def free(device: torch.device) -> int:
    """Free bytes of a device's memory, including its allocator's cache."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0] + kept)
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    return int(psutil.virtual_memory().available)


def check_room(name: str, files: Iterable[Path], device: torch.device, dtype: torch.dtype) -> None:
    """Raise `ModelTooLarge` where a model's weights need more memory than is free on the device."""
    wanted, there = needed(files, dtype), free(device)
    log.info("model %s: %.1f GB of weights, %.1f GB free on %s", name, wanted / GIGABYTE, there / GIGABYTE, device)
    if wanted > there:
        raise ModelTooLarge(
            f"model {name} takes {wanted / GIGABYTE:.1f} GB as {str(dtype).removeprefix('torch.')}, and "
            f"{there / GIGABYTE:.1f} GB are free on {device}"
        )
