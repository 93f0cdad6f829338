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
from generation.plans import gigabytes
from generation.quantization import Quantization, bytes_held
from generation.weights import head_of

log = logging.getLogger(__name__)

CPU = torch.device("cpu")

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


def needed(files: Iterable[Path], dtype: torch.dtype, quantize: Quantization = Quantization.NONE) -> int:
    """Bytes of the weights in files as `dtype`, or quantised. Raises `OSError` or `ValueError`."""
    return int(sum(bytes_held(head_of(file), dtype.itemsize, _kind(file, quantize)) for file in files))


def _kind(file: Path, quantize: Quantization) -> Quantization:
    """What a file's weights are turned into; autoencoders stay as they are."""
    return Quantization.NONE if file.parent.name == "vae" else quantize


def free(device: torch.device) -> int:
    """Free bytes of a device's memory, including its allocator's cache."""
    if device.type == "cuda":
        allocated = torch.cuda.memory_allocated(device)
        there, of_all = torch.cuda.mem_get_info(device)
        allowed = torch.cuda.get_per_process_memory_fraction(device) * of_all
        return int(min(there + torch.cuda.memory_reserved(device), allowed) - allocated)
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    return int(psutil.virtual_memory().available)


def limit(device: torch.device, most: float) -> None:
    """Have a GPU give this process `most` bytes, so that what goes beyond runs out of memory."""
    if device.type == "cuda":
        torch.cuda.set_per_process_memory_fraction(min(most / torch.cuda.mem_get_info(device)[1], 1.0), device)


def check_room(name: str, wanted: int, device: torch.device, dtype: torch.dtype) -> None:
    """Raise `ModelTooLarge` where less than the `wanted` bytes of a model's weights are free on the device."""
    if wanted > (there := free(device)):
        raise ModelTooLarge(
            f"model {name} takes {gigabytes(wanted)} GB as {str(dtype).removeprefix('torch.')}, and "
            f"{gigabytes(there)} GB are free on {device}"
        )
