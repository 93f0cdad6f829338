"""Which number format a model is drawn in: the usual one of the device, or another that is shown to be faster."""

import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from generation.engine.denoising.state import DenoisingState
from generation.engine.models.model import Model
from generation.engine.runtime.measurements import Measurements
from generation.engine.scheduling.profiling import device_name, timed

log = logging.getLogger(__name__)

WORTHWHILE = 1.2
"""How many times as fast another number format must be; what it costs is a little of each pixel."""

SIDE = 128
ROWS = 8
"""The forwards that are compared: of small pictures, since a large model would take long, and of as many rows as users
who draw at the same time make."""

ROUNDS = 5
"""After one that does not count, of so many forwards in either number format the median does."""


@torch.inference_mode()
def forward_seconds(model: Model) -> float:
    """How long a forward of a few rows takes. On a processor it is one thread's own time, of which whatever else the
    machine does takes nothing."""
    settings = replace(model.spec.preferred, width=SIDE, height=SIDE).of("a fox", seed=0)
    state = DenoisingState(model, settings)
    if model.device.type != "cpu":
        return timed(state, ROWS)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return timed(state, ROWS, time.thread_time)
    finally:
        torch.set_num_threads(threads)


@dataclass
class DtypeTrial:
    """A number format that is tried against the usual one, once for each model and device; where memory had no place
    for both, once more when there is more of it."""

    dtype: torch.dtype
    measurements: Measurements = field(default_factory=lambda: Measurements(None, "number formats"))
    seconds: Callable[[Model], float] = forward_seconds

    def wins(self, device: torch.device, model: str, free: int) -> bool | None:
        """What was found out before, for so many bytes of memory that are `free`; None where nothing was."""
        known = self.measurements.get(self._named(device, model), free)
        return known if isinstance(known, bool) else None

    def medians(self, *models: Model) -> list[float]:
        """The seconds that each takes, in turns, so that what else the machine does meets all of them alike."""
        rounds = [[self.seconds(model) for model in models] for _ in range(1 + ROUNDS)]
        return [statistics.median(each) for each in zip(*rounds[1:], strict=True)]

    def decide(self, device: torch.device, model: str, usual: float, own: float) -> bool:
        """Keep which is faster, given the seconds that each took; True for this one."""
        wins = own * WORTHWHILE <= usual
        log.info(
            "%s: %s is %.2f times as fast, and %s", model, self.dtype, usual / own, "taken" if wins else "not taken"
        )
        self.remember(device, model, wins=wins)
        return wins

    def remember(self, device: torch.device, model: str, *, wins: bool, free: int | None = None) -> None:
        """Keep whether it is taken: for good, or where the other one did not fit into the bytes that were `free`, until
        there is more memory."""
        self.measurements.put(self._named(device, model), wins, free)

    def _named(self, device: torch.device, model: str) -> str:
        return f"{device_name(device)}, {model}, {self.dtype}"


def rival(device: torch.device, dtype: str, *, strict: bool, measurements: Path | None) -> DtypeTrial | None:
    """What is to be tried against the usual number format, where that is left open and the same bits are not asked for:
    bfloat16 on a processor that has it, float32 on a GPU, some of which are slow in half precision."""
    if dtype != "auto" or strict:
        return None
    if device.type == "cpu" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return None
    return DtypeTrial(
        torch.bfloat16 if device.type == "cpu" else torch.float32, Measurements(measurements, "number formats")
    )
