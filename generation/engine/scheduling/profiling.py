"""Measures a device: seconds and memory of forwards, and how busy other programs keep it."""

import math
import platform
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import torch

from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.runtime import memory

MEMORY_SHARE = 0.8
"""The share of free memory that a larger forward may take."""

_STATUS, _CLEAR, _RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs"), "5"
"""Files of Linux: the memory of a process, and the switch that starts the count of its peak anew."""

_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


class DeviceMeter:
    """Times forwards of the UNet, and measures the memory that they add."""

    def __init__(self) -> None:
        self._rows = 1
        """The rows of the last measured forward."""
        self.bytes_taken = 0
        """The memory that the last measured forward added."""
        self._processor_time = _processor_time()

    def seconds(self, state: DenoisingState, rows: int) -> float:
        device = state.model.device
        try:
            before = _bytes_held(device)
            taken = timed(state, rows)
        except memory.ERRORS as reason:
            if not memory.is_exhausted(reason):
                raise
            return math.inf
        self._rows, self.bytes_taken = rows, max(_peak(device) - before, 0)
        return taken

    def has_memory(self, state: DenoisingState, rows: int) -> bool:
        return self.bytes_taken * rows / self._rows <= MEMORY_SHARE * memory.free(state.model.device)

    def others_share(self) -> float:
        """The share of the processor, 0 to 1, that other programs have used since the last call."""
        (all_before, others_before), (every, others) = self._processor_time, _processor_time()
        self._processor_time = every, others
        return min(max((others - others_before) / max(every - all_before, 1e-9), 0.0), 1.0)


def device_name(device: torch.device) -> str:
    """The key of measurements: they hold for the same device and version of torch, and as many threads."""
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
    """Wait until a GPU has finished its work, so that a clock can be read."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _bytes_held(device: torch.device) -> int:
    """The bytes that this process holds on the device. `_peak` counts anew from there, where the system can do that."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    with suppress(OSError):
        _CLEAR.write_text(_RESET_PEAK)
    return _peak(device)


def _peak(device: torch.device) -> int:
    """The most bytes that this process held on the device since the last `_bytes_held`."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    with suppress(OSError):
        [peak] = [line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(peak.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES


def _processor_time() -> tuple[float, float]:
    """Seconds that all processors together have counted since the machine started, and that part of them which neither
    was idle nor went to this process."""
    times = psutil.cpu_times()._asdict()
    guests = times.get("guest", 0.0) + times.get("guest_nice", 0.0)  # Linux counts them as user time, too
    every = sum(times.values()) - guests
    idle = times["idle"] + times.get("iowait", 0.0)
    return every, every - idle - time.process_time()
