"""What a device can do, found out by trying."""

import math
import platform
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.runtime import memory

MEMORY_SHARE = 0.8
"""Of the memory that is free, how much a larger forward may take."""

_STATUS, _CLEAR, _RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs"), "5"
"""Where Linux tells what a process holds, and what has it count its peak from now on."""

_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


class DeviceMeter:
    """Times forwards of the UNet, and watches how much memory they add."""

    def __init__(self) -> None:
        self._rows = 1
        self._bytes = 0
        """What the last measured forward took, and for how many rows."""

    def seconds(self, state: DenoisingState, rows: int) -> float:
        device = state.model.device
        try:
            before = _waiting_jobs(device)
            taken = timed(state, rows)
        except memory.ERRORS as reason:
            if not memory.is_exhausted(reason):
                raise
            return math.inf
        self._rows, self._bytes = rows, max(_peak(device) - before, 0)
        return taken

    def has_memory(self, state: DenoisingState, rows: int) -> bool:
        return self._bytes * rows / self._rows <= MEMORY_SHARE * memory.free(state.model.device)


def device_name(device: torch.device) -> str:
    """What a figure that was measured on a device holds for."""
    if device.type == "cuda":
        return f"torch {torch.__version__}, {torch.cuda.get_device_name(device)}"
    return f"torch {torch.__version__}, {device.type} {platform.machine()}, {torch.get_num_threads()} threads"


def timed(state: DenoisingState, rows: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """The seconds of one forward of so many rows like those of `state`."""
    before = clock()
    predict([state], rows)
    await_device(state.model.device)
    return clock() - before


def await_device(device: torch.device) -> None:
    """Return when a GPU has done what it was told, so that a clock can be read."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _waiting_jobs(device: torch.device) -> int:
    """The bytes that this process holds on the device; `_peak` begins anew from there, where the system can do that."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    with suppress(OSError):
        _CLEAR.write_text(_RESET_PEAK)
    return _peak(device)


def _peak(device: torch.device) -> int:
    """The most bytes that this process held on the device since `_waiting_jobs` was asked."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    with suppress(OSError):
        [peak] = [line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(peak.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES
