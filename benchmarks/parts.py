"""A profile of the step loop: the share of each part in the time of 16 mixed jobs, those of `noisefox bench`, the
largest first.

    python -m benchmarks.parts [--dtype bfloat16]
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from generation.catalogue import Catalogue
from generation.engine.benchmarking import bench
from generation.engine.benchmarking.contest import drawn_by_us
from generation.engine.denoising.state import DenoisingState
from generation.engine.latents import png
from generation.engine.loop import StepLoop
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import device
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.scheduling.profiling import DeviceMeter

REST = "scheduling, batching, and everything else"


class Watch:
    """Counts the seconds of named parts, without those of other parts that run inside them."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inside: list[float] = []
        """For each part that has begun, the seconds of the parts inside it so far."""

    def over(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed as `part`."""

        def watched(*given: Any, **named: Any) -> Any:
            self._inside.append(0.0)
            before = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                seconds = time.perf_counter() - before
                self.seconds[part] += seconds - self._inside.pop()
                if self._inside:
                    self._inside[-1] += seconds

        return watched


def parts(dtype: str, jobs: int = bench.JOBS) -> dict[str, float]:
    """The share of each part in the total time."""
    cache = ModelCache(Catalogue(), *device.choose("cpu", dtype))
    model = cache.take(Catalogue().default.name, lambda share: None)
    mixed = list(bench.mixed_jobs(model, jobs))
    sizing = BatchSizing(2 * jobs, meter=DeviceMeter())
    drawn_by_us(cache, [replace(each, steps=2) for each in mixed], sizing)
    watch = Watch()
    for owner, name, part in (
        (model.unet, "forward", "forwards of the UNet"),
        (UNetModel, "decode", "decoding the pictures"),
        (DenoisingState, "__init__", "prompts, noise and schedulers of new jobs"),
        (DenoisingState, "advance", "guidance and the schedulers' steps"),
        (StepLoop, "_report", "previews and their events"),
        (png, "as_png", "files, settings inside"),
    ):
        setattr(owner, name, watch.over(part, getattr(owner, name)))
    seconds = drawn_by_us(cache, mixed, sizing).seconds
    watch.seconds[REST] = seconds - sum(watch.seconds.values())
    return {part: taken / seconds for part, taken in sorted(watch.seconds.items(), key=lambda each: -each[1])}


def main() -> None:
    """Print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dtype", default="auto")
    for part, share in parts(parser.parse_args().dtype).items():
        print(f"{share:6.1%}  {part}")


if __name__ == "__main__":
    main()
