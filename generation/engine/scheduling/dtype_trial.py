"""The number format that a model runs in: the device's usual one, or another that turns out to be faster."""

import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from PIL import Image

from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.state import DenoisingState
from generation.engine.models.batched_model import AnyBatchedModel, BatchedModel
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.loader import Report
from generation.engine.runtime import memory
from generation.engine.runtime.measurements import Measurements
from generation.engine.runtime.progress import LoadProgress
from generation.engine.scheduling.profiling import device_name, timed
from generation.errors import ModelTooLarge

log = logging.getLogger(__name__)

WORTHWHILE = 1.2
"""How many times as fast the tried number format must be, since it changes each pixel a little."""

SIDE = 128
ROWS = 8
"""The compared forwards: of small pictures, since a large model would take long, and of as many rows as several users
make who draw at the same time."""

ROUNDS = 5
"""Forwards timed in either number format, after one that does not count; the median is compared."""

Load = Callable[[torch.dtype, Report], AnyBatchedModel | PipelineModel]
"""Loads a model in a number format. Raises `ModelTooLarge`."""


@torch.inference_mode()
def forward_seconds(model: AnyBatchedModel) -> float:
    """The seconds of a forward of a few rows. On a processor it is the time of one thread alone, to which other
    programs add nothing."""
    settings = replace(model.spec.preferred, width=SIDE, height=SIDE).of("a fox", seed=0)
    picture = InitImage(Image.new("RGB", (SIDE, SIDE))) if model.is_editing else None
    state = DenoisingState(model, settings, picture)
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
    """Tries the number format `dtype` against the usual one, once for each model and device; where memory had no room
    for both, once more when more of it is free."""

    dtype: torch.dtype
    measurements: Measurements = field(default_factory=lambda: Measurements(None, "number formats"))
    seconds: Callable[[AnyBatchedModel], float] = forward_seconds

    def wins(self, device: torch.device, model: str, free: int) -> bool | None:
        """The result for a model while `free` bytes of memory are free; None where it is not known."""
        known = self.measurements.get(self._key(device, model), free)
        return known if isinstance(known, bool) else None

    def load_faster(
        self, name: str, usual: torch.dtype, device: torch.device, report: Report, *, load: Load, make_room: Load
    ) -> AnyBatchedModel | PipelineModel:
        """The model called `name` in the faster of the two number formats.

        Both copies are timed side by side, or one after the other where memory has no room for both. `load` leaves
        other models alone; `make_room` may take the place of idle ones.
        """
        progress = LoadProgress(report)
        # 1. The usual number format, or where that is too large the other one.
        try:
            model = make_room(usual, progress.until(0.5))
        except ModelTooLarge:
            free = memory.free(device)
            model = make_room(self.dtype, progress.until(1.0))
            self.remember(device, name, wins=True, free=free)
            return model
        if isinstance(model, PipelineModel):
            return model
        # 2. Both side by side.
        if faster := self._faster_of_both(name, device, model, lambda: load(self.dtype, progress.until(1.0))):
            return faster
        # 3. One after the other.
        [seconds] = self.medians(model)
        del model
        memory.release(device)
        if faster := self._load_if_faster(name, device, usual, seconds, lambda: load(self.dtype, progress.until(1.0))):
            return faster
        memory.release(device)
        return make_room(usual, progress.until(1.0))

    def _faster_of_both(
        self,
        name: str,
        device: torch.device,
        model: AnyBatchedModel,
        load: Callable[[], AnyBatchedModel | PipelineModel],
    ) -> AnyBatchedModel | None:
        """Either `model` or its copy in the tried number format; None where memory has no room for both."""
        try:
            other = _denoiser(load())
            return other if self.decide(device, name, *self.medians(model, other)) else model
        except memory.ERRORS as error:
            if not memory.is_exhausted(error):
                raise
        return None

    def _load_if_faster(
        self,
        name: str,
        device: torch.device,
        usual: torch.dtype,
        seconds: float,
        load: Callable[[], AnyBatchedModel | PipelineModel],
    ) -> AnyBatchedModel | None:
        """The model in the tried number format; None where it does not fit, or is not faster than the `seconds` of the
        usual one."""
        free = memory.free(device)
        try:
            model = _denoiser(load())
            return model if self.decide(device, name, seconds, *self.medians(model)) else None
        except memory.ERRORS as error:
            if not memory.is_exhausted(error):
                raise
            log.info("%s stays in %s: %s", name, usual, error)
            self.remember(device, name, wins=False, free=free)
        return None

    def medians(self, *models: AnyBatchedModel) -> list[float]:
        """The median seconds of each model, timed in turns, so that other programs slow all of them alike."""
        rounds = [[self.seconds(model) for model in models] for _ in range(1 + ROUNDS)]
        return [statistics.median(each) for each in zip(*rounds[1:], strict=True)]

    def decide(self, device: torch.device, model: str, usual: float, own: float) -> bool:
        """Compare the seconds of both number formats and remember the result; True where the tried one wins."""
        wins = own * WORTHWHILE <= usual
        log.info("%s: %s is %.2f times as fast, and %s", model, self.dtype, usual / own, "used" if wins else "not used")
        self.remember(device, model, wins=wins)
        return wins

    def remember(self, device: torch.device, model: str, *, wins: bool, free: int | None = None) -> None:
        """Remember a result: for good, or, where the other number format did not fit into the `free` bytes, until more
        memory is free."""
        self.measurements.put(self._key(device, model), wins, free)

    def _key(self, device: torch.device, model: str) -> str:
        return f"{device_name(device)}, {model}, {self.dtype}"


def trial_for(device: torch.device, dtype: str, *, strict: bool, measurements: Path | None) -> DtypeTrial | None:
    """The trial that a device needs: bfloat16 on a processor that computes in it, float32 on a GPU, since some are slow
    in half precision. None in strict mode, or where the host has chosen the number format."""
    if dtype != "auto" or strict:
        return None
    if device.type == "cpu" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return None
    return DtypeTrial(
        torch.bfloat16 if device.type == "cpu" else torch.float32, Measurements(measurements, "number formats")
    )


def _denoiser(model: AnyBatchedModel | PipelineModel) -> AnyBatchedModel:
    assert isinstance(model, BatchedModel)
    return model
